//! CSV for spreadsheets: RFC 4180, UTF-8, one header, one row a KPI.
//!
//! Numbers are the canonical ones, so that a spreadsheet computes with what was judged; the texts beside them
//! are as shown. No text of a catalogue can become a formula.

use super::lang::inert_document;
use super::sheet::{KpiRow, PlanSheet, PolicySheet};
use super::words;
use aggregator_core::landing::OutlookReport;
use aggregator_core::report::{CanonicalNumber, ReportedValue};
use contract::catalogue::{Bilingual, Direction};
use contract::exact::canonical;

/// Some spreadsheets need it to read a file as UTF-8; written on request only.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";
/// First characters that make a spreadsheet take a text for a formula; the wide forms count in Japanese ones.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The columns, in order.
pub const COLUMNS: [&str; 61] = [
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
    "first_target",
    "first_target_year",
    "first_target_status",
    "first_target_known_at",
    "target_changes",
    "landing",
    "landing_low80",
    "landing_high80",
    "landing_low95",
    "landing_high95",
    "landing_probability",
    "outlook_ja",
    "outlook_en",
];

/// Columns behind these where a plan has scales of grades.
pub const GRADE_COLUMNS: [&str; 3] = ["grades", "grades_ja", "grades_en"];

/// One cell before it is quoted.
enum Cell {
    /// A text of a catalogue, which must not become a formula.
    Text(String),
    /// A number, a date or a constant of the program: unchanged, so that -3 stays a number.
    Value(String),
}

/// The plans as one CSV text, lines ended by CR LF.
pub fn write(sheets: &[PlanSheet<'_>]) -> String {
    let mut out = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail, and every row has all columns.
    let rows =
        |sheet: &PlanSheet<'_>| sheet.policies.iter().flat_map(|policy| &policy.rows).any(|row| !row.grades.is_empty());
    let graded = sheets.iter().any(rows);
    let _ = out.write_record(COLUMNS.iter().chain(GRADE_COLUMNS.iter().filter(|_| graded)));
    for sheet in sheets {
        for policy in &sheet.policies {
            for row in &policy.rows {
                let mut cells = names(sheet, policy, row);
                cells.extend(figures(row));
                cells.extend(notes(sheet, row));
                cells.extend(targets(row));
                cells.extend(landing(row));
                cells.extend(grades(row).into_iter().filter(|_| graded));
                let _ = out.write_record(cells.into_iter().map(text_of));
            }
        }
    }
    inert_document(String::from_utf8(out.into_inner().unwrap_or_default()).unwrap_or_default())
}

fn text_of(cell: Cell) -> String {
    match cell {
        Cell::Text(text) if text.starts_with(FORMULA) => format!("'{text}"),
        Cell::Text(text) | Cell::Value(text) => text,
    }
}

fn text_cell(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn pair(text: &Bilingual) -> [Cell; 2] {
    [text_cell(&text.ja), text_cell(&text.en)]
}

fn optional_pair(text: Option<&Bilingual>) -> [Cell; 2] {
    text.map_or([value_cell(""), value_cell("")], pair)
}

fn value_cell(text: impl Into<String>) -> Cell {
    Cell::Value(text.into())
}

fn number(value: Option<&CanonicalNumber>) -> Cell {
    value_cell(value.map(|number| canonical(&number.0)).unwrap_or_default())
}

fn dated(past: Option<&ReportedValue>) -> [Cell; 2] {
    [number(past.map(|past| &past.value)), value_cell(past.map(|past| past.as_of.clone()).unwrap_or_default())]
}

/// Which plan, policy and KPI.
fn names(sheet: &PlanSheet<'_>, policy: &PolicySheet<'_>, row: &KpiRow<'_>) -> Vec<Cell> {
    let mut cells = vec![text_cell(&sheet.plan.id)];
    cells.extend(pair(&sheet.plan.name));
    cells.extend(pair(&sheet.plan.city));
    cells.push(value_cell(if sheet.sample() { words::SAMPLE_JA } else { "" }));
    cells.push(value_cell(sheet.on));
    cells.push(text_cell(&policy.policy.id));
    cells.extend(pair(&policy.policy.name));
    cells.extend(pair(&policy.policy.owner));
    cells.push(text_cell(&row.kpi.id));
    cells.extend(pair(&row.kpi.name));
    cells.extend(pair(&row.kpi.unit));
    cells
}

/// What was judged.
fn figures(row: &KpiRow<'_>) -> Vec<Cell> {
    let judged = row.judged;
    let mut cells = vec![value_cell(judged.phase), value_cell(row.phase.map_or("", |phase| phase.ja))];
    cells.push(value_cell(judged.status.unwrap_or_default()));
    cells.push(value_cell(row.status.map_or("", |status| status.ja)));
    cells.push(number(judged.value.as_ref()));
    cells.push(text_cell(row.value.as_deref().unwrap_or_default()));
    cells.push(value_cell(judged.provisional.to_string()));
    cells.push(value_cell(judged.as_of.clone().unwrap_or_default()));
    cells.push(value_cell(row.data.as_ref().map(|data| data.date.clone()).unwrap_or_default()));
    let age = row.data.as_ref().and_then(|data| data.age_days);
    cells.push(value_cell(age.map(|days| days.to_string()).unwrap_or_default()));
    cells.push(number(judged.baseline.as_ref()));
    cells.push(value_cell(match row.kpi.direction {
        Direction::AtLeast => "at_least",
        Direction::AtMost => "at_most",
    }));
    cells.push(number(Some(&judged.target)));
    cells.push(text_cell(&row.target));
    cells.push(number(judged.path.as_ref().filter(|_| row.guide.is_some())));
    cells.push(value_cell(row.progress.clone().unwrap_or_default()));
    cells.push(number(judged.required_pace.as_ref()));
    cells.extend(dated(judged.carried.as_ref()));
    cells.extend(dated(judged.later.as_ref()));
    cells
}

/// Where it is expected to land.
fn landing(row: &KpiRow<'_>) -> Vec<Cell> {
    let target = row.judged.landing.as_ref().and_then(|landing| landing.target.as_ref());
    let parts: [fn(&OutlookReport) -> &CanonicalNumber; 6] = [
        |one| &one.expected,
        |one| &one.low80,
        |one| &one.high80,
        |one| &one.low95,
        |one| &one.high95,
        |one| &one.probability,
    ];
    let mut cells: Vec<Cell> = parts.iter().map(|part| number(target.map(part))).collect();
    cells.extend(optional_pair(row.outlook));
    cells
}

/// What a reader must know beside the figures.
fn notes(sheet: &PlanSheet<'_>, row: &KpiRow<'_>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = optional_pair(row.connect).into();
    cells.extend(optional_pair(row.kpi.note.as_ref()));
    cells.extend(optional_pair(row.kpi.start_reason.as_ref()));
    let joined =
        |side: fn(&Bilingual) -> &str| row.credits.iter().map(|credit| side(credit)).collect::<Vec<_>>().join("; ");
    cells.push(text_cell(&joined(|credit| &credit.ja)));
    cells.push(text_cell(&joined(|credit| &credit.en)));
    cells.push(text_cell(&row.kpi.citation));
    cells.push(text_cell(&sheet.plan.citation));
    cells
}

/// What was changed of the target; the first published one only where that makes a difference.
fn targets(row: &KpiRow<'_>) -> [Cell; 5] {
    let (first, changes) = (row.judged.first_target.as_ref(), row.judged.target_changes.len());
    [
        number(first.map(|first| &first.target)),
        value_cell(first.map(|first| first.year.clone()).unwrap_or_default()),
        value_cell(first.and_then(|first| first.status).unwrap_or_default()),
        value_cell(first.and_then(|first| first.known_at.clone()).unwrap_or_default()),
        value_cell(changes.to_string()),
    ]
}

/// Grades as `scale=mark`, and as sentences.
fn grades(row: &KpiRow<'_>) -> [Cell; 3] {
    let joined = |texts: Vec<String>| text_cell(&texts.join("; "));
    let marks = row.judged.grades.iter().map(|grade| format!("{}={}", grade.scale, grade.grade)).collect();
    let side = |side: fn(&Bilingual) -> &String| joined(row.grades.iter().map(side).cloned().collect());
    [joined(marks), side(|text| &text.ja), side(|text| &text.en)]
}
