//! Whether the topic is still one whose records make right figures: asked before anything is read or shipped, and
//! from time to time while that goes on.
//!
//! It asks the brokers, changes nothing, and judges nothing that only makes records less safe (copies): that is
//! for [`super::topics`].

use super::error::KafkaMessage;
use super::settings::KafkaConfig;
use super::topic_description;
use super::topic_settings::{self, TopicDifference};
use crate::error::BusError;
use rdkafka::error::RDKafkaErrorCode as Code;
use std::error::Error;
use std::time::{Duration, Instant};

/// How long the settings are waited for once the brokers have answered.
const SETTINGS_ANSWER: Duration = Duration::from_secs(2);
/// Looks before settings that could not be read are asked for again.
const UNREAD_PAUSE: u32 = 10;

/// A topic whose records make right figures.
#[derive(Clone, Debug)]
pub struct CheckedTopic {
    /// How many partitions it has.
    pub partitions: i32,
    /// Why its settings could not be read: a right that is missing, or brokers that know no such question.
    pub unread: Option<BusError>,
}

/// Looks at the topic of `kafka`, for at most about `answer`.
///
/// Refuses ([`BusError::Partitions`], [`BusError::TopicSettings`]) one that loses records, moves the plans' keys, or
/// does not prove when a record arrived. Blocks, so it is not for an async task.
pub fn check(kafka: &KafkaConfig, answer: Duration) -> Result<CheckedTopic, BusError> {
    kafka.check()?;
    let partitions = partitions(kafka, answer)?;
    let unread = match settings(kafka, answer) {
        Err(error) if is_unanswerable(&error) => Some(error),
        read => read.map(|()| None)?,
    };
    Ok(CheckedTopic { partitions, unread })
}

fn partitions(kafka: &KafkaConfig, answer: Duration) -> Result<i32, BusError> {
    let no_topic = || BusError::NoTopic { bus: kafka.topic.clone() };
    let partitions = topic_description::size(kafka, answer)?.ok_or_else(no_topic)?.partitions;
    same_partitions(&kafka.topic, partitions, kafka.partitions)?;
    Ok(partitions)
}

fn settings(kafka: &KafkaConfig, answer: Duration) -> Result<(), BusError> {
    let admin = topic_description::admin(kafka)?;
    let found = topic_description::settings(kafka, &admin, answer.min(SETTINGS_ANSWER))?;
    let differences = topic_settings::differences(&found, topic_settings::needed());
    if differences.is_empty() {
        return Ok(());
    }
    Err(BusError::TopicSettings { bus: kafka.topic.clone(), what: TopicDifference::list(&differences) })
}

/// Refuses another number of partitions than the one that is known.
pub fn same_partitions(topic: &str, found: i32, known: Option<i32>) -> Result<(), BusError> {
    match known {
        Some(wanted) if wanted != found => Err(BusError::Partitions { bus: topic.to_owned(), found, wanted }),
        _ => Ok(()),
    }
}

/// True when the brokers can be read, but do not say how the topic is set.
fn is_unanswerable(error: &BusError) -> bool {
    let code = |error: &BusError| error.source().and_then(|e| e.downcast_ref::<KafkaMessage>()).map(|m| m.code);
    // Played brokers, and others that are none of Kafka's, never answer.
    matches!(error, BusError::Refused { .. } | BusError::Io { .. })
        || matches!(code(error), Some(Code::UnsupportedFeature | Code::UnsupportedVersion | Code::OperationTimedOut))
}

/// The looks at a topic while it is read or shipped to.
#[derive(Debug, Default)]
pub(super) struct TopicWatch {
    /// How many partitions it has, once that was seen.
    pub(super) partitions: Option<i32>,
    checked: Option<Instant>,
    /// When its settings could not be read.
    unread: Option<Instant>,
    unsound: Option<BusError>,
}

impl TopicWatch {
    /// True when it is time for the next look.
    pub(super) fn is_due(&self, kafka: &KafkaConfig) -> bool {
        self.checked.is_none_or(|at| at.elapsed() >= kafka.timing.proof)
    }

    /// Looks. Gives why there was no answer; what was seen is [`Self::sound`].
    pub(super) fn look(&mut self, kafka: &KafkaConfig, answer: Duration) -> Result<(), BusError> {
        self.checked = Some(Instant::now());
        match self.try_look(kafka, answer) {
            Ok(count) => (self.partitions, self.unsound) = (Some(count), None),
            Err(error @ (BusError::Partitions { .. } | BusError::TopicSettings { .. })) => self.unsound = Some(error),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Why nothing may be read or shipped until a later look.
    pub(super) fn sound(&self) -> Result<(), BusError> {
        self.unsound.clone().map_or(Ok(()), Err)
    }

    fn try_look(&mut self, kafka: &KafkaConfig, answer: Duration) -> Result<i32, BusError> {
        let count = partitions(kafka, answer)?;
        same_partitions(&kafka.topic, count, self.partitions)?;
        let is_asked = self.unread.is_none_or(|at| at.elapsed() >= UNREAD_PAUSE * kafka.timing.proof);
        if is_asked {
            self.unread = None;
            match settings(kafka, answer) {
                Err(error) if is_unanswerable(&error) => self.unread = Some(Instant::now()),
                read => read?,
            }
        }
        Ok(count)
    }
}
