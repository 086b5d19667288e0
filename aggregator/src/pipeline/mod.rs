//! The loop: records from the bus, into the states, into the store.
//!
//! ```text
//! thread 1   consumer --batch--> decode                      (reading.rs)
//!                                  |  bounded channel
//! thread 2                       enter --> settle --> commit (keeper.rs)
//! ```
//!
//! A batch is entered in the states of its plans, what it changes is settled and judged, and all of it
//! goes into the store in one transaction with the position behind it. Two threads, because decoding
//! takes as long as storing. Only the first is told to stop; the second ends when its input ends, with
//! the batches in hand stored. Nothing here decides what a figure means; `aggregator-core` does.
//!
//! - **states**: every plan's figures in memory; shared with readers (reports, the web).
//! - **fate**: what became of a record: stored, a duplicate, or quarantined. Always one of the three.
//! - **opening**: what happens when a partition is ours: its facts are read, judged again when the
//!   configuration changed, and its derived rows brought up to them.

mod alert_tracker;
mod configured_plans;
mod control;
mod counts;
mod decoder;
mod derived;
mod disposition;
mod intake;
mod open_partition;
mod processor;
mod progress;
mod reconfigure;
mod rejudge;

pub use configured_plans::ConfiguredPlans;
pub use control::ControlRequests;
pub use counts::{ConservationError, RecordCounts, check};
pub use progress::{PipelineState, Progress};

use crate::plan_states::SharedPlanStates;
use crate::sinks::{ConfiguredSink, Membership};
use crate::store::{self, StoreError};
use bus::{BusError, Consumer};
use contract::time::Clock;
use processor::PartitionProcessor;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, RwLock};
use std::time::Duration;

/// Batches that may wait between both threads. One hides the flush of the one before; each costs
/// about 20 MB when it is full.
const QUEUE_BATCHES: usize = 1;
/// How long an alert's rule must hold unless the setup says otherwise: longer than catching up, or a correction
/// that comes in two files, takes.
const HOLD: Duration = Duration::from_mins(5);
/// Records of a batch: a commit's flush is spread over that many, and a correction waits for no more.
pub const BATCH_RECORDS: usize = 20_000;

/// What a pipeline works with.
#[derive(Clone)]
pub struct PipelineSetup {
    /// The folder of the stores.
    pub data: PathBuf,
    /// The plans, as configured.
    pub configured: Arc<ConfiguredPlans>,
    /// Tells the civil day.
    pub clock: Arc<dyn Clock>,
    /// The states to keep, from [`Configured::states`].
    pub states: SharedPlanStates,
    /// Where it tells how far it is.
    pub progress: Arc<Progress>,
    /// What is wished of it meanwhile.
    pub control: Arc<ControlRequests>,
    /// How long an alert's rule must hold before anybody is told.
    pub hold: Duration,
    /// Who is told of what changed.
    pub sinks: Arc<[ConfiguredSink]>,
    /// Whether this instance may still speak for its partitions.
    pub membership: Arc<dyn Membership>,
    /// True where partitions move between instances: whoever opens one tells its sinks everything anew, since
    /// another may have written from older figures meanwhile.
    pub shared: bool,
    /// How long sinks may take for what is left when the pipeline ends; `None` leaves it to the next run.
    pub drain: Option<Duration>,
}

impl PipelineSetup {
    /// A setup with fresh states and progress.
    pub fn new(data: PathBuf, configured: ConfiguredPlans, clock: Arc<dyn Clock>) -> Self {
        let states = Arc::new(RwLock::new(configured.empty_states()));
        Self {
            data,
            configured: Arc::new(configured),
            clock,
            states: states,
            progress: Arc::default(),
            control: Arc::default(),
            hold: HOLD,
            sinks: Arc::default(),
            membership: Arc::new(()),
            shared: false,
            drain: None,
        }
    }
}

/// Why a pipeline ended.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The bus cannot be read.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// A store cannot be opened, read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread panicked; it has said why on stderr.
    #[error("a thread of the pipeline panicked")]
    Panicked,
    /// The end of the batches came before the end of reading.
    #[error("the keeping thread ended early")]
    Ended,
    /// Everything is stored, but a sink does not know all of it; the next run tells it.
    #[error("not everything was written: {0}; it is kept, run again when that is mended")]
    Undrained(String),
}

/// Keeps what the consumer delivers until `stop` is set or an error cannot be waited out. Blocks: give it
/// a thread of its own, not an async task. Errors worth another try are waited out, nothing is lost.
pub fn run(setup: &PipelineSetup, consumer: Box<dyn Consumer>, stop: &AtomicBool) -> Result<(), PipelineError> {
    let (work, inbox) = sync_channel(QUEUE_BATCHES);
    let mut keeper = PartitionProcessor::new(setup.clone());
    std::thread::scope(|scope| {
        let reading = std::thread::Builder::new()
            .name("decode".to_owned())
            .spawn_scoped(scope, move || decoder::run(setup, consumer, &work, stop))
            .map_err(|_| PipelineError::Panicked)?;
        // The inbox goes with it: a keeper that gave up makes the other thread's next send fail.
        let kept = keeper.run(inbox, stop).and_then(|()| keeper.drain());
        let (consumer, read) = reading.join().map_err(|_| PipelineError::Panicked)?;
        // Its partitions may be read by another once it is dropped: not before all is stored and closed.
        drop(keeper);
        drop(consumer);
        kept?;
        read
    })
}

/// Makes the derived rows of every store in the folder again from its facts, and says how many rows
/// differed: 0 in a healthy store. Refused while another process writes it.
pub fn rebuild(setup: &PipelineSetup) -> Result<u64, PipelineError> {
    let mut keeper = PartitionProcessor::silent(setup.clone());
    let mut changed = 0;
    for partition in store::partitions(&setup.data)? {
        changed += keeper.open(partition)?;
    }
    Ok(changed)
}

/// Judges everything in quarantine again, in every store of the folder, as a changed catalogue would, and says how many
/// records are there before and afterwards. Refused, with nothing changed, while another process writes a store.
pub fn replay(setup: &PipelineSetup) -> Result<(u64, u64), PipelineError> {
    let partitions = store::partitions(&setup.data)?;
    let mut before = 0;
    {
        let writers = partitions.iter().map(|p| store::open_writer(&setup.data, *p)).collect::<Result<Vec<_>, _>>()?;
        for mut writer in writers {
            before += writer.read().tally()?.quarantined;
            forget_configuration(&mut writer)?;
        }
    }
    rebuild(setup)?;
    let mut after = 0;
    for partition in partitions {
        after += store::open_reader(&setup.data, partition)?.tally()?.quarantined;
    }
    Ok((before, after))
}

/// Has the next opening find another configuration than the store was judged by.
fn forget_configuration(writer: &mut store::StoreWriter) -> Result<(), StoreError> {
    writer.change(|change| change.put_configuration(&BTreeMap::new()))
}

/// Has a sink told everything again by the next run, in every store of the folder; what its server would not take
/// is tried again too. Says how many stores it follows. Refused, with nothing changed, while another process
/// writes one of them.
pub fn resend(data: &Path, sink: &str) -> Result<usize, StoreError> {
    let partitions = store::partitions(data)?.into_iter();
    let mut writers = partitions.map(|p| store::open_writer(data, p)).collect::<Result<Vec<_>, _>>()?;
    let mut followed = 0;
    for writer in &mut writers {
        followed += usize::from(writer.change(|change| change.retell(sink))?);
    }
    Ok(followed)
}

/// Drops the derived rows of every store in the folder; the next opening makes them again.
pub fn drop_derived(data: &Path) -> Result<(), StoreError> {
    for partition in store::partitions(data)? {
        store::open_writer(data, partition)?.remove_derived()?;
    }
    Ok(())
}
