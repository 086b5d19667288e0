//! What an alert event says of its KPI, as it is stored with the event.

use aggregator_core::alert::{AlertRule, AlertTransition, Severity};
use contract::catalogue::Bilingual;
use serde::{Deserialize, Serialize};

/// Something with an id and a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedItem {
    /// Id of the catalogue.
    pub id: String,
    /// Name.
    pub name: Bilingual,
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
    pub owner: Bilingual,
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
    pub data: Option<Bilingual>,
    /// The guide (目安) with its unit.
    pub path_text: Option<String>,
    /// Target with its side and unit.
    pub target_text: String,
    /// Progress in per cent.
    pub progress_text: Option<String>,
    /// Change per month still needed, with its unit.
    pub required_pace_text: Option<String>,
    /// The unit of all these, which they name in Japanese.
    pub unit: Bilingual,
    /// The figures in the words and units of each language; events of before have none.
    #[serde(default)]
    pub figures: Option<AlertFigures>,
    /// What the rule has found; events of before have nothing here.
    #[serde(default)]
    pub subject: AlertSubjectText,
}

/// The figures of a KPI in the words and units of each language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertFigures {
    /// Value with its unit.
    pub value: Option<Bilingual>,
    /// What the value is of: `2020年度 4〜11月の計（12か月のうち8か月）`.
    pub period: Option<Bilingual>,
    /// Guide (目安) with its unit.
    pub path: Option<Bilingual>,
    /// How far the value is from its guide or target, as a sentence.
    pub gap: Option<Bilingual>,
    /// Target with its side and unit.
    pub target: Bilingual,
    /// Change per month still needed, with its unit.
    pub pace: Option<Bilingual>,
    /// Chance of reaching the target.
    pub landing: Option<Bilingual>,
}

/// What a rule has found beside the KPI's own figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AlertSubjectText {
    /// Nothing.
    #[default]
    Trend,
    /// The chance of reaching the target has fallen.
    Landing,
    /// Figures that were due, or months that are missing.
    Late {
        /// The figures.
        figures: Vec<LateFigure>,
    },
    /// Published statuses that corrections have changed.
    Restated {
        /// The latest of them.
        on: String,
        /// Status word as it was published.
        before: String,
        /// Status word as it is now.
        after: String,
        /// How many days' statuses have changed.
        days: usize,
    },
    /// What the KPI is judged by was changed.
    TargetChanged {
        /// What was changed: the field, what it was and what it is.
        changes: Vec<ChangedField>,
    },
}

/// A figure that was due and has not come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateFigure {
    /// Id of the source.
    pub source: String,
    /// Name of the series.
    pub series: Bilingual,
    /// The period: `2021-05`.
    pub period: String,
    /// The day (a date) since which it is overdue.
    pub since: String,
}

/// A changed field of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedField {
    /// Its name.
    pub field: Bilingual,
    /// What it was.
    pub before: Option<Bilingual>,
    /// What it is.
    pub after: Option<Bilingual>,
}

impl AlertNotification {
    /// The body of an event in the store.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads the body of an event; `None` when another version of Shihyo wrote it in another form.
    pub fn from_json(body: &str) -> Option<Self> {
        serde_json::from_str(body).ok()
    }

    /// The rule; one that is not known alerts like a trend.
    pub fn rule(&self) -> AlertRule {
        AlertRule::from_name(&self.rule).unwrap_or(AlertRule::Trend)
    }

    /// Severity of the status that the alert is about: the new one when it fires, the old one when it is resolved.
    pub fn severity(&self, event: AlertTransition) -> Severity {
        let status = match event {
            AlertTransition::Fired { .. } | AlertTransition::Worsened { .. } => &self.after,
            AlertTransition::Resolved { .. } => &self.before,
        };
        self.rule().severity(status.as_deref().unwrap_or_default())
    }

    /// The KPI's page on the scoreboard at `external_url`.
    pub fn link(&self, external_url: &str) -> String {
        format!("{}/plans/{}/kpis/{}", external_url.trim_end_matches('/'), self.plan.id, self.kpi.id)
    }
}
