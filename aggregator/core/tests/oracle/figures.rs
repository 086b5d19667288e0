//! From standing observations to the figures of a series: levels and flows of any grain.

use super::Cut;
use super::counter;
use super::standing::Standing;
use contract::catalogue::{Combine, SeriesRef, Shape};
use contract::period::{Grain, Period};
use contract::record::{Finality, Observation, Span, Value};
use contract::time::Moment;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A standing known figure and whether it is provisional; "an unknown figure is skipped".
pub fn known(o: &Observation) -> Option<(i128, bool)> {
    match o.value {
        Value::Known(n) => Some((i128::from(n), o.finality == Finality::Provisional)),
        Value::Unknown(_) => None,
    }
}

/// A known level.
#[derive(Clone, Debug)]
pub struct Level {
    pub at: Moment,
    pub value: i128,
    pub provisional: bool,
    /// The sources (index) it came from.
    pub sources: Vec<usize>,
}

/// All known levels in order of their instants, merged `as_of` by `as_of`.
pub fn levels(st: &Standing, r: SeriesRef) -> Rc<Vec<Level>> {
    let key = (r.series, r.definition);
    if let Some(found) = st.memo.levels.borrow().get(&key) {
        return found.clone();
    }
    let at = |o: &Observation| match o.period {
        Span::AsOf(at) => Some(at),
        Span::During(..) => None,
    };
    let instants: BTreeSet<Moment> = st.of_series(r).into_iter().filter_map(at).collect();
    let all = Rc::new(instants.into_iter().filter_map(|at| level_at(st, r, at)).collect::<Vec<_>>());
    st.memo.levels.borrow_mut().insert(key, all.clone());
    all
}

/// The level at exactly one instant; `None` when unknown.
fn level_at(st: &Standing, r: SeriesRef, at: Moment) -> Option<Level> {
    // RULES: "an `as_of` on either border counts".
    let taking = st.taking_part(r, at, at);
    let figure = |s: &usize| st.get(r, *s, Span::AsOf(at)).and_then(known);
    match st.series(r).combine {
        Combine::First => taking
            .iter()
            .find_map(|s| figure(s).map(|(value, provisional)| Level { at, value, provisional, sources: vec![*s] })),
        Combine::Sum => {
            // CHOICE (partial sum of levels): "a sum of levels needs equal `as_of`" - an instant at which one of the
            // sources taking part has no known figure has none at all.
            let figures: Option<Vec<(i128, bool)>> = taking.iter().map(figure).collect();
            let figures = figures.filter(|f| !f.is_empty())?;
            let value = figures.iter().map(|f| f.0).sum();
            Some(Level { at, value, provisional: figures.iter().any(|f| f.1), sources: taking })
        }
    }
}

/// The latest known level with `after < as_of`, seen by the cut.
pub fn latest_level(st: &Standing, r: SeriesRef, after: Option<Moment>, cut: Cut) -> Option<Level> {
    levels(st, r).iter().rev().find(|level| cut.sees(level.at) && after.is_none_or(|after| after < level.at)).cloned()
}

/// The figure of a period.
#[derive(Clone, Debug, Default)]
pub struct Rolled {
    pub value: Option<i128>,
    pub complete: bool,
    pub provisional: bool,
    pub sources: BTreeSet<usize>,
}

impl Rolled {
    /// The value of a complete figure.
    pub fn complete_value(&self) -> Option<i128> {
        self.value.filter(|_| self.complete)
    }
}

/// True when a period has ended as flows (or a counter's readings) see it.
pub fn has_ended(st: &Standing, r: SeriesRef, period: Period, cut: Cut) -> bool {
    // RULES: "A level's closing whose end boundary is the midnight that ends DATE is not complete yet (its last instant is
    // not seen), a counter's likewise; a flow that ends there is."
    if st.series(r).shape == Shape::Flow { period.end() <= cut.at } else { cut.sees(period.end()) }
}

/// The figure of a period of the series' own grain or a coarser one; a level's closing for any grain.
pub fn rolled(st: &Standing, r: SeriesRef, period: Period, cut: Cut) -> Rc<Rolled> {
    let seen = if has_ended(st, r, period, cut) { None } else { Some((cut.at.0, cut.inclusive)) };
    let key = (r.series, r.definition, period, seen);
    if let Some(found) = st.memo.rolled.borrow().get(&key) {
        return found.clone();
    }
    let figure = Rc::new(roll(st, r, period, cut));
    st.memo.rolled.borrow_mut().insert(key, figure.clone());
    figure
}

fn roll(st: &Standing, r: SeriesRef, period: Period, cut: Cut) -> Rolled {
    let series = st.series(r);
    match series.shape {
        Shape::Level => {
            let ended = cut.sees(period.end());
            // CHOICE (a running period of a level): shows its latest known `as_of` so far with complete = false.
            let seen = if ended { Cut::through(period.end()) } else { cut };
            latest_level(st, r, Some(period.start()), seen).map_or_else(Rolled::default, |level| Rolled {
                value: Some(level.value),
                complete: ended,
                provisional: level.provisional,
                sources: level.sources.into_iter().collect(),
            })
        }
        _ if period.grain < series.grain => Rolled::default(),
        Shape::Counter => counter::flow(st, r, period, cut),
        Shape::Flow if period.grain == series.grain => flow(st, r, period, cut),
        Shape::Flow => {
            // RULES: "An incomplete coarser period shows the sum of its known parts with complete = false; null when
            // no part is known. Provisional = any part is."
            let finer = Grain::ALL.into_iter().rev().find(|g| *g < period.grain).unwrap();
            let mut sum = Rolled { complete: true, ..Rolled::default() };
            for part in period.parts(finer) {
                let part = rolled(st, r, part, cut);
                sum.complete &= part.complete;
                sum.provisional |= part.provisional;
                sum.sources.extend(&part.sources);
                if let Some(value) = part.value {
                    sum.value = Some(sum.value.unwrap_or(0) + value);
                }
            }
            sum
        }
    }
}

/// A flow of the series' own grain, merged over sources.
fn flow(st: &Standing, r: SeriesRef, period: Period, cut: Cut) -> Rolled {
    // CHOICE (a provisional figure of a period that still runs): DESIGN 6 "flows ended by it" - it is not seen at all.
    if !has_ended(st, r, period, cut) {
        return Rolled::default();
    }
    let taking = st.taking_part(r, period.start(), period.end());
    let figure = |s: &usize| st.get(r, *s, Span::of(period)).and_then(known).map(|(value, p)| (*s, value, p));
    let figures: Vec<(usize, i128, bool)> = taking.iter().filter_map(figure).collect();
    let (counted, complete) = match st.series(r).combine {
        Combine::First => (&figures[..figures.len().min(1)], !figures.is_empty()),
        // CHOICE (own grain, one source of a sum missing): DESIGN 5 "adds them, complete when each has a figure" -
        // the sum of the known ones with complete = false, as for an incomplete coarser period.
        Combine::Sum => (&figures[..], !figures.is_empty() && figures.len() == taking.len()),
    };
    Rolled {
        value: (!counted.is_empty()).then(|| counted.iter().map(|f| f.1).sum()),
        complete,
        provisional: counted.iter().any(|f| f.2),
        sources: counted.iter().map(|f| f.0).collect(),
    }
}

/// The known parts of a period, the coarsest complete ones first, then figures of the series' own grain that are
/// known in part (a sum that lacks a source).
pub fn known_parts(st: &Standing, r: SeriesRef, period: Period, cut: Cut) -> Vec<(Period, Rc<Rolled>)> {
    let figure = rolled(st, r, period, cut);
    if figure.complete_value().is_some() {
        return vec![(period, figure)];
    }
    let series = st.series(r);
    // A flow's sum is null when no part is known.
    if figure.value.is_none() && (series.shape == Shape::Flow || period.grain <= series.grain) {
        return Vec::new();
    }
    if period.grain <= series.grain {
        return vec![(period, figure)];
    }
    // A counter has a flow only between two readings.
    if series.shape == Shape::Counter {
        let before = Period::closing(series.grain, period.start()).start();
        let inside =
            |source| counter::readings(st, r, source).iter().filter(|x| before < x.at && x.at <= period.end()).count();
        if (0..series.sources.len()).all(|source| inside(source) < 2) {
            return Vec::new();
        }
    }
    let finer = Grain::ALL.into_iter().rev().find(|g| *g < period.grain).unwrap();
    period.parts(finer).flat_map(|part| known_parts(st, r, part, cut)).collect()
}

/// The fiscal year of the earliest observation; nothing older can have a figure.
pub fn first_year(st: &Standing, r: SeriesRef) -> Option<i32> {
    let start = |o: &Observation| match o.period {
        Span::AsOf(at) => Moment(at.0 - 1),
        Span::During(from, _) => from,
    };
    let find = || st.of_series(r).into_iter().map(start).min().map(|at| Period::holding(Grain::FiscalYear, at).index);
    *st.memo.first_year.borrow_mut().entry((r.series, r.definition)).or_insert_with(find)
}
