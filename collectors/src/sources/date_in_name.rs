//! The date or month in a file name or a title: `installs_202104_overview.csv`, `wifi_R5.3.31.xlsx`,
//! 「令和3年4月分 電子申請」.

use crate::table::date::{self, LabelledPeriod};
use crate::table::text::normal;
use crate::table::{Cell, Sheet};

/// Longest label of a date: `令和元年12月31日`, a slash, and the same date in another form.
const MAX_CHARS: usize = 24;

/// The date or month in a text; `None` without one or with several.
pub(super) fn find(text: &str) -> Option<LabelledPeriod> {
    let text: Vec<char> = normal(text).chars().collect();
    let mut found: Vec<LabelledPeriod> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let begins = at == 0 || !continues(text[at - 1], text[at]);
        match longest(&text[at..]).filter(|_| begins) {
            Some((length, when)) => {
                at += length;
                if !found.contains(&when) {
                    found.push(when);
                }
            }
            None => at += 1,
        }
    }
    if let [only] = found[..] { Some(only) } else { None }
}

/// The year in a name (`births_2020.xlsx`, `R5`); `None` without one or with several.
pub(super) fn year(text: &str) -> Option<i16> {
    let text = normal(text);
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric() && !"令和平成昭元年度".contains(c));
    let years = parts.filter(|part| part.len() >= 2 && !part.starts_with('0')).filter_map(|part| {
        match date::read(&Cell::of_text(part)).ok()?.when {
            LabelledPeriod::Year(year) | LabelledPeriod::FiscalYear(year) => Some(year),
            _ => None,
        }
    });
    let years: std::collections::BTreeSet<i16> = years.collect();
    if years.len() == 1 { years.first().copied() } else { None }
}

/// The date or month in the title above a table.
pub(super) fn above(sheet: &Sheet, header_row: u32) -> Option<LabelledPeriod> {
    let cells = sheet.rows.iter().take_while(|row| row.number < header_row).flat_map(|row| &row.cells);
    let mut found: Vec<LabelledPeriod> = Vec::new();
    for when in cells.filter_map(|cell| find(&cell.text())) {
        if !found.contains(&when) {
            found.push(when);
        }
    }
    if let [only] = found[..] { Some(only) } else { None }
}

/// True when no label can begin at `next`, as it goes on with what `before` is part of.
fn continues(before: char, next: char) -> bool {
    let same = |is: fn(&char) -> bool| is(&before) && is(&next);
    same(char::is_ascii_digit) || same(char::is_ascii_alphabetic) || (before.is_ascii_digit() && next == '.')
}

/// The longest label at the beginning.
fn longest(text: &[char]) -> Option<(usize, LabelledPeriod)> {
    if !text.first().is_some_and(|c| c.is_ascii_digit() || "RHSrhs令平昭".contains(*c)) {
        return None;
    }
    (4..=text.len().min(MAX_CHARS)).rev().find_map(|length| {
        // Part of a longer number says nothing.
        if text.get(length).is_some_and(|next| text[length - 1].is_ascii_digit() && next.is_ascii_digit()) {
            return None;
        }
        let label: String = text[..length].iter().map(|c| if *c == '_' { '-' } else { *c }).collect();
        let when = date::read(&Cell::of_text(&spelled(&label))).ok()?.when;
        matches!(when, LabelledPeriod::Date(_) | LabelledPeriod::Month { .. }).then_some((length, when))
    })
}

/// `R0304` as `R03.04`, `R030430` as `R03.04.30`.
fn spelled(label: &str) -> String {
    let digits = label.get(1..).filter(|rest| rest.chars().all(|c| c.is_ascii_digit())).unwrap_or_default();
    match (label.chars().next(), digits.len()) {
        (Some(era), 4) if era.is_ascii_alphabetic() => format!("{era}{}.{}", &digits[..2], &digits[2..]),
        (Some(era), 6) if era.is_ascii_alphabetic() => {
            format!("{era}{}.{}.{}", &digits[..2], &digits[2..4], &digits[4..])
        }
        _ => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match find(text) {
            Some(LabelledPeriod::Date(date)) => date.to_string(),
            Some(LabelledPeriod::Month { year, month }) => format!("{year}-{month:02}"),
            _ => "-".to_owned(),
        }
    }

    #[test]
    fn a_year_alone_is_found() {
        for (text, right) in [
            ("0091_births_deaths_2020.xlsx", Some(2020)),
            ("tax_R5.csv", Some(2023)),
            ("決算-令和5年度.xlsx", Some(2023)),
            ("2020_2021.csv", None),
            ("0091.csv", None),
        ] {
            assert_eq!(year(text), right, "{text}");
        }
    }

    #[test]
    fn dates_are_found_in_names_and_titles() {
        let rows = [
            ("installs_jp.lg.mihon.app_202104_overview.csv", "2021-04"),
            ("372013_public_wireless_lan_20230331.csv", "2023-03-31"),
            ("wifi_R5.3.31.xlsx", "2023-03-31"),
            ("eapply_R0304.csv", "2021-04"),
            ("eapply_r030430.csv", "2021-04-30"),
            ("denshi-2021-04.json", "2021-04"),
            ("kensu_2021_04_01.csv", "2021-04-01"),
            ("令和３年４月分　電子申請の利用件数", "2021-04"),
            ("電子申請（令和元年5月1日現在）", "2019-05-01"),
            ("電子申請（令和4年6月末日時点）", "2022-06-30"),
            ("2021年4月分（2021年4月）", "2021-04"),
            ("20210401-20210430.csv", "-"),
            ("141305_wifi.csv", "-"),
            ("000815231.xlsx", "-"),
            ("list2021.csv", "-"),
            ("令和3年度", "-"),
            ("", "-"),
        ];
        for (text, right) in rows {
            assert_eq!(shown(text), right, "{text}");
        }
    }
}
