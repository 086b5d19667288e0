//! What the library says, in the words of a bus.

use super::settings::Kafka;
use crate::{BusError, Cause};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use std::sync::Arc;

/// What was being done; it decides which right is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Reading,
    Writing,
    Describing,
    Configuring,
    Creating,
}

/// The library's code and what it said beside it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}{}", .reason.as_ref().map(|text| format!(" ({text})")).unwrap_or_default())]
pub(super) struct Said {
    pub(super) code: Code,
    pub(super) reason: Option<String>,
}

impl Said {
    pub(super) fn new(code: Code, reason: Option<String>) -> Self {
        Self { code, reason: reason.filter(|text| !text.is_empty()) }
    }
}

/// What the library said of its own accord, put together: that no broker is left is only worth telling
/// with the reason why the last one was lost.
#[derive(Debug, Default)]
pub(super) struct Heard {
    last: Option<Said>,
    lost: Option<String>,
}

impl Heard {
    /// Takes in an error; gives it back when it is more than one broker of several being away.
    pub(super) fn hear(&mut self, error: &KafkaError, reason: &str) -> Option<&Said> {
        let code = error.rdkafka_error_code()?;
        match code {
            Code::BrokerTransportFailure | Code::Resolve => {
                self.lost = Some(reason.to_owned());
                return None;
            }
            Code::AllBrokersDown => self.last = Some(Said::new(code, self.lost.clone().or(Some(reason.to_owned())))),
            _ => self.last = Some(Said::new(code, Some(reason.to_owned()))),
        }
        self.last.as_ref()
    }

    /// The last error that mattered, else why a broker was lost.
    pub(super) fn take(&mut self) -> Option<Said> {
        let lost = self.lost.take();
        self.last.take().or_else(|| Some(Said::new(Code::BrokerTransportFailure, Some(lost?))))
    }
}

/// A failure of a call.
pub(super) fn failed(kafka: &Kafka, doing: Doing, error: KafkaError) -> BusError {
    match error.rdkafka_error_code() {
        Some(code) => said(kafka, doing, Said::new(code, None)),
        None => BusError::Io { bus: kafka.topic.clone(), source: Arc::new(error) },
    }
}

/// The settings were refused before any broker was asked.
pub(super) fn unmade(error: &KafkaError) -> BusError {
    let reason = format!("and the settings beside it are refused: {error}");
    BusError::Setting { key: "kafka.security", reason }
}

/// A code, and perhaps a sentence, of the library.
pub(super) fn said(kafka: &Kafka, doing: Doing, said: Said) -> BusError {
    let bus = kafka.topic.clone();
    let code = said.code;
    let untrusted = said.reason.as_deref().is_some_and(|reason| reason.contains("certificate"));
    let source: Cause = Arc::new(said);
    match code {
        Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition => BusError::NoTopic { bus },
        Code::Authentication | Code::SaslAuthenticationFailed | Code::UnsupportedSASLMechanism => {
            BusError::Login { bus, check: "`kafka.username`, `kafka.password` and `kafka.mechanism`", source }
        }
        Code::SSL if untrusted => {
            BusError::Login { bus, check: "`kafka.ca_file` and the names in `kafka.brokers`", source }
        }
        Code::SSL => BusError::Login { bus, check: "`kafka.security` and the port in `kafka.brokers`", source },
        _ => match right(kafka, doing, code) {
            Some(right) => BusError::Refused { bus, user: kafka.user().to_owned(), right, source },
            None if is_away(code) => BusError::Unreachable { bus, source },
            None => BusError::Io { bus, source },
        },
    }
}

/// The right that is missing, as it is granted.
fn right(kafka: &Kafka, doing: Doing, code: Code) -> Option<String> {
    let topic = format!("on the topic {}", kafka.topic);
    match (code, doing) {
        (Code::TopicAuthorizationFailed, Doing::Reading) => Some(format!("Read {topic}")),
        (Code::TopicAuthorizationFailed, Doing::Writing) => Some(format!("Write {topic}")),
        (Code::TopicAuthorizationFailed, Doing::Describing) => Some(format!("Describe {topic}")),
        (Code::TopicAuthorizationFailed, Doing::Configuring) => Some(format!("DescribeConfigs {topic}")),
        (Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed, Doing::Creating) => {
            Some(format!("Create {topic}"))
        }
        (Code::GroupAuthorizationFailed, _) => Some(format!("Read on the group {}", kafka.group)),
        // Brokers before 2.8 ask for it; later ones take Write on the topic for it.
        (Code::ClusterAuthorizationFailed, _) => Some(format!("Write {topic}, or IdempotentWrite on the cluster")),
        _ => None,
    }
}

/// True for what only says that nobody answered.
fn is_away(code: Code) -> bool {
    matches!(
        code,
        Code::AllBrokersDown
            | Code::BrokerTransportFailure
            | Code::Resolve
            | Code::OperationTimedOut
            | Code::MessageTimedOut
            | Code::TimedOutQueue
            | Code::RequestTimedOut
            | Code::BrokerNotAvailable
            | Code::LeaderNotAvailable
            | Code::NetworkException
            | Code::WaitingForCoordinator
            | Code::CoordinatorNotAvailable
            | Code::CoordinatorLoadInProgress
            | Code::NotCoordinator
    )
}
