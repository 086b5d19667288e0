//! CSV for spreadsheets: RFC 4180, UTF-8, one header, one row a KPI.
//!
//! Numbers are the canonical ones, so that a spreadsheet computes with what was judged; the texts beside them
//! are as shown. No text of a catalogue can become a formula.

use super::sheet::{KpiRow, PlanSheet, PolicySheet};
use super::words;
use aggregator_core::report::{CanonicalNumber, ReportedValue};
use contract::catalogue::{Bilingual, Direction};
use contract::exact::canonical;

/// What some spreadsheets need before the first byte to read a file as UTF-8; never written unless asked for.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";
/// First characters that make a spreadsheet take a text for a formula; the wide forms count in Japanese ones.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The columns, in order.
pub const COLUMNS: [&str; 48] = [
    "plan",
    "plan_name_ja",
    "plan_name_en",
    "city_ja",
    "city_en",
    "sample",
    "on",
    "policy",
    "policy_name_ja",
    "policy_name_en",
    "owner_ja",
    "owner_en",
    "kpi",
    "name_ja",
    "name_en",
    "unit_ja",
    "unit_en",
    "phase",
    "phase_ja",
    "status",
    "status_ja",
    "value",
    "value_text",
    "provisional",
    "as_of",
    "data_date",
    "data_age_days",
    "baseline",
    "direction",
    "target",
    "target_text",
    "guide_not_the_plans_target",
    "progress_percent",
    "required_pace_per_month",
    "carried_value",
    "carried_as_of",
    "later_value",
    "later_as_of",
    "connect_ja",
    "connect_en",
    "note_ja",
    "note_en",
    "start_reason_ja",
    "start_reason_en",
    "credit_ja",
    "credit_en",
    "citation",
    "plan_citation",
];

/// One cell before it is quoted.
enum Cell {
    /// Somebody's words: made inert.
    Words(String),
    /// A number, a date or a word of ours: left alone, so that -3 stays a number.
    Ours(String),
}

/// The plans as one CSV text, lines ended by CR LF.
pub fn write(sheets: &[PlanSheet<'_>]) -> String {
    let mut out = COLUMNS.join(",");
    out.push_str("\r\n");
    for sheet in sheets {
        for policy in &sheet.policies {
            for row in &policy.rows {
                let mut cells = whose(sheet, policy, row);
                cells.extend(figures(row));
                cells.extend(notes(sheet, row));
                let cells: Vec<String> = cells.iter().map(quoted).collect();
                out.push_str(&cells.join(","));
                out.push_str("\r\n");
            }
        }
    }
    out
}

fn quoted(cell: &Cell) -> String {
    let text = match cell {
        Cell::Words(text) if text.starts_with(FORMULA) => format!("'{text}"),
        Cell::Words(text) | Cell::Ours(text) => text.clone(),
    };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn words_of(text: &str) -> Cell {
    Cell::Words(text.to_owned())
}

fn both(text: &Bilingual) -> [Cell; 2] {
    [words_of(&text.ja), words_of(&text.en)]
}

fn both_of(text: Option<&Bilingual>) -> [Cell; 2] {
    text.map_or([ours(""), ours("")], both)
}

fn ours(text: impl Into<String>) -> Cell {
    Cell::Ours(text.into())
}

fn number(value: Option<&CanonicalNumber>) -> Cell {
    ours(value.map(|number| canonical(&number.0)).unwrap_or_default())
}

fn dated(past: Option<&ReportedValue>) -> [Cell; 2] {
    [number(past.map(|past| &past.value)), ours(past.map(|past| past.as_of.clone()).unwrap_or_default())]
}

/// Which plan, policy and KPI.
fn whose(sheet: &PlanSheet<'_>, policy: &PolicySheet<'_>, row: &KpiRow<'_>) -> Vec<Cell> {
    let mut cells = vec![words_of(&sheet.plan.id)];
    cells.extend(both(&sheet.plan.name));
    cells.extend(both(&sheet.plan.city));
    cells.push(ours(if sheet.sample() { words::SAMPLE_JA } else { "" }));
    cells.push(ours(sheet.on));
    cells.push(words_of(&policy.policy.id));
    cells.extend(both(&policy.policy.name));
    cells.extend(both(&policy.policy.owner));
    cells.push(words_of(&row.kpi.id));
    cells.extend(both(&row.kpi.name));
    cells.extend(both(&row.kpi.unit));
    cells
}

/// What was judged.
fn figures(row: &KpiRow<'_>) -> Vec<Cell> {
    let judged = row.judged;
    let mut cells = vec![ours(judged.phase), ours(row.phase.map_or("", |phase| phase.ja))];
    cells.push(ours(judged.status.unwrap_or_default()));
    cells.push(ours(row.status.map_or("", |status| status.ja)));
    cells.push(number(judged.value.as_ref()));
    cells.push(words_of(row.value.as_deref().unwrap_or_default()));
    cells.push(ours(judged.provisional.to_string()));
    cells.push(ours(judged.as_of.clone().unwrap_or_default()));
    cells.push(ours(row.data.as_ref().map(|data| data.date.clone()).unwrap_or_default()));
    let age = row.data.as_ref().and_then(|data| data.age_days);
    cells.push(ours(age.map(|days| days.to_string()).unwrap_or_default()));
    cells.push(number(judged.baseline.as_ref()));
    cells.push(ours(match row.kpi.direction {
        Direction::AtLeast => "at_least",
        Direction::AtMost => "at_most",
    }));
    cells.push(number(Some(&judged.target)));
    cells.push(words_of(&row.target));
    cells.push(number(judged.path.as_ref().filter(|_| row.guide.is_some())));
    cells.push(ours(row.progress.clone().unwrap_or_default()));
    cells.push(number(judged.required_pace.as_ref()));
    cells.extend(dated(judged.carried.as_ref()));
    cells.extend(dated(judged.later.as_ref()));
    cells
}

/// What a reader must know beside the figures.
fn notes(sheet: &PlanSheet<'_>, row: &KpiRow<'_>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = both_of(row.connect).into();
    cells.extend(both_of(row.kpi.note.as_ref()));
    cells.extend(both_of(row.kpi.start_reason.as_ref()));
    let joined =
        |side: fn(&Bilingual) -> &str| row.credits.iter().map(|credit| side(credit)).collect::<Vec<_>>().join("; ");
    cells.push(words_of(&joined(|credit| &credit.ja)));
    cells.push(words_of(&joined(|credit| &credit.en)));
    cells.push(words_of(&row.kpi.citation));
    cells.push(words_of(&sheet.plan.citation));
    cells
}
