//! From standing observations to the figures of a series: levels, flows, counters.

use super::Cut;
use super::standing::Standing;
use contract::catalogue::{Combine, Decrease, SeriesRef, Shape};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::record::{Finality, Observation, Span, Value};
use contract::time::Moment;
use num_traits::Zero;
use std::collections::{BTreeMap, BTreeSet};

fn known(o: &Observation) -> Option<(Exact, bool)> {
    match o.value {
        Value::Known(n) => Some((whole(n), o.finality == Finality::Provisional)),
        Value::Unknown(_) => None,
    }
}

/// A known level.
#[derive(Clone, Debug)]
pub struct Level {
    pub at: Moment,
    pub value: Exact,
    pub provisional: bool,
    /// The sources (index) it came from.
    pub sources: Vec<usize>,
}

/// The level at exactly one instant, merged over sources; `None` when unknown.
pub fn level_at(st: &Standing, r: SeriesRef, at: Moment) -> Option<Level> {
    let series = st.series(r);
    // RULES: "an `as_of` on either border counts".
    let taking = (0..series.sources.len()).filter(|s| series.sources[*s].takes_part(at, at));
    let figures: Vec<(usize, Option<(Exact, bool)>)> =
        taking.map(|s| (s, st.get(r, s, Span::AsOf(at)).and_then(known))).collect();
    match series.combine {
        Combine::First => figures.into_iter().find_map(|(s, figure)| {
            figure.map(|(value, provisional)| Level { at, value, provisional, sources: vec![s] })
        }),
        Combine::Sum => {
            // CHOICE (partial sum of levels): RULES "a sum of levels needs equal `as_of`" - an instant at which one of
            // the sources taking part has no known figure has none at all (no partial sum is ever shown).
            if figures.is_empty() || figures.iter().any(|(_, figure)| figure.is_none()) {
                return None;
            }
            let mut sum = Level { at, value: Exact::zero(), provisional: false, sources: Vec::new() };
            for (s, figure) in figures {
                let (value, provisional) = figure.unwrap();
                sum.value += value;
                sum.provisional |= provisional;
                sum.sources.push(s);
            }
            Some(sum)
        }
    }
}

/// Every instant that any source has an observation for, known or not.
pub fn instants(st: &Standing, r: SeriesRef) -> BTreeSet<Moment> {
    let at = |o: &Observation| match o.period {
        Span::AsOf(at) => Some(at),
        Span::During(..) => None,
    };
    st.of_series(r).into_iter().filter_map(at).collect()
}

/// The latest known level with `after < as_of`, seen by the cut.
pub fn latest_level(st: &Standing, r: SeriesRef, after: Option<Moment>, cut: Cut) -> Option<Level> {
    let fits = |at: &Moment| cut.sees(*at) && after.is_none_or(|after| after < *at);
    instants(st, r).into_iter().rev().filter(fits).find_map(|at| level_at(st, r, at))
}

/// The figure of a period.
#[derive(Clone, Debug)]
pub struct Rolled {
    pub value: Option<Exact>,
    pub complete: bool,
    pub provisional: bool,
}

const NOTHING: Rolled = Rolled { value: None, complete: false, provisional: false };

/// The figure of a period of the series' own grain or a coarser one; a level's closing for any grain.
pub fn rolled(st: &Standing, r: SeriesRef, period: Period, cut: Cut) -> Rolled {
    let series = st.series(r);
    match series.shape {
        Shape::Level => {
            let within = Cut { at: period.end(), inclusive: true };
            let seen = if cut.sees(period.end()) { within } else { cut };
            let found = latest_level(st, r, Some(period.start()), seen);
            // RULES: "A level's closing whose end boundary is the midnight that ends DATE is not complete yet".
            // CHOICE (a running period of a level): shows its latest known `as_of` so far with complete = false.
            match found {
                None => NOTHING,
                Some(level) => Rolled {
                    value: Some(level.value),
                    complete: cut.sees(period.end()),
                    provisional: level.provisional,
                },
            }
        }
        _ if period.grain < series.grain => NOTHING,
        Shape::Flow if period.grain == series.grain => flow(st, r, period, cut),
        Shape::Flow => {
            // DESIGN 5: "coarser periods are sums, complete only if all their parts are";
            // RULES: "An incomplete coarser period shows the sum of its known parts with complete = false; null when
            // no part is known. Provisional = any part is."
            // CHOICE (provisional): an unknown part is skipped, so the finality of an unknown observation does not count.
            let mut sum = Rolled { value: None, complete: true, provisional: false };
            for part in period.parts(series.grain) {
                let part = flow(st, r, part, cut);
                sum.complete &= part.complete;
                sum.provisional |= part.provisional;
                if let Some(value) = part.value {
                    sum.value = Some(sum.value.unwrap_or_else(Exact::zero) + value);
                }
            }
            sum
        }
        Shape::Counter => counter(st, r, period, cut),
    }
}

/// A flow of the series' own grain, merged over sources.
fn flow(st: &Standing, r: SeriesRef, period: Period, cut: Cut) -> Rolled {
    let series = st.series(r);
    // CHOICE (a provisional figure of a period that still runs): DESIGN 6 "flows ended by it" - it is not seen at all.
    if !cut.sees_flow(period) {
        return NOTHING;
    }
    let taking = (0..series.sources.len()).filter(|s| series.sources[*s].takes_part(period.start(), period.end()));
    let figures: Vec<Option<(Exact, bool)>> = taking.map(|s| st.get(r, s, Span::of(period)).and_then(known)).collect();
    match series.combine {
        Combine::First => figures.into_iter().flatten().next().map_or(NOTHING, |(value, provisional)| Rolled {
            value: Some(value),
            complete: true,
            provisional,
        }),
        Combine::Sum => {
            // CHOICE (own grain, one source of a sum missing): DESIGN 5 "adds them, complete when each has a figure" -
            // the sum of the known ones with complete = false, as for an incomplete coarser period.
            let complete = !figures.is_empty() && figures.iter().all(Option::is_some);
            let parts: Vec<(Exact, bool)> = figures.into_iter().flatten().collect();
            if parts.is_empty() {
                return NOTHING;
            }
            let provisional = parts.iter().any(|(_, p)| *p);
            let value = parts.into_iter().fold(Exact::zero(), |sum, (value, _)| sum + value);
            Rolled { value: Some(value), complete, provisional }
        }
    }
}

/// A known reading of a counter of one source.
#[derive(Clone, Debug)]
pub struct Reading {
    pub at: Moment,
    pub provisional: bool,
    /// The increase since the readings before it; `None` for the first reading ever and over a decrease nobody may guess.
    pub step: Option<Exact>,
}

/// The known readings of one source, in order, each with its increase.
pub fn readings(st: &Standing, r: SeriesRef, source: usize) -> Vec<Reading> {
    let all = st.of_source(r, source);
    // Convention: labelled if any reading in the standing set of that definition and source has a breakdown.
    // CHOICE: "any of its readings" - also one whose value is unknown, and also one later than the moment asked.
    let labelled = all.iter().any(|o| o.breakdown.is_some());
    let mut out: Vec<Reading> = Vec::new();
    let mut last: BTreeMap<String, Exact> = BTreeMap::new();
    for o in all {
        let Span::AsOf(at) = o.period else { continue };
        // DESIGN 5: "unknown" is a gap, and "a reading without labels in a labelled series is a gap".
        let Value::Known(total) = o.value else { continue };
        let labels: BTreeMap<String, Exact> = match (&o.breakdown, labelled) {
            (None, true) => continue,
            // CHOICE (labelled reading): the labels are the reading, its total `value` is not used.
            (Some(labels), _) => labels.iter().map(|(label, n)| (label.clone(), whole(*n))).collect(),
            (None, false) => BTreeMap::from([(String::new(), whole(total))]),
        };
        let mut step = if out.is_empty() { None } else { Some(Exact::zero()) };
        for (label, now) in labels {
            // "A label that appears later starts at 0"; "when it returns it is compared with its last known reading".
            // CHOICE: the last known reading of that source ever, also one before the period's opening reading, so
            // that every grain agrees; the whole increase falls to the period of the reading in which it returns.
            let before = last.insert(label, now.clone()).unwrap_or_else(Exact::zero);
            let increase = if now >= before {
                Some(&now - &before)
            } else if labelled && st.series(r).decrease == Decrease::Restart {
                // "The label started again at 0." CHOICE: then its increase is the new reading.
                Some(now)
            } else {
                // "`restart`, only where readings have labels": without labels a decrease is a `break`.
                None
            };
            step = step.zip(increase).map(|(sum, increase)| sum + increase);
        }
        out.push(Reading { at, provisional: o.finality == Finality::Provisional, step });
    }
    out
}

/// RULES: "the border reading of an instant B is the latest known reading in (B - grain, B], grain being the
/// counter's own"; the index into `readings`.
pub fn border(readings: &[Reading], grain: Grain, b: Moment, cut: Cut) -> Option<usize> {
    let after = Period::closing(grain, b).start();
    readings.iter().rposition(|reading| after < reading.at && reading.at <= b && cut.sees(reading.at))
}

/// The increase from one reading to another.
pub fn increase(readings: &[Reading], from: usize, to: usize) -> Option<(Exact, bool)> {
    let mut sum = Exact::zero();
    for reading in &readings[from + 1..=to] {
        sum += reading.step.clone()?;
    }
    // CHOICE (provisional of a counter's flow): "Provisional = any part is." - its opening, closing and all known
    // readings between are its parts.
    let provisional = readings[from..=to].iter().any(|reading| reading.provisional);
    Some((sum, provisional))
}

/// The flow of a counter's period, of any grain from its own upwards.
fn counter(st: &Standing, r: SeriesRef, period: Period, cut: Cut) -> Rolled {
    let series = st.series(r);
    // CHOICE (a counter's period that ends at the midnight that ends DATE): RULES "A level's closing .. is not complete
    // yet (its last instant is not seen); a flow that ends there is." - a counter's closing reading is a state at
    // that instant, so its flow is not complete yet (matters only for month grain and coarser).
    if !cut.sees(period.end()) {
        return NOTHING;
    }
    let one = |source: usize| -> Option<(Exact, bool)> {
        let readings = readings(st, r, source);
        let opening = border(&readings, series.grain, period.start(), cut)?;
        let closing = border(&readings, series.grain, period.end(), cut)?;
        increase(&readings, opening, closing)
    };
    // RULES: "A counter's sources are chosen period by period in each grain".
    let taking = (0..series.sources.len()).filter(|s| series.sources[*s].takes_part(period.start(), period.end()));
    let figures: Vec<Option<(Exact, bool)>> = taking.map(one).collect();
    let found = match series.combine {
        Combine::First => figures.into_iter().flatten().next(),
        // CHOICE (sum of counters): "(a counter: null)" - null as long as one of the sources has none, in its own grain too.
        Combine::Sum if figures.is_empty() || figures.iter().any(Option::is_none) => None,
        Combine::Sum => Some(
            figures
                .into_iter()
                .flatten()
                .fold((Exact::zero(), false), |(sum, flag), (value, p)| (sum + value, flag | p)),
        ),
    };
    // CHOICE (null counter): provisional is false where there is no value.
    found.map_or(NOTHING, |(value, provisional)| Rolled { value: Some(value), complete: true, provisional })
}

/// True when the source has a known figure inside the period or later, seen by the cut.
pub fn figure_since(st: &Standing, r: SeriesRef, source: usize, period: Period, cut: Cut) -> bool {
    let series = st.series(r);
    let by = &series.sources[source];
    if series.shape == Shape::Counter {
        let found = readings(st, r, source);
        return found.iter().any(|x| x.at > period.start() && cut.sees(x.at) && by.takes_part(x.at, x.at));
    }
    st.of_source(r, source).into_iter().filter(|o| known(o).is_some()).any(|o| match o.period {
        Span::AsOf(at) => at > period.start() && cut.sees(at) && by.takes_part(at, at),
        // CHOICE (a flow of coarser grain than the rhythm): "a known figure inside it or later" - one that merely
        // contains the period does not do.
        Span::During(from, to) => from >= period.start() && to <= cut.at && by.takes_part(from, to),
    })
}

/// The fiscal year of the earliest observation; nothing older can have a figure.
pub fn first_year(st: &Standing, r: SeriesRef) -> Option<i32> {
    let start = |o: &Observation| match o.period {
        Span::AsOf(at) => Moment(at.0 - 1),
        Span::During(from, _) => from,
    };
    let first = st.of_series(r).into_iter().map(start).min()?;
    Some(Period::holding(Grain::FiscalYear, first).index)
}
