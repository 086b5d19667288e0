//! The partition processor: owns the stores of the open partitions and writes the plan states.

use super::counts::RecordCounts;
use super::decoder::{ProcessorRequest, StoredProgress};
use super::error::PipelineError;
use super::future_records::FutureRecords;
use super::partition::{self, OpenPartition, SinkSubscriptions};
use super::rejects;
use super::rest::Rest;
use super::retained::RetainedPartitions;
use super::retry::retry;
use super::setup::PipelineSetup;
use super::side_by_side::side_by_side;
use crate::alerting::tracker::{AlertTracker, EvaluationTime};
use crate::health::Readiness;
use crate::plan_states;
use crate::sinks::sink::SinkInput;
use crate::sinks::worker::SinkWorkers;
use crate::store::{self, StoreError};
use aggregator_core::report_period::ReportPeriod;
use bus::{Partition, Position};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Receiver;
use std::time::Instant;

/// Owns the stores of the open partitions.
pub(super) struct PartitionProcessor {
    pub(super) setup: PipelineSetup,
    // Declared before the stores, so that it is dropped before them.
    pub(super) workers: BTreeMap<Partition, SinkWorkers>,
    pub(super) open: BTreeMap<Partition, OpenPartition>,
    pub(super) retained: RetainedPartitions,
    /// The day that is judged.
    pub(super) today: ReportPeriod,
    pub(super) subscriptions: SinkSubscriptions,
    pub(super) future: FutureRecords,
    rest: Rest,
}

impl PartitionProcessor {
    /// A processor that starts the sinks of the setup for each partition.
    pub(super) fn new(setup: PipelineSetup) -> Self {
        let of = |input| setup.sinks.iter().filter(move |sink| sink.input == input).map(|sink| sink.name);
        let changes = Some(of(SinkInput::Changes).collect());
        let alerts = Some(of(SinkInput::Alerts).collect());
        let subscriptions = SinkSubscriptions { changes, alerts, resend: setup.shared };
        Self { subscriptions, ..Self::without_sinks(setup) }
    }

    /// A processor without sinks; the sinks of a later run find the changes in the store.
    pub(super) fn without_sinks(setup: PipelineSetup) -> Self {
        let today = partition::report_day(setup.clock.now());
        let subscriptions = SinkSubscriptions::default();
        let (retained, future) = (RetainedPartitions::new(Instant::now()), FutureRecords::default());
        let (workers, open, rest) = (BTreeMap::new(), BTreeMap::new(), Rest::default());
        Self { setup, workers, open, retained, today, subscriptions, future, rest }
    }

    /// Handles requests until the decoder ends.
    pub(super) fn run(&mut self, inbox: Receiver<ProcessorRequest>, stop: &AtomicBool) -> Result<(), PipelineError> {
        for request in inbox {
            match &request {
                ProcessorRequest::Process(decoded) => self.catch_up_rows(Some(decoded.batch.partition), stop)?,
                // Nothing is written for another instance's partition.
                ProcessorRequest::Close(..) => {}
                _ => self.catch_up_rows(None, stop)?,
            }
            self.change_day(stop)?;
            self.fire_due_alerts(stop)?;
            self.check_polls(stop)?;
            self.apply_requests(stop)?;
            self.future.report(self.setup.progress.health(), self.setup.clock.now());
            self.check_retained(Instant::now())?;
            match request {
                ProcessorRequest::Unread => {}
                ProcessorRequest::Idle => {
                    self.catch_up(true, stop)?;
                    if self.rest.begins(Instant::now()) {
                        self.open.values().for_each(|open| open.writer.release_cache());
                    }
                }
                ProcessorRequest::Started(partition, waiting) => self.begin_backlog(partition, waiting),
                ProcessorRequest::Process(decoded) => {
                    self.process(&decoded, stop)?;
                    self.rest.work(Instant::now());
                }
                ProcessorRequest::Open(partition, reply) => {
                    let position = self.open_with_retry(partition, stop)?;
                    self.rest.work(Instant::now());
                    let partitions = store::partition_count(&self.setup.data)?;
                    // The receiver is gone when the decoder has ended.
                    let _ = reply.send(StoredProgress { position, partitions });
                }
                ProcessorRequest::Partitions(partition, count) => {
                    let open = self.open.get_mut(&partition).ok_or(PipelineError::Ended)?;
                    retry(&self.setup, stop, || open.writer.change(|change| change.put_partitions(count)))?;
                }
                ProcessorRequest::Close(partition, reply) => {
                    self.revoke(partition, stop)?;
                    let _ = reply.send(());
                }
            }
        }
        self.catch_up_rows(None, stop)
    }

    /// Lets the sinks of the open partitions write the rest, as long as the setup allows.
    pub(super) fn drain(&mut self) -> Result<(), PipelineError> {
        let Some(limit) = self.setup.drain else { return Ok(()) };
        let until = Instant::now() + limit;
        let workers = std::mem::take(&mut self.workers).into_values();
        let failures: Vec<String> = workers.flat_map(|workers| workers.drain(until)).collect();
        if failures.is_empty() { Ok(()) } else { Err(PipelineError::Undrained(failures.join("; "))) }
    }

    /// Opens a partition; gives how many derived rows differed from the facts.
    pub(super) fn open(&mut self, partition: Partition) -> Result<u64, StoreError> {
        if self.retained.contains(partition) {
            return self.reopen(partition);
        }
        let mut states = plan_states::write(&self.setup.states);
        let opened = partition::open(&self.setup, partition, &mut states, self.evaluation_time(), &self.subscriptions);
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
        let changed = retry(&self.setup.clone(), stop, || self.open(partition))?;
        let Some(open) = self.open.get(&partition) else { return Ok(None) };
        self.future.load(open.writer.read(), &open.plans, self.setup.clock.now())?;
        rejects::load(&self.setup, partition, open.writer.read())?;
        let workers = SinkWorkers::start(&self.setup.sink_context(), partition, &open.writer)?;
        self.workers.insert(partition, workers);
        let stored = self.setup.progress.counts().stored;
        tracing::info!(%partition, changed, stored, "opened a partition");
        Ok(open.position)
    }

    /// Closes a partition: its sinks end first, then its figures leave the plan states.
    pub(super) fn close(&mut self, partition: Partition) -> Result<(), StoreError> {
        self.workers.remove(&partition);
        let Some(closed) = self.open.remove(&partition) else { return Ok(()) };
        let plans = closed.plans.clone();
        drop(closed);
        rejects::forget(&self.setup, partition);
        self.rebuild_states(&plans)?;
        self.report_progress();
        tracing::info!(%partition, "closed a partition");
        Ok(())
    }

    /// Builds the states of some plans again from the stores that are open or retained.
    pub(super) fn rebuild_states(&mut self, plans: &BTreeSet<String>) -> Result<(), StoreError> {
        let mut states = plan_states::write(&self.setup.states);
        let empty = self.setup.configured.empty_states();
        states.extend(empty.into_iter().filter(|(plan, _)| plans.contains(plan)));
        self.insert_again(plans, &mut states)?;
        let cutoff = self.today.cutoff();
        side_by_side(states.values_mut().collect(), |state| drop(state.settle(cutoff)));
        Ok(())
    }

    /// Reading a partition begins; `waiting` records wait on the bus.
    fn begin_backlog(&mut self, partition: Partition, waiting: Option<u64>) {
        if let Some(open) = self.open.get_mut(&partition) {
            open.backlog.begin(waiting);
        }
        self.report_readiness();
    }

    pub(super) fn evaluation_time(&self) -> EvaluationTime {
        EvaluationTime { now: self.setup.clock.now(), today: self.today }
    }

    /// Reports how many alerts are pending and firing.
    pub(super) fn report_alerts(&self) {
        let Some(metrics) = self.setup.progress.metrics() else { return };
        let trackers = self.open.values().filter_map(|open| open.alerts.as_ref());
        let (pending, firing) =
            trackers.map(AlertTracker::count).fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
        if self.subscriptions.alerts.as_ref().is_some_and(|sinks| !sinks.is_empty()) {
            metrics.sinks().set_alerts(pending, firing);
        }
    }

    /// Reports how far the processor is, and where all records went.
    pub(super) fn report_progress(&self) {
        let mut counts = RecordCounts::default();
        self.open.values().for_each(|open| counts.add(open.tally));
        self.retained.tallies().for_each(|tally| counts.add(tally));
        debug_assert!(counts.is_conserved(), "{counts:?}");
        let states = plan_states::read(&self.setup.states);
        counts.superseded = states.values().map(|state| state.ledger().superseded()).sum();
        drop(states);
        let next = |(partition, open): (&Partition, &OpenPartition)| Some((partition.0, open.position?.next));
        let positions = self.open.iter().filter_map(next).collect();
        self.setup.progress.set_counts(counts, positions);
        self.report_readiness();
        self.report_alerts();
    }

    /// Reports whether the figures are current.
    pub(super) fn report_readiness(&self) {
        let left: Option<u64> = self.open.values().map(|open| open.backlog.left()).sum();
        let was_ready = self.setup.progress.is_ready();
        let readiness = match left {
            _ if self.open.is_empty() && self.retained.is_empty() => Readiness::Unassigned,
            // Figures of before are served; that the bus is away is reported as a degraded component.
            _ if self.open.is_empty() && was_ready => Readiness::Ready,
            _ if self.open.is_empty() => Readiness::Unassigned,
            Some(0) => Readiness::Ready,
            left => Readiness::CatchingUp(left),
        };
        self.setup.progress.set_readiness(readiness);
    }
}
