//! The decoder thread: reads the bus and decodes batches.

use super::bus_contact::BusContact;
use super::error::PipelineError;
use super::partition::{BatchDecoder, DecodedBatch};
use super::setup::PipelineSetup;
use bus::{BusError, Consumer, Delivery, Partition, Position};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

/// Records of a batch: a commit's flush is spread over that many, and a correction waits for no more.
pub const BATCH_RECORDS: usize = 20_000;

/// How long a read waits for records; also how late a stop is noticed.
const MAX_WAIT: Duration = Duration::from_millis(100);
/// Pause before the bus is read again after a failure.
const RETRY: Duration = Duration::from_millis(500);

/// Requests of the decoder to the processor, in order.
pub(super) enum ProcessorRequest {
    /// Open a store.
    Open(Partition, SyncSender<StoredProgress>),
    /// Note in a store how many partitions the bus has.
    Partitions(Partition, i32),
    /// Reading a partition begins; so many records wait there, where the bus can say.
    Started(Partition, Option<u64>),
    /// Process a batch.
    Process(DecodedBatch),
    /// Close a store; the reply comes when it is closed.
    Close(Partition, SyncSender<()>),
    /// No record came; the day may have changed.
    Idle,
    /// The bus cannot be read; the day may have changed.
    Unread,
}

/// What the stores know of the bus.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StoredProgress {
    /// Where reading the partition goes on.
    pub(super) position: Option<Position>,
    /// How many partitions the bus had.
    pub(super) partitions: Option<i32>,
}

/// Reads until `stop` is set, or until the processor has ended. Gives the consumer back, so that its
/// partitions are not assigned to another instance before everything is stored.
pub(super) fn run(
    setup: &PipelineSetup,
    mut consumer: Box<dyn Consumer>,
    work: &SyncSender<ProcessorRequest>,
    stop: &AtomicBool,
) -> (Box<dyn Consumer>, Result<(), PipelineError>) {
    let (mut outcome, mut contact, mut decoder) = (Ok(()), BusContact::default(), BatchDecoder::default());
    while outcome.is_ok() && !stop.load(Ordering::Relaxed) {
        outcome = match consumer.next(BATCH_RECORDS, MAX_WAIT) {
            Ok(delivery) => {
                let proved = matches!(delivery, Delivery::Batch(_) | Delivery::Assigned(_));
                contact.answered(setup, proved, Instant::now());
                forward(setup, consumer.as_mut(), &mut decoder, delivery, work)
            }
            Err(error) if error.is_retriable() => {
                contact.failed(setup, &error, Instant::now());
                bus::pause::sleep_unless(RETRY, || stop.load(Ordering::Relaxed));
                hint(work, ProcessorRequest::Unread)
            }
            Err(error) => Err(error.into()),
        };
    }
    (consumer, outcome)
}

fn forward(
    setup: &PipelineSetup,
    consumer: &mut dyn Consumer,
    decoder: &mut BatchDecoder,
    delivery: Delivery,
    work: &SyncSender<ProcessorRequest>,
) -> Result<(), PipelineError> {
    let send = |item| work.send(item).map_err(|_| PipelineError::Ended);
    match delivery {
        Delivery::Batch(batch) => send(ProcessorRequest::Process(decoder.decode(batch, &setup.keys))),
        Delivery::Assigned(partition) => {
            let (answer, stored) = sync_channel(1);
            send(ProcessorRequest::Open(partition, answer))?;
            let stored = reply(&stored)?;
            retry(|| consumer.start(partition, stored.position))?;
            if let Some(count) = consumer.partitions(stored.partitions)? {
                send(ProcessorRequest::Partitions(partition, count))?;
            }
            send(ProcessorRequest::Started(partition, consumer.backlog(partition)))
        }
        Delivery::Revoked(partition) => {
            let (answer, closed) = sync_channel(1);
            send(ProcessorRequest::Close(partition, answer))?;
            reply(&closed)?;
            retry(|| consumer.release(partition))
        }
        Delivery::Idle => hint(work, ProcessorRequest::Idle),
    }
}

/// Sends what may be left out: a full queue means that batches come, which have the same effect.
fn hint(work: &SyncSender<ProcessorRequest>, request: ProcessorRequest) -> Result<(), PipelineError> {
    match work.try_send(request) {
        Err(TrySendError::Disconnected(_)) => Err(PipelineError::Ended),
        Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
    }
}

fn reply<T>(answer: &Receiver<T>) -> Result<T, PipelineError> {
    answer.recv().map_err(|_| PipelineError::Ended)
}

/// Tries of a start or a release: both must follow their delivery at once, so they ignore a stop.
const TRIES: usize = 10;

fn retry(mut call: impl FnMut() -> Result<(), BusError>) -> Result<(), PipelineError> {
    for _ in 1..TRIES {
        match call() {
            Err(error) if error.is_retriable() => std::thread::sleep(RETRY),
            outcome => return outcome.map_err(Into::into),
        }
    }
    call().map_err(Into::into)
}
