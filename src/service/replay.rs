//! Replays the days of a plan: publishes what became known on each, waits until it is judged, and lets the clock go on.
//!
//! ```text
//! clock -> first instant of the day -> polls of the day -> stored and judged -> the day passes at the speed -> next day
//! ```
//!
//! The clock waits for the pipeline, so a day is never judged without its figures, however fast it passes.

use super::collecting::plan_texts;
use crate::clock::ReplayClock;
use crate::configuration::Configuration;
use aggregator::pipeline::Progress;
use anyhow::Context;
use bus::{Outbox, SqliteOutbox};
use collectors::catalogues::publish_catalogues;
use collectors::poll::{Collector, SourceReplay};
use contract::time::{DAY, Micros, Moment, date_of};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Pause between two looks at the pipeline.
const LOOK_INTERVAL: Duration = Duration::from_millis(1);
/// Longest pause before the clock goes on within a day.
const TICK: Duration = Duration::from_millis(50);
/// Bytes that are published at once, beside the last part of a poll.
const MAX_BYTES: usize = 16 << 20;

/// The days of a replay and how fast they pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReplayRange {
    /// First day (day number).
    pub(crate) first: i32,
    /// Last day.
    pub(crate) last: i32,
    /// How long a day takes.
    pub(crate) day: Duration,
}

impl ReplayRange {
    /// Its first instant.
    pub(crate) fn start(&self) -> Micros {
        midnight(self.first)
    }
}

fn midnight(day: i32) -> Micros {
    Moment::midnight(date_of(day)).micros()
}

/// Reads every source as it is now. One that cannot be read is logged and left out.
pub(crate) async fn read_sources(city: &Configuration, collector: &Collector) -> Vec<SourceReplay> {
    let mut replays = Vec::with_capacity(city.sources.len());
    for source in &city.sources {
        let Some(plan) = city.plans.iter().find(|plan| plan.catalogue.plan.id == source.plan) else { continue };
        match SourceReplay::read(collector, source, &plan.catalogue).await {
            Ok(replay) => replays.push(replay),
            Err((address, error)) => {
                let (plan, source) = (&source.plan, &source.id);
                tracing::warn!(plan, source, address, %error, "the source cannot be read, and is silent in the replay");
            }
        }
    }
    replays
}

/// A replay of sources through an outbox.
pub(crate) struct Replay {
    /// What it goes through.
    pub(crate) range: ReplayRange,
    /// The sources.
    pub(crate) sources: Vec<SourceReplay>,
    /// Makes and signs the records.
    pub(crate) collector: Arc<Collector>,
    /// Where they are published.
    pub(crate) outbox: Arc<SqliteOutbox>,
    /// What the pipeline has stored.
    pub(crate) progress: Arc<Progress>,
    /// The clock of the pipeline and the pages.
    pub(crate) clock: Arc<ReplayClock>,
    /// Records published so far.
    published: u64,
}

impl Replay {
    pub(crate) fn new(
        range: ReplayRange,
        sources: Vec<SourceReplay>,
        (collector, outbox): (Arc<Collector>, Arc<SqliteOutbox>),
        (progress, clock): (Arc<Progress>, Arc<ReplayClock>),
    ) -> Self {
        Self { range, sources, collector, outbox, progress, clock, published: 0 }
    }

    /// Publishes the catalogues and what is known on the first day, each figure as of the day on which it became known, and
    /// waits until it is judged.
    pub(crate) async fn begin(&mut self, city: &Configuration) -> anyhow::Result<()> {
        let (signer, texts) = (self.collector.signer.as_ref(), plan_texts(city));
        let published = publish_catalogues(self.outbox.as_ref(), self.clock.as_ref(), signer, &texts).await;
        self.published += published.context("the catalogues cannot be published")? as u64;
        let all = self.sources.iter().flat_map(SourceReplay::days);
        let before: BTreeSet<i32> = all.filter(|day| *day < self.range.first).collect();
        for day in before {
            self.publish(day, |source| source.days().next() == Some(day)).await?;
        }
        self.publish(self.range.first, |_| true).await?;
        self.stored().await;
        Ok(())
    }

    /// Goes through the days, or until `stop`.
    pub(crate) async fn run(mut self, stop: &CancellationToken) -> anyhow::Result<()> {
        let started = Instant::now();
        for day in self.range.first..self.range.last {
            let passed = u32::try_from(day - self.range.first + 1).unwrap_or(u32::MAX);
            let ends = started + self.range.day.saturating_mul(passed);
            if stop.run_until_cancelled(self.pass(day, ends)).await.is_none() {
                return Ok(());
            }
            let next = day + 1;
            self.clock.advance(midnight(next));
            self.publish(next, |_| true).await?;
            if stop.run_until_cancelled(self.stored()).await.is_none() {
                return Ok(());
            }
            let date = date_of(next);
            if date.day() == 1 {
                tracing::info!(%date, "the replay has come to");
            }
        }
        Ok(())
    }

    /// Publishes the polls of a day at once, so that pages show all of its figures or none.
    async fn publish(&mut self, day: i32, polls: impl Fn(&SourceReplay) -> bool) -> anyhow::Result<()> {
        let (mut records, mut checkpoint, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut pending = Vec::new();
        for source in self.sources.iter_mut().filter(|source| polls(source)) {
            for part in source.poll(&self.collector, day).parts(self.collector.signer.as_ref()) {
                if bytes > MAX_BYTES {
                    bytes = 0;
                    pending.push(self.outbox.publish(std::mem::take(&mut records), std::mem::take(&mut checkpoint)));
                }
                self.published += part.records.len() as u64;
                bytes += part.records.iter().map(|record| record.body.len()).sum::<usize>();
                records.extend(part.records);
                checkpoint.extend(part.checkpoint);
            }
        }
        pending.push(self.outbox.publish(records, checkpoint));
        for one in pending {
            one.await.context("the replay cannot be published")?;
        }
        Ok(())
    }

    /// Waits until the pipeline has stored and judged everything that was published.
    async fn stored(&self) {
        while self.progress.counts().received < self.published {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Lets a day pass until `ends`; not at all when that is over.
    async fn pass(&self, day: i32, ends: Instant) {
        let began = Instant::now();
        let takes = ends.saturating_duration_since(began);
        loop {
            let left = ends.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(TICK)).await;
            let passed = began.elapsed().as_micros().saturating_mul(MICROS_OF_DAY) / takes.as_micros().max(1);
            let into = i64::try_from(passed.min(MICROS_OF_DAY - 1)).unwrap_or(0);
            self.clock.advance(Micros(midnight(day).0 + into));
        }
    }
}

/// Microseconds of a day.
const MICROS_OF_DAY: u128 = DAY.unsigned_abs() as u128 * 1_000_000;
