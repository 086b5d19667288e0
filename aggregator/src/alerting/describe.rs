//! Makes the notification of an alert from a row of the scoreboard.

use super::notification::{AlertNotification, NamedItem};
use crate::render::KpiRow;
use aggregator_core::alert::AlertRule;
use contract::catalogue::{Bilingual, Plan, Policy};

fn named(id: &str, name: &Bilingual) -> NamedItem {
    NamedItem { id: id.to_owned(), name: name.clone() }
}

/// The notification of a KPI, with the statuses before and after the event.
pub(crate) fn describe(
    plan: &Plan,
    policy: &Policy,
    row: &KpiRow<'_>,
    rule: AlertRule,
    (before, after): (Option<String>, Option<String>),
) -> AlertNotification {
    let data = row.data.as_ref().map(|data| Bilingual {
        ja: format!("{} {}", data.date, data.word_ja),
        en: format!("{} {}", data.word_en, data.date),
    });
    AlertNotification {
        plan: named(&plan.id, &plan.name),
        sample: plan.sample,
        policy: named(&policy.id, &policy.name),
        kpi: named(&row.kpi.id, &row.kpi.name),
        owner: policy.owner.clone(),
        rule: rule.name().to_owned(),
        before,
        after,
        value_text: row.value.clone(),
        as_of: row.judged.as_of.clone(),
        data,
        path_text: row.guide.clone(),
        target_text: row.target.clone(),
        progress_text: row.progress.as_ref().map(|share| format!("{share} %")),
        required_pace_text: row.pace.clone(),
        unit: row.kpi.unit.clone(),
    }
}
