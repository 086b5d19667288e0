//! One batch on its way: cut to the size that the server accepts, halved until a bad point stands alone.

use super::line::LineBuffer;
use super::writer::{PointWriter, WriteError, for_now};
use std::ops::Range;
use tokio_util::sync::CancellationToken;

/// Outcome of a batch.
#[derive(Debug)]
pub(super) struct SendOutcome {
    /// Points that were written.
    pub(super) written: u64,
    /// Points that never will be, each with the reason.
    pub(super) bad: Vec<(usize, String)>,
    /// Why the rest was not written.
    pub(super) rest: Result<(), WriteError>,
}

/// Writes lines, at most `size` a request; `size` shrinks when the server finds that too much. Each point is
/// sent at most once more for every halving above it, so this ends whatever the server answers.
pub(super) fn send(
    writer: &mut dyn PointWriter,
    lines: &LineBuffer,
    size: &mut usize,
    stop: &CancellationToken,
) -> SendOutcome {
    let mut sent = SendOutcome { written: 0, bad: Vec::new(), rest: Ok(()) };
    let whole: Range<usize> = 0..lines.len();
    // Parts that are still to be written, the next one last.
    let mut parts = vec![whole];
    while let Some(part) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        if part.len() > *size {
            let cut = part.start + *size;
            parts.extend([cut..part.end, part.start..cut]);
            continue;
        }
        let half = part.start + part.len() / 2;
        match writer.write(lines.text(part.clone()).to_owned(), stop) {
            Ok(()) => sent.written += part.len() as u64,
            Err(WriteError::Never(reason)) if part.len() == 1 => sent.bad.push((part.start, reason)),
            Err(WriteError::Never(_)) => parts.extend([half..part.end, part.start..half]),
            Err(WriteError::TooLarge) if part.len() > 1 => {
                *size = part.len() / 2;
                parts.push(part);
            }
            Err(WriteError::TooLarge) => {
                let what = "InfluxDB or a proxy before it answers 413 to a single point; raise its limit of a request";
                sent.rest = Err(for_now(what.to_owned(), None));
                return sent;
            }
            Err(refusal) => {
                sent.rest = Err(refusal);
                return sent;
            }
        }
    }
    sent
}

#[cfg(test)]
mod tests {
    use super::super::line::FieldValue;
    use super::*;
    use contract::time::Moment;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Takes at most `limit` lines, and none together with a bad one.
    struct Picky {
        limit: usize,
        bad: BTreeSet<i64>,
        taken: BTreeSet<i64>,
        requests: usize,
    }

    impl PointWriter for Picky {
        fn write(&mut self, lines: String, _: &CancellationToken) -> Result<(), WriteError> {
            self.requests += 1;
            let times: BTreeSet<i64> = lines.lines().map(|l| l.rsplit(' ').next().unwrap().parse().unwrap()).collect();
            if times.len() > self.limit {
                return Err(WriteError::TooLarge);
            }
            if !times.is_disjoint(&self.bad) {
                return Err(WriteError::Never("bad".into()));
            }
            self.taken.extend(times);
            Ok(())
        }

        fn delete(&mut self, _: Moment, _: Moment, _: &str, _: &CancellationToken) -> Result<(), WriteError> {
            Ok(())
        }

        fn retention(&mut self, _: &CancellationToken) -> Result<Option<i64>, WriteError> {
            Ok(None)
        }
    }

    fn lines(count: i64) -> LineBuffer {
        let mut lines = LineBuffer::default();
        for time in 0..count {
            lines.push("m", &[("t", "x")], &[("f", FieldValue::Whole(1))], Moment(time)).unwrap();
        }
        lines
    }

    proptest! {
        #[test]
        fn all_but_the_bad_ones_are_taken_in_a_bounded_number_of_requests(
            count in 0..300_i64,
            bad in prop::collection::btree_set(0..300_i64, 0..12),
            limit in 1..400_usize,
            mut size in 1..400_usize,
        ) {
            let bad: BTreeSet<i64> = bad.into_iter().filter(|b| *b < count).collect();
            let mut picky = Picky { limit, bad: bad.clone(), taken: BTreeSet::new(), requests: 0 };
            let sent = send(&mut picky, &lines(count), &mut size, &CancellationToken::new());
            prop_assert!(sent.rest.is_ok());
            let found: BTreeSet<i64> = sent.bad.iter().map(|(at, _)| i64::try_from(*at).unwrap()).collect();
            prop_assert_eq!(&found, &bad);
            prop_assert_eq!(sent.bad.len(), bad.len(), "each once");
            prop_assert_eq!(picky.taken.len(), usize::try_from(count).unwrap() - bad.len());
            prop_assert_eq!(sent.written, picky.taken.len() as u64);
            let parts = usize::try_from(count).unwrap() / size.max(1) + 1;
            prop_assert!(picky.requests <= 10 + 2 * parts + bad.len() * 20, "{} requests", picky.requests);
        }
    }

    #[test]
    fn one_bad_point_in_five_thousand_costs_some_two_dozen_requests() {
        let mut picky = Picky { limit: 9_999, bad: [3_333].into(), taken: BTreeSet::new(), requests: 0 };
        let sent = send(&mut picky, &lines(5_000), &mut 5_000, &CancellationToken::new());
        assert_eq!((sent.written, sent.bad), (4_999, vec![(3_333, "bad".to_owned())]));
        assert!(picky.requests <= 27, "{}", picky.requests);
    }

    #[test]
    fn a_single_point_that_is_too_large_is_waited_out() {
        let mut picky = Picky { limit: 0, bad: BTreeSet::new(), taken: BTreeSet::new(), requests: 0 };
        let sent = send(&mut picky, &lines(8), &mut 8, &CancellationToken::new());
        assert!(matches!(sent.rest, Err(WriteError::ForNow { .. })) && sent.bad.is_empty());
    }
}
