//! What a city wants to be alerted on.

use super::landing::LandingThresholds;
use super::rule::AlertRule;
use contract::catalogue::Plan;

/// What a city wants to be alerted on. It belongs to a machine's settings, not to the catalogue: who is woken changes
/// no figure and no status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertPolicy {
    /// The rules that are followed.
    pub rules: Vec<AlertRule>,
    /// KPIs whose `at_risk` is alerted on too: `plan/kpi`, `plan/*` or `*`.
    pub at_risk: Vec<String>,
    /// When a fallen chance of the target alerts.
    pub landing: LandingThresholds,
    /// Whether invented plans (見本) alert.
    pub samples: bool,
}

impl Default for AlertPolicy {
    fn default() -> Self {
        let rules = AlertRule::ALL.to_vec();
        Self { rules, at_risk: Vec::new(), landing: LandingThresholds::default(), samples: false }
    }
}

impl AlertPolicy {
    /// True when a rule is followed for a plan.
    pub fn follows(&self, plan: &Plan, rule: AlertRule) -> bool {
        (self.samples || !plan.sample) && self.rules.contains(&rule)
    }

    /// True when the `at_risk` of a KPI alerts.
    pub fn alerts_at_risk(&self, plan: &str, kpi: &str) -> bool {
        let asks = |pattern: &String| match pattern.split_once('/') {
            Some((of, "*")) => of == plan,
            Some((of, one)) => of == plan && one == kpi,
            None => pattern == "*",
        };
        self.at_risk.iter().any(asks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_risk_is_asked_for_by_pattern() {
        let policy = |patterns: &[&str]| AlertPolicy {
            at_risk: patterns.iter().map(|&pattern| pattern.to_owned()).collect(),
            ..AlertPolicy::default()
        };
        let asks = |patterns: &[&str]| {
            let policy = policy(patterns);
            [("p", "a"), ("p", "b"), ("q", "a")].map(|(plan, kpi)| policy.alerts_at_risk(plan, kpi))
        };
        assert_eq!(asks(&[]), [false, false, false]);
        assert_eq!(asks(&["*"]), [true, true, true]);
        assert_eq!(asks(&["p/*"]), [true, true, false]);
        assert_eq!(asks(&["p/b", "q/a"]), [false, true, true]);
        assert_eq!(asks(&["p"]), [false, false, false]);
    }
}
