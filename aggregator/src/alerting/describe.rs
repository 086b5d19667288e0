//! Makes the notification of an alert from the catalogue and the report of a plan.

use super::notification::{AlertNotification, NamedItem};
use aggregator_core::alert::AlertRule;
use aggregator_core::display::{self, DataDate};
use aggregator_core::judge::Phase;
use aggregator_core::report::PlanReport;
use contract::catalogue::{Bilingual, Catalogue, Direction, Kpi};
use contract::time::Moment;

fn named(id: &str, name: &Bilingual) -> NamedItem {
    NamedItem { id: id.to_owned(), name: name.clone() }
}

/// The notification of a KPI, with the statuses before and after the event; `None` when the report has no such KPI.
pub(super) fn describe(
    catalogue: &Catalogue,
    report: &PlanReport,
    kpi: &Kpi,
    rule: AlertRule,
    (before, after): (Option<String>, Option<String>),
) -> Option<AlertNotification> {
    let judged = report.kpis.iter().find(|judged| judged.id == kpi.id)?;
    let (plan, policy, unit) = (&catalogue.plan, &catalogue.policies[kpi.policy], kpi.unit.ja.as_str());
    let data = |as_of: &String| {
        let data = DataDate::of(catalogue, kpi, Moment::parse(as_of)?);
        let (ja, en) = (format!("{} {}", data.date, data.word_ja()), format!("{} {}", data.word_en(), data.date));
        Some(Bilingual { ja, en })
    };
    let side = if kpi.direction == Direction::AtLeast { "≥" } else { "≤" };
    let has_guide = kpi.kind.has_path() && judged.phase != Phase::Closed.name();
    Some(AlertNotification {
        plan: named(&plan.id, &plan.name),
        sample: plan.sample,
        policy: named(&policy.id, &policy.name),
        kpi: named(&kpi.id, &kpi.name),
        owner: policy.owner.clone(),
        rule: rule.name().to_owned(),
        before,
        after,
        value_text: judged.value_text.clone(),
        as_of: judged.as_of.clone(),
        data: judged.as_of.as_ref().and_then(data),
        path_text: judged
            .path
            .as_ref()
            .filter(|_| has_guide)
            .map(|path| display::guide(kpi, &path.0, judged.value.as_ref().map(|v| &v.0), unit)),
        target_text: format!("{side} {}", display::plain(&kpi.target, unit)),
        progress_text: judged.progress.as_ref().map(|share| format!("{} %", display::percent(&share.0))),
        required_pace_text: judged
            .required_pace
            .as_ref()
            .map(|pace| format!("{}/月", display::pace(kpi, &pace.0, unit))),
        unit: kpi.unit.clone(),
    })
}
