//! The numbers of a catalogue's ids in the dictionary.

use super::error::StoreError;
use super::transaction::StoreTransaction;
use contract::catalogue::{Catalogue, Shape};
use contract::period::Grain;

/// The numbers of the ids of a catalogue, so that a figure's key needs no text to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanNames {
    /// Number of the plan's id.
    pub plan: i64,
    /// By index of the series.
    pub series: Vec<SeriesNames>,
    /// By index of the KPI.
    pub kpis: Vec<i64>,
}

/// The numbers of the ids of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesNames {
    /// Number of the series' id.
    pub id: i64,
    /// The grain of its figures, of a level the hour or day that starts at each; `None` for a counter, whose
    /// readings are no figures by themselves.
    pub grain: Option<Grain>,
    /// By index of the definition.
    pub definitions: Vec<i64>,
    /// By index of the source.
    pub sources: Vec<i64>,
}

impl StoreTransaction<'_> {
    /// The numbers of a catalogue's ids, which are stored when they are new.
    pub fn plan_names(&mut self, catalogue: &Catalogue) -> Result<PlanNames, StoreError> {
        let mut series = Vec::new();
        for one in &catalogue.series {
            series.push(SeriesNames {
                id: self.name(&one.id)?,
                grain: match one.shape {
                    Shape::Flow => Some(one.grain),
                    Shape::Level => Some(one.grain.instant()),
                    Shape::Counter => None,
                },
                definitions: one.definitions.iter().map(|d| self.name(&d.id)).collect::<Result<_, _>>()?,
                sources: one.sources.iter().map(|s| self.name(&s.id)).collect::<Result<_, _>>()?,
            });
        }
        let kpis = catalogue.kpis.iter().map(|kpi| self.name(&kpi.id)).collect::<Result<_, _>>()?;
        Ok(PlanNames { plan: self.name(&catalogue.plan.id)?, series, kpis })
    }
}
