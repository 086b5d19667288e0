//! The parts in which a poll is published: a large one does not fit one transaction of the bus.
//!
//! Each part carries the state of its own figures, so that after an interruption the next poll publishes only the rest. The
//! poll records, and the state of the files, come last.

use super::outcome::{FinishedPoll, outgoing};
use super::{published, state};
use bus::{Checkpoint, Outgoing};
use contract::record::Record;
use contract::signing::SigningKey;
use std::collections::HashMap;

/// Most records of a part: a hundred series of forty years of months.
const MAX_RECORDS: usize = 50_000;
/// Most bytes of a part's records, a quarter of what the bus takes: the state of its figures comes on top.
const MAX_BYTES: usize = 16 << 20;

/// One part of a poll.
#[derive(Debug, Default)]
pub struct PollPart {
    /// Its records.
    pub records: Vec<Outgoing>,
    /// The state after it.
    pub checkpoint: Checkpoint,
}

impl FinishedPoll {
    /// The parts in order; at least one.
    pub fn parts(&self, signer: Option<&SigningKey>) -> Vec<PollPart> {
        let mut parts = parts(&self.records, self.checkpoint.clone(), signer, (MAX_RECORDS, MAX_BYTES));
        let (mut records, polls) = (self.records.iter(), published::named_polls(&self.records));
        for part in &mut parts {
            let named = part
                .records
                .iter()
                .zip(&mut records)
                .filter_map(|(out, record)| Some((published::name(record, &polls)?, Some(out.body.clone()))));
            part.checkpoint.extend(named);
        }
        parts
    }
}

fn parts(
    records: &[Record],
    checkpoint: Checkpoint,
    signer: Option<&SigningKey>,
    (most_records, most_bytes): (usize, usize),
) -> Vec<PollPart> {
    let mut parts = vec![PollPart::default()];
    let (mut bytes, mut part_of) = (0, HashMap::new());
    for (record, out) in records.iter().zip(outgoing(records, signer)) {
        let last = parts.len() - 1;
        let part = &mut parts[last];
        let is_full = part.records.len() >= most_records || bytes + out.body.len() > most_bytes;
        // Poll records stay together: the state of the files belongs to all of them.
        if is_full && !part.records.is_empty() && !matches!(record, Record::Poll(_)) {
            parts.push(PollPart::default());
            bytes = 0;
        }
        bytes += out.body.len();
        let last = parts.len() - 1;
        if let Record::Observation(observation) = record {
            part_of.insert(state::checkpoint_name(observation), last);
        }
        parts[last].records.push(out);
    }
    let last = parts.len() - 1;
    let clock = checkpoint.iter().find(|(name, _)| state::is_clock(name)).cloned();
    for entry in checkpoint {
        let part = part_of.get(&entry.0).copied().unwrap_or(last);
        parts[part].checkpoint.push(entry);
    }
    for part in &mut parts[..last] {
        // A revision is never given twice, even if the rest is never published.
        part.checkpoint.extend(clock.clone().map(state::unfinished));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::record::{Finality, Observation, PollOutcome, PollRecord, Span, Value};
    use contract::time::{Micros, Moment};

    fn records(count: i64) -> Vec<Record> {
        let observation = |day| {
            Record::Observation(Observation {
                plan: "p".into(),
                series: "s".into(),
                definition: "d".into(),
                source: "src".into(),
                period: Span::AsOf(Moment(day * 86_400)),
                value: Value::Known(day),
                breakdown: None,
                finality: Finality::Final,
                revision: Micros(5),
                visit: "v".into(),
                place: None,
            })
        };
        let poll = Record::Poll(PollRecord {
            plan: "p".into(),
            source: "src".into(),
            id: "v".into(),
            collector: "c".into(),
            time: Micros(5),
            outcome: PollOutcome::Changed,
            address: "a".into(),
            sha256: None,
            bytes: None,
            size: None,
        });
        (0..count).map(observation).chain([poll]).collect()
    }

    fn checkpoint(records: &[Record]) -> Checkpoint {
        let keys = records.iter().filter_map(|record| match record {
            Record::Observation(observation) => Some((state::checkpoint_name(observation), Some(vec![1]))),
            _ => None,
        });
        let others = ["source/p/src/clock", "source/p/src/file/x"].map(|name| (name.to_owned(), Some(vec![2])));
        keys.chain(others).collect()
    }

    #[test]
    fn every_record_and_every_checkpoint_is_in_one_part_and_the_poll_record_in_the_last() {
        for (count, most, expected) in [(0, 3, vec![1]), (2, 3, vec![3]), (3, 3, vec![4]), (7, 3, vec![3, 3, 2])] {
            let records = records(count);
            let all = checkpoint(&records);
            let parts = parts(&records, all.clone(), None, (most, usize::MAX));
            assert_eq!(parts.iter().map(|part| part.records.len()).collect::<Vec<_>>(), expected, "{count}");
            let sent: Vec<Outgoing> = parts.iter().flat_map(|part| part.records.clone()).collect();
            assert_eq!(sent, outgoing(&records, None));
            let last = parts.len() - 1;
            for (at, part) in parts.iter().enumerate() {
                assert!(part.checkpoint.iter().any(|(name, _)| state::is_clock(name)), "{count} {at}");
                let files = part.checkpoint.iter().filter(|(name, _)| name.contains("/file/")).count();
                assert_eq!(files, usize::from(at == last), "{count} {at}");
                let keys = part.checkpoint.iter().filter(|(name, _)| name.contains("/key/")).count();
                assert_eq!(keys, part.records.len() - usize::from(at == last), "{count} {at}");
            }
        }
    }

    #[test]
    fn only_the_last_part_says_that_the_poll_has_ended() {
        let records = records(7);
        let clock = |finished: &str| format!("{{\"last\":5{finished}}}").into_bytes();
        let all = vec![("source/p/src/clock".to_owned(), Some(clock(",\"finished\":9")))];
        let parts = parts(&records, all, None, (3, usize::MAX));
        let clocks: Vec<_> = parts.iter().map(|part| part.checkpoint[0].1.clone().unwrap()).collect();
        assert_eq!(clocks, [clock(""), clock(""), clock(",\"finished\":9")]);
    }

    #[test]
    fn a_part_is_bounded_in_bytes_too() {
        let records = records(6);
        let line = outgoing(&records, None)[0].body.len();
        let parts = parts(&records, Checkpoint::new(), None, (100, 2 * line));
        assert_eq!(parts.iter().map(|part| part.records.len()).collect::<Vec<_>>(), [2, 2, 3]);
    }
}
