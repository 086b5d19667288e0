//! Publishes the figures of all cities as their sources' polls would have, into the embedded log.

use crate::figures::{City, DAYS};
use crate::plan::{self, SERIES, SOURCES};
use bus::{Outbox, Outgoing, Pending, SqliteOutbox};
use contract::period::{Grain, Period};
use contract::record::{
    CatalogueText, Finality, Observation, Place, PollOutcome, PollRecord, PollSize, Record, Span, Value,
};
use contract::time::{Clock, Micros};
use contract::wire;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Publishes that may wait for the disk: a poll of three years is a megabyte.
const MAX_WAITING: usize = 16;
/// A poll takes place six hours after its last day.
const AFTER: i64 = 6 * 3600 * 1_000_000;
/// Days from the last one with figures to the corrections.
const CORRECTED_AFTER: u32 = 10;

/// The figure of a series and day that a poll reports.
type PolledValue = fn(&City, u32, u32) -> i64;

/// The clock of the log: the time of the poll at hand.
struct PollClock(AtomicI64);

impl Clock for PollClock {
    fn now(&self) -> Micros {
        Micros(self.0.load(Ordering::Relaxed))
    }
}

/// Publishes the catalogues, then poll by poll, of all sources in each, and at last a correction of one figure of each source;
/// returns the number of observations.
pub(crate) fn publish(log: &Path, cities: &[City], polls: u32) -> anyhow::Result<u64> {
    let clock = Arc::new(PollClock(AtomicI64::new(day(0).start().micros().0)));
    let outbox = SqliteOutbox::open(log, Arc::clone(&clock) as _)?;
    let mut waiting = VecDeque::new();
    for city in cities {
        send(&outbox, &mut waiting, vec![catalogue(city, clock.now())])?;
    }
    let mut observations = 0;
    for poll in 0..=polls {
        let is_correction = poll == polls;
        let days = DAYS * poll / polls..DAYS * (poll + 1).min(polls) / polls;
        let time = if is_correction { day(DAYS + CORRECTED_AFTER).start() } else { day(days.end - 1).end() };
        let time = Micros(time.micros().0 + AFTER);
        clock.0.store(time.0, Ordering::Relaxed);
        for city in cities {
            for source in 0..SOURCES {
                let figures: Vec<(u32, u32)> = if is_correction {
                    city.corrected_day(source).map(|day| (source, day)).into_iter().collect()
                } else {
                    let series = (0..SERIES).filter(|series| series % SOURCES == source);
                    series.flat_map(|series| days.clone().map(move |day| (series, day))).collect()
                };
                observations += figures.len() as u64;
                let value = if is_correction { City::newest } else { City::value };
                send(&outbox, &mut waiting, poll_records(city, source, (&figures, value), time))?;
            }
        }
    }
    waiting.into_iter().try_for_each(Pending::wait)?;
    Ok(observations)
}

fn send(outbox: &SqliteOutbox, waiting: &mut VecDeque<Pending>, records: Vec<Outgoing>) -> anyhow::Result<()> {
    if waiting.len() == MAX_WAITING
        && let Some(oldest) = waiting.pop_front()
    {
        oldest.wait()?;
    }
    waiting.push_back(outbox.publish(records, Vec::new()));
    Ok(())
}

fn catalogue(city: &City, revision: Micros) -> Outgoing {
    let text = plan::catalogue(city);
    let record = Record::Catalogue(CatalogueText { plan: city.id.clone(), revision, text });
    Outgoing { key: city.id.clone(), revision, body: wire::encode(&record) }
}

/// The observations of one poll, and its record behind them.
fn poll_records(
    city: &City,
    source: u32,
    (figures, value): (&[(u32, u32)], PolledValue),
    time: Micros,
) -> Vec<Outgoing> {
    let id = format!("cities-{}-register-{source}-{}", city.id, time.0);
    let outgoing = |body| Outgoing { key: city.id.clone(), revision: time, body };
    let (mut records, mut size, mut bytes) = (Vec::new(), PollSize::default(), 0);
    for &(series, day) in figures {
        let row = u32::try_from(records.len()).unwrap_or(0) + 2;
        let figure = Observation {
            value: Value::Known(value(city, series, day)),
            place: Some(Place { sheet: None, row: Some(row) }),
            ..observation(city, (series, day), time, &id)
        };
        let body = wire::encode(&Record::Observation(figure));
        size.add(wire::content(&body));
        bytes += body.len() as u64;
        records.push(outgoing(body));
    }
    let poll = PollRecord {
        plan: city.id.clone(),
        source: format!("register-{source}"),
        id,
        collector: "cities".into(),
        time,
        outcome: PollOutcome::Changed,
        address: format!("registers/{}-{source}.csv", city.id),
        sha256: Some("0".repeat(64)),
        bytes: Some(bytes),
        size: Some(size),
    };
    records.push(outgoing(wire::encode(&Record::Poll(poll))));
    records
}

/// An observation still without its value.
fn observation(city: &City, (series, number): (u32, u32), revision: Micros, poll: &str) -> Observation {
    let day = day(number);
    Observation {
        plan: city.id.clone(),
        series: format!("series-{series:02}"),
        definition: "d".into(),
        source: format!("register-{}", series % SOURCES),
        period: if plan::is_level(series) { Span::AsOf(day.end()) } else { Span::of(day) },
        value: Value::Known(0),
        breakdown: None,
        finality: Finality::Final,
        revision,
        visit: poll.to_owned(),
        place: None,
    }
}

/// A day, counted from 1 April 2019.
fn day(number: u32) -> Period {
    let first = Period::holding(Grain::Day, Period::fiscal_year(2019).start());
    first.plus(i32::try_from(number).unwrap_or(0))
}
