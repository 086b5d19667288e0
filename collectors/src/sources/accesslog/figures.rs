//! The figures of the hours that changed.

use super::config::AccessLog;
use super::line::time::{HOURS, day_of, first_hour};
use super::notes::{DayNote, LogNotes};
use super::visitors::Visitors;
use crate::sources::disclosure_control::OTHERS;
use crate::sources::parsed::{ParsedFigure, ParsedKey};
use crate::sources::target::SeriesTarget;
use contract::period::{Grain, Period};
use contract::record::{Breakdown, Finality, Place, Span, Value};
use contract::time::Moment;
use std::collections::BTreeSet;

/// How late lines may be before an hour is final: servers write when a request ends, and some in blocks. Later lines count
/// as corrections.
const LATENESS_SECONDS: i64 = 3600;
/// Days of one poll: their hours fit a transaction, and the history of ten years takes four.
const MAX_DAYS: usize = 1_000;
/// Reason of an hour of which lines are missing, and of periods that contain one.
const PARTIAL: &str = "partial_hour";
/// Reason of a day whose visitors were not counted from its start, or were too many.
const NOT_COUNTED: &str = "not_counted";

/// The figures of up to [`MAX_DAYS`] changed days, which are unchanged afterwards. A day with an hour that may have become final
/// is included too; the diff leaves out figures that were published before.
pub(super) fn of_changed_days(
    log: &AccessLog,
    notes: &mut LogNotes,
    visitors: &Visitors,
    now: Moment,
) -> Vec<ParsedFigure> {
    let recent = day_of((now.0 - 2 * LATENESS_SECONDS).div_euclid(3600));
    let changed = notes.days.iter().filter(|(day, note)| note.changed || **day >= recent).map(|(day, _)| *day);
    let days: BTreeSet<i64> = changed.take(MAX_DAYS).collect();
    let mut figures = Vec::new();
    if let Some(target) = &log.hits {
        let of = |grain: Grain| days.iter().map(move |day| Period::holding(grain, Moment(first_hour(*day) * 3600)));
        let periods: BTreeSet<Period> = match target.grain {
            Grain::Hour => of(Grain::Day).flat_map(|day| day.parts(Grain::Hour)).collect(),
            grain => of(grain).collect(),
        };
        figures.extend(periods.into_iter().filter_map(|period| hits(log, target, notes, period, now)));
    }
    if let Some(target) = &log.visitors {
        figures.extend(days.iter().filter_map(|day| distinct(log, target, notes, visitors, *day, now)));
    }
    for day in days {
        if let Some(note) = notes.days.get_mut(&day) {
            note.changed = false;
        }
    }
    figures
}

/// Accesses of a period: the sum of its hours; `None` for a period without any watched hour.
fn hits(log: &AccessLog, target: &SeriesTarget, notes: &LogNotes, period: Period, now: Moment) -> Option<ParsedFigure> {
    let hours = period.start().0.div_euclid(3600)..period.end().0.div_euclid(3600);
    let (mut sum, mut areas) = (0_i64, vec![0_i64; log.rule.areas.len() + 1]);
    let (mut any, mut whole) = (false, true);
    for hour in hours {
        let day = day_of(hour);
        let at = usize::try_from(hour - first_hour(day)).unwrap_or_default();
        let Some(note) = notes.days.get(&day).filter(|note| is_set(note, at)) else {
            // A future hour is not missing.
            whole &= Moment(hour * 3600) > now;
            continue;
        };
        any = true;
        whole &= note.partial >> at & 1 == 0 && note.watched >> at & 1 == 1;
        sum += note.hits[at];
        for (sum, more) in
            areas.iter_mut().zip(note.areas.get(&u8::try_from(at).unwrap_or_default()).into_iter().flatten())
        {
            *sum += more;
        }
    }
    let by_area = (whole && !log.rule.areas.is_empty()).then(|| {
        let labels = log.rule.areas.iter().map(|(label, _)| label.clone()).chain([OTHERS.to_owned()]);
        labels.zip(areas).collect::<Breakdown>()
    });
    let value = if whole { Value::Known(sum) } else { Value::Unknown(PARTIAL.to_owned()) };
    any.then(|| figure(target, period, value, by_area, now))
}

/// Visitors of a day that was watched from its first hour on, or whose finished files were all read since the program began; or the number published before, for a day that had ended before
/// the program started and has not changed since.
fn distinct(
    log: &AccessLog,
    target: &SeriesTarget,
    notes: &mut LogNotes,
    visitors: &Visitors,
    day: i64,
    now: Moment,
) -> Option<ParsedFigure> {
    let note = notes.days.get_mut(&day)?;
    let period = Period::holding(Grain::Day, Moment(first_hour(day) * 3600));
    let whole = (0..HOURS).all(|at| {
        let is_future = Moment((first_hour(day) + i64::try_from(at).unwrap_or_default()) * 3600) > now;
        is_future || (note.watched >> at & 1 == 1 && note.partial >> at & 1 == 0)
    });
    let began = visitors.since().unwrap_or(i64::MAX);
    let published = note.visitors.filter(|_| !note.changed && period.end().0 <= began);
    let counted = if note.hits.iter().all(|hits| *hits == 0) {
        Some(0)
    } else if log.finished {
        visitors.of_all(day, note.hits.iter().sum())
    } else if began <= period.start().0 {
        visitors.of(day)
    } else {
        None
    };
    note.visitors = counted.or(published).filter(|_| whole);
    let value = match note.visitors {
        Some(count) => Value::Known(count),
        None => Value::Unknown(NOT_COUNTED.to_owned()),
    };
    Some(figure(target, period, value, None, now))
}

fn is_set(note: &DayNote, at: usize) -> bool {
    (note.watched | note.partial | note.unproven) >> at & 1 == 1
}

fn figure(
    target: &SeriesTarget,
    period: Period,
    value: Value,
    breakdown: Option<Breakdown>,
    now: Moment,
) -> ParsedFigure {
    let settled = period.end().0 + LATENESS_SECONDS <= now.0;
    let finality = if settled { Finality::Final } else { Finality::Provisional };
    let definition = target.definition.clone().unwrap_or_default();
    let key = ParsedKey { series: target.series.clone(), definition, span: Span::of(period) };
    ParsedFigure { key, value, breakdown, finality, place: Place::default() }
}
