//! What an alert event says of its KPI, as it is stored with the event.

use aggregator_core::alert::AlertTransition;
use aggregator_core::judge::Status;
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
}

/// Severity of a status word, as Alertmanager routes by it.
pub fn severity(status: &str) -> &'static str {
    if status == Status::Missed.name() { "critical" } else { "warning" }
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

    /// Severity of the status that the alert is about: the new one when it fires, the old one when it is resolved.
    pub fn severity(&self, event: AlertTransition) -> &'static str {
        let status = match event {
            AlertTransition::Fired { .. } => &self.after,
            AlertTransition::Resolved { .. } => &self.before,
        };
        severity(status.as_deref().unwrap_or_default())
    }

    /// The KPI's row on the scoreboard at `external_url`.
    pub fn link(&self, external_url: &str) -> String {
        let (plan, kpi) = (&self.plan.id, &self.kpi.id);
        format!("{}/plans/{plan}#{plan}-kpi-{kpi}", external_url.trim_end_matches('/'))
    }
}
