//! Takes back what a source reported at some polls, and has its next poll publish everything once more.

use crate::poll::state::{ClockNote, SourceState, StateError};
use crate::poll::{outgoing, published};
use bus::{Outbox, PublishError};
use contract::record::{Record, Retraction};
use contract::signing::SigningKey;
use contract::time::{Clock, Micros};
use std::collections::BTreeSet;

/// What is taken back, by whom, and why.
#[derive(Clone, Copy, Debug)]
pub struct Correction<'a> {
    /// The times of the polls. Each is taken back alone: between two of them lie honest polls of other collectors or days.
    pub polls: &'a BTreeSet<Micros>,
    /// Who takes it back.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// Why nothing was retracted.
#[derive(Debug, thiserror::Error)]
pub enum RetractError {
    /// The state of the source cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The outbox did not accept it.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// Publishes a retraction for each poll and forgets the state of the source, in one transaction: also a revision clock that is
/// ahead.
pub async fn retract(
    outbox: &dyn Outbox,
    signer: Option<&SigningKey>,
    clock: &dyn Clock,
    (plan, source): (&str, &str),
    correction: &Correction<'_>,
) -> Result<(), RetractError> {
    let state = SourceState::load(outbox, plan, source)?;
    let now = clock.now();
    let retraction = |at: &Micros| {
        Record::Retraction(Retraction {
            plan: plan.to_owned(),
            source: source.to_owned(),
            from: *at,
            to: *at,
            revision: now,
            by: correction.by.to_owned(),
            reason: correction.reason.to_owned(),
        })
    };
    let records: Vec<Record> = correction.polls.iter().map(retraction).collect();
    // A revision that is not ahead is not given again, even when the clock is set back a little.
    let last = if state.clock.last > now.0 { now.0 } else { state.clock.last };
    let forgotten = SourceState { clock: ClockNote { last, ..ClockNote::default() }, ..SourceState::default() };
    let outgoing = outgoing(&records, signer);
    let mut checkpoint = state.changes(&forgotten, plan, source);
    checkpoint.extend(published::notes(&records, &outgoing));
    outbox.publish(outgoing, checkpoint).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poll::poll_once;
    use crate::testing::{TestClock, collector, outbox, register, source};

    #[tokio::test]
    async fn a_poll_that_was_ahead_is_taken_back_and_the_source_polls_again_with_everything() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("r.csv"), "指標,期間,値,区分\n申請件数,2022年4月,1005\n").unwrap();
        let source = source(folder.path(), &register("path = 'r.csv'"));
        let clock = TestClock::at("2022-07-01");
        let outbox = outbox(folder.path(), &clock);
        clock.pass(9 * 3600);
        let poll = poll_once(&collector(&clock), &source, &SourceState::default()).await.unwrap();
        let ahead = poll.next.clock.last;
        for part in poll.parts(None) {
            outbox.publish(part.records, part.checkpoint).await.unwrap();
        }
        clock.pass(-9 * 3600);
        let load = || SourceState::load(outbox.as_ref(), "p", &source.id).unwrap();
        assert!(poll_once(&collector(&clock), &source, &load()).await.is_err(), "the clock is behind");

        let polls = BTreeSet::from([Micros(ahead)]);
        let correction = Correction { polls: &polls, by: "staff", reason: "the clock was ahead" };
        retract(outbox.as_ref(), None, clock.as_ref(), ("p", &source.id), &correction).await.unwrap();
        let again = poll_once(&collector(&clock), &source, &load()).await.unwrap();
        assert_eq!(again.summary.observations, 1);
        assert!(again.next.clock.last < ahead);
    }
}
