//! What a report gives by period, and when its days make a month.

use super::super::parsed::{Coverage, ParsedFigure, ParsedKey};
use super::super::target::SeriesTarget;
use contract::period::{Grain, Period};
use contract::record::{Finality, Place, Span, Value};
use contract::time::Moment;
use std::collections::BTreeMap;

/// Reason of a month that is over and of which days are missing.
pub(super) const MISSING_DAYS: &str = "missing_days";

/// Downloads by period, each with where it stood; `None` for one that could not be read.
pub(super) type Downloads = BTreeMap<Period, Option<(Value, Place)>>;

/// The figures of a series, the keys that are held, what the report speaks for, and until when.
pub(super) struct SeriesRead {
    pub(super) figures: Vec<ParsedFigure>,
    pub(super) held: Vec<ParsedKey>,
    pub(super) covers: Coverage,
    pub(super) until: Option<Moment>,
}

/// Periods of the series' grain; days make a month when all of them are there.
pub(super) fn read(given: Downloads, target: &SeriesTarget, now: Moment) -> SeriesRead {
    let months: Vec<Period> = given.keys().map(|period| period.within(Grain::Month)).collect();
    let covers = match (months.first(), months.last()) {
        (Some(first), Some(last)) => Coverage::Within(first.start(), last.end()),
        _ => Coverage::Nothing,
    };
    let given = if target.grain == Grain::Month { by_month(given, now) } else { given };
    let mut read = SeriesRead { figures: Vec::new(), held: Vec::new(), covers, until: None };
    for (period, entry) in given {
        let month = period.within(Grain::Month);
        let running = month.end() > now;
        if running {
            read.until = Some(read.until.map_or(month.end(), |until| until.min(month.end())));
        }
        let definition = target.definition.clone().unwrap_or_default();
        let key = ParsedKey { series: target.series.clone(), definition, span: Span::of(period) };
        let Some((value, place)) = entry else {
            read.held.push(key);
            continue;
        };
        let finality = if running { Finality::Provisional } else { Finality::Final };
        read.figures.push(ParsedFigure { key, value, breakdown: None, finality, place });
    }
    read
}

/// Adds the days of each month up. While it runs that is what there is by now; once it is over a day that is missing
/// makes it unknown, as a report may lag behind by days.
fn by_month(given: Downloads, now: Moment) -> Downloads {
    let mut months: BTreeMap<Period, Downloads> = BTreeMap::new();
    let mut whole = Downloads::new();
    for (period, entry) in given {
        if period.grain == Grain::Month {
            whole.insert(period, entry);
        } else {
            months.entry(period.within(Grain::Month)).or_default().insert(period, entry);
        }
    }
    for (month, days) in months {
        let complete = month.end() > now || month.parts(Grain::Day).all(|day| days.contains_key(&day));
        let place = days.values().flatten().map(|(_, place)| Place { row: None, ..place.clone() }).next();
        let mut sum = Some(Value::Known(0));
        for entry in days.into_values() {
            sum = match (sum, entry) {
                (Some(Value::Known(sum)), Some((Value::Known(day), _))) => Some(Value::Known(sum.saturating_add(day))),
                (None, _) | (_, None) => None,
                (Some(unknown @ Value::Unknown(_)), _) | (_, Some((unknown @ Value::Unknown(_), _))) => Some(unknown),
            };
        }
        let sum = if complete { sum } else { sum.map(|_| Value::Unknown(MISSING_DAYS.to_owned())) };
        whole.insert(month, sum.zip(place));
    }
    whole
}
