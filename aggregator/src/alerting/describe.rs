//! Makes the notification of an alert from the catalogue and the judgement of its KPI.

use super::figures::figures;
use super::notification::{AlertNotification, AlertSubjectText, ChangedField, LateFigure, NamedItem};
use aggregator_core::alert::{AlertRule, AlertSubject, KpiFacts};
use aggregator_core::display::{self, DataDate};
use aggregator_core::judge::{OverduePeriod, Phase};
use contract::catalogue::{Bilingual, Catalogue, Direction};
use contract::time::date_of;

fn named(id: &str, name: &Bilingual) -> NamedItem {
    NamedItem { id: id.to_owned(), name: name.clone() }
}

/// The notification of a KPI, with the statuses before and after the event, and what the rule has found where it holds.
pub(super) fn describe(
    catalogue: &Catalogue,
    facts: &KpiFacts<'_>,
    rule: AlertRule,
    (before, after): (Option<String>, Option<String>),
    subject: AlertSubjectText,
) -> AlertNotification {
    let (kpi, judged) = (facts.kpi, facts.judged());
    let (plan, policy, unit) = (&catalogue.plan, &catalogue.policies[kpi.policy], kpi.unit.ja.as_str());
    let measured = judged.measured.as_ref();
    let value = measured.map(|measured| &measured.value);
    let data = measured.map(|measured| {
        let data = DataDate::of(catalogue, kpi, measured.at);
        let (ja, en) = (format!("{} {}", data.date, data.word_ja()), format!("{} {}", data.word_en(), data.date));
        Bilingual { ja, en }
    });
    let side = if kpi.direction == Direction::AtLeast { "≥" } else { "≤" };
    let guide = judged.path.as_ref().filter(|_| kpi.kind.has_path() && judged.phase != Phase::Closed);
    AlertNotification {
        plan: named(&plan.id, &plan.name),
        sample: plan.sample,
        policy: named(&policy.id, &policy.name),
        kpi: named(&kpi.id, &kpi.name),
        owner: policy.owner.clone(),
        rule: rule.name().to_owned(),
        before,
        after,
        value_text: value.map(|value| display::value(kpi, value, guide, unit)),
        as_of: measured.map(|measured| measured.at.to_string()),
        data,
        path_text: guide.map(|path| display::guide(kpi, path, value, unit)),
        target_text: format!("{side} {}", display::plain(&kpi.target, unit)),
        progress_text: judged.progress.as_ref().map(|share| format!("{} %", display::percent(share))),
        required_pace_text: judged.required_pace.as_ref().map(|pace| format!("{}/月", display::pace(kpi, pace, unit))),
        unit: kpi.unit.clone(),
        figures: Some(figures(catalogue, facts)),
        subject,
    }
}

/// What a rule has found, as texts.
pub(super) fn subject(catalogue: &Catalogue, found: &AlertSubject, changes: &[ChangedField]) -> AlertSubjectText {
    match found {
        AlertSubject::Trend => AlertSubjectText::Trend,
        AlertSubject::Landing(_) => AlertSubjectText::Landing,
        AlertSubject::Overdue(late) | AlertSubject::Missing(late) => {
            AlertSubjectText::Late { figures: late.iter().map(|one| late_figure(catalogue, one)).collect() }
        }
        AlertSubject::Restated(statuses) => {
            statuses.first().map_or(AlertSubjectText::Trend, |latest| AlertSubjectText::Restated {
                on: date_of(latest.day).to_string(),
                before: latest.before.name().to_owned(),
                after: latest.after.name().to_owned(),
                days: statuses.len(),
            })
        }
        AlertSubject::TargetChanged => AlertSubjectText::TargetChanged { changes: changes.to_vec() },
    }
}

fn late_figure(catalogue: &Catalogue, late: &OverduePeriod) -> LateFigure {
    let series = &catalogue.series[late.series];
    LateFigure {
        source: series.sources[late.source].id.clone(),
        series: series.name.clone(),
        period: late.period.to_string(),
        since: late.since.date().to_string(),
    }
}
