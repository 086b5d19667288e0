//! The as-of date of an edition without a column for it: the heading over the cards says it, else the title.
//!
//! Written 「交付枚数（R4.6.30時点）」, 「【R5.3末時点】」, 「（令和4年6月末日現在）」, 「2022年6月30日時点」. The population's own date stands
//! beside it in the same forms and must not be taken for it.

use super::super::parsed::ParseError;
use crate::table::date::{self, LabelledPeriod};
use crate::table::text::word;
use crate::table::{Cell, Columns, SheetRow};
use jiff::civil::Date;

/// Words behind a date that make it an as-of date.
const MARKS: [&str; 2] = ["現在", "時点"];
/// Words that make a date one of the cards, or of the population and the applications: the one nearest before it
/// counts, else the one nearest behind it.
const CARDS: [&str; 5] = ["枚数", "件数", "交付", "保有", "カード"];
const OTHERS: [&str; 5] = ["人口", "住民基本台帳", "住基", "申請", "申請件数"];
/// Brackets around a date in a heading. Width is no matter: `word` has made `（` and `［` narrow.
const BRACKETS: [(char, char); 4] = [('(', ')'), ('【', '】'), ('[', ']'), ('〔', '〕')];
/// Characters of a text that is looked through for dates: a long title, not a page of notes.
const MAX_CHARS: usize = 200;

pub(super) const NO_AS_OF: ParseError = ParseError::Unfit {
    label: "no_as_of",
    why: "no as-of date: no column for it, and neither the heading over the cards nor the title names one with 現在 or \
          時点; see `columns.as_of`",
};
pub(super) const DATES_DISAGREE: ParseError = ParseError::Unfit {
    label: "dates_disagree",
    why: "the headings and the title name different as-of dates: one of them was not brought up to date",
};

/// What a date is a date of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Cards,
    Others,
    Unsaid,
}

/// The date of an edition: from the heading of the cards' columns `roles`, else from the rows above.
pub(super) fn find(
    above: &[SheetRow],
    header: &[&SheetRow],
    columns: &Columns,
    roles: &[&str],
) -> Result<Date, ParseError> {
    let mut over: Vec<Date> = roles.iter().filter_map(|role| heading(header, columns.index(role)?)).collect();
    over.sort_unstable();
    over.dedup();
    let title = title(above);
    match (&over[..], &title[..]) {
        ([], []) => Err(NO_AS_OF),
        ([only], []) => Ok(*only),
        // Rankings between title and table may show other dates beside the edition's.
        ([only], [top, ..]) if only == top => Ok(*only),
        ([], [top, rest @ ..]) if rest.iter().all(|date| date == top) => Ok(*top),
        _ => Err(DATES_DISAGREE),
    }
}

/// The date in the heading of one column, whose rows are given from below.
fn heading(header: &[&SheetRow], index: usize) -> Option<Date> {
    header.iter().find_map(|row| {
        let text = word(&row.cell(index).text());
        let marked = dates(&text).into_iter().find(|(of, _)| *of != Of::Others).map(|(_, date)| date);
        marked.or_else(|| bracketed(&text))
    })
}

/// The dates of the rows above a table, from the top, that are of the cards; else those that do not say of what.
fn title(above: &[SheetRow]) -> Vec<Date> {
    let cells = above.iter().flat_map(|row| &row.cells);
    let all: Vec<(Of, Date)> = cells.flat_map(|cell| dates(&word(&cell.text()))).collect();
    let of = |wanted| all.iter().filter(move |(of, _)| *of == wanted).map(|(_, date)| *date);
    let mut found: Vec<Date> = of(Of::Cards).collect();
    if found.is_empty() {
        found.extend(of(Of::Unsaid));
    }
    found
}

/// The dates in a [`word`] that 現在 or 時点 follows.
fn dates(text: &str) -> Vec<(Of, Date)> {
    let (mut found, mut rest) = (Vec::new(), text);
    if text.chars().nth(MAX_CHARS).is_some() {
        return found;
    }
    while let Some((at, mark)) = MARKS.iter().filter_map(|mark| Some((rest.find(mark)?, mark))).min() {
        let (before, behind) = (&rest[..at], &rest[at + mark.len()..]);
        if let Some((start, date)) = ending(before) {
            found.push((of(&before[..start], behind), date));
        }
        rest = behind;
    }
    found
}

/// The longest date that ends a text, and where it begins: never inside a number.
fn ending(text: &str) -> Option<(usize, Date)> {
    let digit = |c: char| c.is_ascii_digit();
    let inside = |at: usize| text[at..].starts_with(digit) && text[..at].ends_with(digit);
    let starts = text.char_indices().map(|(at, _)| at).filter(|at| !inside(*at));
    starts.into_iter().find_map(|at| Some((at, day(&text[at..])?)))
}

fn bracketed(text: &str) -> Option<Date> {
    BRACKETS.iter().find_map(|(open, close)| day(text.strip_suffix(*close)?.rsplit_once(*open)?.1))
}

fn day(text: &str) -> Option<Date> {
    match date::read(&Cell::of_text(text)).ok()?.when {
        LabelledPeriod::Date(date) => Some(date),
        _ => None,
    }
}

fn of(before: &str, behind: &str) -> Of {
    let last = |words: &[&str]| words.iter().filter_map(|word| Some(before.rfind(word)? + word.len())).max();
    let first = |words: &[&str]| words.iter().filter_map(|word| behind.find(word)).min();
    match (last(&CARDS), last(&OTHERS)) {
        (None, None) => match (first(&CARDS), first(&OTHERS)) {
            (None, None) => Of::Unsaid,
            (Some(cards), people) if people.is_none_or(|people| cards < people) => Of::Cards,
            _ => Of::Others,
        },
        (cards, people) if cards > people => Of::Cards,
        _ => Of::Others,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The dates of a text, each with its first letter.
    fn said(text: &str) -> String {
        let each = dates(&word(text)).into_iter().map(|(of, date)| format!("{of:?}:{date}"));
        each.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_date_is_of_what_stands_nearest_before_it() {
        let rows = [
            ("マイナンバーカード交付状況（令和4年6月30日現在）", "Cards:2022-06-30"),
            ("マイナンバーカード交付状況について（令和４年６月末日時点）", "Cards:2022-06-30"),
            ("マイナンバーカードの市区町村別交付枚数等について(平成31年4月1日現在)", "Cards:2019-04-01"),
            ("2022年6月30日時点", "Unsaid:2022-06-30"),
            ("令和4(2022)年6月30日 現在", "Unsaid:2022-06-30"),
            ("交付枚数\n【R5.3末時点】", "Cards:2023-03-31"),
            ("総数（人口）\n【H28.1.1時点】", "Others:2016-01-01"),
            ("人口に対する交付枚数率（R4.6.30時点）", "Cards:2022-06-30"),
            ("※人口は、令和3年1月1日現在の住民基本台帳人口", "Others:2021-01-01"),
            ("※令和3年1月1日現在の住民基本台帳人口による", "Others:2021-01-01"),
            ("令和4年6月末時点のマイナンバーカード交付枚数", "Cards:2022-06-30"),
            ("人口（R3.1.1時点）、交付枚数（R4.6末時点）", "Others:2021-01-01 Cards:2022-06-30"),
            ("交付枚数：令和4年6月30日時点／人口の算出基準日：令和3年1月1日時点", "Cards:2022-06-30 Others:2021-01-01"),
            ("有効申請受付数（令和5年4月9日時点）", "Others:2023-04-09"),
            ("マイナンバーカードの申請件数（令和5年4月9日時点）", "Others:2023-04-09"),
            ("令和4年7月11日公表", ""),
            ("令和4年6月現在", ""),
            ("現在時点", ""),
            ("12022年6月30日現在", ""),
        ];
        for (text, dates) in rows {
            assert_eq!(said(text), dates, "{text}");
        }
        assert_eq!(said(&format!("{}令和4年6月30日現在", "あ".repeat(MAX_CHARS))), "");
    }
}
