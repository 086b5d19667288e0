//! When to ask next: pure arithmetic, the randomness handed in.
//!
//! Jitter keeps the collectors of several cities from asking one portal in the same second.

use std::time::Duration;

/// Part of the rhythm by which a poll may come early or late.
const JITTER: f64 = 0.1;
/// Pause after the first failure; it doubles with each further one.
pub const FIRST_BACKOFF: Duration = Duration::from_secs(5);
/// A server that asks for more patience than this, and than the source's own rhythm, is not heeded
/// further: a wrong header must not silence a source for days.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);
/// Doublings after which no pause grows; 5 s doubled so often is eleven years.
const MAX_DOUBLINGS: u32 = 26;

/// Pause after a poll that went well: `every`, ±10 %; `random` is from 0 to 1.
pub fn after_success(every: Duration, random: f64) -> Duration {
    every.mul_f64(1.0 - JITTER + 2.0 * JITTER * random.clamp(0.0, 1.0))
}

/// Pause after the `failures`-th failure in a row, at most `every` unless the server asked for more.
pub fn after_failure(every: Duration, failures: u32, retry_after: Option<Duration>, random: f64) -> Duration {
    let asked = retry_after.unwrap_or_default().min(every.max(MAX_RETRY_AFTER));
    after_success(backoff(FIRST_BACKOFF, failures).min(every), random).min(every).max(asked)
}

/// `first`, doubled with each failure after the first.
pub fn backoff(first: Duration, failures: u32) -> Duration {
    first.saturating_mul(1 << failures.saturating_sub(1).min(MAX_DOUBLINGS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_poll_comes_within_a_tenth_of_its_rhythm() {
        assert_eq!(after_success(HOUR, 0.0), seconds(3240));
        assert_eq!(after_success(HOUR, 0.5), HOUR);
        assert_eq!(after_success(HOUR, 1.0), seconds(3960));
        assert_eq!(after_success(HOUR, 7.0), seconds(3960));
    }

    #[test]
    fn failures_double_the_pause_up_to_the_rhythm() {
        let pauses = [0, 1, 2, 3, 10, 11, u32::MAX].map(|n| after_failure(HOUR, n, None, 0.5).as_secs());
        assert_eq!(pauses, [5, 5, 10, 20, 2560, 3600, 3600]);
        assert_eq!(after_failure(HOUR, 30, None, 1.0), HOUR);
        assert_eq!(after_failure(seconds(1), 1, None, 0.5), seconds(1));
    }

    #[test]
    fn a_server_may_ask_for_patience_but_not_for_ever() {
        let every = seconds(60);
        assert_eq!(after_failure(every, 1, Some(seconds(120)), 0.5), seconds(120));
        assert_eq!(after_failure(every, 1, Some(seconds(1)), 0.5), seconds(5));
        assert_eq!(after_failure(every, 1, Some(seconds(1_000_000)), 0.5), HOUR);
        assert_eq!(after_failure(24 * HOUR, 1, Some(seconds(1_000_000)), 0.5), 24 * HOUR);
    }
}
