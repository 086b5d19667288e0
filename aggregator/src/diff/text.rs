//! A diff as text.

use super::model::{Diff, FigureChange, KpiChange};
use crate::explain::{RevisionEvidence, Vintage};
use aggregator_core::report::KpiReport;
use aggregator_core::target_change::TargetChangeReport;
use contract::catalogue::Bilingual;
use contract::exact::canonical;
use std::fmt::{self, Write};

impl Diff {
    /// As text, a line a change and one for where it came from.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "{}: what changed, judged on {}", self.plan, self.on)?;
        for (label, vintage) in [("from", &self.from), ("to", &self.to)] {
            time(out, label, vintage)?;
        }
        for catalogue in &self.catalogues {
            writeln!(out, "the catalogue changed at {catalogue}")?;
        }
        writeln!(out, "\n{} change(s) of targets", self.targets.len())?;
        for change in &self.targets {
            target(out, change)?;
        }
        writeln!(out, "\n{} KPI(s) differ", self.kpis.len())?;
        for change in &self.kpis {
            kpi(out, change)?;
        }
        writeln!(out, "\n{} figure(s) differ", self.figures.len() + self.more)?;
        for change in &self.figures {
            figure(out, change)?;
        }
        if self.more > 0 {
            writeln!(out, "and {} more", self.more)?;
        }
        Ok(())
    }
}

fn time(out: &mut String, label: &str, vintage: &Vintage) -> fmt::Result {
    let settled = if vintage.settled { "settled" } else { "not settled" };
    writeln!(out, "{label} {}: {settled}", vintage.time)?;
    vintage.doubts.iter().try_for_each(|doubt| writeln!(out, "  {doubt}"))
}

fn target(out: &mut String, change: &TargetChangeReport) -> fmt::Result {
    let shown = |text: &Option<Bilingual>| match text {
        None => "–".to_owned(),
        Some(Bilingual { ja, en }) if ja == en => en.clone(),
        Some(Bilingual { ja, en }) => format!("{ja} / {en}"),
    };
    let known = change.known_at.as_deref().unwrap_or("not recorded");
    writeln!(out, "  {known} {} {}: {} -> {}", change.kpi, change.field, shown(&change.before), shown(&change.after))
}

fn kpi(out: &mut String, change: &KpiChange) -> fmt::Result {
    let shown = |report: &Option<KpiReport>| match report {
        None => "(not in the catalogue)".to_owned(),
        Some(kpi) => format!("{} ({})", kpi.value_text.as_deref().unwrap_or("–"), kpi.status.unwrap_or("not judged")),
    };
    let KpiChange { id, name, before, after } = change;
    writeln!(out, "  {id} {} / {}: {} -> {}", name.ja, name.en, shown(before), shown(after))
}

fn figure(out: &mut String, change: &FigureChange) -> fmt::Result {
    let shown = |evidence: &Option<RevisionEvidence>| match evidence {
        None => "nothing".to_owned(),
        Some(RevisionEvidence { value: Some(value), finality, .. }) => format!("{} {finality}", canonical(&value.0)),
        Some(RevisionEvidence { unknown, finality, .. }) => {
            format!("unknown ({}) {finality}", unknown.as_deref().unwrap_or("?"))
        }
    };
    let FigureChange { series, definition, period, source, before, after } = change;
    writeln!(out, "  {series}/{definition} {period} by {source}: {} -> {}", shown(before), shown(after))?;
    let Some(evidence) = after else { return writeln!(out, "    the catalogue no longer admits it") };
    write!(out, "    known since {}", evidence.revision)?;
    if let Some(poll) = &evidence.poll {
        write!(out, ", from {}", poll.address)?;
        if let Some(sheet) = &evidence.sheet {
            write!(out, " sheet {sheet}")?;
        }
        if let Some(row) = evidence.row {
            write!(out, " row {row}")?;
        }
        if let Some(hash) = &poll.sha256 {
            write!(out, ", SHA-256 {hash}")?;
        }
    }
    writeln!(out)
}
