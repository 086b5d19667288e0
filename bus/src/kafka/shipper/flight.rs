//! The producer of a shipper: sends, and says when all that it sent has arrived.
//!
//! Records that arrive are not reported one by one: a report costs as much as compressing a tenth of a record. librdkafka
//! counts what is on its way instead: a record is counted until it was acknowledged or, when it failed, until its report was
//! handled here (`rd_kafka_outq_len`, which its `flush` waits for). So once nothing is counted and no failure was reported,
//! all that was sent has arrived; until then nothing is taken to have arrived.

use crate::error::BusError;
use crate::kafka::client;
use crate::kafka::error::{self, CapturedMessages, KafkaMessage, KafkaOperation};
use crate::kafka::settings::KafkaConfig;
use crate::log::ShippingLog;
use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Records that are sent at a time, between two looks at what the producer reports.
const SEND_RECORDS: usize = 2000;
/// How long records are sent, one behind the other without waiting, before those on their way are let arrive. It bounds what
/// is sent again after a failure; waiting costs one round trip each time.
const SETTLE_EVERY: Duration = Duration::from_secs(1);

/// What the producer reported, kept when a producer is given up for a new one.
#[derive(Default)]
pub(super) struct DeliveryReports {
    /// The first record that will not arrive by itself, and why.
    pub(super) failed: Option<(i64, Code)>,
    captured: CapturedMessages,
    /// The message to report next.
    pub(super) latest: Option<KafkaMessage>,
}

impl DeliveryReports {
    fn fail(&mut self, id: i64, code: Code) {
        self.failed.get_or_insert((id, code));
    }
}

/// The library's view of it.
struct DeliveryContext(Arc<Mutex<DeliveryReports>>);

/// A producer at work.
pub(super) struct InFlight {
    topic: String,
    producer: BaseProducer<DeliveryContext>,
    reports: Arc<Mutex<DeliveryReports>>,
    /// The last record that was handed to the producer.
    sent: i64,
    /// Since when there is something on its way.
    since: Option<Instant>,
}

impl ClientContext for DeliveryContext {
    fn error(&self, error: KafkaError, reason: &str) {
        let mut reports = self.0.lock();
        let message = reports.captured.capture(&error, reason).cloned();
        reports.latest = message.or(reports.latest.take());
    }
}

impl ProducerContext for DeliveryContext {
    type DeliveryOpaque = usize;

    /// Called for what failed alone (`delivery.report.only.error`).
    fn delivery(&self, result: &DeliveryResult<'_>, id: usize) {
        if let Err((error, _)) = result {
            let id = i64::try_from(id).unwrap_or(i64::MAX);
            self.0.lock().fail(id, error.rdkafka_error_code().unwrap_or(Code::Fail));
        }
    }
}

impl InFlight {
    /// A new producer that goes on behind what has arrived.
    pub(super) fn new(
        kafka: &KafkaConfig,
        reports: &Arc<Mutex<DeliveryReports>>,
        arrived: i64,
    ) -> Result<Self, BusError> {
        let context = DeliveryContext(Arc::clone(reports));
        let producer = BaseProducer::from_config_and_context(&client::producer(kafka), context)
            .map_err(|error| error::not_created(&error))?;
        reports.lock().failed = None;
        Ok(Self { topic: kafka.topic.clone(), producer, reports: Arc::clone(reports), sent: arrived, since: None })
    }

    /// Sends what waits in the log, as far as the producer takes it; true when there may be more to send at once.
    pub(super) fn send(&mut self, log: &ShippingLog) -> Result<bool, BusError> {
        if self.since.is_some_and(|since| since.elapsed() >= SETTLE_EVERY) {
            return Ok(false);
        }
        let (mut count, mut failed) = (0, None);
        let Self { topic, producer, sent, .. } = self;
        log.read(*sent, |id, key, body| {
            let opaque = usize::try_from(id).unwrap_or(usize::MAX);
            let record = BaseRecord::with_opaque_to(topic, opaque).key(key).payload(body);
            if let Err((error, _)) = producer.send(record) {
                failed = Some((id, error.rdkafka_error_code().unwrap_or(Code::Fail)));
                return ControlFlow::Break(());
            }
            (*sent, count) = (id, count + 1);
            if count < SEND_RECORDS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if count > 0 {
            self.since.get_or_insert_with(Instant::now);
        }
        // A full queue is no failure: the log is the queue.
        if let Some((id, code)) = failed.filter(|(_, code)| *code != Code::QueueFull) {
            self.reports.lock().fail(id, code);
        }
        Ok(failed.is_none() && count == SEND_RECORDS)
    }

    /// Takes in what was reported, and waits that long for more.
    pub(super) fn poll(&self, wait: Duration) {
        self.producer.poll(wait);
    }

    /// True when nothing is on its way.
    fn is_settled(&self) -> bool {
        self.producer.in_flight_count() == 0
    }

    /// The offset up to which all has arrived, once that is known.
    pub(super) fn arrived(&mut self) -> Option<i64> {
        // In this order: the failure of what is counted no more was reported before.
        let arrived = self.is_settled() && self.reports.lock().failed.is_none();
        if arrived {
            self.since = None;
        }
        arrived.then_some(self.sent)
    }

    /// Why the producer can do no more, when that is so.
    pub(super) fn fatal(&self) -> Option<KafkaMessage> {
        let (code, reason) = self.producer.client().fatal_error()?;
        Some(KafkaMessage::new(code, Some(reason)))
    }
}

/// What a failed record means for an operator.
pub(super) fn record_error(kafka: &KafkaConfig, id: i64, code: Code, captured: Option<KafkaMessage>) -> BusError {
    // Not this record's own failure, but its producer's.
    let of_producer = matches!(code, Code::PurgeQueue | Code::PurgeInflight | Code::Fatal);
    if let Some(message) = captured.clone().filter(|_| of_producer) {
        return error::explain(kafka, KafkaOperation::Writing, message);
    }
    let reason = match code {
        Code::MessageSizeTooLarge => Some(format!(
            "record {id} of the log is larger than the topic takes; raise its `max.message.bytes` to {}",
            client::MAX_MESSAGE_BYTES
        )),
        _ => captured.and_then(|message| message.reason).or(Some(format!("record {id} of the log"))),
    };
    error::explain(kafka, KafkaOperation::Writing, KafkaMessage::new(code, reason))
}

#[cfg(test)]
mod tests;
