//! Who sits at the server: when every place is taken, whoever has been waiting for its next word longest gives up its own.
//!
//! A limit alone would let a few hundred silent connections keep everybody out for as long as a head is waited for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// The places of a server.
#[derive(Clone, Debug)]
pub(super) struct ConnectionLimit {
    places: Arc<Semaphore>,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    /// Grows with each thing that happens.
    now: u64,
    /// Those who wait for the next request, by the moment from which they do.
    idle: BTreeMap<u64, CancellationToken>,
}

/// A connection's place.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    seats: ConnectionLimit,
    left: CancellationToken,
    since: Mutex<Option<u64>>,
    _place: OwnedSemaphorePermit,
}

impl ConnectionLimit {
    pub(super) fn new(places: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), taken: Arc::default() }
    }

    /// A place, freed where none is: waits only while everybody is being answered. `None` when the server is gone.
    pub(super) async fn take(&self) -> Option<ConnectionSlot> {
        let free = Arc::clone(&self.places).try_acquire_owned();
        let place = if let Ok(place) = free {
            place
        } else {
            if let Some((_, longest)) = self.lock().idle.pop_first() {
                longest.cancel();
            }
            Arc::clone(&self.places).acquire_owned().await.ok()?
        };
        let seat = ConnectionSlot {
            seats: self.clone(),
            left: CancellationToken::new(),
            since: Mutex::new(None),
            _place: place,
        };
        seat.idle();
        Some(seat)
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // Every change is whole, whoever panicked.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionSlot {
    /// Cancelled when another needs the place.
    pub(super) fn left(&self) -> &CancellationToken {
        &self.left
    }

    /// A request has come.
    pub(super) fn busy(&self) {
        if let Some(since) = self.since().take() {
            self.seats.lock().idle.remove(&since);
        }
    }

    /// It was answered; the next is waited for.
    pub(super) fn idle(&self) {
        let mut taken = self.seats.lock();
        taken.now += 1;
        let now = taken.now;
        taken.idle.insert(now, self.left.clone());
        *self.since() = Some(now);
    }

    fn since(&self) -> MutexGuard<'_, Option<u64>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.busy();
    }
}
