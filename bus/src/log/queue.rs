//! What waits to be written: bounded, handed over in groups.
//!
//! No lock of the file, no disk and no clock is touched while the queue is held, so that publishing
//! never waits for the disk.

use crate::limits::MAX_PUBLISH_BYTES;
use crate::outbox::{Checkpoint, Outgoing};
use crate::pending::PendingSender;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;

/// Requests that may wait. A publisher that waits for its answer has one, so this is how many
/// publishers there can be.
const QUEUE_REQUESTS: usize = 4096;
/// Bytes that may wait: one batch of the largest size fits at any time the queue is empty.
const QUEUE_BYTES: usize = MAX_PUBLISH_BYTES;
/// Records of one commit. A commit costs a flush of the disk, which 20 000 rows make cheap; more would
/// only make the first publisher of the group wait longer.
const GROUP_RECORDS: usize = 20_000;
/// Bytes of one commit, for the same reason.
const GROUP_BYTES: usize = 8 << 20;

/// One call of publish. It is never split: its records and its checkpoint are one transaction.
#[derive(Debug)]
pub(super) struct PublishRequest {
    pub(super) batch: Vec<Outgoing>,
    pub(super) checkpoint: Checkpoint,
    pub(super) bytes: usize,
    pub(super) ack: PendingSender,
}

/// Why a request was not taken; it is handed back.
#[derive(Debug)]
pub(super) enum QueueError {
    Full(PublishRequest),
    Closed(PublishRequest),
}

/// Requests in the order of their calls.
#[derive(Debug, Default)]
pub(super) struct PublishQueue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    requests: VecDeque<PublishRequest>,
    bytes: usize,
    closed: bool,
}

impl PublishQueue {
    /// Adds a request behind the others.
    pub(super) fn push(&self, request: PublishRequest) -> Result<(), QueueError> {
        let mut waiting = self.waiting.lock();
        if waiting.closed {
            return Err(QueueError::Closed(request));
        }
        if waiting.requests.len() >= QUEUE_REQUESTS || waiting.bytes + request.bytes > QUEUE_BYTES {
            return Err(QueueError::Full(request));
        }
        waiting.bytes += request.bytes;
        waiting.requests.push_back(request);
        drop(waiting);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for requests and takes as many as one commit should hold, at least one. `None` once the
    /// queue is closed and everything in it was taken.
    pub(super) fn take(&self) -> Option<Vec<PublishRequest>> {
        let idle = |waiting: &mut Waiting| waiting.requests.is_empty() && !waiting.closed;
        let mut waiting = self.waiting.lock();
        self.changed.wait_while(&mut waiting, idle);
        let (mut group, mut records, mut bytes) = (Vec::new(), 0, 0);
        while let Some(request) = waiting.requests.front() {
            records += request.batch.len();
            bytes += request.bytes;
            if !group.is_empty() && (records > GROUP_RECORDS || bytes > GROUP_BYTES) {
                break;
            }
            waiting.bytes -= request.bytes;
            group.extend(waiting.requests.pop_front());
        }
        (!group.is_empty()).then_some(group)
    }

    /// Takes no more requests; what waits is still handed over.
    pub(super) fn close(&self) {
        self.waiting.lock().closed = true;
        self.changed.notify_all();
    }

    /// Takes no more requests and drops what waits, unanswered.
    pub(super) fn abandon(&self) {
        self.close();
        let dropped = std::mem::take(&mut self.waiting.lock().requests);
        drop(dropped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pending;
    use contract::time::Micros;

    fn request(records: usize, bytes: usize) -> PublishRequest {
        let record = Outgoing { key: String::new(), revision: Micros(0), body: Vec::new() };
        PublishRequest { batch: vec![record; records], checkpoint: Vec::new(), bytes, ack: Pending::new("b").0 }
    }

    fn taken(queue: &PublishQueue) -> Vec<usize> {
        queue.take().unwrap().iter().map(|request| request.batch.len()).collect()
    }

    #[test]
    fn a_group_holds_whole_requests_up_to_the_limits_of_a_commit() {
        let queue = PublishQueue::default();
        for records in [1, GROUP_RECORDS - 1, 2, GROUP_RECORDS + 1, 3] {
            queue.push(request(records, 1)).unwrap();
        }
        queue.push(request(4, GROUP_BYTES)).unwrap();
        let groups: Vec<_> = (0..5).map(|_| taken(&queue)).collect();
        assert_eq!(groups, [vec![1, GROUP_RECORDS - 1], vec![2], vec![GROUP_RECORDS + 1], vec![3], vec![4]]);
    }

    #[test]
    fn a_full_queue_refuses_and_takes_again_when_it_was_emptied() {
        let queue = PublishQueue::default();
        queue.push(request(1, QUEUE_BYTES)).unwrap();
        assert!(matches!(queue.push(request(1, 1)), Err(QueueError::Full(_))));
        assert_eq!(taken(&queue), [1]);
        for _ in 0..QUEUE_REQUESTS {
            queue.push(request(0, 0)).unwrap();
        }
        assert!(matches!(queue.push(request(0, 0)), Err(QueueError::Full(_))));
    }

    #[test]
    fn a_closed_queue_hands_over_what_waits_and_then_ends() {
        let queue = PublishQueue::default();
        queue.push(request(1, 1)).unwrap();
        queue.close();
        assert!(matches!(queue.push(request(1, 1)), Err(QueueError::Closed(_))));
        assert_eq!(taken(&queue), [1]);
        assert!(queue.take().is_none());
    }
}
