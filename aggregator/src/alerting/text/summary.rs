//! An alert in one line: what, of which KPI, with its value.

use crate::alerting::notification::AlertNotification;
use crate::render::words;
use aggregator_core::alert::{AlertRule, AlertTransition};
use contract::catalogue::Bilingual;

/// What stands where there is nothing.
const NONE: &str = "–";

/// The line of an event.
pub(super) fn summary(of: &AlertNotification, event: AlertTransition) -> Bilingual {
    let now = of.after.as_deref().and_then(words::status);
    let what = match event {
        AlertTransition::Fired { .. } => found(of),
        AlertTransition::Worsened { .. } => {
            let found = found(of);
            both(&format!("悪化・{}", found.ja), &format!("worse, {}", found.en))
        }
        AlertTransition::Resolved { .. } => both("解消", "resolved"),
    };
    let (ja, en) = match (event, now) {
        (AlertTransition::Resolved { .. }, Some(now)) => (format!("、{}", now.ja), format!(", {}", now.en)),
        _ => (String::new(), String::new()),
    };
    let sample = if of.sample {
        both(&format!("【{}】", words::SAMPLE_JA), &format!("[{}] ", words::SAMPLE_EN))
    } else {
        both("", "")
    };
    let (value, kpi, plan) = (value(of), &of.kpi.name, &of.plan.name);
    Bilingual {
        ja: format!("{}{}: {} {}{ja}（{}）", sample.ja, what.ja, kpi.ja, value.ja, plan.ja),
        en: format!("{}{}: {} {}{en} ({})", sample.en, what.en, kpi.en, value.en, plan.en),
    }
}

/// The value with its unit, in each language.
pub(super) fn value(of: &AlertNotification) -> Bilingual {
    let old = || of.value_text.as_ref().map(|text| both(text, text));
    let value = of.figures.as_ref().map_or_else(old, |figures| figures.value.clone());
    value.unwrap_or_else(|| both(NONE, NONE))
}

fn found(of: &AlertNotification) -> Bilingual {
    let status = || of.after.as_deref().and_then(words::status).map(|mark| both(mark.ja, mark.en)).unwrap_or_default();
    match of.rule() {
        AlertRule::Trend | AlertRule::Overdue => status(),
        AlertRule::Landing => both("目標に届かない見込み", "will probably miss its target"),
        AlertRule::Missing => both("数字の欠け", "figures missing"),
        AlertRule::Restated => both("訂正による状態の変更", "status changed by a correction"),
        AlertRule::TargetChanged => both("目標などの変更", "target changed"),
    }
}

pub(super) fn both(ja: &str, en: &str) -> Bilingual {
    Bilingual { ja: ja.to_owned(), en: en.to_owned() }
}
