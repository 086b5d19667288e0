//! What the processor does with a batch, at a change of day, and when alerts are due.
//!
//! All of it is settle -> derive -> step -> write: see `partition/update.rs`. While more records wait than are in hand, a batch is
//! settled and its facts are written; the rest waits in `partition/behind.rs`.

use super::decoder::BATCH_RECORDS;
use super::error::PipelineError;
use super::partition::{self, DecodedBatch, OpenPartition, PartitionUpdate, SortedBatch};
use super::processor::PartitionProcessor;
use super::rejects;
use super::retry::retry;
use super::setup::PipelineSetup;
use super::side_by_side::side_by_side;
use crate::alerting::tracker::AlertTracker;
use crate::plan_states;
use bus::{BATCH_BYTES, Failpoint, Partition};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// Idle deliveries in a row before a partition of Kafka counts as caught up, each a tenth of a second: its first
/// records may take a second or two. The log of one machine is caught up at the first idle delivery.
const IDLE_DELIVERIES: u32 = 30;

impl PartitionProcessor {
    /// Inserts a batch, settles and judges the plans that it touches, and commits all of it; while full batches keep coming,
    /// its facts alone.
    pub(super) fn process(&mut self, decoded: &DecodedBatch, stop: &AtomicBool) -> Result<(), PipelineError> {
        let time = self.evaluation_time();
        let open = self.open.get_mut(&decoded.batch.partition).ok_or(PipelineError::Ended)?;
        decoded.claims().for_each(|claim| self.future.take(claim, time.now));
        let names = Arc::clone(&open.names);
        let mut states = plan_states::write(&self.setup.states);
        let sorted = partition::sort((&mut states, self.setup.judges_append_time), &names, decoded);
        let new: Vec<&str> = sorted.plans.iter().filter(|plan| !open.plans.contains(**plan)).copied().collect();
        for plan in sorted.touched.union(&new.iter().copied().collect()) {
            if let Some(state) = states.get_mut(*plan) {
                open.behind.settled(plan, &state.settle(time.today.cutoff()));
            }
        }
        if open.writer.is_followed() {
            open.behind.came(&sorted.observations);
        }
        open.backlog.read(decoded.batch.len());
        // The log of one machine gives all it has, up to these limits; Kafka gives what has come.
        let is_full = decoded.batch.len() >= BATCH_RECORDS || decoded.batch.bytes() >= BATCH_BYTES;
        let more_waits = is_full || (self.setup.shared && open.backlog.left().is_some_and(|left| left > 0));
        let only_facts = more_waits && !open.behind.is_over(time.now);
        let update = if only_facts {
            open.behind.wait(time.now);
            PartitionUpdate::default()
        } else {
            open.derive(&states, time)
        };
        drop(states);
        Failpoint::BatchRead.reached();
        let started = Instant::now();
        let arrived = open.arrivals.add(&sorted.arrivals, time.now);
        let (added, facts) = retry(&self.setup, stop, || {
            open.write(&update, |change| {
                arrived.write(change)?;
                sorted.write(change, &decoded.batch)
            })
        })?;
        Failpoint::BatchStored.reached();
        if only_facts {
            Failpoint::FactsStored.reached();
        }
        open.apply(update);
        open.position = Some(decoded.batch.next);
        open.plans.extend(new.into_iter().map(str::to_owned));
        open.tally.add(added);
        report_quarantined(&self.setup, &sorted);
        rejects::note(&self.setup, decoded.batch.partition, &facts);
        self.setup.progress.batch_stored(started.elapsed(), self.setup.clock.now());
        self.catch_up(!is_full && !self.setup.shared, stop)?;
        self.report_progress();
        if sorted.retracts { self.apply_retractions(decoded.batch.partition, stop) } else { Ok(()) }
    }

    /// Settles and judges everything when the civil day has changed: time alone completes periods and
    /// makes sources overdue.
    pub(super) fn change_day(&mut self, stop: &AtomicBool) -> Result<(), PipelineError> {
        let today = partition::report_day(self.setup.clock.now());
        if today == self.today {
            return Ok(());
        }
        self.today = today;
        let mut states = plan_states::write(&self.setup.states);
        let changes =
            side_by_side(states.iter_mut().collect(), |(plan, state)| (plan.clone(), state.settle(today.cutoff())));
        drop(states);
        for (plan, changes) in &changes {
            for open in self.open.values_mut().filter(|open| open.plans.contains(plan)) {
                open.behind.settled(plan, changes);
            }
        }
        self.catch_up_rows(None, stop)?;
        self.report_alerts();
        Ok(())
    }

    /// Writes the derived rows that are behind the facts, and all that follows from them; with a batch at hand only those of other
    /// partitions, and only when they have waited for long.
    pub(super) fn catch_up_rows(&mut self, next: Option<Partition>, stop: &AtomicBool) -> Result<(), PipelineError> {
        let time = self.evaluation_time();
        for (partition, open) in &mut self.open {
            let is_due = next.is_none_or(|next| next != *partition && open.behind.is_over(time.now));
            if open.behind.is_empty() || !is_due {
                continue;
            }
            // The store may be locked for a while; readers of the plan states must not wait for it.
            let update = open.derive(&plan_states::read(&self.setup.states), time);
            store(&self.setup, open, update, stop)?;
        }
        Ok(())
    }

    /// Opens a partition anew, so that what was retracted leaves the figures.
    fn apply_retractions(&mut self, partition: bus::Partition, stop: &AtomicBool) -> Result<(), PipelineError> {
        self.future.clear();
        for (_, open) in self.open.iter().filter(|(other, _)| **other != partition) {
            self.future.load(open.writer.read(), &open.plans, self.setup.clock.now())?;
        }
        self.refresh(partition, stop)?;
        let quarantined = self.setup.progress.counts().quarantined;
        tracing::warn!(%partition, quarantined, "what was retracted counts no more");
        Ok(())
    }

    /// Counts the records of polls that have been open for long, and reports those that are incomplete.
    pub(super) fn check_polls(&mut self, stop: &AtomicBool) -> Result<(), PipelineError> {
        let now = self.setup.clock.now();
        for open in self.open.values_mut().filter(|open| open.arrivals.is_due(now)) {
            retry(&self.setup, stop, || {
                let changes = open.arrivals.count(open.writer.read(), now)?;
                if changes.is_empty() {
                    return Ok(());
                }
                open.writer.change(|change| changes.write(change))
            })?;
        }
        let incomplete = self.open.values().flat_map(|open| open.arrivals.incomplete());
        self.setup.progress.set_incomplete_polls(incomplete, now);
        Ok(())
    }

    /// Steps alerts when time alone changes them, or new landings do, also when no record comes.
    pub(super) fn fire_due_alerts(&mut self, stop: &AtomicBool) -> Result<(), PipelineError> {
        // Another instance may have taken over, with newer figures.
        if !self.setup.membership.is_ours() {
            return Ok(());
        }
        let time = self.evaluation_time();
        let mut stepped = false;
        for open in self.open.values_mut() {
            let Some(tracker) = &open.alerts else { continue };
            if !open.behind.is_empty() {
                // They are stepped with the judgements that are to come.
                continue;
            }
            let states = plan_states::read(&self.setup.states);
            let mut plans = open.plans.iter().filter_map(|plan| states.get(plan));
            if !tracker.is_due(time.now) && !plans.any(|state| tracker.has_new_landings(state)) {
                continue;
            }
            let update = open.step_alerts(&states, time);
            drop(states);
            store(&self.setup, open, update, stop)?;
            stepped = true;
        }
        if stepped {
            self.report_alerts();
        }
        Ok(())
    }

    /// Ends the catching up of partitions that have read what waited on the bus, and steps their alerts; `idle` when no
    /// more records seem to wait.
    pub(super) fn catch_up(&mut self, idle: bool, stop: &AtomicBool) -> Result<(), PipelineError> {
        let (time, needed) = (self.evaluation_time(), if self.setup.shared { IDLE_DELIVERIES } else { 1 });
        let mut stepped = false;
        for open in self.open.values_mut() {
            if idle {
                open.backlog.idle(needed);
            }
            if !open.behind.is_empty() {
                open.alerts.iter_mut().for_each(AlertTracker::records_came);
                continue;
            }
            let states = plan_states::read(&self.setup.states);
            let Some(update) = open.finish_catching_up(&states, time, idle, needed) else { continue };
            drop(states);
            store(&self.setup, open, update, stop)?;
            stepped = true;
        }
        if stepped {
            self.report_alerts();
        }
        self.report_readiness();
        Ok(())
    }
}

/// Stores an update that comes with no batch, and applies it.
fn store(
    setup: &PipelineSetup,
    open: &mut OpenPartition,
    update: PartitionUpdate,
    stop: &AtomicBool,
) -> Result<(), PipelineError> {
    retry(setup, stop, || open.write(&update, |_| Ok(())))?;
    open.apply(update);
    Ok(())
}

/// Reports what was put into quarantine, in one line a batch.
fn report_quarantined(setup: &PipelineSetup, sorted: &SortedBatch<'_>) {
    let Some(first) = sorted.quarantined.first() else { return };
    let (count, reason) = (sorted.quarantined.len(), first.reason);
    tracing::warn!(count, reason, offset = first.at.offset, "put records into quarantine");
    setup.progress.count_quarantined(sorted.quarantined.iter().map(|record| record.reason));
}
