//! The answers that are known of a plan's KPIs. They are filled in beside the pipeline; none is computed here unless that
//! is asked for.

use super::model::{LandingAnswer, TargetChance};
use super::question::{LandingKey, LandingQuestion};
use super::silence::LandingSilence;
use std::collections::BTreeMap;

/// The answers of one KPI.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KpiLandings {
    /// By the keys of their questions.
    pub answers: BTreeMap<LandingKey, LandingAnswer>,
    /// How likely the target was, by evidence date, each once.
    pub chances: Vec<TargetChance>,
}

impl KpiLandings {
    /// Adds the answer of a later day.
    pub fn add(&mut self, key: LandingKey, answer: LandingAnswer) {
        if let Ok(landing) = &answer {
            let chance = landing.chance();
            match self.chances.last_mut() {
                Some(last) if last.at >= chance.at => *last = chance,
                _ => self.chances.push(chance),
            }
        }
        self.answers.insert(key, answer);
    }
}

/// The answers of a plan's KPIs.
#[derive(Clone, Debug, Default)]
pub struct KnownLandings {
    /// By index of the KPI, each with how often it was set.
    kpis: BTreeMap<usize, (u64, KpiLandings)>,
    computes: bool,
}

impl KnownLandings {
    /// Computes from now on what is not known, milliseconds each: for a report that waits for nobody.
    pub fn compute(&mut self) {
        self.computes = true;
    }

    /// The answer; [`LandingSilence::Pending`] while it is not known.
    pub fn answer(&self, question: &LandingQuestion) -> LandingAnswer {
        let key = question.key();
        let known = self.kpis.values().find_map(|(_, landings)| landings.answers.get(&key)).cloned();
        match known {
            Some(answer) => answer,
            None if self.computes => question.answer(),
            None => Err(LandingSilence::Pending),
        }
    }

    /// Replaces the answers of a KPI.
    pub fn set(&mut self, kpi: usize, landings: KpiLandings) {
        let (revision, known) = self.kpis.entry(kpi).or_default();
        (*revision, *known) = (*revision + 1, landings);
    }

    /// The answers of a KPI; `None` before they were set.
    pub fn of(&self, kpi: usize) -> Option<&KpiLandings> {
        self.kpis.get(&kpi).map(|(_, landings)| landings)
    }

    /// How often the answers of a KPI were set: another number says that they may be others.
    pub fn revision(&self, kpi: usize) -> u64 {
        self.kpis.get(&kpi).map_or(0, |(revision, _)| *revision)
    }
}
