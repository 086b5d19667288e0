//! The loop: records from the bus, into the plan states, into the store.
//!
//! ```text
//! thread 1   consumer --batch--> decode                                     (decoder.rs)
//!                                  |  bounded channel
//! thread 2                       insert -> settle -> derive -> step -> write (processor.rs, process.rs)
//! ```
//!
//! A batch is inserted into the states of its plans, the rollups that it touches are settled, the KPIs are judged, and
//! the alerts are stepped. All of it goes into the store in one transaction, together with the position behind the
//! batch: the position in the store is the committed offset. While more records wait, only facts and position are written, and
//! what is derived follows within a second (`partition/behind.rs`). Two threads, because decoding takes as long as storing.
//! Only the first looks for a stop; the second ends when its input ends, and stores the batches in hand first. Nothing
//! here decides what a figure means; `aggregator-core` does.
//!
//! - **plan states**: every plan's figures in memory; shared with readers (reports, the web).
//! - **disposition**: stored, a duplicate, quarantined, or folded; every record has exactly one.
//! - **opening**: when a partition is assigned, its facts are read, quarantined records are judged again if the
//!   configuration changed, and the derived rows are brought up to the facts.
//! - **retaining** (`retain.rs`): when contact with the bus is lost its stores are closed, and their figures stay on show.

mod bus_contact;
mod configured_plans;
mod control;
mod counts;
mod decoder;
mod error;
mod future_records;
mod maintenance;
mod partition;
mod process;
mod processor;
mod progress;
mod reconfigure;
mod rejects;
mod rest;
mod retain;
mod retained;
mod retry;
mod setup;
mod side_by_side;

pub use configured_plans::ConfiguredPlans;
pub use control::ControlRequests;
pub use counts::{ConservationError, RecordCounts, check};
pub use decoder::BATCH_RECORDS;
pub use error::PipelineError;
pub use maintenance::{drop_derived, rebuild, replay, resend};
pub use progress::{PipelineState, Progress};
pub use setup::PipelineSetup;

use bus::Consumer;
use processor::PartitionProcessor;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::sync_channel;

/// Batches that may wait between both threads. One hides the flush of the one before; each costs
/// about 20 MB when it is full.
const QUEUE_BATCHES: usize = 1;

/// Stores what the consumer delivers until `stop` is set or an error occurs that no retry cures. Blocks: give it
/// a thread of its own, not an async task. Errors that may pass are retried, and no record is lost.
pub fn run(setup: &PipelineSetup, consumer: Box<dyn Consumer>, stop: &AtomicBool) -> Result<(), PipelineError> {
    let (work, inbox) = sync_channel(QUEUE_BATCHES);
    let mut processor = PartitionProcessor::new(setup.clone());
    std::thread::scope(|scope| {
        let decoding = std::thread::Builder::new()
            .name("decode".to_owned())
            .spawn_scoped(scope, move || decoder::run(setup, consumer, &work, stop))
            .map_err(|_| PipelineError::Panicked)?;
        // The processor drops the inbox when it fails, so that the next send of the other thread fails too.
        let processed = processor.run(inbox, stop).and_then(|()| processor.drain());
        let (consumer, decoded) = decoding.join().map_err(|_| PipelineError::Panicked)?;
        // Another instance may read the partitions once the consumer is dropped: not before all is stored and closed.
        drop(processor);
        drop(consumer);
        processed?;
        decoded
    })
}
