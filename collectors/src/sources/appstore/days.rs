//! The downloads of a report by period, and the sum of the days of a month.

use crate::sources::parsed::{Coverage, ParsedFigure, ParsedKey};
use crate::sources::target::SeriesTarget;
use contract::period::{Grain, Period};
use contract::record::{Finality, Place, Span, Value};
use contract::time::Moment;
use std::collections::BTreeMap;

/// Reason of a month that has ended and of which days are missing.
const MISSING_DAYS: &str = "missing_days";

/// Downloads by period, each with its place; `None` for an unreadable row.
pub(super) type Downloads = BTreeMap<Period, Option<(Value, Place)>>;

/// The figures of a series, the keys of unreadable rows, the coverage of the report, and the time until which both are valid.
pub(super) struct SeriesRead {
    pub(super) figures: Vec<ParsedFigure>,
    pub(super) held: Vec<ParsedKey>,
    pub(super) covers: Coverage,
    pub(super) until: Option<Moment>,
}

/// The figures by periods of the series' grain.
pub(super) fn read(downloads: Downloads, target: &SeriesTarget, now: Moment) -> SeriesRead {
    let months: Vec<Period> = downloads.keys().map(|period| period.within(Grain::Month)).collect();
    let covers = match (months.first(), months.last()) {
        (Some(first), Some(last)) => Coverage::Within(first.start(), last.end()),
        _ => Coverage::Nothing,
    };
    let downloads = if target.grain == Grain::Month { by_month(downloads, now) } else { downloads };
    let mut read = SeriesRead { figures: Vec::new(), held: Vec::new(), covers, until: None };
    for (period, entry) in downloads {
        let month = period.within(Grain::Month);
        let running = month.end() > now;
        if running {
            read.until = Some(read.until.map_or(month.end(), |until| until.min(month.end())));
        }
        let key = target.key(Span::of(period));
        let Some((value, place)) = entry else {
            read.held.push(key);
            continue;
        };
        let finality = if running { Finality::Provisional } else { Finality::Final };
        read.figures.push(ParsedFigure { key, value, breakdown: None, finality, place });
    }
    read
}

/// Adds the days of each month up. A month that has ended and lacks a day is unknown, because a report can lag by days.
fn by_month(downloads: Downloads, now: Moment) -> Downloads {
    let mut months: BTreeMap<Period, Downloads> = BTreeMap::new();
    let mut whole = Downloads::new();
    for (period, entry) in downloads {
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
