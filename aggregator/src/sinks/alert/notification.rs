//! What is told of a KPI, and its words in Japanese and English: pure functions of an event's body and the link.

use crate::render::{KpiRow, words};
use aggregator_core::alert::{AlertRule, AlertTransition};
use aggregator_core::judge::Status;
use contract::catalogue::{self, Plan, Policy};
use serde::{Deserialize, Serialize};

/// What stands where there is nothing.
const NONE: &str = "–";

/// A text in two languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Both {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl From<&catalogue::Bilingual> for Both {
    fn from(text: &catalogue::Bilingual) -> Self {
        Self { ja: text.ja.clone(), en: text.en.clone() }
    }
}

/// Something with an id and a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedItem {
    /// Id of the catalogue.
    pub id: String,
    /// Name.
    pub name: Both,
}

/// What an event says of its KPI; every figure as the scoreboard shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertNotification {
    /// The plan.
    pub plan: NamedItem,
    /// An invented plan, marked 見本 wherever it appears.
    pub sample: bool,
    /// The policy.
    pub policy: NamedItem,
    /// The KPI.
    pub kpi: NamedItem,
    /// Department in charge.
    pub owner: Both,
    /// Rule word.
    pub rule: String,
    /// Status word before the event, where it is known.
    pub before: Option<String>,
    /// Status word since the event; `None` where the KPI is judged no more.
    pub after: Option<String>,
    /// Value with its unit.
    pub value_text: Option<String>,
    /// The moment the value describes, RFC 3339.
    pub as_of: Option<String>,
    /// The same as readers take it.
    pub data: Option<Both>,
    /// The guide (目安) with its unit.
    pub path_text: Option<String>,
    /// Target with its side and unit.
    pub target_text: String,
    /// Progress in per cent.
    pub progress_text: Option<String>,
    /// Change per month still needed, with its unit.
    pub required_pace_text: Option<String>,
    /// The unit of all these, which they name in Japanese.
    pub unit: Both,
}

/// Summary and description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlertText {
    /// One line.
    pub summary: Both,
    /// Several lines, the link last.
    pub description: Both,
}

/// How much a status word matters.
pub fn severity(status: &str) -> &'static str {
    if status == Status::Missed.name() { "critical" } else { "warning" }
}

fn named(id: &str, name: &catalogue::Bilingual) -> NamedItem {
    NamedItem { id: id.to_owned(), name: name.into() }
}

/// A status word in both languages.
fn word(status: Option<&str>) -> Option<Both> {
    words::status(status?).map(|mark| Both { ja: mark.ja.to_owned(), en: mark.en.to_owned() })
}

impl AlertNotification {
    /// What is told of a row of the scoreboard, with the statuses before and after the event.
    pub(crate) fn of(
        plan: &Plan,
        policy: &Policy,
        row: &KpiRow<'_>,
        rule: AlertRule,
        (before, after): (Option<String>, Option<String>),
    ) -> Self {
        let data = row.data.as_ref().map(|data| Both {
            ja: format!("{} {}", data.date, data.word_ja),
            en: format!("{} {}", data.word_en, data.date),
        });
        Self {
            plan: named(&plan.id, &plan.name),
            sample: plan.sample,
            policy: named(&policy.id, &policy.name),
            kpi: named(&row.kpi.id, &row.kpi.name),
            owner: (&policy.owner).into(),
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
            unit: (&row.kpi.unit).into(),
        }
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads the body of an event; `None` when another version of ours wrote it in another form.
    pub fn from_json(body: &str) -> Option<Self> {
        serde_json::from_str(body).ok()
    }

    /// How much the status that is alerted of matters: of a resolved alert the one that it had.
    pub fn severity(&self, event: AlertTransition) -> &'static str {
        severity(self.alerted(event).unwrap_or_default())
    }

    fn alerted(&self, event: AlertTransition) -> Option<&str> {
        match event {
            AlertTransition::Fired { .. } => self.after.as_deref(),
            AlertTransition::Resolved { .. } => self.before.as_deref(),
        }
    }

    /// The KPI's row on the scoreboard.
    pub fn link(&self, link: &str) -> String {
        let (plan, kpi) = (&self.plan.id, &self.kpi.id);
        format!("{}/plans/{plan}#{plan}-kpi-{kpi}", link.trim_end_matches('/'))
    }

    /// Summary and description of an event.
    pub fn text(&self, event: AlertTransition, link: &str) -> AlertText {
        let link = self.link(link);
        AlertText {
            summary: Both { ja: self.summary_ja(event), en: self.summary_en(event) },
            description: Both { ja: self.description_ja(event, &link), en: self.description_en(event, &link) },
        }
    }

    fn value(&self) -> &str {
        self.value_text.as_deref().unwrap_or(NONE)
    }

    fn summary_ja(&self, event: AlertTransition) -> String {
        let sample = if self.sample { format!("【{}】", words::SAMPLE_JA) } else { String::new() };
        let (kpi, value, plan) = (&self.kpi.name.ja, self.value(), &self.plan.name.ja);
        match (event, word(self.after.as_deref())) {
            (AlertTransition::Resolved { .. }, None) => format!("{sample}解消: {kpi} {value}（{plan}）"),
            (AlertTransition::Resolved { .. }, Some(now)) => {
                format!("{sample}解消: {kpi} {value}、{}（{plan}）", now.ja)
            }
            (AlertTransition::Fired { .. }, now) => {
                format!("{sample}{}: {kpi} {value}（{plan}）", now.unwrap_or_default().ja)
            }
        }
    }

    fn summary_en(&self, event: AlertTransition) -> String {
        let sample = if self.sample { format!("[{}] ", words::SAMPLE_EN) } else { String::new() };
        let (kpi, value, plan) = (&self.kpi.name.en, self.value(), &self.plan.name.en);
        match (event, word(self.after.as_deref())) {
            (AlertTransition::Resolved { .. }, None) => format!("{sample}resolved: {kpi} {value} ({plan})"),
            (AlertTransition::Resolved { .. }, Some(now)) => {
                format!("{sample}resolved: {kpi} {value}, {} ({plan})", now.en)
            }
            (AlertTransition::Fired { .. }, now) => {
                format!("{sample}{}: {kpi} {value} ({plan})", now.unwrap_or_default().en)
            }
        }
    }

    fn description_ja(&self, event: AlertTransition, link: &str) -> String {
        let (kpi, policy) = (&self.kpi.name.ja, &self.policy.name.ja);
        let (before, after) = (word(self.before.as_deref()), word(self.after.as_deref()));
        let happened = match (event, before, after) {
            (AlertTransition::Fired { .. }, Some(before), Some(after)) => {
                format!(
                    "成果指標「{kpi}」（施策「{policy}」）の状態が「{}」から「{}」になりました。",
                    before.ja, after.ja
                )
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
        let at = self.data.as_ref().map_or_else(String::new, |data| format!("（{}）", data.ja));
        let mut lines = vec![
            happened,
            format!("実績: {}{at}", self.value()),
            format!("{}: {}", words::GUIDE_JA, self.path_text.as_deref().unwrap_or(NONE)),
            format!("目標: {}", self.target_text),
        ];
        lines.extend(self.progress_text.as_ref().map(|progress| format!("進捗: {progress}")));
        lines.extend(self.required_pace_text.as_ref().map(|pace| format!("必要ペース: {pace}")));
        lines.extend([format!("担当: {}", self.owner.ja), link.to_owned()]);
        lines.join("\n")
    }

    fn description_en(&self, event: AlertTransition, link: &str) -> String {
        let (kpi, policy) = (&self.kpi.name.en, &self.policy.name.en);
        let (before, after) = (word(self.before.as_deref()), word(self.after.as_deref()));
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
        let at = self.data.as_ref().map_or_else(String::new, |data| format!(" ({})", data.en));
        let mut lines = vec![
            happened,
            format!("Value: {}{at}", self.value()),
            format!("{}: {}", words::GUIDE_EN, self.path_text.as_deref().unwrap_or(NONE)),
            format!("Target: {}", self.target_text),
        ];
        lines.extend(self.progress_text.as_ref().map(|progress| format!("Progress: {progress}")));
        lines.extend(self.required_pace_text.as_ref().map(|pace| format!("Required pace: {pace}")));
        if self.unit.ja != self.unit.en {
            lines.push(format!("Unit: {} ({})", self.unit.ja, self.unit.en));
        }
        lines.extend([format!("Owner: {}", self.owner.en), link.to_owned()]);
        lines.join("\n")
    }
}
