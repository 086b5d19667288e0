//! The as-of date of an edition without a column for it: in the heading of the cards, else in the title.
//!
//! Written 「交付枚数（R4.6.30時点）」, 「【R5.3末時点】」, 「（令和4年6月末日現在）」, 「2022年6月30日時点」. The date of the population
//! has the same forms and must not be confused with it.

use crate::sources::parsed::ParseError;
use crate::table::date::{self, LabelledPeriod};
use crate::table::text::word;
use crate::table::{Cell, Columns, SheetRow};
use jiff::civil::Date;

/// Words after an as-of date.
const MARKS: [&str; 2] = ["現在", "時点"];
/// Words of the cards, and of the population and the applications. The nearest one before a date says what the date is of,
/// else the nearest one after it.
const CARDS: [&str; 5] = ["枚数", "件数", "交付", "保有", "カード"];
const OTHERS: [&str; 5] = ["人口", "住民基本台帳", "住基", "申請", "申請件数"];
/// Brackets around a date in a heading; `word` has changed `（` and `［` to narrow ones.
const BRACKETS: [(char, char); 4] = [('(', ')'), ('【', '】'), ('[', ']'), ('〔', '〕')];
/// Maximum characters of a text that is searched for dates: a long title, not a page of notes.
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

/// The subject of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DateSubject {
    Cards,
    Others,
    Unspecified,
}

/// The date of an edition: in the headings of the columns `roles` of the cards, else in the rows above.
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
        // Rankings between title and table can have other dates.
        ([only], [top, ..]) if only == top => Ok(*only),
        ([], [top, rest @ ..]) if rest.iter().all(|date| date == top) => Ok(*top),
        _ => Err(DATES_DISAGREE),
    }
}

/// The date in the heading of one column. The rows of the header begin with the lowest.
fn heading(header: &[&SheetRow], index: usize) -> Option<Date> {
    header.iter().find_map(|row| {
        let text = word(&row.cell(index).text());
        let marked =
            dates(&text).into_iter().find(|(subject, _)| *subject != DateSubject::Others).map(|(_, date)| date);
        marked.or_else(|| bracketed(&text))
    })
}

/// The dates of the cards in the rows above a table, from the top; without any, the dates without a subject.
fn title(above: &[SheetRow]) -> Vec<Date> {
    let cells = above.iter().flat_map(|row| &row.cells);
    let all: Vec<(DateSubject, Date)> = cells.flat_map(|cell| dates(&word(&cell.text()))).collect();
    let of = |wanted| all.iter().filter(move |(subject, _)| *subject == wanted).map(|(_, date)| *date);
    let mut found: Vec<Date> = of(DateSubject::Cards).collect();
    if found.is_empty() {
        found.extend(of(DateSubject::Unspecified));
    }
    found
}

/// The dates before 現在 or 時点 in a [`word`].
fn dates(text: &str) -> Vec<(DateSubject, Date)> {
    let (mut found, mut rest) = (Vec::new(), text);
    if text.chars().nth(MAX_CHARS).is_some() {
        return found;
    }
    while let Some((at, mark)) = MARKS.iter().filter_map(|mark| Some((rest.find(mark)?, mark))).min() {
        let (before, behind) = (&rest[..at], &rest[at + mark.len()..]);
        if let Some((start, date)) = ending(before) {
            found.push((subject(&before[..start], behind), date));
        }
        rest = behind;
    }
    found
}

/// The longest date at the end of a text, and its position. It does not begin inside a number.
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

fn subject(before: &str, behind: &str) -> DateSubject {
    let last = |words: &[&str]| words.iter().filter_map(|word| Some(before.rfind(word)? + word.len())).max();
    let first = |words: &[&str]| words.iter().filter_map(|word| behind.find(word)).min();
    match (last(&CARDS), last(&OTHERS)) {
        (None, None) => match (first(&CARDS), first(&OTHERS)) {
            (None, None) => DateSubject::Unspecified,
            (Some(cards), people) if people.is_none_or(|people| cards < people) => DateSubject::Cards,
            _ => DateSubject::Others,
        },
        (cards, people) if cards > people => DateSubject::Cards,
        _ => DateSubject::Others,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The dates of a text, each with its subject.
    fn shown(text: &str) -> String {
        let each = dates(&word(text)).into_iter().map(|(of, date)| format!("{of:?}:{date}"));
        each.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_nearest_word_before_a_date_is_its_subject() {
        let rows = [
            ("マイナンバーカード交付状況（令和4年6月30日現在）", "Cards:2022-06-30"),
            ("マイナンバーカード交付状況について（令和４年６月末日時点）", "Cards:2022-06-30"),
            ("マイナンバーカードの市区町村別交付枚数等について(平成31年4月1日現在)", "Cards:2019-04-01"),
            ("2022年6月30日時点", "Unspecified:2022-06-30"),
            ("令和4(2022)年6月30日 現在", "Unspecified:2022-06-30"),
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
            assert_eq!(shown(text), dates, "{text}");
        }
        assert_eq!(shown(&format!("{}令和4年6月30日現在", "あ".repeat(MAX_CHARS))), "");
    }
}
