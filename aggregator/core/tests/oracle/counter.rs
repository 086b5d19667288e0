//! The readings of a counter and the flows between them.

use super::Cut;
use super::figures::Rolled;
use super::standing::Standing;
use contract::catalogue::{Combine, Decrease, SeriesRef};
use contract::period::{Grain, Period};
use contract::record::{Finality, Span, Value};
use contract::time::Moment;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A known reading of one source.
#[derive(Clone, Debug)]
pub struct Reading {
    pub at: Moment,
    pub provisional: bool,
    /// The increase since the reading before it; `None` for the first reading ever, over a decrease nobody may
    /// guess, and over the change to labels.
    pub step: Option<i128>,
}

/// The known readings of one source, in order, each with its increase.
pub fn readings(st: &Standing, r: SeriesRef, source: usize) -> Rc<Vec<Reading>> {
    let key = (r.series, r.definition, source);
    if let Some(found) = st.memo.readings.borrow().get(&key) {
        return found.clone();
    }
    let all = Rc::new(read(st, r, source));
    st.memo.readings.borrow_mut().insert(key, all.clone());
    all
}

fn read(st: &Standing, r: SeriesRef, source: usize) -> Vec<Reading> {
    let mut out: Vec<Reading> = Vec::new();
    let mut labelled = false;
    let mut last: BTreeMap<String, i128> = BTreeMap::new();
    for o in st.of_source(r, source) {
        let Span::AsOf(at) = o.period else { continue };
        let Value::Known(total) = o.value else { continue };
        let first_labelled = !labelled && o.breakdown.is_some();
        let labels: BTreeMap<String, i128> = match &o.breakdown {
            // DESIGN 5: "a reading without labels in a labelled series is a gap"; RULES: "A source's readings are
            // labelled from its first labelled one on".
            None if labelled => continue,
            None => BTreeMap::from([(String::new(), i128::from(total))]),
            // CHOICE (labelled reading): the labels are the reading, its total `value` is not used.
            Some(labels) => labels.iter().map(|(label, n)| (label.clone(), i128::from(*n))).collect(),
        };
        if first_labelled {
            if !out.is_empty() {
                st.note("readings that change to labels");
            }
            labelled = true;
            last.clear();
        }
        // "a period that spans that change is unknown"
        let mut step = if out.is_empty() || first_labelled { None } else { Some(0) };
        for (label, now) in labels {
            // "a label that appears later starts at 0"; "when it returns it is compared with its last known reading".
            let before = last.insert(label, now).unwrap_or(0);
            let increase = match st.series(r).decrease {
                _ if now >= before => Some(now - before),
                // CHOICE ("The label started again at 0"): its increase is the new reading.
                Decrease::Restart if labelled => {
                    st.note("a label that restarts");
                    Some(now)
                }
                // "`restart`, only where readings have labels": without labels a decrease is a `break`.
                _ => {
                    st.note("a decrease that breaks");
                    None
                }
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

/// The increase from one reading to another, and whether a reading on the way is provisional.
pub fn increase(readings: &[Reading], from: usize, to: usize) -> Option<(i128, bool)> {
    let sum: Option<i128> = readings[from + 1..=to].iter().map(|reading| reading.step).sum();
    // CHOICE (provisional of a counter's flow): its opening, closing and all known readings between are its parts.
    sum.map(|sum| (sum, readings[from..=to].iter().any(|reading| reading.provisional)))
}

/// The flow of one source during a period.
pub fn of_source(st: &Standing, r: SeriesRef, source: usize, period: Period, cut: Cut) -> Option<(i128, bool)> {
    let (readings, grain) = (readings(st, r, source), st.series(r).grain);
    let opening = border(&readings, grain, period.start(), cut)?;
    let closing = border(&readings, grain, period.end(), cut)?;
    increase(&readings, opening, closing)
}

/// The flow of a period, of any grain from the counter's own upwards.
pub fn flow(st: &Standing, r: SeriesRef, period: Period, cut: Cut) -> Rolled {
    if !cut.sees(period.end()) {
        return Rolled::default();
    }
    // RULES: "A counter's sources are chosen period by period in each grain".
    let taking = st.taking_part(r, period.start(), period.end());
    let figure = |s: &usize| of_source(st, r, *s, period, cut).map(|(value, p)| (*s, value, p));
    let figures: Vec<(usize, i128, bool)> = match st.series(r).combine {
        Combine::First => taking.iter().find_map(figure).into_iter().collect(),
        // CHOICE (sum of counters): "(a counter: null)" - null as long as one of the sources has none.
        Combine::Sum => taking.iter().map(figure).collect::<Option<Vec<_>>>().unwrap_or_default(),
    };
    if figures.is_empty() {
        return Rolled::default();
    }
    Rolled {
        value: Some(figures.iter().map(|f| f.1).sum()),
        complete: true,
        provisional: figures.iter().any(|f| f.2),
        sources: figures.iter().map(|f| f.0).collect(),
    }
}

/// True when the source itself says that a border of the period is unknown, and that is why it has no figure.
pub fn called_unknown(st: &Standing, r: SeriesRef, source: usize, period: Period, cut: Cut) -> bool {
    let (readings, grain) = (readings(st, r, source), st.series(r).grain);
    let said = |b: Moment| {
        let after = Period::closing(grain, b).start();
        st.of_source(r, source).iter().any(|o| match o.period {
            Span::AsOf(at) => after < at && at <= b && matches!(o.value, Value::Unknown(_)),
            Span::During(..) => false,
        })
    };
    let lacking: Vec<Moment> =
        [period.start(), period.end()].into_iter().filter(|b| border(&readings, grain, *b, cut).is_none()).collect();
    // CHOICE: each border without a known reading must be one that the source calls unknown; with both borders known the
    // figure is unknown by a break or a change to labels, which is missing.
    !lacking.is_empty() && lacking.into_iter().all(said)
}
