//! A preview as CSV: one row a change. It holds ids, dates and words of the program, and no text that a person wrote.

use super::model::{AlertSpan, CataloguePreview};

/// The columns, in order: `change` is `status` or `alert`.
const COLUMNS: [&str; 10] =
    ["plan", "kpi", "change", "rule", "before", "before_from", "before_to", "after", "after_from", "after_to"];

/// RFC 4180, UTF-8, with a header.
pub fn csv(previews: &[CataloguePreview]) -> String {
    let mut out = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = out.write_record(COLUMNS);
    for (plan, kpi) in previews.iter().flat_map(|plan| plan.kpis.iter().map(move |kpi| (&plan.plan, kpi))) {
        for change in &kpi.statuses {
            let (from, to) = (change.from.as_str(), change.to.as_str());
            let [before, after] = [change.before, change.after].map(Option::unwrap_or_default);
            let _ = out.write_record([plan, &kpi.id, "status", "", before, from, to, after, from, to]);
        }
        for change in &kpi.alerts {
            let [before, after] = [&change.before, &change.after].map(|span| days(span.as_ref()));
            let row = [plan, &kpi.id, "alert", change.rule, before.0, before.1, before.2, after.0, after.1, after.2];
            let _ = out.write_record(row);
        }
    }
    String::from_utf8(out.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn days(span: Option<&AlertSpan>) -> (&str, &str, &str) {
    span.map_or_else(Default::default, |span| ("firing", span.from.as_str(), span.to.as_deref().unwrap_or_default()))
}
