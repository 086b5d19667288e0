//! How a topic must be set, so that it loses and bends no record.

use super::client::MAX_MESSAGE_BYTES;

/// One thing that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicDifference {
    /// `partitions`, `replication`, or a setting's name.
    pub what: String,
    /// How it is.
    pub found: String,
    /// How it must be.
    pub wanted: String,
}

impl TopicDifference {
    /// The difference, when there is one.
    pub(super) fn between(what: &str, found: String, wanted: String) -> Option<Self> {
        (found != wanted).then(|| Self { what: what.to_owned(), found, wanted })
    }

    /// Differences as one text.
    pub(super) fn list(differences: &[Self]) -> String {
        let texts: Vec<String> = differences
            .iter()
            .map(|Self { what, found, wanted }| format!("{what} is {found} instead of {wanted}"))
            .collect();
        texts.join(", ")
    }
}

/// The settings without which records are lost, refused, or have a time that proves nothing.
pub(super) fn needed() -> Vec<(&'static str, String)> {
    vec![
        // Kept for ever: a store is rebuilt from the topic.
        ("retention.ms", "-1".to_owned()),
        ("retention.bytes", "-1".to_owned()),
        ("cleanup.policy", "delete".to_owned()),
        // The broker's clock: a re-created topic is recognised by its times, and a record from the future by its own.
        ("message.timestamp.type", "LogAppendTime".to_owned()),
        ("max.message.bytes", MAX_MESSAGE_BYTES.to_string()),
    ]
}

/// What of the [`needed`] settings is otherwise. A topic may take larger messages than ours.
pub(super) fn differences(found: &[(String, String)], needed: Vec<(&'static str, String)>) -> Vec<TopicDifference> {
    let value = |name: &str| found.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
    let is_larger = |name: &str, found: &str, wanted: &str| {
        let numbers = found.parse::<u64>().ok().zip(wanted.parse::<u64>().ok());
        name == "max.message.bytes" && numbers.is_some_and(|(found, wanted)| found > wanted)
    };
    let differ = |(name, wanted): (&'static str, String)| {
        let found = value(name).unwrap_or_else(|| "unknown".to_owned());
        if is_larger(name, &found, &wanted) { None } else { TopicDifference::between(name, found, wanted) }
    };
    needed.into_iter().filter_map(differ).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right() -> Vec<(String, String)> {
        needed().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The differences of a topic with one other setting.
    fn with(name: &str, value: &str) -> String {
        let mut found = right();
        found.retain(|(known, _)| known != name);
        found.push((name.to_owned(), value.to_owned()));
        TopicDifference::list(&differences(&found, needed()))
    }

    #[test]
    fn every_setting_that_loses_or_bends_records_is_named() {
        assert_eq!(differences(&right(), needed()), []);
        for (name, value, expected) in [
            ("cleanup.policy", "compact", "cleanup.policy is compact instead of delete"),
            ("cleanup.policy", "compact,delete", "cleanup.policy is compact,delete instead of delete"),
            ("retention.ms", "1", "retention.ms is 1 instead of -1"),
            ("retention.bytes", "1048576", "retention.bytes is 1048576 instead of -1"),
            ("message.timestamp.type", "CreateTime", "message.timestamp.type is CreateTime instead of LogAppendTime"),
            ("max.message.bytes", "1048588", "max.message.bytes is 1048588 instead of 2097152"),
            ("max.message.bytes", "8388608", ""),
            ("segment.ms", "1", ""),
        ] {
            assert_eq!(with(name, value), expected);
        }
        let two = with("retention.ms", "1") + &TopicDifference::list(&differences(&[], needed()));
        assert!(two.contains("cleanup.policy is unknown instead of delete, "), "{two}");
    }
}
