//! The words of an alert in Japanese and English: pure functions of the notification, the event and the link.

use crate::alerting::notification::AlertNotification;
use crate::render::words;
use aggregator_core::alert::AlertTransition;
use contract::catalogue::Bilingual;
use serde::Serialize;

/// What stands where there is nothing.
const NONE: &str = "–";

/// Summary and description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct AlertText {
    /// One line.
    pub(super) summary: Bilingual,
    /// Several lines, the link last.
    pub(super) description: Bilingual,
}

/// A status word in both languages.
fn word(status: Option<&str>) -> Option<Bilingual> {
    words::status(status?).map(|mark| Bilingual { ja: mark.ja.to_owned(), en: mark.en.to_owned() })
}

impl AlertText {
    /// Summary and description of an event, with a link to the scoreboard at `external_url`.
    pub(super) fn new(of: &AlertNotification, event: AlertTransition, external_url: &str) -> Self {
        let link = of.link(external_url);
        Self {
            summary: Bilingual { ja: summary_ja(of, event), en: summary_en(of, event) },
            description: Bilingual { ja: description_ja(of, event, &link), en: description_en(of, event, &link) },
        }
    }
}

fn value(of: &AlertNotification) -> &str {
    of.value_text.as_deref().unwrap_or(NONE)
}

fn summary_ja(of: &AlertNotification, event: AlertTransition) -> String {
    let sample = if of.sample { format!("【{}】", words::SAMPLE_JA) } else { String::new() };
    let (kpi, value, plan) = (&of.kpi.name.ja, value(of), &of.plan.name.ja);
    match (event, word(of.after.as_deref())) {
        (AlertTransition::Resolved { .. }, None) => format!("{sample}解消: {kpi} {value}（{plan}）"),
        (AlertTransition::Resolved { .. }, Some(now)) => {
            format!("{sample}解消: {kpi} {value}、{}（{plan}）", now.ja)
        }
        (AlertTransition::Fired { .. }, now) => {
            format!("{sample}{}: {kpi} {value}（{plan}）", now.unwrap_or_default().ja)
        }
    }
}

fn summary_en(of: &AlertNotification, event: AlertTransition) -> String {
    let sample = if of.sample { format!("[{}] ", words::SAMPLE_EN) } else { String::new() };
    let (kpi, value, plan) = (&of.kpi.name.en, value(of), &of.plan.name.en);
    match (event, word(of.after.as_deref())) {
        (AlertTransition::Resolved { .. }, None) => format!("{sample}resolved: {kpi} {value} ({plan})"),
        (AlertTransition::Resolved { .. }, Some(now)) => {
            format!("{sample}resolved: {kpi} {value}, {} ({plan})", now.en)
        }
        (AlertTransition::Fired { .. }, now) => {
            format!("{sample}{}: {kpi} {value} ({plan})", now.unwrap_or_default().en)
        }
    }
}

fn description_ja(of: &AlertNotification, event: AlertTransition, link: &str) -> String {
    let (kpi, policy) = (&of.kpi.name.ja, &of.policy.name.ja);
    let (before, after) = (word(of.before.as_deref()), word(of.after.as_deref()));
    let happened = match (event, before, after) {
        (AlertTransition::Fired { .. }, Some(before), Some(after)) => {
            format!("成果指標「{kpi}」（施策「{policy}」）の状態が「{}」から「{}」になりました。", before.ja, after.ja)
        }
        (AlertTransition::Fired { .. }, _, after) => {
            format!("成果指標「{kpi}」（施策「{policy}」）の状態は「{}」です。", after.unwrap_or_default().ja)
        }
        (AlertTransition::Resolved { .. }, before, Some(after)) => format!(
            "成果指標「{kpi}」（施策「{policy}」）の「{}」は解消し、「{}」になりました。",
            before.unwrap_or_default().ja,
            after.ja
        ),
        (AlertTransition::Resolved { .. }, _, None) => {
            format!("成果指標「{kpi}」（施策「{policy}」）は判定の対象ではなくなりました。")
        }
    };
    let at = of.data.as_ref().map_or_else(String::new, |data| format!("（{}）", data.ja));
    let mut lines = vec![
        happened,
        format!("実績: {}{at}", value(of)),
        format!("{}: {}", words::GUIDE_JA, of.path_text.as_deref().unwrap_or(NONE)),
        format!("目標: {}", of.target_text),
    ];
    lines.extend(of.progress_text.as_ref().map(|progress| format!("進捗: {progress}")));
    lines.extend(of.required_pace_text.as_ref().map(|pace| format!("必要ペース: {pace}")));
    lines.extend([format!("担当: {}", of.owner.ja), link.to_owned()]);
    lines.join("\n")
}

fn description_en(of: &AlertNotification, event: AlertTransition, link: &str) -> String {
    let (kpi, policy) = (&of.kpi.name.en, &of.policy.name.en);
    let (before, after) = (word(of.before.as_deref()), word(of.after.as_deref()));
    let happened = match (event, before, after) {
        (AlertTransition::Fired { .. }, Some(before), Some(after)) => {
            format!("KPI \"{kpi}\" of policy \"{policy}\" went from \"{}\" to \"{}\".", before.en, after.en)
        }
        (AlertTransition::Fired { .. }, _, after) => {
            format!("KPI \"{kpi}\" of policy \"{policy}\" is \"{}\".", after.unwrap_or_default().en)
        }
        (AlertTransition::Resolved { .. }, before, Some(after)) => format!(
            "KPI \"{kpi}\" of policy \"{policy}\" is no longer \"{}\"; it is \"{}\".",
            before.unwrap_or_default().en,
            after.en
        ),
        (AlertTransition::Resolved { .. }, _, None) => {
            format!("KPI \"{kpi}\" of policy \"{policy}\" is judged no more.")
        }
    };
    let at = of.data.as_ref().map_or_else(String::new, |data| format!(" ({})", data.en));
    let mut lines = vec![
        happened,
        format!("Value: {}{at}", value(of)),
        format!("{}: {}", words::GUIDE_EN, of.path_text.as_deref().unwrap_or(NONE)),
        format!("Target: {}", of.target_text),
    ];
    lines.extend(of.progress_text.as_ref().map(|progress| format!("Progress: {progress}")));
    lines.extend(of.required_pace_text.as_ref().map(|pace| format!("Required pace: {pace}")));
    if of.unit.ja != of.unit.en {
        lines.push(format!("Unit: {} ({})", of.unit.ja, of.unit.en));
    }
    lines.extend([format!("Owner: {}", of.owner.en), link.to_owned()]);
    lines.join("\n")
}
