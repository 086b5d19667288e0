//! Admission, the upsert rule, and what was worked out once from what stands.

use super::counter::Reading;
use super::expected::Expected;
use super::figures::{Level, Rolled};
use contract::catalogue::{Catalogue, Series, SeriesRef, Shape};
use contract::period::Period;
use contract::record::{Finality, Observation, Span, Value};
use contract::time::Moment;
use contract::wire;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

const DAY_MICROS: i64 = 86_400 * 1_000_000;

/// DESIGN 4: "unknown ids or versions .., a period not of the series' grain, `as_of` or `from` (when final, `to`)
/// later than its own `revision` plus a day"; RULES: "a negative value or label in another is quarantined".
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
    let below_zero = matches!(o.value, Value::Known(n) if n < 0)
        || o.breakdown.as_ref().is_some_and(|labels| labels.values().any(|n| *n < 0));
    !of_grain || future || (below_zero && !signed(series))
}

pub fn signed(series: &Series) -> bool {
    series.signed
}

/// What stands, by (series, definition, source) as indices, then by period.
pub struct Standing<'a> {
    pub catalogue: &'a Catalogue,
    table: BTreeMap<(usize, usize, usize), BTreeMap<Span, &'a Observation>>,
    pub memo: Memo,
    /// How often each rule mattered.
    pub notes: RefCell<BTreeMap<&'static str, u64>>,
}

/// How far a question sees into a period that has not ended.
type Horizon = Option<(i64, bool)>;
type Kept<K, V> = RefCell<HashMap<K, Rc<V>>>;

/// Answers kept, so that a naive question costs its loop only once.
#[derive(Default)]
pub struct Memo {
    pub levels: Kept<(usize, usize), Vec<Level>>,
    pub readings: Kept<(usize, usize, usize), Vec<Reading>>,
    pub rolled: Kept<(usize, usize, Period, Horizon), Rolled>,
    pub first_year: RefCell<HashMap<(usize, usize), Option<i32>>>,
    pub expected: Kept<(String, i32), Expected>,
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
        let st = Self { catalogue, table, memo: Memo::default(), notes: RefCell::default() };
        for _ in
            observations.iter().filter(|o| matches!(o.value, Value::Known(n) if n < 0) && quarantined(catalogue, o))
        {
            st.note("a negative figure is refused");
        }
        let fractions = catalogue.kpis.iter().flat_map(|kpi| kpi.measure.parts());
        for _ in fractions.filter(|of| catalogue.decimals(*of).digits() > 0) {
            st.note("a KPI of figures with decimals");
        }
        st
    }

    /// Counts that a rule mattered.
    pub fn note(&self, rule: &'static str) {
        *self.notes.borrow_mut().entry(rule).or_default() += 1;
    }

    pub fn series(&self, r: SeriesRef) -> &'a Series {
        &self.catalogue.series[r.series]
    }

    /// RULES, the rest: figures are "exact multiples of 10^-n of the unit, on the wire (labels too) an integer of that step".
    pub fn in_unit(&self, r: SeriesRef, steps: i128) -> contract::exact::Exact {
        let mut value = contract::exact::whole(steps);
        for _ in 0..self.series(r).definitions[r.definition].decimals.digits() {
            value /= contract::exact::whole(10);
        }
        value
    }

    /// The sources that take part in a period (or at an instant).
    pub fn taking_part(&self, r: SeriesRef, from: Moment, to: Moment) -> Vec<usize> {
        let sources = &self.series(r).sources;
        (0..sources.len()).filter(|s| sources[*s].takes_part(from, to)).collect()
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
