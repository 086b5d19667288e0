//! Japanese eras, for reading and showing years.
//!
//! A table of five dates instead of a calendar library: plan labels such as H33 name era years that
//! never came, which a calendar rightly refuses and a plan needs.

use crate::time::{FIRST_YEAR, LAST_YEAR};
use jiff::civil::{Date, date};

/// One era: its name, its Latin letter and its first day.
#[derive(Clone, Copy, Debug)]
pub struct Era {
    /// `令和`
    pub name: &'static str,
    /// `R`
    pub letter: char,
    /// First civil day.
    pub first: Date,
}

/// The eras since 1868, newest first.
pub const ERAS: [Era; 5] = [
    Era { name: "令和", letter: 'R', first: date(2019, 5, 1) },
    Era { name: "平成", letter: 'H', first: date(1989, 1, 8) },
    Era { name: "昭和", letter: 'S', first: date(1926, 12, 25) },
    Era { name: "大正", letter: 'T', first: date(1912, 7, 30) },
    Era { name: "明治", letter: 'M', first: date(1868, 1, 25) },
];

/// The era of a name (`令和`) or letter (`R`, `r`); `None` for another text.
pub fn named(text: &str) -> Option<Era> {
    ERAS.into_iter().find(|era| era.name == text || text.eq_ignore_ascii_case(era.letter.encode_utf8(&mut [0; 4])))
}

impl Era {
    /// The civil year of this era's year `n` (1 is the first), also beyond the era's end (H33 is 2021).
    pub fn year(self, n: i16) -> Option<i16> {
        let year = self.first.year().checked_add(n)?.checked_sub(1)?;
        (n >= 1 && (FIRST_YEAR..=LAST_YEAR).contains(&year)).then_some(year)
    }

    /// True when this era had ended by `date`: a text that still names it then is a plan label, not a date.
    pub fn is_over(self, date: Date) -> bool {
        ERAS.iter().any(|era| era.first > self.first && era.first <= date)
    }
}

/// `令和2年` for a date in it; the first year is 元年.
pub fn label(date: Date) -> String {
    let era = ERAS.into_iter().find(|era| era.first <= date).unwrap_or(ERAS[4]);
    match date.year() - era.first.year() + 1 {
        1 => format!("{}元年", era.name),
        n => format!("{}{n}年", era.name),
    }
}

/// The era label of the fiscal year that starts on 1 April of `year`: `平成31年度/令和元年度`.
pub fn fiscal_year_label(year: i16) -> String {
    let label_of = |year: i16, month: i8, day: i8| Date::new(year, month, day).map(label).unwrap_or_default();
    let first = label_of(year, 4, 1);
    let changed = ERAS.iter().find(|era| {
        let start = Date::new(year, 4, 1).unwrap_or(Date::MAX);
        let end = Date::new(year, 12, 31).unwrap_or(Date::MIN);
        era.first > start && era.first <= end
    });
    match changed {
        Some(era) => format!("{first}度/{}度", label(era.first)),
        None => format!("{first}度"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_and_labels_as_documents_print_them() {
        let rows = [(2018, "平成30年度"), (2019, "平成31年度/令和元年度"), (2020, "令和2年度"), (1988, "昭和63年度")];
        for (year, text) in rows {
            assert_eq!(fiscal_year_label(year), text);
        }
        assert_eq!(named("H").unwrap().year(33), Some(2021));
        assert_eq!(named("令和").unwrap().year(1), Some(2019));
        assert_eq!(named("r").unwrap().year(8), Some(2026));
        assert!(named("X").is_none());
        assert!(named("H").unwrap().year(0).is_none());
        assert!(named("H").unwrap().is_over(date(2019, 5, 1)));
        assert!(!named("H").unwrap().is_over(date(2019, 4, 30)));
    }
}
