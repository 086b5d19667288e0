//! The rows of a KPI's pictures as CSV: RFC 4180, UTF-8, one header. No text of a catalogue is in it.

use aggregator_core::chart::ChartRowReport;
use aggregator_core::report::CanonicalNumber;
use contract::exact::canonical;

/// The columns, in order; the fields of the API's rows behind plan and KPI.
pub const COLUMNS: [&str; 16] = [
    "plan",
    "kpi",
    "part",
    "period",
    "as_of",
    "value",
    "compared",
    "guide",
    "months",
    "provisional",
    "incomplete",
    "restated",
    "before",
    "restated_at",
    "gap",
    "later",
];

/// The rows as one text, lines ended by CR LF.
pub fn write((plan, kpi): (&str, &str), rows: &[ChartRowReport]) -> String {
    let mut out = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail, and every row has all columns.
    let _ = out.write_record(COLUMNS);
    let number = |value: &Option<CanonicalNumber>| value.as_ref().map(|one| canonical(&one.0)).unwrap_or_default();
    for row in rows {
        let months = row.months.map(|months| months.to_string()).unwrap_or_default();
        let _ = out.write_record([
            plan,
            kpi,
            row.part,
            &row.period,
            &row.as_of,
            &number(&row.value),
            &number(&row.compared),
            &number(&row.guide),
            &months,
            &row.provisional.to_string(),
            &row.incomplete.to_string(),
            &row.restated.to_string(),
            &number(&row.before),
            row.restated_at.as_deref().unwrap_or_default(),
            row.gap.unwrap_or_default(),
            &row.later.to_string(),
        ]);
    }
    String::from_utf8(out.into_inner().unwrap_or_default()).unwrap_or_default()
}
