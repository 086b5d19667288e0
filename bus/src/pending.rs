//! The answer to a publish, awaited by a task or waited for by a thread.
//!
//! A value instead of an `async fn`, so that [`crate::Outbox`] can be used as `dyn` and the records are
//! on their way before the caller awaits it.

use crate::error::{BusError, PublishError};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

type PublishResult = Result<(), PublishError>;

/// Resolves once the batch is durable, or is known not to be published.
#[derive(Debug)]
#[must_use = "nothing is durable before it resolves"]
pub struct Pending {
    answer: oneshot::Receiver<PublishResult>,
    bus: String,
}

/// The other end of a [`Pending`]. Dropped unanswered, it answers [`BusError::Closed`].
#[derive(Debug)]
pub struct PendingSender(oneshot::Sender<PublishResult>);

impl Pending {
    /// Both ends of a new answer; `bus` names the place for an error.
    pub fn new(bus: impl Into<String>) -> (PendingSender, Self) {
        let (sender, answer) = oneshot::channel();
        (PendingSender(sender), Self { answer, bus: bus.into() })
    }

    /// Waits on this thread. Panics inside an async task: await it there instead.
    pub fn wait(self) -> Result<(), PublishError> {
        let Self { answer, bus } = self;
        answer.blocking_recv().unwrap_or_else(|_| Err(BusError::Closed { bus }.into()))
    }
}

impl Future for Pending {
    type Output = PublishResult;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<PublishResult> {
        let this = &mut *self;
        Pin::new(&mut this.answer)
            .poll(context)
            .map(|answer| answer.unwrap_or_else(|_| Err(BusError::Closed { bus: this.bus.clone() }.into())))
    }
}

impl PendingSender {
    /// Gives the answer; the caller may have stopped waiting for it.
    pub fn send(self, answer: Result<(), PublishError>) {
        // The caller may have dropped its `Pending`: the records are published all the same.
        let _ = self.0.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_reaches_a_task_and_a_dropped_one_is_an_error() {
        let (ack, pending) = Pending::new("b");
        ack.send(Ok(()));
        assert!(pending.await.is_ok());
        let (ack, pending) = Pending::new("b");
        drop(ack);
        assert_eq!(pending.await.unwrap_err().to_string(), "the bus b is closed");
    }
}
