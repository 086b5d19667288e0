//! `[alerts]`: what is alerted on, and for how long it must last.
//!
//! It stands in the settings of a machine, not in the catalogue of a plan: whom it wakes changes no figure and no status, and a
//! catalogue is published and kept for ever.

use aggregator_core::alert::{AlertPolicy, AlertRule, LandingThresholds};
use contract::catalogue::Catalogue;
use contract::reader::nearest;
use contract::time::parse_duration;
use serde::{Deserialize, Deserializer, de};
use std::time::Duration;

/// Greatest threshold in per cent.
const WHOLE: u32 = 100;
/// Most evidence dates that a chance must be low on.
const MOST_DATES: u32 = 24;

/// Alerts, beside their sinks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AlertsSection {
    /// How long a status must last before its alert fires.
    #[serde(rename = "for", deserialize_with = "duration")]
    pub(crate) hold: Duration,
    /// Address of the scoreboard as readers of an alert reach it.
    pub(crate) external_url: Option<String>,
    /// The rules that are followed; all unless they are named.
    rules: Option<Vec<String>>,
    /// KPIs whose `at_risk` is alerted on too: `plan/kpi`, `plan/*` or `*`.
    at_risk: Vec<String>,
    /// Whether invented plans (見本) alert.
    pub(crate) samples: bool,
    /// When a fallen chance of the target alerts.
    landing: LandingSection,
}

impl Default for AlertsSection {
    fn default() -> Self {
        Self {
            hold: Duration::from_mins(5),
            external_url: None,
            rules: None,
            at_risk: Vec::new(),
            samples: false,
            landing: LandingSection::default(),
        }
    }
}

/// `[alerts.landing]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LandingSection {
    /// Per cent that the chance must be below.
    below: u32,
    /// Evidence dates in a row on which it must be.
    dates: u32,
    /// Per cent that it must be above to end the alert.
    clears_above: u32,
}

impl Default for LandingSection {
    fn default() -> Self {
        let LandingThresholds { below, dates, clears_above } = LandingThresholds::default();
        Self { below, dates, clears_above }
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wrong = || de::Error::custom(format!("must be a duration such as \"30s\", \"5m\" or \"1h\", not \"{text}\""));
    parse_duration(&text).ok_or_else(wrong)
}

/// A mistake of `[alerts]`: the key and what is wrong with it.
pub(crate) type AlertsMistake = (&'static str, String);

impl AlertsSection {
    /// What is alerted on, or the first mistake.
    pub(crate) fn policy(&self) -> Result<AlertPolicy, AlertsMistake> {
        let words = || AlertRule::ALL.into_iter().map(AlertRule::name);
        let rule = |word: &String| {
            let wrong = || ("alerts.rules", format!("`{word}` is no rule{}", nearest(word, words())));
            AlertRule::from_name(word).ok_or_else(wrong)
        };
        let rules = match &self.rules {
            Some(rules) => rules.iter().map(rule).collect::<Result<Vec<_>, _>>()?,
            None => AlertRule::ALL.to_vec(),
        };
        let LandingSection { below, dates, clears_above } = self.landing;
        if below == 0 || below >= WHOLE {
            return Err(("alerts.landing.below", format!("must be 1 to {} (per cent), not {below}", WHOLE - 1)));
        }
        if clears_above < below || clears_above >= WHOLE {
            let range = format!("must be {below} (`below`) to {} (per cent), not {clears_above}", WHOLE - 1);
            return Err(("alerts.landing.clears_above", range));
        }
        if dates == 0 || dates > MOST_DATES {
            return Err(("alerts.landing.dates", format!("must be 1 to {MOST_DATES}, not {dates}")));
        }
        let landing = LandingThresholds { below, dates, clears_above };
        Ok(AlertPolicy { rules, at_risk: self.at_risk.clone(), landing, samples: self.samples })
    }

    /// Finds a KPI that no plan has.
    pub(crate) fn check_kpis<'a>(
        &self,
        plans: impl Iterator<Item = &'a Catalogue> + Clone,
    ) -> Result<(), AlertsMistake> {
        let of = |plan: &'a Catalogue| {
            let kpis = plan.kpis.iter().map(|kpi| kpi.id.as_str()).chain(["*"]);
            kpis.map(|kpi| format!("{}/{kpi}", plan.plan.id)).collect::<Vec<_>>()
        };
        let known: Vec<String> = plans.flat_map(of).chain(["*".to_owned()]).collect();
        match self.at_risk.iter().find(|pattern| !known.contains(pattern)) {
            None => Ok(()),
            Some(wrong) => {
                let hint = nearest(wrong, known.iter().map(String::as_str));
                Err(("alerts.at_risk", format!("`{wrong}` is no `plan/kpi`, `plan/*` or `*`{hint}")))
            }
        }
    }
}
