//! What a figure was before it was changed.

use super::row::Restatement;
use crate::ledger::LedgerEntry;
use crate::rollup::LedgerView;
use contract::catalogue::{Measure, SeriesRef, Shape};
use contract::exact::{Exact, whole};
use contract::period::Period;
use contract::time::{Micros, Moment};

/// A changed figure of the ledger.
struct ChangedFigure {
    known_at: Micros,
    now: Option<i64>,
    before: Option<i64>,
}

fn changed(entry: &LedgerEntry) -> Option<ChangedFigure> {
    let (before, known_at) = entry.change()?;
    Some(ChangedFigure { known_at, now: entry.value(), before })
}

/// The changed figures of a flow inside a period.
pub(super) fn of_flow(view: &LedgerView<'_>, of: SeriesRef, period: Period, value: &Exact) -> Option<Restatement> {
    if view.series(of).shape != Shape::Flow {
        return None;
    }
    let inside = |entry: &&LedgerEntry| {
        let own = view.period(of, entry);
        own.start() >= period.start() && own.end() <= period.end()
    };
    let used = view.sources_of(of, period);
    let all = view.ledger.between(of.series, of.definition, period.start(), period.end());
    let found: Vec<ChangedFigure> =
        all.filter(inside).filter(|entry| used.contains(&entry.source)).filter_map(changed).collect();
    let known_at = found.iter().map(|one| one.known_at).max()?;
    let steps = |one: &ChangedFigure| Some(i128::from(one.before?) - i128::from(one.now?));
    let sum = found.iter().map(steps).sum::<Option<i128>>();
    Some(Restatement { before: sum.map(|steps| value + view.in_unit(of, steps)), known_at })
}

/// The changed figures at an instant of a state or a ratio.
pub(super) fn of_state(
    view: &LedgerView<'_>,
    measure: &Measure,
    at: Moment,
    sources: &[(SeriesRef, u8)],
) -> Option<Restatement> {
    let found: Vec<(SeriesRef, Vec<&LedgerEntry>)> =
        measure.parts().into_iter().map(|of| (of, entries_at(view, of, at, sources))).collect();
    let entries = || found.iter().flat_map(|(_, entries)| entries);
    let known_at = entries().filter_map(|entry| Some(changed(entry)?.known_at)).max()?;
    let before = |(of, entries): &(SeriesRef, Vec<&LedgerEntry>)| {
        let value = |entry: &&LedgerEntry| changed(entry).map_or_else(|| entry.value(), |one| one.before);
        let steps = entries.iter().map(|entry| value(entry).map(i128::from)).sum::<Option<i128>>();
        Some(view.in_unit(*of, steps?))
    };
    let before = match (measure, found.as_slice()) {
        (Measure::Ratio { per, .. }, [top, bottom]) => {
            before(top).zip(before(bottom).filter(|b| *b != whole(0))).map(|(t, b)| t * whole(*per) / b)
        }
        (Measure::Series(_), [only]) if view.series(only.0).shape == Shape::Level => before(only),
        _ => None,
    };
    Some(Restatement { before, known_at })
}

fn entries_at<'v>(
    view: &LedgerView<'v>,
    of: SeriesRef,
    at: Moment,
    sources: &[(SeriesRef, u8)],
) -> Vec<&'v LedgerEntry> {
    let all = view.ledger.between(of.series, of.definition, Moment(at.0 - 1), at);
    let used = |entry: &&LedgerEntry| {
        view.period(of, entry).start() == at
            && sources.iter().any(|(part, source)| *part == of && *source == entry.source)
    };
    all.filter(used).collect()
}
