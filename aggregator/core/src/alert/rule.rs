//! The rules of alerts, the words of what they find, and how bad it is.

use crate::judge::Status;

/// A condition of a KPI that raises an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertRule {
    /// It is behind its path, or has missed its target.
    Trend,
    /// It will probably not reach its target.
    Landing,
    /// Its source is overdue.
    Overdue,
    /// A month inside the judged year was due and is missing, although later months are known.
    Missing,
    /// A correction changed a status that was published.
    Restated,
    /// A catalogue changed what it is judged by.
    TargetChanged,
}

/// How bad it is, as Alertmanager routes by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// To be known.
    Info,
    /// To be acted on.
    Warning,
    /// Lost for good.
    Critical,
}

impl Severity {
    /// All, the mildest first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// The word in labels.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl AlertRule {
    /// All rules.
    pub const ALL: [Self; 6] =
        [Self::Trend, Self::Landing, Self::Overdue, Self::Missing, Self::Restated, Self::TargetChanged];

    /// The word in ids, stores and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trend => "trend",
            Self::Landing => "landing",
            Self::Overdue => "overdue",
            Self::Missing => "missing",
            Self::Restated => "restated",
            Self::TargetChanged => "target_changed",
        }
    }

    /// The rule of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// How bad it is that the rule has found `status`.
    pub fn severity(self, status: &str) -> Severity {
        let is = |of: Status| status == of.name();
        match self {
            Self::Trend if is(Status::Missed) => Severity::Critical,
            Self::Trend if is(Status::AtRisk) => Severity::Info,
            Self::Restated | Self::TargetChanged => Severity::Info,
            Self::Trend | Self::Landing | Self::Overdue | Self::Missing => Severity::Warning,
        }
    }

    /// True for a rule whose alert names something that happened, and ends by itself.
    pub fn is_event(self) -> bool {
        matches!(self, Self::Restated | Self::TargetChanged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_severities() {
        assert_eq!(AlertRule::ALL.map(|rule| AlertRule::from_name(rule.name())), AlertRule::ALL.map(Some));
        assert_eq!(AlertRule::from_name("floor"), None);
        let trend = [Status::AtRisk, Status::OffTrack, Status::Missed].map(Status::name);
        let found = trend.map(|status| AlertRule::Trend.severity(status).name());
        assert_eq!(found, ["info", "warning", "critical"]);
        assert_eq!(AlertRule::Restated.severity("missed").name(), "info");
        assert_eq!(AlertRule::Overdue.severity("stale").name(), "warning");
    }
}
