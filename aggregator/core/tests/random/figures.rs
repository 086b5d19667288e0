//! Random records of a plan: dense and sparse, with gaps, corrections, unknown and provisional figures.

use super::{Random, Spec};
use contract::period::{Grain, Period};
use contract::record::{Finality, Observation, Span, Value};
use contract::time::{Micros, Moment};
use std::collections::BTreeMap;

const DAY: i64 = 86_400;

/// How a series' figures arrive.
struct Habit {
    first: i32,
    last: i32,
    /// One in so many periods is left out; 0 is none.
    gaps: u64,
    unknown: u64,
    provisional: u64,
    /// Readings carry labels from this day on.
    labels_from: Option<i32>,
    decreases: u64,
}

pub fn records(r: &mut Random, specs: &[Spec]) -> Vec<Observation> {
    let mut out = Vec::new();
    for spec in specs {
        of_series(r, spec, &mut out);
    }
    for i in (1..out.len()).rev() {
        let j = usize::try_from(r.below(i as u64 + 1)).unwrap();
        out.swap(i, j);
    }
    let again = out.iter().step_by(7).cloned().collect::<Vec<_>>();
    out.extend(again);
    out
}

fn sometimes(r: &mut Random, n: u64) -> bool {
    n > 0 && r.one_in(n)
}

fn of_series(r: &mut Random, spec: &Spec, out: &mut Vec<Observation>) {
    let daily = spec.shape == "flow" && spec.grain == Grain::Day;
    let day = |text: &str| Period::parse(text).unwrap().start().day();
    let scarce: [u64; 5] = if daily { [0, 0, 4000, 700, 60] } else { [0, 0, 60, 30, 8] };
    let habit = Habit {
        first: day(r.pick(&["2014-04-01", "2014-04-01", "2016-04-01", "2018-01-01", "2018-04-01", "2019-04-01"])),
        // Often just before the plan's end, so that its last figure is not there yet.
        last: if r.one_in(4) { day("2022-03-05") } else { day("2021-01-01") + i32::try_from(r.below(650)).unwrap() },
        gaps: r.pick(&scarce),
        unknown: r.pick(&scarce),
        provisional: r.pick(&[0, 20, 400]),
        labels_from: r.pick(&[None, Some("2014-01-01"), Some("2020-02-15"), Some("2018-09-01")]).map(day),
        decreases: r.pick(&[0, 0, 90, 30]),
    };
    // A dense series of hours has too many figures to be naive about.
    let sparse = r.one_in(5) || spec.shape == "flow" && spec.grain == Grain::Hour;
    let second = r.pick(&[0, 1, 2, 6]);
    let mut period = Period::holding(spec.grain.max(Grain::Day), Period::parse("2014-04-01").unwrap().start());
    while period.start().day() < habit.last {
        let month = Period::holding(Grain::Month, period.start());
        let due = match spec.shape {
            "flow" => true,
            // States come with the first of each month, now and then inside it.
            _ => month.start() == period.start() || r.one_in(200),
        };
        if due && period.start().day() >= habit.first && !sparse {
            for (source, odds) in [("a", 1), ("b", second)] {
                if sometimes(r, odds) && !sometimes(r, habit.gaps) {
                    out.push(figure(r, spec, &habit, period.start(), source));
                    if r.one_in(25) {
                        out.push(figure(r, spec, &habit, period.start(), source));
                    }
                }
            }
        }
        period = period.plus(1);
    }
    for _ in 0..if sparse { 60 } else { 8 } {
        let at =
            Moment(Period::parse("2016-01-01").unwrap().start().0 + i64::try_from(r.below(365 * 7)).unwrap() * DAY);
        let at = if r.one_in(2) { Period::holding(Grain::Month, at).start() } else { at };
        let source = r.pick(&["a", "b", "a", "b", "c"]);
        out.push(figure(r, spec, &habit, at, source));
    }
}

fn figure(r: &mut Random, spec: &Spec, habit: &Habit, at: Moment, source: &str) -> Observation {
    let at = if spec.grain == Grain::Hour && r.one_in(9) { Moment(at.0 + 6 * 3600) } else { at };
    let span = if spec.shape == "flow" { Span::of(Period::holding(spec.grain, at)) } else { Span::AsOf(at) };
    let days = i64::from(at.day() - Period::parse("2014-04-01").unwrap().start().day());
    let n = |r: &mut Random, below: u64| i64::try_from(r.below(below)).unwrap();
    let mut known = match (spec.shape, spec.grain) {
        ("level", _) => 60 + days / 20 + n(r, 120),
        ("counter", _) => {
            let fallen = if sometimes(r, habit.decreases) { 20 } else { 0 };
            400 + days / 3 + (days / 90) * 5 - fallen
        }
        (_, Grain::Hour | Grain::Day) => n(r, 2),
        (_, Grain::Month) => n(r, 30),
        (_, Grain::Quarter) => n(r, 90),
        _ => n(r, 350),
    };
    // The figure of the plan's end is often not settled, and sometimes falls.
    let is_end = at == Period::parse("2022-04-01").unwrap().start();
    if is_end && spec.shape == "level" && r.one_in(3) {
        known /= 2;
    }
    if spec.signed && r.one_in(6) || r.one_in(400) {
        known = -known;
    }
    let unknown = sometimes(r, habit.unknown);
    let labelled = spec.shape == "counter" && !unknown && habit.labels_from.is_some_and(|first| first <= at.day());
    let breakdown = (labelled && !r.one_in(40)).then(|| {
        let mut labels = BTreeMap::new();
        for (label, more) in [("x", 0), ("y", 1), ("z", 2)] {
            if !r.one_in(30) {
                labels.insert(label.to_owned(), known / 3 + more);
            }
        }
        labels
    });
    // A figure that was seen before its period ended is not there yet.
    let latest = Period::parse("2025-01-01").unwrap().start();
    Observation {
        plan: "p".into(),
        series: spec.id.clone(),
        definition: if r.one_in(30) { "e" } else { "d" }.into(),
        source: source.into(),
        period: span,
        value: if unknown { Value::Unknown("x".into()) } else { Value::Known(known) },
        breakdown,
        finality: if sometimes(r, habit.provisional) || is_end && r.one_in(3) {
            Finality::Provisional
        } else {
            Finality::Final
        },
        revision: Micros(if r.one_in(300) { at.micros().0 } else { latest.micros().0 + n(r, 50) }),
        visit: "v".into(),
        place: None,
    }
}
