//! Limits the connections of the server: when all are in use, the connection that has been idle longest is closed.
//!
//! A limit alone would let a few hundred silent connections block the server for as long as it waits for a request head.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// The connections of a server.
#[derive(Clone, Debug)]
pub(super) struct ConnectionLimit {
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<IdleConnections>>,
}

#[derive(Debug, Default)]
struct IdleConnections {
    /// Grows with every entry.
    clock: u64,
    /// Connections that wait for their next request, by the clock at which they began to.
    waiting: BTreeMap<u64, CancellationToken>,
}

/// The slot of one connection.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    limit: ConnectionLimit,
    evicted: CancellationToken,
    idle_since: Mutex<Option<u64>>,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionLimit {
    pub(super) fn new(connections: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(connections)), idle: Arc::default() }
    }

    /// A slot; evicts the connection idle longest where none is free, and waits only while all are busy. `None` when the
    /// server has stopped.
    pub(super) async fn acquire(&self) -> Option<ConnectionSlot> {
        let free = Arc::clone(&self.permits).try_acquire_owned();
        let permit = if let Ok(permit) = free {
            permit
        } else {
            let longest = self.idle.lock().waiting.pop_first();
            if let Some((_, longest)) = longest {
                longest.cancel();
            }
            Arc::clone(&self.permits).acquire_owned().await.ok()?
        };
        let evicted = CancellationToken::new();
        let slot = ConnectionSlot { limit: self.clone(), evicted, idle_since: Mutex::new(None), _permit: permit };
        slot.set_idle();
        Some(slot)
    }
}

impl ConnectionSlot {
    /// Cancelled when another connection needs the slot.
    pub(super) fn evicted(&self) -> &CancellationToken {
        &self.evicted
    }

    /// A request has come.
    pub(super) fn set_busy(&self) {
        let since = self.idle_since.lock().take();
        if let Some(since) = since {
            self.limit.idle.lock().waiting.remove(&since);
        }
    }

    /// The request is answered; the connection waits for the next.
    pub(super) fn set_idle(&self) {
        let mut idle = self.limit.idle.lock();
        idle.clock += 1;
        let now = idle.clock;
        idle.waiting.insert(now, self.evicted.clone());
        drop(idle);
        *self.idle_since.lock() = Some(now);
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.set_busy();
    }
}
