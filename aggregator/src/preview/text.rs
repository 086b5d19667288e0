//! A preview as text for a terminal.

use super::model::{AlertChange, AlertSpan, CataloguePreview, KpiPreview};
use aggregator_core::report::KpiReport;
use std::fmt::{self, Write};

/// What the days and alerts are made of, for every form.
pub(super) const BASIS: &str = "every status as report --on DAY gives it, from the figures that are stored now; alerts of trend, overdue sources, missing months and fallen landings";

impl CataloguePreview {
    /// As text, a line a change.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let CataloguePreview { plan, from, to, on, .. } = self;
        match &self.recorded {
            Some(at) => writeln!(out, "{plan}: the changed catalogue instead of the one of {at}")?,
            None => writeln!(out, "{plan}: no catalogue is recorded yet; the changed one is the first")?,
        }
        writeln!(out, "{from} to {to}: {BASIS}")?;
        if self.refused > 0 {
            writeln!(out, "{} figure(s) that count now would go to quarantine", self.refused)?;
        }
        if self.admitted > 0 {
            writeln!(out, "{} figure(s) in quarantine would count", self.admitted)?;
        }
        writeln!(out, "{} KPI(s) differ, {} stay as they are", self.kpis.len(), self.unchanged)?;
        self.kpis.iter().try_for_each(|one| kpi(out, one, on))
    }
}

fn kpi(out: &mut String, one: &KpiPreview, on: &str) -> fmt::Result {
    let KpiPreview { id, name, before, after, .. } = one;
    writeln!(out, "\n{id} {} / {}", name.ja, name.en)?;
    writeln!(out, "  on {on}: {} -> {}", shown(before.as_ref()), shown(after.as_ref()))?;
    for change in &one.statuses {
        let word = |word: Option<&'static str>| word.unwrap_or("not judged");
        writeln!(out, "  {} to {}: {} -> {}", change.from, change.to, word(change.before), word(change.after))?;
    }
    one.alerts.iter().try_for_each(|change| writeln!(out, "  {}", alert(change)))
}

/// Value and status of a KPI, and the target that it is judged by.
pub(super) fn shown(report: Option<&KpiReport>) -> String {
    let Some(kpi) = report else { return "(not in the catalogue)".into() };
    let target = contract::exact::canonical(&kpi.target.0);
    let value = kpi.value_text.as_deref().unwrap_or("–");
    format!("{value} ({}, target {target})", kpi.status.unwrap_or("not judged"))
}

/// An alert in a sentence.
pub(super) fn alert(change: &AlertChange) -> String {
    let rule = change.rule;
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("alert {rule}: {} -> {}", days(before), days(after)),
        (Some(before), None) => format!("alert {rule} would not have fired: {}", days(before)),
        (None, Some(after)) => format!("alert {rule} would have fired: {}", days(after)),
        (None, None) => String::new(),
    }
}

fn days(span: &AlertSpan) -> String {
    format!("{} to {}", span.from, span.to.as_deref().unwrap_or("now"))
}
