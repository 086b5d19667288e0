//! Between the polling thread and the caller: news one way, answers the other.
//!
//! Not a channel, because a revocation takes back what was not handed over yet, and because only batches
//! are limited in number: a revocation never waits for room.

use crate::batch::{Batch, Partition, Position};
use crate::consumer::Delivery;
use crate::error::BusError;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::time::Duration;

/// Batches that may wait for the caller: one is decoded, one waits, a third is being gathered.
const MAX_BATCHES: usize = 1;

/// What the caller decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartitionDecision {
    Start(Partition, Option<Position>),
    Release(Partition),
}

#[derive(Debug, Default)]
pub(super) struct Mailbox {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    news: VecDeque<News>,
    answers: Vec<PartitionDecision>,
    /// Records the caller asked for last.
    wanted: usize,
    closed: bool,
    ended: bool,
}

#[derive(Debug)]
enum News {
    Assigned(Partition),
    /// A batch, and how many of its records were handed over.
    Batch(Batch, usize),
    Revoked(Partition),
    /// Passes by itself.
    Retriable(BusError),
    /// Does not.
    Final(BusError),
}

/// For the polling thread.
impl Mailbox {
    pub(super) fn assign(&self, partitions: &[Partition]) {
        self.change(|state| state.news.extend(partitions.iter().map(|partition| News::Assigned(*partition))));
    }

    /// Takes back what was not handed over, and asks for the release of what was. Gives the partitions
    /// whose release is to be waited for.
    pub(super) fn revoke(&self, partitions: &[Partition]) -> Vec<Partition> {
        let mut known = partitions.to_vec();
        self.change(|state| {
            for news in &state.news {
                if let News::Assigned(partition) = news {
                    known.retain(|known| known != partition);
                }
            }
            state.news.retain(|news| !matches!(news, News::Assigned(_) | News::Batch(..)));
            state.news.extend(known.iter().map(|partition| News::Revoked(*partition)));
        });
        known
    }

    pub(super) fn push(&self, batch: Batch) {
        self.change(|state| state.news.push_back(News::Batch(batch, 0)));
    }

    /// Reports an error that may pass by itself, once until the caller takes it.
    pub(super) fn warn(&self, error: BusError) {
        self.change(|state| {
            if !state.news.iter().any(|news| matches!(news, News::Retriable(_))) {
                state.news.push_back(News::Retriable(error));
            }
        });
    }

    /// Reports the error that ends reading, behind what was read before it.
    pub(super) fn fail(&self, error: BusError) {
        self.change(|state| state.news.push_back(News::Final(error)));
    }

    pub(super) fn has_room(&self) -> bool {
        self.state.lock().has_room()
    }

    /// Waits until a batch may be pushed, or the caller has closed.
    pub(super) fn wait_for_room(&self, at_most: Duration) {
        self.wait(at_most, |state| !state.has_room() && !state.closed && state.answers.is_empty());
    }

    pub(super) fn answers(&self) -> Vec<PartitionDecision> {
        std::mem::take(&mut self.state.lock().answers)
    }

    pub(super) fn wait_for_answers(&self, at_most: Duration) {
        self.wait(at_most, |state| state.answers.is_empty() && !state.closed);
    }

    /// Records that the caller asked for last, at least one.
    pub(super) fn wanted(&self) -> usize {
        self.state.lock().wanted.max(1)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    /// The polling thread is gone.
    pub(super) fn end(&self) {
        self.change(|state| state.ended = true);
    }
}

/// For the caller.
impl Mailbox {
    /// What comes next, at most `max_records` of it; [`Delivery::Idle`] when nothing came in time, `None`
    /// when nothing will ever come.
    pub(super) fn take(&self, max_records: usize, max_wait: Duration) -> Option<Result<Delivery, BusError>> {
        let idle = |state: &State| state.news.is_empty() && !state.ended;
        let mut state = self.state.lock();
        state.wanted = max_records;
        if idle(&state) {
            let _ = self.changed.wait_while_for(&mut state, |state| idle(state), max_wait);
        }
        let taken = state.next(max_records);
        let (ended, room) = (state.ended, state.has_room());
        drop(state);
        if room && matches!(taken, Some(Ok(Delivery::Batch(_)))) {
            self.changed.notify_all();
        }
        taken.or((!ended).then_some(Ok(Delivery::Idle)))
    }

    pub(super) fn answer(&self, answer: PartitionDecision) {
        self.change(|state| state.answers.push(answer));
    }

    /// Ends reading: what waits is not handed over any more.
    pub(super) fn refuse(&self, error: BusError) {
        self.change(|state| {
            state.news.retain(|news| matches!(news, News::Revoked(_)));
            state.news.push_back(News::Final(error));
        });
    }

    /// Nothing more is taken; waits until the polling thread has ended.
    pub(super) fn close(&self, at_most: Duration) {
        self.change(|state| {
            state.closed = true;
            state.news.clear();
        });
        self.wait(at_most, |state| !state.ended);
    }
}

impl Mailbox {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock());
        self.changed.notify_all();
    }

    fn wait(&self, at_most: Duration, mut while_so: impl FnMut(&State) -> bool) {
        // The outcome does not matter: the caller looks again.
        let _ = self.changed.wait_while_for(&mut self.state.lock(), |state| while_so(state), at_most);
    }
}

impl State {
    fn has_room(&self) -> bool {
        self.news.iter().filter(|news| matches!(news, News::Batch(..))).count() < MAX_BATCHES
    }

    fn next(&mut self, max_records: usize) -> Option<Result<Delivery, BusError>> {
        match self.news.pop_front()? {
            News::Assigned(partition) => Some(Ok(Delivery::Assigned(partition))),
            News::Revoked(partition) => Some(Ok(Delivery::Revoked(partition))),
            News::Retriable(error) => Some(Err(error)),
            News::Final(error) => {
                self.news.push_front(News::Final(error.clone()));
                Some(Err(error))
            }
            News::Batch(batch, 0) if batch.len() <= max_records.max(1) => Some(Ok(Delivery::Batch(batch))),
            News::Batch(batch, from) => {
                let part = batch.part(from, max_records.max(1))?;
                let next = from + part.len();
                if next < batch.len() {
                    self.news.push_front(News::Batch(batch, next));
                }
                Some(Ok(Delivery::Batch(part)))
            }
        }
    }
}
