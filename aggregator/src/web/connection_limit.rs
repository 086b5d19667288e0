//! Limits the connections of the server, so that a probe is answered whatever the other clients do.
//!
//! When all are in use, the connection that has made no progress for longest is closed: a new one never waits. Progress is
//! a request that comes, an answer that is made, or bytes of it that the client takes. A connection whose answer is being
//! made is not closed; there are [`RESERVE`] fewer of them than connections, so that another can always be found.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Connections beyond the answers that are made at once: for probes, and for requests that wait for their turn.
pub(super) const RESERVE: usize = 64;

/// The connections of a server.
#[derive(Clone, Debug)]
pub(super) struct ConnectionLimit {
    most: usize,
    connections: Arc<Mutex<Connections>>,
}

#[derive(Debug, Default)]
struct Connections {
    /// Grows with every progress.
    clock: u64,
    open: usize,
    /// Connections that may be closed, by the clock at their last progress.
    closable: BTreeMap<u64, CancellationToken>,
}

/// The slot of one connection.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    connections: Arc<Mutex<Connections>>,
    evicted: CancellationToken,
    state: Mutex<SlotState>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SlotState {
    /// Since that progress.
    Closable(u64),
    /// Its answer is being made.
    Answering,
    /// Another connection has its place.
    Evicted,
}

impl ConnectionLimit {
    /// At most `answers` connections with an answer in the making, and [`RESERVE`] others.
    pub(super) fn new(answers: usize) -> Self {
        Self { most: answers.saturating_add(RESERVE), connections: Arc::default() }
    }

    /// A slot; closes the connection without progress for longest where none is free.
    pub(super) fn acquire(&self) -> ConnectionSlot {
        let evicted = CancellationToken::new();
        let mut connections = self.connections.lock();
        if connections.open >= self.most
            && let Some((_, longest)) = connections.closable.pop_first()
        {
            longest.cancel();
            connections.open -= 1;
        }
        connections.open += 1;
        let state = Mutex::new(connections.progress(&evicted));
        drop(connections);
        ConnectionSlot { connections: Arc::clone(&self.connections), evicted, state }
    }
}

impl Connections {
    fn progress(&mut self, of: &CancellationToken) -> SlotState {
        self.clock += 1;
        self.closable.insert(self.clock, of.clone());
        SlotState::Closable(self.clock)
    }
}

impl ConnectionSlot {
    /// Cancelled when another connection needs the place.
    pub(super) fn evicted(&self) -> &CancellationToken {
        &self.evicted
    }

    /// A request came, or the client took bytes of an answer.
    pub(super) fn note_progress(&self) {
        let mut state = self.state.lock();
        if let SlotState::Closable(since) = *state {
            let mut connections = self.connections.lock();
            *state = match connections.closable.remove(&since) {
                Some(token) => connections.progress(&token),
                None => SlotState::Evicted,
            };
        }
    }

    /// Keeps the connection open until the guard is dropped.
    pub(super) fn answer(self: &Arc<Self>) -> Answering {
        let mut state = self.state.lock();
        if let SlotState::Closable(since) = *state {
            let found = self.connections.lock().closable.remove(&since);
            *state = found.map_or(SlotState::Evicted, |_| SlotState::Answering);
        }
        drop(state);
        Answering(Arc::clone(self))
    }
}

/// An answer in the making.
pub(super) struct Answering(Arc<ConnectionSlot>);

impl Drop for Answering {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        if *state == SlotState::Answering {
            *state = self.0.connections.lock().progress(&self.0.evicted);
        }
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut connections = self.connections.lock();
        let counted = match *self.state.lock() {
            SlotState::Closable(since) => connections.closable.remove(&since).is_some(),
            SlotState::Answering => true,
            SlotState::Evicted => false,
        };
        connections.open -= usize::from(counted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_without_progress_for_longest_is_closed_and_none_with_an_answer_in_the_making() {
        let limit = ConnectionLimit::new(2);
        let slots: Vec<_> = (0..RESERVE + 2).map(|_| Arc::new(limit.acquire())).collect();
        let answering = slots[0].answer();
        slots[1].note_progress();
        let closed = || slots.iter().map(|slot| slot.evicted().is_cancelled()).collect::<Vec<_>>();
        assert_eq!(closed().iter().filter(|closed| **closed).count(), 0);
        let new: Vec<_> = (0..RESERVE).map(|_| limit.acquire()).collect();
        // All but the one whose answer is in the making, and the one that made progress last.
        assert_eq!(closed(), (0..RESERVE + 2).map(|at| at > 1).collect::<Vec<_>>());
        // A closed connection cannot come back.
        slots[2].note_progress();
        drop(slots[2].answer());
        let next = limit.acquire();
        assert!(slots[1].evicted().is_cancelled() && !new[0].evicted().is_cancelled());
        drop(answering);
        assert!(!slots[0].evicted().is_cancelled());
        drop(slots);
        // What was closed is not counted twice.
        assert_eq!(limit.connections.lock().open, RESERVE + 1);
        drop((new, next));
        assert_eq!(limit.connections.lock().open, 0);
    }
}
