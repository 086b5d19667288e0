//! When figures are due, and when a KPI is stale.

use super::standing::Standing;
use super::values::{Form, Val, form, only};
use super::{Cut, counter, figures, gaps};
use contract::catalogue::{Combine, Kpi, KpiKind, Measure, Rhythm, SeriesRef, Shape};
use contract::period::{Grain, Period};
use contract::record::{Span, Value};
use contract::time::Moment;

/// "A month is due with the rhythm period that holds its end, and over when that is over".
pub fn is_over(st: &Standing, r: SeriesRef, source: usize, period: Period, day: i32) -> bool {
    st.series(r).sources[source].rhythm.iter().any(|rhythm| {
        let holder = Period::closing(rhythm.every, period.end());
        rhythm.holds(holder) && day > rhythm.last_day(holder)
    })
}

/// The status `stale` of a value on a day.
pub fn is_stale(st: &Standing, kpi: &Kpi, v: &Val, cut: Cut, day: i32) -> bool {
    // "A settled bound is never stale by a period that begins in or before its year".
    let by = |period: Period| {
        let counts = v.bound.is_none_or(|year| Period::holding(Grain::FiscalYear, period.start()).index > year);
        if !counts {
            st.note("a settled bound is not stale");
        }
        counts
    };
    if rhythm_is_behind(st, kpi, cut, day, &by) {
        st.note("stale by the rhythm");
        return true;
    }
    match form(st, kpi) {
        Form::State | Form::Total => false,
        Form::Run => {
            let behind = gaps::run_is_stale(st, kpi, cut, day);
            let stale = behind && super::totals::behind_run(st, kpi, cut).is_some_and(by);
            if stale {
                st.note("stale by the first period behind the run");
            }
            stale
        }
        Form::Months | Form::Years => {
            let r = only(kpi);
            let months = [Some(cut.year()), v.year].into_iter().flatten().flat_map(|y| gaps::of_year(st, r, y, cut));
            let stale = months.into_iter().any(|m| gaps::month_is_overdue(st, r, m, cut, day) && by(m));
            if stale {
                st.note("stale by a month although later ones are known");
            }
            stale
        }
    }
}

/// "Stale looks, for each source, at the latest period of its rhythm whose due day and grace are over; a known figure
/// inside it or later, from any source, will do".
fn rhythm_is_behind(st: &Standing, kpi: &Kpi, cut: Cut, day: i32, by: &dyn Fn(Period) -> bool) -> bool {
    kpi.measure.parts().into_iter().any(|r| {
        let series = st.series(r);
        (0..series.sources.len()).any(|source| {
            let own = &series.sources[source];
            let Some(period) = latest_due(&own.rhythm, own.from, own.until, cut, day) else { return false };
            let mut all = 0..series.sources.len();
            let delivered = match (kpi.kind, series.combine) {
                (KpiKind::Ratio, _) => {
                    let both = both_have(st, kpi, period, cut);
                    if !both && all.any(|any| figure_since(st, r, any, period, cut)) {
                        st.note("a ratio whose parts have no joint as_of");
                    }
                    both
                }
                (_, Combine::First) => all.any(|any| figure_since(st, r, any, period, cut)),
                (_, Combine::Sum) => figure_since(st, r, source, period, cut),
            };
            !delivered && by(period)
        })
    })
}

/// "ratio: an `as_of` that both parts have, even one below the minimum denominator".
// CHOICE (a part that is a sum): its `as_of` is one that all its sources have.
fn both_have(st: &Standing, kpi: &Kpi, period: Period, cut: Cut) -> bool {
    let Measure::Ratio { numerator, denominator, min_denominator, .. } = kpi.measure else { return false };
    let below = figures::levels(st, denominator);
    let since = |at: Moment| at > period.start() && cut.sees(at);
    let mut joint = Vec::new();
    for above in figures::levels(st, numerator).iter().filter(|above| since(above.at)) {
        joint.extend(below.iter().filter(|below| below.at == above.at).map(|below| below.value));
    }
    if !joint.is_empty() && joint.iter().all(|n| *n < i128::from(min_denominator)) {
        st.note("a joint as_of below the minimum denominator");
    }
    !joint.is_empty()
}

/// True when the source has a known figure inside the period or later, seen by the cut; of flows and counters one that
/// the source itself calls unknown "counts as delivered".
fn figure_since(st: &Standing, r: SeriesRef, source: usize, period: Period, cut: Cut) -> bool {
    let series = st.series(r);
    let takes_part = |from, to| series.sources[source].takes_part(from, to);
    if series.shape == Shape::Counter {
        let since = |at: Moment| at > period.start() && cut.sees(at) && takes_part(at, at);
        let unknown = st.of_source(r, source).into_iter().any(|o| match o.period {
            Span::AsOf(at) => since(at) && matches!(o.value, Value::Unknown(_)),
            Span::During(..) => false,
        });
        return unknown || counter::readings(st, r, source).iter().any(|x| since(x.at));
    }
    st.of_source(r, source).into_iter().any(|o| match o.period {
        Span::AsOf(at) => figures::known(o).is_some() && at > period.start() && cut.sees(at) && takes_part(at, at),
        // CHOICE (a flow of coarser grain than the rhythm): "a known figure inside it or later" - one that merely
        // contains the period does not do.
        Span::During(from, to) => from >= period.start() && to <= cut.at && takes_part(from, to),
    })
}

/// The latest period of a source's rhythm that is over, due and grace included.
// CHOICE (a source with from and until): periods that do not lie wholly within them are not due from it.
fn latest_due(rhythms: &[Rhythm], from: Option<Moment>, until: Option<Moment>, cut: Cut, day: i32) -> Option<Period> {
    let mut best: Option<Period> = None;
    for rhythm in rhythms {
        let last = [Some(cut.at), until, rhythm.until].into_iter().flatten().min().unwrap();
        let mut period = Period::closing(rhythm.every, last);
        loop {
            let begins_too_early = [from, rhythm.from].into_iter().flatten().any(|first| period.start() < first);
            if begins_too_early {
                break;
            }
            let held = rhythm.holds(period) && until.is_none_or(|until| period.end() <= until);
            if held && day > rhythm.last_day(period) {
                // CHOICE (several rhythms): the latest period by its end, at equal ends by its start.
                let key = |p: Period| (p.end(), p.start());
                if best.is_none_or(|b| key(period) > key(b)) {
                    best = Some(period);
                }
                break;
            }
            period = period.plus(-1);
        }
    }
    best
}

/// The last civil day of due and grace of the last figure: "Several sources: the latest due day; no rhythm: due on the day
/// after the plan's last".
pub fn last_day(st: &Standing, kpi: &Kpi) -> i32 {
    let end = st.catalogue.plan.end();
    let mut day = end.day();
    for r in kpi.measure.parts() {
        for source in &st.series(r).sources {
            for rhythm in &source.rhythm {
                let period = Period::closing(rhythm.every, end);
                // CHOICE: only sources that take part in their last period, by the rhythm whose range holds it wholly;
                // a source none of whose rhythms holds it counts as one without a rhythm.
                if rhythm.holds(period) && source.takes_part(period.start(), period.end()) {
                    day = day.max(rhythm.last_day(period));
                }
            }
        }
    }
    day
}

/// The start of the last interval for a state, and whether a rhythm gave it.
pub fn last_interval(st: &Standing, sources: &[(SeriesRef, usize)]) -> (Moment, bool) {
    let plan = &st.catalogue.plan;
    // CHOICE (no rhythm): "verdict on the fiscal year's closing at the plan's end" - an `as_of` in the last fiscal year,
    // its first instant excluded (that closes the year before).
    let mut best = (Period::fiscal_year(plan.last_year).start(), false);
    for (r, source) in sources {
        for rhythm in &st.series(*r).sources[*source].rhythm {
            let period = Period::closing(rhythm.every, plan.end());
            // "(ratio: the later start of the two ..)". CHOICE: the later one also among the sources of a sum.
            if rhythm.holds(period) {
                best = best.max((period.start(), true));
            }
        }
    }
    best
}
