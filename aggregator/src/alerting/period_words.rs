//! What a value is of, in words: never a sum without its months.

use aggregator_core::display::DataDate;
use aggregator_core::judge::{MeasuredValue, MonthCount};
use contract::catalogue::{Bilingual, Catalogue, Kpi};
use contract::period::Period;
use contract::time::{month_name, parse_date};

/// What a value is of: `2020年11月30日現在`, or `2020年度 4〜11月の計（12か月のうち8か月）`.
pub(super) fn period_words(catalogue: &Catalogue, kpi: &Kpi, measured: &MeasuredValue) -> Bilingual {
    match &measured.months {
        Some(months) => of_months(kpi, months),
        None => of_state(&DataDate::of(catalogue, kpi, measured.at)),
    }
}

fn of_state(of: &DataDate) -> Bilingual {
    let (ja, en) = match parse_date(&of.date) {
        Some(date) => {
            let month = month_name(date.month());
            let ja = format!("{}年{}月{}日", date.year(), date.month(), date.day());
            (ja, format!("{} {month} {}", date.day(), date.year()))
        }
        None => (of.date.clone(), of.date.clone()),
    };
    Bilingual { ja: format!("{ja}{}", of.word_ja()), en: format!("{} {en}", of.word_en()) }
}

fn of_months(kpi: &Kpi, months: &MonthCount) -> Bilingual {
    let year = Period::fiscal_year(months.year);
    let year_ja = format!("{}年度", months.year);
    let (word_ja, word_en) = if kpi.kind.is_monthly_mean() { ("月平均", "monthly mean") } else { ("計", "total") };
    if months.is_whole() {
        return Bilingual { ja: format!("{year_ja}の{word_ja}"), en: format!("{word_en} of {year}") };
    }
    let runs = runs(&months.numbers);
    let ja: Vec<String> = runs.iter().map(|run| run_ja(*run)).collect();
    let en: Vec<String> = runs.iter().map(|run| run_en(*run)).collect();
    let known = months.numbers.len();
    Bilingual {
        ja: format!("{year_ja} {}の{word_ja}（12か月のうち{known}か月）", ja.join("・")),
        en: format!("{word_en} of {} of {year} ({known} of 12 months)", en.join(", ")),
    }
}

/// The first and last numbers of the runs of adjoining months.
fn runs(numbers: &[i32]) -> Vec<(i32, i32)> {
    let mut runs: Vec<(i32, i32)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    runs
}

/// A number of a fiscal year as the month of the calendar.
fn calendar(number: i32) -> i32 {
    (number + 2) % 12 + 1
}

fn run_ja((first, last): (i32, i32)) -> String {
    if first == last {
        format!("{}月", calendar(first))
    } else {
        format!("{}〜{}月", calendar(first), calendar(last))
    }
}

fn run_en((first, last): (i32, i32)) -> String {
    let name = |number: i32| i8::try_from(calendar(number)).map_or("", month_name);
    if first == last { name(first).to_owned() } else { format!("{} to {}", name(first), name(last)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_named_as_a_calendar_names_them() {
        assert_eq!(runs(&[1, 2, 3, 6, 8, 9]), [(1, 3), (6, 6), (8, 9)]);
        assert_eq!([(1, 8), (9, 9), (9, 12)].map(run_ja), ["4〜11月", "12月", "12〜3月"]);
        assert_eq!([(1, 8), (10, 10)].map(run_en), ["April to November", "January"]);
    }

    #[test]
    fn a_state_has_its_day() {
        let words = |date: &str, is_until| of_state(&DataDate { date: date.to_owned(), is_until });
        assert_eq!(words("2021-01-31", false).ja, "2021年1月31日現在");
        assert_eq!(words("2021-01-31", false).en, "as of 31 January 2021");
        assert_eq!(words("2020-04-30", true).en, "up to 30 April 2020");
        assert_eq!(words("2020-12-01", true).ja, "2020年12月1日まで");
    }
}
