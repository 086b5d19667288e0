//! The thread that keeps: it owns the stores of the open partitions and writes the states.

use super::alert_tracker::{AlertTracker, AlertTransitions, EvaluationTime};
use super::decoder::ProcessorRequest;
use super::derived::{self, Derived};
use super::intake::{self, DecodedBatch};
use super::open_partition::{self, OpenPartition, SinkSubscriptions};
use super::{BATCH_RECORDS, PipelineError, PipelineSetup, RecordCounts};
use crate::plan_states;
use crate::sinks::{SinkInput, SinkWorkers};
use crate::store::StoreError;
use aggregator_core::report_period::ReportPeriod;
use bus::{BATCH_BYTES, Failpoint, Partition, Position};
use contract::error::chain;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// First pause before a failed commit is tried again; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Longest pause: a person who made room on the disk should not have to wait.
const LAST_PAUSE: Duration = Duration::from_secs(5);
/// Times in a row that nothing must have come before a partition of Kafka counts as read up, each a tenth of a second:
/// its first answer may take a second or two. The log of one machine says at once that there is nothing.
const QUIET: u32 = 30;
/// How long a pause goes on before a stop is looked for.
const SLICE: Duration = Duration::from_millis(50);

/// Owns the stores of the open partitions.
pub(super) struct PartitionProcessor {
    pub(super) setup: PipelineSetup,
    // Declared before the stores, so that it is dropped before them.
    workers: BTreeMap<Partition, SinkWorkers>,
    pub(super) open: BTreeMap<Partition, OpenPartition>,
    today: ReportPeriod,
    subscriptions: SinkSubscriptions,
}

impl PartitionProcessor {
    /// A keeper whose sinks are told what changes.
    pub(super) fn new(setup: PipelineSetup) -> Self {
        let of = |follows| setup.sinks.iter().filter(move |sink| sink.follows == follows).map(|sink| sink.name);
        let names = Some(of(SinkInput::Changes).collect());
        let followers =
            SinkSubscriptions { changes: names, alerts: Some(of(SinkInput::Alerts).collect()), resend: setup.shared };
        Self { subscriptions: followers, ..Self::silent(setup) }
    }

    /// A keeper that tells nobody; those who follow find the changes later.
    pub(super) fn silent(setup: PipelineSetup) -> Self {
        let today = derived::report_day(setup.clock.now());
        let followers = SinkSubscriptions::default();
        Self { setup, workers: BTreeMap::new(), open: BTreeMap::new(), today, subscriptions: followers }
    }

    /// Does what it is asked until nobody can ask any more.
    pub(super) fn run(&mut self, inbox: Receiver<ProcessorRequest>, stop: &AtomicBool) -> Result<(), PipelineError> {
        for work in inbox {
            self.change_day(stop)?;
            self.fire_due_alerts(stop)?;
            self.apply_requests(stop)?;
            match work {
                ProcessorRequest::Idle => self.finish_catching_up(true, stop)?,
                ProcessorRequest::Process(decoded) => self.process(&decoded, stop)?,
                ProcessorRequest::Open(partition, answer) => {
                    let position = self.open_with_retry(partition, stop)?;
                    // Nobody waits for it when the other thread has ended.
                    let _ = answer.send(position);
                }
                ProcessorRequest::Close(partition, answer) => {
                    self.close(partition)?;
                    let _ = answer.send(());
                }
            }
        }
        Ok(())
    }

    /// Lets the sinks of the open partitions write what is left, as long as the setup allows.
    pub(super) fn drain(&mut self) -> Result<(), PipelineError> {
        let Some(limit) = self.setup.drain else { return Ok(()) };
        let until = Instant::now() + limit;
        let workers = std::mem::take(&mut self.workers).into_values();
        let failures: Vec<String> = workers.flat_map(|workers| workers.drain(until)).collect();
        if failures.is_empty() { Ok(()) } else { Err(PipelineError::Undrained(failures.join("; "))) }
    }

    /// Opens a partition and says how many derived rows differed from the facts.
    pub(super) fn open(&mut self, partition: Partition) -> Result<u64, StoreError> {
        let PipelineSetup { data, configured, .. } = &self.setup;
        let mut states = plan_states::write(&self.setup.states);
        let mut opened =
            open_partition::open(data, partition, configured, &mut states, self.today, &self.subscriptions);
        if let (Ok(open), Some(alerts)) = (&mut opened, &self.subscriptions.alerts)
            && let Err(error) = open.track_alerts(alerts, self.setup.hold, &states, self.setup.clock.now())
        {
            opened = Err(error);
        }
        drop(states);
        match opened {
            Ok(open) => {
                let changed = open.changed;
                self.open.insert(partition, open);
                self.report_progress();
                Ok(changed)
            }
            Err(error) => {
                let all = self.setup.configured.catalogues().map(|c| c.plan.id.clone()).collect();
                self.rebuild_states(&all)?;
                Err(error)
            }
        }
    }

    pub(super) fn open_with_retry(
        &mut self,
        partition: Partition,
        stop: &AtomicBool,
    ) -> Result<Option<Position>, PipelineError> {
        let mut patience = StoreRetry::default();
        loop {
            match self.open(partition) {
                Ok(changed) => {
                    self.start_sinks(partition)?;
                    let counts = self.setup.progress.counts();
                    tracing::info!(%partition, changed, stored = counts.stored, "opened a partition");
                    break;
                }
                Err(error) => patience.wait(&self.setup, error, stop)?,
            }
        }
        patience.over(&self.setup);
        Ok(self.open.get(&partition).and_then(|open| open.position))
    }

    fn start_sinks(&mut self, partition: Partition) -> Result<(), StoreError> {
        let Some(open) = self.open.get(&partition) else { return Ok(()) };
        let workers = SinkWorkers::start(&self.setup, partition, &open.writer)?;
        self.workers.insert(partition, workers);
        Ok(())
    }

    /// Closes a partition: its sinks end first, its figures leave the states.
    pub(super) fn close(&mut self, partition: Partition) -> Result<(), StoreError> {
        self.workers.remove(&partition);
        let Some(closed) = self.open.remove(&partition) else { return Ok(()) };
        let plans = closed.plans.clone();
        drop(closed);
        self.rebuild_states(&plans)?;
        self.report_progress();
        tracing::info!(%partition, "closed a partition");
        Ok(())
    }

    /// Makes the states of some plans again from the stores that are open.
    fn rebuild_states(&mut self, plans: &BTreeSet<String>) -> Result<(), StoreError> {
        let mut states = plan_states::write(&self.setup.states);
        let fresh = self.setup.configured.empty_states();
        states.extend(fresh.into_iter().filter(|(plan, _)| plans.contains(plan)));
        for open in self.open.values() {
            open.insert_again(plans, &mut states)?;
        }
        for state in states.values_mut() {
            state.settle(self.today.cutoff());
        }
        Ok(())
    }

    /// Enters a batch, settles and judges what it touched, and commits all of it.
    fn process(&mut self, decoded: &DecodedBatch, stop: &AtomicBool) -> Result<(), PipelineError> {
        let (partition, when) = (decoded.batch.partition, self.evaluation_time());
        let Some(OpenPartition { writer, names, plans, judged, alerts: watch, tally, position, .. }) =
            self.open.get_mut(&partition)
        else {
            return Err(PipelineError::Ended);
        };
        let mut states = plan_states::write(&self.setup.states);
        let sorted = intake::sort(&mut states, names, decoded);
        let new: Vec<&str> = sorted.plans.iter().filter(|plan| !plans.contains(**plan)).copied().collect();
        let (mut derived, mut steps) = (Vec::new(), AlertTransitions::default());
        for plan in sorted.touched.union(&new.iter().copied().collect()) {
            let (Some(state), Some(names)) = (states.get_mut(*plan), names.get(*plan)) else { continue };
            let changes = state.settle(self.today.cutoff());
            let fresh = Derived::of_changes(state, names, self.today, &changes, judged);
            if let Some(watch) = watch {
                watch.step((state, names), (judged, Some(&fresh)), when, &mut steps);
            }
            derived.push(fresh);
        }
        drop(states);
        Failpoint::BatchRead.reached();
        let started = Instant::now();
        let mut patience = StoreRetry::default();
        let added = loop {
            let written = writer.change(|change| {
                steps.write(change)?;
                sorted.write(change, &decoded.batch, &derived)
            });
            match written {
                Ok(added) => break added,
                Err(error) => patience.wait(&self.setup, error, stop)?,
            }
        };
        patience.over(&self.setup);
        Failpoint::BatchStored.reached();
        *position = Some(decoded.batch.next);
        plans.extend(new.into_iter().map(str::to_owned));
        for one in derived {
            one.apply_to(judged);
        }
        steps.apply_to(watch);
        tally.received += added.received;
        tally.stored += added.stored;
        tally.duplicate += added.duplicate;
        tally.quarantined += added.quarantined;
        report_quarantined(&self.setup, &sorted);
        self.setup.progress.batch_stored(started.elapsed(), self.setup.clock.now());
        // The log of one machine gives all it has, up to these limits.
        let short = decoded.batch.len() < BATCH_RECORDS && decoded.batch.bytes() < BATCH_BYTES;
        self.finish_catching_up(short && !self.setup.shared, stop)?;
        self.report_progress();
        Ok(())
    }

    /// Settles and judges everything when the civil day has changed: time alone completes periods and
    /// makes sources overdue.
    fn change_day(&mut self, stop: &AtomicBool) -> Result<(), PipelineError> {
        let today = derived::report_day(self.setup.clock.now());
        if today == self.today {
            return Ok(());
        }
        self.today = today;
        let when = self.evaluation_time();
        let mut states = plan_states::write(&self.setup.states);
        let changes: BTreeMap<String, Vec<_>> =
            states.iter_mut().map(|(plan, state)| (plan.clone(), state.settle(today.cutoff()))).collect();
        let mut turned = Vec::new();
        for open in self.open.values_mut() {
            let (mut derived, mut steps) = (Vec::new(), AlertTransitions::default());
            for plan in &open.plans {
                let (Some(state), Some(names)) = (states.get(plan), open.names.get(plan)) else { continue };
                let changes = changes.get(plan).map_or(&[][..], Vec::as_slice);
                let fresh = Derived::of_changes(state, names, today, changes, &open.judged);
                if let Some(watch) = &open.alerts {
                    watch.step((state, names), (&open.judged, Some(&fresh)), when, &mut steps);
                }
                derived.push(fresh);
            }
            turned.push((open, derived, steps));
        }
        // A store may have to be waited for, and readers of the states should not wait with us.
        drop(states);
        for (open, derived, steps) in turned {
            let mut patience = StoreRetry::default();
            while let Err(error) = open.writer.change(|change| {
                steps.write(change)?;
                derived.iter().try_for_each(|one: &Derived| one.write(change))
            }) {
                patience.wait(&self.setup, error, stop)?;
            }
            patience.over(&self.setup);
            for one in derived {
                one.apply_to(&mut open.judged);
            }
            steps.apply_to(&mut open.alerts);
        }
        self.report_alerts();
        Ok(())
    }

    /// Fires what has been bad for as long as the hold, also when no record comes.
    fn fire_due_alerts(&mut self, stop: &AtomicBool) -> Result<(), PipelineError> {
        let when = self.evaluation_time();
        let mut stepped = false;
        for open in self.open.values_mut() {
            if !open.alerts.as_ref().is_some_and(|watch| watch.is_due(when.now)) {
                continue;
            }
            let mut steps = AlertTransitions::default();
            open.steps(&plan_states::read(&self.setup.states), when, &mut steps);
            write_transitions(&self.setup, open, steps, stop)?;
            stepped = true;
        }
        if stepped {
            self.report_alerts();
        }
        Ok(())
    }

    /// Tells of alerts once what waited on the bus has been read; `last` when nothing more seems to wait.
    fn finish_catching_up(&mut self, last: bool, stop: &AtomicBool) -> Result<(), PipelineError> {
        let (when, needed) = (self.evaluation_time(), if self.setup.shared { QUIET } else { 1 });
        let mut stepped = false;
        for open in self.open.values_mut() {
            let states = plan_states::read(&self.setup.states);
            let Some(steps) = open.finish_catching_up(&states, when, last, needed) else { continue };
            drop(states);
            write_transitions(&self.setup, open, steps, stop)?;
            stepped = true;
        }
        if stepped {
            self.report_alerts();
        }
        Ok(())
    }

    fn evaluation_time(&self) -> EvaluationTime {
        EvaluationTime { now: self.setup.clock.now(), today: self.today }
    }

    /// Tells how many alerts stand.
    fn report_alerts(&self) {
        let Some(metrics) = self.setup.progress.metrics() else { return };
        let watches = || self.open.values().filter_map(|open| open.alerts.as_ref());
        let (pending, firing) =
            watches().map(AlertTracker::count).fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
        if self.subscriptions.alerts.as_ref().is_some_and(|followers| !followers.is_empty()) {
            metrics.sinks().set_alerts(pending, firing);
        }
    }

    /// Tells how far it is, and that nothing was lost.
    fn report_progress(&self) {
        let mut counts = RecordCounts::default();
        self.open.values().for_each(|open| counts.add(open.tally));
        debug_assert!(counts.is_conserved(), "{counts:?}");
        let states = plan_states::read(&self.setup.states);
        counts.superseded = states.values().map(|state| state.ledger().superseded()).sum();
        drop(states);
        let next = |(partition, open): (&Partition, &OpenPartition)| Some((partition.0, open.position?.next));
        let positions = self.open.iter().filter_map(next).collect();
        self.setup.progress.set_counts(counts, positions, !self.open.is_empty());
        self.report_alerts();
    }
}

/// Writes what changes about alerts.
fn write_transitions(
    setup: &PipelineSetup,
    open: &mut OpenPartition,
    steps: AlertTransitions,
    stop: &AtomicBool,
) -> Result<(), PipelineError> {
    let mut patience = StoreRetry::default();
    while let Err(error) = open.writer.change(|change| steps.write(change)) {
        patience.wait(setup, error, stop)?;
    }
    patience.over(setup);
    steps.apply_to(&mut open.alerts);
    Ok(())
}

/// Tells what was put into quarantine, in one line a batch.
fn report_quarantined(setup: &PipelineSetup, sorted: &intake::SortedBatch<'_>) {
    let Some(first) = sorted.quarantined.first() else { return };
    let (count, reason) = (sorted.quarantined.len(), first.reason);
    tracing::warn!(count, reason, offset = first.at.offset, "put records into quarantine");
    setup.progress.count_quarantined(sorted.quarantined.iter().map(|record| record.reason));
}

/// Waits out what may pass by itself.
#[derive(Default)]
pub(super) struct StoreRetry {
    pause: Option<Duration>,
}

impl StoreRetry {
    /// Waits before another try, or gives the error back when there is no point, or no time, in trying.
    pub(super) fn wait(
        &mut self,
        setup: &PipelineSetup,
        error: StoreError,
        stop: &AtomicBool,
    ) -> Result<(), PipelineError> {
        if !error.is_retriable() || stop.load(Ordering::Relaxed) {
            return Err(error.into());
        }
        let pause = self.pause.map_or(FIRST_PAUSE, |pause| (pause * 2).min(LAST_PAUSE));
        tracing::warn!(error = %chain(&error), "the store cannot be written for now; the batch is kept");
        setup.progress.store_failed(&error, setup.clock.now());
        let mut left = pause;
        while !left.is_zero() && !stop.load(Ordering::Relaxed) {
            let slice = left.min(SLICE);
            std::thread::sleep(slice);
            left -= slice;
        }
        self.pause = Some(pause);
        Ok(())
    }

    /// It worked.
    pub(super) fn over(self, setup: &PipelineSetup) {
        if self.pause.is_some() {
            tracing::info!("the store can be written again");
            setup.progress.store_recovered();
        }
    }
}
