//! The producer of a shipper, and what it reports about the records on their way.

use super::window::Window;
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
use std::time::Duration;

/// Records read from the log at a time: each read is a short transaction.
const READ_RECORDS: usize = 2000;

/// What the producer reported, kept when a producer is given up for a new one.
#[derive(Default)]
pub(super) struct DeliveryReports {
    pub(super) window: Window,
    /// The first record that will not arrive by itself, and why.
    pub(super) failed: Option<(i64, Code)>,
    captured: CapturedMessages,
    /// The message to report next.
    pub(super) latest: Option<KafkaMessage>,
    /// How many were sent and have neither arrived nor failed.
    flying: usize,
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

    fn delivery(&self, result: &DeliveryResult<'_>, id: usize) {
        let mut reports = self.0.lock();
        let id = i64::try_from(id).unwrap_or(i64::MAX);
        reports.flying = reports.flying.saturating_sub(1);
        match result {
            Ok(_) => reports.window.arrive(id),
            Err((error, _)) if reports.failed.is_none() => {
                reports.failed = Some((id, error.rdkafka_error_code().unwrap_or(Code::Fail)));
            }
            Err(_) => {}
        }
    }
}

impl InFlight {
    /// A new producer that goes on behind what has arrived.
    pub(super) fn new(kafka: &KafkaConfig, reports: &Arc<Mutex<DeliveryReports>>) -> Result<Self, BusError> {
        let context = DeliveryContext(Arc::clone(reports));
        let producer = BaseProducer::from_config_and_context(&client::producer(kafka), context)
            .map_err(|error| error::not_created(&error))?;
        let mut locked = reports.lock();
        (locked.failed, locked.flying) = (None, 0);
        let sent = locked.window.arrived();
        drop(locked);
        Ok(Self { topic: kafka.topic.clone(), producer, reports: Arc::clone(reports), sent })
    }

    /// Sends what waits in the log, as far as the producer takes it; true when there may be more.
    pub(super) fn send(&mut self, log: &ShippingLog) -> Result<bool, BusError> {
        let (mut read, mut full) = (0, false);
        let Self { topic, producer, reports, sent } = self;
        log.read(*sent, READ_RECORDS, |id, key, body| {
            let mut reports = reports.lock();
            if !reports.window.has(id) {
                let opaque = usize::try_from(id).unwrap_or(usize::MAX);
                let record = BaseRecord::with_opaque_to(topic, opaque).key(key).payload(body);
                if let Err((error, _)) = producer.send(record) {
                    full = true;
                    let code = error.rdkafka_error_code().unwrap_or(Code::Fail);
                    if code != Code::QueueFull {
                        reports.failed = reports.failed.or(Some((id, code)));
                    }
                    return ControlFlow::Break(());
                }
                reports.window.send(id);
                reports.flying += 1;
            }
            (*sent, read) = (id, read + 1);
            ControlFlow::Continue(())
        })?;
        Ok(!full && read == READ_RECORDS)
    }

    /// Takes in reports, for that long.
    pub(super) fn poll(&self, wait: Duration) {
        self.producer.poll(wait);
    }

    /// How many records are on their way.
    pub(super) fn flying(&self) -> usize {
        self.reports.lock().flying
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
