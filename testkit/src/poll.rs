//! The smallest poll record.

use contract::record::{PollOutcome, PollRecord, Record};
use contract::time::Micros;

/// A poll of a source of the plan `p` that brought nothing new.
pub fn poll(source: &str, time: i64) -> Record {
    Record::Poll(PollRecord {
        plan: "p".into(),
        source: source.into(),
        id: format!("v{time}"),
        collector: "c".into(),
        time: Micros(time),
        outcome: PollOutcome::Unchanged,
        address: "a".into(),
        sha256: None,
        bytes: None,
        size: None,
    })
}
