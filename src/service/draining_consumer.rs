//! A consumer for commands that end by themselves.

use crate::transport::RecordReader;
use bus::{BusError, Consumer, Delivery, Partition, Position};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A consumer that stops its pipeline once it has delivered every record on the bus.
pub(crate) struct DrainingConsumer {
    inner: Box<dyn Consumer>,
    /// True when an idle bus has no more records.
    is_read: Box<dyn Fn() -> bool + Send>,
    stop: Arc<AtomicBool>,
}

impl DrainingConsumer {
    /// Wraps the consumer of an aggregator.
    pub(crate) fn new(reader: RecordReader, stop: &Arc<AtomicBool>) -> Self {
        Self { is_read: reader.is_read(), inner: reader.consumer, stop: Arc::clone(stop) }
    }
}

impl Consumer for DrainingConsumer {
    fn next(&mut self, max_records: usize, max_wait: Duration) -> Result<Delivery, BusError> {
        let delivery = self.inner.next(max_records, max_wait)?;
        if matches!(delivery, Delivery::Idle) && (self.is_read)() {
            self.stop.store(true, Ordering::Release);
        }
        Ok(delivery)
    }

    fn start(&mut self, partition: Partition, from: Option<Position>) -> Result<(), BusError> {
        self.inner.start(partition, from)
    }

    fn partitions(&self, known: Option<i32>) -> Result<Option<i32>, BusError> {
        self.inner.partitions(known)
    }

    fn backlog(&self, partition: Partition) -> Option<u64> {
        self.inner.backlog(partition)
    }

    fn release(&mut self, partition: Partition) -> Result<(), BusError> {
        self.inner.release(partition)
    }
}
