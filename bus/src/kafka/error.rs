//! The errors of the library as errors of a bus.

use super::settings::KafkaConfig;
use crate::error::{BusError, Cause};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use std::sync::Arc;
use std::time::Duration;

/// What was being done; it decides which right is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KafkaOperation {
    Reading,
    Writing,
    Describing,
    Configuring,
    Creating,
}

/// The library's code and the message beside it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}{}", .reason.as_ref().map(|text| format!(" ({text})")).unwrap_or_default())]
pub(super) struct KafkaMessage {
    pub(super) code: Code,
    pub(super) reason: Option<String>,
}

impl KafkaMessage {
    pub(super) fn new(code: Code, reason: Option<String>) -> Self {
        Self { code, reason: reason.filter(|text| !text.is_empty()) }
    }

    /// Why one broker was lost, when there is no other: a refusal stays one.
    fn of_all(&self) -> Self {
        let code = if is_away(self.code) { Code::AllBrokersDown } else { self.code };
        Self { code, reason: self.reason.clone() }
    }
}

/// The messages that the library gave unasked, combined: that no broker is left is only worth telling
/// with the reason why the last one was lost.
#[derive(Debug, Default)]
pub(super) struct CapturedMessages {
    last: Option<KafkaMessage>,
    lost: Option<KafkaMessage>,
}

impl CapturedMessages {
    /// Takes in an error; gives it back when it is more than one broker of several being away.
    pub(super) fn capture(&mut self, error: &KafkaError, reason: &str) -> Option<&KafkaMessage> {
        // The same failure of TLS comes as one of the connection when it is met at another moment.
        let tls = reason.contains("certificate verify failed");
        let code = if tls { Code::SSL } else { error.rdkafka_error_code()? };
        let message = KafkaMessage::new(code, Some(reason.to_owned()));
        match message.code {
            Code::BrokerTransportFailure | Code::Resolve => {
                self.lost = Some(message);
                return None;
            }
            Code::Authentication | Code::SSL => {
                self.lost = Some(message.clone());
                self.last = Some(message);
            }
            Code::AllBrokersDown => self.last = Some(self.lost.as_ref().map_or(message, KafkaMessage::of_all)),
            _ => self.last = Some(message),
        }
        self.last.as_ref()
    }

    /// The last error that mattered, else why a broker was lost.
    pub(super) fn take(&mut self) -> Option<KafkaMessage> {
        let lost = self.lost.take();
        self.last.take().or(lost)
    }
}

/// A failure of a call.
pub(super) fn failed(kafka: &KafkaConfig, doing: KafkaOperation, error: KafkaError) -> BusError {
    match error.rdkafka_error_code() {
        Some(code) => explain(kafka, doing, KafkaMessage::new(code, None)),
        None => BusError::Io { bus: kafka.topic.clone(), source: Arc::new(error) },
    }
}

/// The settings were refused before any broker was asked.
pub(super) fn not_created(error: &KafkaError) -> BusError {
    let reason = format!("and the settings beside it are refused: {error}");
    BusError::Setting { key: "kafka.security", reason }
}

/// The group was not heard of for that long.
pub(super) fn silent(kafka: &KafkaConfig, since: Duration) -> BusError {
    let reason = format!("not a member of the group {} for {} s", kafka.group, since.as_secs());
    let source = Arc::new(KafkaMessage::new(Code::WaitingForCoordinator, Some(reason)));
    BusError::Unreachable { bus: kafka.topic.clone(), source }
}

/// A code, and perhaps a sentence, of the library.
pub(super) fn explain(kafka: &KafkaConfig, doing: KafkaOperation, message: KafkaMessage) -> BusError {
    let bus = kafka.topic.clone();
    let code = message.code;
    let untrusted = message.reason.as_deref().is_some_and(|reason| reason.contains("certificate"));
    let source: Cause = Arc::new(message);
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
fn right(kafka: &KafkaConfig, doing: KafkaOperation, code: Code) -> Option<String> {
    let topic = format!("on the topic {}", kafka.topic);
    match (code, doing) {
        (Code::TopicAuthorizationFailed, KafkaOperation::Reading) => Some(format!("Read {topic}")),
        (Code::TopicAuthorizationFailed, KafkaOperation::Writing) => Some(format!("Write {topic}")),
        (Code::TopicAuthorizationFailed, KafkaOperation::Describing) => Some(format!("Describe {topic}")),
        (Code::TopicAuthorizationFailed, KafkaOperation::Configuring) => Some(format!("DescribeConfigs {topic}")),
        (Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed, KafkaOperation::Creating) => {
            Some(format!("Create {topic}"))
        }
        (Code::GroupAuthorizationFailed, _) => Some(format!("Read on the group {}", kafka.group)),
        // Brokers before 2.8 ask for it; later ones take Write on the topic for it.
        (Code::ClusterAuthorizationFailed, _) => Some(format!("Write {topic}, or IdempotentWrite on the cluster")),
        _ => None,
    }
}

/// True when no broker answered.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn kafka() -> KafkaConfig {
        KafkaConfig { topic: "records".into(), ..KafkaConfig::new("a:1", "readers") }
    }

    fn explained(doing: KafkaOperation, code: Code) -> BusError {
        explain(&kafka(), doing, KafkaMessage::new(code, Some("the reason".into())))
    }

    #[test]
    fn no_broker_left_is_reported_with_the_reason_of_the_last_one() {
        let mut captured = CapturedMessages::default();
        let mut capture = |code, reason| captured.capture(&KafkaError::Global(code), reason).map(ToString::to_string);
        assert_eq!(capture(Code::BrokerTransportFailure, "connection refused"), None);
        let all = capture(Code::AllBrokersDown, "1/1 brokers are down").unwrap();
        assert!(all.starts_with("AllBrokersDown") && all.ends_with("(connection refused)"), "{all}");
        assert!(capture(Code::Authentication, "wrong password").unwrap().ends_with("(wrong password)"));
        let all = capture(Code::AllBrokersDown, "1/1 brokers are down").unwrap();
        assert!(all.starts_with("Authentication") && all.ends_with("(wrong password)"), "{all}");
        let tls = capture(Code::BrokerTransportFailure, "certificate verify failed").unwrap();
        assert!(tls.starts_with("SSL"), "{tls}");
    }

    #[test]
    fn what_passes_by_itself_is_retriable_and_the_rest_names_what_to_change() {
        for code in [Code::AllBrokersDown, Code::OperationTimedOut, Code::NotCoordinator, Code::UnknownMemberId] {
            assert!(explained(KafkaOperation::Reading, code).is_retriable(), "{code}");
        }
        let rights = [
            (KafkaOperation::Reading, Code::TopicAuthorizationFailed, "Read on the topic records"),
            (KafkaOperation::Reading, Code::GroupAuthorizationFailed, "Read on the group readers"),
            (KafkaOperation::Writing, Code::TopicAuthorizationFailed, "Write on the topic records"),
            (
                KafkaOperation::Writing,
                Code::ClusterAuthorizationFailed,
                "Write on the topic records, or IdempotentWrite on the cluster",
            ),
            (KafkaOperation::Describing, Code::TopicAuthorizationFailed, "Describe on the topic records"),
            (KafkaOperation::Configuring, Code::TopicAuthorizationFailed, "DescribeConfigs on the topic records"),
            (KafkaOperation::Creating, Code::ClusterAuthorizationFailed, "Create on the topic records"),
        ];
        for (doing, code, right) in rights {
            let error = explained(doing, code);
            let expected = format!(
                "the brokers of the bus records refuse it: the user ANONYMOUS needs the right {right}; grant it as in \
                 deploy/kafka/acls.txt"
            );
            assert_eq!((error.to_string(), error.is_retriable()), (expected, false));
        }
        let error = explained(KafkaOperation::Reading, Code::UnknownTopicOrPartition);
        assert_eq!(error.to_string(), "the topic records does not exist; run `shihyo topics ensure`");
        let error = explained(KafkaOperation::Writing, Code::Authentication).to_string();
        assert!(error.ends_with("check `kafka.username`, `kafka.password` and `kafka.mechanism`"), "{error}");
        let reason = Some("certificate verify failed".to_owned());
        let error = explain(&kafka(), KafkaOperation::Reading, KafkaMessage::new(Code::SSL, reason)).to_string();
        assert!(error.ends_with("check `kafka.ca_file` and the names in `kafka.brokers`"), "{error}");
    }
}
