//! Pauses between tries: each is twice the one before, up to a longest. Time is counted by the caller.

use std::time::Duration;

/// A sequence of pauses.
///
/// ```
/// use contract::backoff::Backoff;
/// use std::time::Duration;
///
/// let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(3));
/// assert_eq!(backoff.next_pause(), Duration::from_secs(1));
/// assert_eq!(backoff.next_pause(), Duration::from_secs(2));
/// assert_eq!(backoff.next_pause(), Duration::from_secs(3));
/// assert!(backoff.reset());
/// assert!(!backoff.reset());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    last: Option<Duration>,
}

impl Backoff {
    /// Pauses from `first` to `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, last: None }
    }

    /// How long to wait before the next try.
    pub fn next_pause(&mut self) -> Duration {
        let pause = self.last.map_or(self.first, |last| last.saturating_mul(2)).min(self.longest);
        self.last = Some(pause);
        pause
    }

    /// True between a failure and the success that follows it.
    pub const fn is_failing(&self) -> bool {
        self.last.is_some()
    }

    /// Begins anew after a success; true if there was a failure before it.
    pub fn reset(&mut self) -> bool {
        self.last.take().is_some()
    }
}
