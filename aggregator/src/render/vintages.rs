//! The vintages of a KPI as CSV and Markdown: one row a release.

use super::lang::inert_document;
use crate::vintage_table::{PeriodVintages, Release};
use contract::exact::canonical;

/// The columns, in order.
pub const COLUMNS: [&str; 9] =
    ["plan", "kpi", "period", "release", "known_at", "value", "status", "provisional", "latest"];

/// The rows, of ids, times, numbers and words of the program: no text that a person wrote. Releases are numbered from 1, the first release; `latest` marks the one that stands.
fn rows<'a>((plan, kpi): (&'a str, &'a str), all: &'a [PeriodVintages]) -> impl Iterator<Item = [String; 9]> + 'a {
    let of_period = move |vintages: &'a PeriodVintages| {
        let last = vintages.releases.len();
        let row = move |(number, release): (usize, &'a Release)| {
            let value = release.value.as_ref().map(|value| canonical(&value.0));
            [
                plan.to_owned(),
                kpi.to_owned(),
                vintages.period.clone(),
                number.to_string(),
                release.known_at.clone(),
                value.unwrap_or_default(),
                release.status.unwrap_or_default().to_owned(),
                release.provisional.to_string(),
                (number == last).to_string(),
            ]
        };
        (1..).zip(&vintages.releases).map(row)
    };
    all.iter().flat_map(of_period)
}

/// RFC 4180, UTF-8, with a header.
pub fn csv(of: (&str, &str), all: &[PeriodVintages]) -> String {
    let mut out = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = out.write_record(COLUMNS);
    for row in rows(of, all) {
        let _ = out.write_record(row);
    }
    inert_document(String::from_utf8(out.into_inner().unwrap_or_default()).unwrap_or_default())
}

/// One object, with a line end.
pub fn json((plan, kpi): (&str, &str), all: &[PeriodVintages]) -> String {
    serde_json::json!({ "plan": plan, "kpi": kpi, "periods": all }).to_string() + "\n"
}

/// A table of GitHub's Markdown.
pub fn md(of: (&str, &str), all: &[PeriodVintages]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(&COLUMNS.map(str::to_owned)) + &line(&COLUMNS.map(|_| "---".to_owned()));
    for row in rows(of, all) {
        text += &line(&row);
    }
    text
}
