//! The events of the library while it is polled: noted here, acted on by the polling thread.
//!
//! The library would assign and revoke partitions by itself; here the event is only noted, so that a
//! revocation is acknowledged after the caller's commit and not before.

use super::error::{CapturedMessages, KafkaMessage};
use super::health::GroupHealth;
use crate::batch::Partition;
use parking_lot::Mutex;
use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaRespErr;
use std::sync::Arc;

/// A change that the group asks for, acknowledged by assigning or unassigning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RebalanceEvent {
    Assign(Vec<Partition>),
    Revoke,
}

/// Notes of the polling thread's own client.
pub(super) struct GroupContext {
    topic: String,
    health: Arc<GroupHealth>,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    events: Vec<RebalanceEvent>,
    captured: CapturedMessages,
    leaving: bool,
}

impl GroupContext {
    pub(super) fn new(topic: &str, health: Arc<GroupHealth>) -> Self {
        Self { topic: topic.to_owned(), health, notes: Mutex::default() }
    }

    /// The events since the last call, in order.
    pub(super) fn events(&self) -> Vec<RebalanceEvent> {
        std::mem::take(&mut self.notes.lock().events)
    }

    /// The message beside the last error.
    pub(super) fn reason(&self) -> Option<KafkaMessage> {
        self.notes.lock().captured.take()
    }

    /// From here on every revocation is acknowledged at once: reading has ended.
    pub(super) fn leave(&self) {
        self.notes.lock().leaving = true;
    }
}

impl ClientContext for GroupContext {
    fn error(&self, error: KafkaError, reason: &str) {
        self.notes.lock().captured.capture(&error, reason);
    }

    fn stats(&self, statistics: Statistics) {
        self.health.record(&self.topic, &statistics);
    }
}

impl ConsumerContext for GroupContext {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, code: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        let mut notes = self.notes.lock();
        if code == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !notes.leaving {
            let partitions = partitions.elements().iter().map(|element| Partition(element.partition())).collect();
            notes.events.push(RebalanceEvent::Assign(partitions));
        } else if notes.leaving {
            // An error would mean that there is nothing to hand back.
            let _ = consumer.unassign();
        } else {
            notes.events.push(RebalanceEvent::Revoke);
        }
    }
}
