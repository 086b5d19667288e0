//! Running totals: from flows, and from a counter.

use super::Cut;
use super::counter::{self, border, increase, readings};
use super::figures::{has_ended, rolled};
use super::standing::Standing;
use super::values::{Val, only};
use contract::catalogue::{Combine, Kpi, SeriesRef};
use contract::period::{Grain, Period};
use contract::time::Moment;
use jiff::civil::Date;

/// The end of the baseline year.
pub fn start(kpi: &Kpi) -> Moment {
    Period::fiscal_year(kpi.origin().unwrap().year).end()
}

/// "Cumulative from flows: the unbroken run of complete periods of the series' grain since the start".
pub fn run(st: &Standing, kpi: &Kpi, cut: Cut) -> Option<Val> {
    let r = only(kpi);
    let grain = st.series(r).grain;
    let mut at = start(kpi);
    let (mut sum, mut provisional, mut sources) = (0, false, std::collections::BTreeSet::new());
    // Steps of years, quarters and months are only there to go faster: they are complete when all their parts are.
    while let Some((period, figure)) = Grain::ALL.into_iter().rev().filter(|g| *g >= grain).find_map(|g| {
        let period = Period::holding(g, at);
        let figure = rolled(st, r, period, cut);
        (period.start() == at && figure.complete_value().is_some()).then_some((period, figure))
    }) {
        sum += figure.value.unwrap();
        provisional |= figure.provisional;
        sources.extend(&figure.sources);
        at = period.end();
    }
    // "neither is evidence: without figures, `no_data`"
    let sources = sources.into_iter().map(|s| (r, s)).collect();
    (at > start(kpi)).then(|| Val::state(&kpi.origin().unwrap().value + st.in_unit(r, sum), at, provisional, sources))
}

/// The first period behind the run, if it has ended.
pub fn behind_run(st: &Standing, kpi: &Kpi, cut: Cut) -> Option<Period> {
    let r = only(kpi);
    let at = run(st, kpi, cut).map_or_else(|| start(kpi), |v| v.as_of);
    Some(Period::holding(st.series(r).grain, at)).filter(|period| has_ended(st, r, *period, cut))
}

/// A source's total from the border reading at the baseline year's end to a reading.
struct Source {
    index: usize,
    readings: std::rc::Rc<Vec<counter::Reading>>,
    opening: usize,
}

/// The sources that have the border reading at the start.
fn opened(st: &Standing, r: SeriesRef, from: Moment, cut: Cut) -> Vec<Source> {
    let series = st.series(r);
    // CHOICE (from and until): a source must take part from the baseline year's end on.
    let taking = st.taking_part(r, from, from);
    taking
        .into_iter()
        .filter_map(|index| {
            let readings = readings(st, r, index);
            let opening = border(&readings, series.grain, from, cut)?;
            Some(Source { index, readings, opening })
        })
        .collect()
}

/// "b plus the increases from the border reading at the baseline year's end to the latest reading".
pub fn total(st: &Standing, kpi: &Kpi, cut: Cut) -> Option<Val> {
    let r = only(kpi);
    let series = st.series(r);
    let from = start(kpi);
    // The readings that count: seen, and with the source taking part in all of [start, reading].
    let counts = |source: &Source, at: Moment| {
        cut.sees(at) && at.max(from) == at && series.sources[source.index].takes_part(from, at)
    };
    let latest = |source: &Source| -> Option<usize> {
        // CHOICE (nothing but the border reading): the value is b as of that reading; a reading is evidence.
        let found = source.readings.iter().rposition(|x| counts(source, x.at));
        Some(found.unwrap_or(source.opening))
    };
    let sources = opened(st, r, from, cut);
    let value = |parts: &[(&Source, usize)]| -> Option<Val> {
        let mut sum = kpi.origin().unwrap().value.clone();
        let mut provisional = false;
        for (source, closing) in parts {
            // CHOICE (a `break` on the way): the total spans it and is unknown; the total before it is not shown instead.
            let (more, flag) = increase(&source.readings, source.opening, *closing)?;
            sum += st.in_unit(r, more);
            provisional |= flag;
        }
        let as_of = parts.iter().map(|(source, closing)| source.readings[*closing].at).max()?;
        Some(Val::state(sum, as_of, provisional, parts.iter().map(|(s, _)| (r, s.index)).collect()))
    };
    match series.combine {
        Combine::First => {
            let ends: Vec<(&Source, usize)> = sources.iter().filter_map(|s| Some((s, latest(s)?))).collect();
            let newest = ends.iter().map(|(s, closing)| s.readings[*closing].at).max()?;
            // "the first in order with a reading within its grain before the newest reading of any that has the border
            // reading at the start"; "a source without a known figure yields to the next".
            let near = |(s, closing): &&(&Source, usize)| s.readings[*closing].at > one_before(series.grain, newest);
            if ends.iter().filter(near).count() > 1 {
                st.note("counter total with two sources");
            }
            ends.iter().filter(near).find_map(|end| value(&[*end]))
        }
        Combine::Sum => {
            // CHOICE (sum): all sources that take part at the baseline year's end.
            if sources.is_empty() || sources.len() != st.taking_part(r, from, from).len() {
                return None;
            }
            // "a sum runs to the latest instant that all have read"
            let has = |s: &Source, at: Moment| s.readings.iter().position(|x| x.at == at);
            sources[0].readings.iter().rev().map(|x| x.at).find_map(|at| {
                let common: Option<Vec<(&Source, usize)>> = sources
                    .iter()
                    .map(|s| has(s, at).filter(|i| *i == s.opening || counts(s, at)).map(|i| (s, i)))
                    .collect();
                common.map(|common| value(&common))
            })?
        }
    }
}

/// "the verdict needs the border reading at the plan's end"; "the verdict takes the first with both border readings".
pub fn verdict(st: &Standing, kpi: &Kpi, end: Moment) -> Option<Val> {
    let r = only(kpi);
    let series = st.series(r);
    let (from, cut) = (start(kpi), Cut::through(end));
    let taking = st.taking_part(r, from, end);
    let all = opened(st, r, from, cut);
    let one = |s: &Source| -> Option<Val> {
        if !taking.contains(&s.index) {
            return None;
        }
        let closing = border(&s.readings, series.grain, end, cut)?;
        let (more, provisional) = increase(&s.readings, s.opening, closing)?;
        Some(Val::state(st.in_unit(r, more), s.readings[closing].at, provisional, vec![(r, s.index)]))
    };
    let b = &kpi.origin().unwrap().value;
    let parts: Vec<Val> = all.iter().filter_map(one).collect();
    match series.combine {
        Combine::First => parts.into_iter().next().map(|v| Val { value: b + &v.value, ..v }),
        Combine::Sum => {
            if parts.is_empty() || parts.len() != st.taking_part(r, from, from).len() {
                return None;
            }
            let value = parts.iter().fold(b.clone(), |sum, v| sum + &v.value);
            let as_of = parts.iter().map(|v| v.as_of).max()?;
            let sources = parts.iter().flat_map(|v| v.sources.clone()).collect();
            Some(Val::state(value, as_of, parts.iter().any(|v| v.provisional), sources))
        }
    }
}

/// One grain before an instant.
// CHOICE (an instant inside a month): the same day of the month before, or its last.
fn one_before(grain: Grain, at: Moment) -> Moment {
    let months = match grain {
        Grain::Hour => return Moment(at.0 - 3600),
        Grain::Day => return Moment(at.0 - 86_400),
        Grain::Month => 1,
        Grain::Quarter => 3,
        Grain::FiscalYear => 12,
    };
    let date = at.date();
    let month = i32::from(date.year()) * 12 + i32::from(date.month()) - 1 - months;
    let first = Date::new(month.div_euclid(12) as i16, (month.rem_euclid(12) + 1) as i8, 1).unwrap();
    let day = date.day().min(first.days_in_month());
    let rest = at.0 - Moment::midnight(date).0;
    Moment(Moment::midnight(Date::new(first.year(), first.month(), day).unwrap()).0 + rest)
}
