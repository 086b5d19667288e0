//! Admission and the upsert rule.

use contract::catalogue::{Catalogue, SeriesRef, Shape};
use contract::record::{Finality, Observation, Span};
use contract::time::Moment;
use contract::wire;
use std::collections::BTreeMap;

const DAY_MICROS: i64 = 86_400 * 1_000_000;

/// DESIGN 4: "unknown ids or versions .., a period not of the series' grain, `as_of` or `from` (when final, `to`)
/// later than its own `revision` plus a day".
pub fn quarantined(catalogue: &Catalogue, o: &Observation) -> bool {
    if o.plan != catalogue.plan.id {
        return true;
    }
    let Some((_, series)) = catalogue.series_named(&o.series) else { return true };
    // CHOICE (source): "unknown ids" - a source that this series does not list is unknown, even if another series has it.
    if !series.definitions.iter().any(|d| d.id == o.definition) || !series.sources.iter().any(|s| s.id == o.source) {
        return true;
    }
    let of_grain = match series.shape {
        Shape::Flow => o.period.flow(series.grain).is_some(),
        Shape::Level | Shape::Counter => o.period.instant(series.grain).is_some(),
    };
    let late = |moment: Moment| moment.0 * 1_000_000 > o.revision.0 + DAY_MICROS;
    let future = match o.period {
        Span::AsOf(as_of) => late(as_of),
        Span::During(from, to) => late(from) || (o.finality == Finality::Final && late(to)),
    };
    !of_grain || future
}

/// What stands, by (series, definition, source) as indices, then by period.
pub struct Standing<'a> {
    pub catalogue: &'a Catalogue,
    table: BTreeMap<(usize, usize, usize), BTreeMap<Span, &'a Observation>>,
}

impl<'a> Standing<'a> {
    pub fn of(catalogue: &'a Catalogue, observations: &'a [Observation]) -> Self {
        let mut table: BTreeMap<_, BTreeMap<Span, &Observation>> = BTreeMap::new();
        for o in observations.iter().filter(|o| !quarantined(catalogue, o)) {
            let (index, series) = catalogue.series_named(&o.series).unwrap();
            let definition = series.definitions.iter().position(|d| d.id == o.definition).unwrap();
            let source = series.sources.iter().position(|s| s.id == o.source).unwrap();
            let periods = table.entry((index, definition, source)).or_default();
            let rank = |o: &Observation| (o.revision, wire::canonical(o));
            let wins = periods.get(&o.period).is_none_or(|old| rank(o) > rank(old));
            if wins {
                periods.insert(o.period, o);
            }
        }
        Self { catalogue, table }
    }

    pub fn series(&self, r: SeriesRef) -> &'a contract::catalogue::Series {
        &self.catalogue.series[r.series]
    }

    /// The standing observation of one source for one period.
    pub fn get(&self, r: SeriesRef, source: usize, period: Span) -> Option<&'a Observation> {
        self.table.get(&(r.series, r.definition, source))?.get(&period).copied()
    }

    /// All standing observations of one source, by period.
    pub fn of_source(&self, r: SeriesRef, source: usize) -> Vec<&'a Observation> {
        self.table.get(&(r.series, r.definition, source)).map(|p| p.values().copied().collect()).unwrap_or_default()
    }

    /// All standing observations of all sources.
    pub fn of_series(&self, r: SeriesRef) -> Vec<&'a Observation> {
        (0..self.series(r).sources.len()).flat_map(|source| self.of_source(r, source)).collect()
    }
}
