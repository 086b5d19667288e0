//! What a pipeline works with.

use super::configured_plans::ConfiguredPlans;
use super::control::ControlRequests;
use super::progress::Progress;
use crate::keys::KeyList;
use crate::plan_states::SharedPlanStates;
use crate::sinks::sink::{ConfiguredSink, Membership};
use crate::sinks::worker::SinkContext;
use aggregator_core::alert::AlertPolicy;
use contract::time::Clock;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::time::Duration;

/// How long an alert's rule must hold unless the setup has another time: longer than catching up, or a correction
/// that comes in two files, takes.
const HOLD: Duration = Duration::from_mins(5);

/// What a pipeline works with.
#[derive(Clone)]
pub struct PipelineSetup {
    /// The folder of the stores.
    pub data: PathBuf,
    /// The plans, as configured.
    pub configured: Arc<ConfiguredPlans>,
    /// The keys that sign records.
    pub keys: Arc<KeyList>,
    /// The clock; its civil day is the day that is judged.
    pub clock: Arc<dyn Clock>,
    /// The plan states that the pipeline writes, from [`ConfiguredPlans::empty_states`].
    pub states: SharedPlanStates,
    /// Where the pipeline reports how far it is.
    pub progress: Arc<Progress>,
    /// Requests to the running pipeline.
    pub control: Arc<ControlRequests>,
    /// How long an alert's rule must hold before the alert fires.
    pub hold: Duration,
    /// What is alerted on.
    pub alerts: Arc<AlertPolicy>,
    /// The sinks of every partition.
    pub sinks: Arc<[ConfiguredSink]>,
    /// Whether this instance still owns its partitions.
    pub membership: Arc<dyn Membership>,
    /// True where partitions move between instances: the instance that opens one sends everything to its sinks again,
    /// because another may have written from older figures meanwhile.
    pub shared: bool,
    /// True where the bus dates each record by a clock of its own, as Kafka's brokers do: a record that is ahead of it is
    /// quarantined. The log of one machine refuses such a record when it is published.
    pub judges_append_time: bool,
    /// How long sinks may take for the rest when the pipeline ends; `None` leaves the rest to the next run.
    pub drain: Option<Duration>,
}

impl PipelineSetup {
    /// A setup with empty plan states and without sinks.
    pub fn new(data: PathBuf, configured: ConfiguredPlans, clock: Arc<dyn Clock>) -> Self {
        let states = Arc::new(RwLock::new(configured.empty_states()));
        Self {
            data,
            configured: Arc::new(configured),
            keys: Arc::default(),
            clock,
            states,
            progress: Arc::default(),
            control: Arc::default(),
            hold: HOLD,
            alerts: Arc::default(),
            sinks: Arc::default(),
            membership: Arc::new(()),
            shared: false,
            judges_append_time: false,
            drain: None,
        }
    }

    /// What the workers of the sinks need.
    pub(super) fn sink_context(&self) -> SinkContext {
        SinkContext {
            sinks: Arc::clone(&self.sinks),
            plans: Arc::clone(&self.states),
            clock: Arc::clone(&self.clock),
            membership: Arc::clone(&self.membership),
            health: Arc::clone(self.progress.health()),
            metrics: self.progress.metrics().cloned(),
        }
    }
}
