//! The time of the next poll. Pure: the caller provides the random number.
//!
//! Jitter keeps the collectors of several cities from polling one portal in the same second.

use std::time::Duration;

/// Fraction of the interval by which a poll may be early or late.
const JITTER: f64 = 0.1;
/// Pause after the first failure; it doubles with each further one.
pub const FIRST_BACKOFF: Duration = Duration::from_secs(5);
/// Limit of `Retry-After`, unless the source's interval is longer: a wrong header must not stop a source for days.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// Longest time over which polls that are overdue at a start are spread.
const MAX_SPREAD: Duration = Duration::from_mins(10);
/// Sources of up to this interval are polled at once: all of them are polled in so short a time anyway.
const SHORT_INTERVAL: Duration = Duration::from_mins(1);

/// Pause before the first poll of a process. `since` is the time since the last poll, `None` where nothing is to be waited
/// for; `place` is from 0 to 1, another one for each source.
pub fn first(interval: Duration, since: Option<Duration>, place: f64) -> Duration {
    let Some(since) = since.filter(|_| interval > SHORT_INTERVAL) else { return Duration::ZERO };
    let left = interval.saturating_sub(since);
    if left.is_zero() { interval.mul_f64(JITTER).min(MAX_SPREAD).mul_f64(place.clamp(0.0, 1.0)) } else { left }
}

/// Pause after a successful poll: `interval` ±10 %; `random` is from 0 to 1.
pub fn after_success(interval: Duration, random: f64) -> Duration {
    interval.mul_f64(1.0 - JITTER + 2.0 * JITTER * random.clamp(0.0, 1.0))
}

/// Pause after a failed poll: `pause` ±10 %, at most `interval` unless the server asks for more.
pub fn after_failure(interval: Duration, pause: Duration, retry_after: Option<Duration>, random: f64) -> Duration {
    let requested = retry_after.unwrap_or_default().min(interval.max(MAX_RETRY_AFTER));
    after_success(pause, random).min(interval).max(requested)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::backoff::Backoff;

    const HOUR: Duration = Duration::from_hours(1);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_poll_comes_within_a_tenth_of_its_interval() {
        assert_eq!(after_success(HOUR, 0.0), seconds(3240));
        assert_eq!(after_success(HOUR, 0.5), HOUR);
        assert_eq!(after_success(HOUR, 1.0), seconds(3960));
        assert_eq!(after_success(HOUR, 7.0), seconds(3960));
    }

    #[test]
    fn a_restart_does_not_bring_polls_forward_and_spreads_those_that_are_overdue() {
        assert_eq!(first(HOUR, None, 0.5), Duration::ZERO);
        assert_eq!(first(HOUR, Some(seconds(600)), 0.5), seconds(3000));
        assert_eq!(first(HOUR, Some(HOUR), 0.5), seconds(180));
        assert_eq!(first(24 * HOUR, Some(48 * HOUR), 0.5), seconds(300));
        assert_eq!(first(24 * HOUR, Some(48 * HOUR), 7.0), seconds(600));
        assert_eq!(first(seconds(60), Some(seconds(1)), 0.5), Duration::ZERO);
    }

    #[test]
    fn failures_double_the_pause_up_to_the_interval() {
        let mut backoff = Backoff::new(FIRST_BACKOFF, HOUR);
        let pauses: Vec<u64> =
            (1..=12).map(|_| after_failure(HOUR, backoff.next_pause(), None, 0.5).as_secs()).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
        assert_eq!(after_failure(HOUR, HOUR, None, 1.0), HOUR);
        let pause = Backoff::new(FIRST_BACKOFF, seconds(1)).next_pause();
        assert_eq!(after_failure(seconds(1), pause, None, 0.5), seconds(1));
    }

    #[test]
    fn retry_after_is_heeded_up_to_a_limit() {
        let (interval, pause) = (seconds(60), FIRST_BACKOFF);
        assert_eq!(after_failure(interval, pause, Some(seconds(120)), 0.5), seconds(120));
        assert_eq!(after_failure(interval, pause, Some(seconds(1)), 0.5), seconds(5));
        assert_eq!(after_failure(interval, pause, Some(seconds(1_000_000)), 0.5), HOUR);
        assert_eq!(after_failure(24 * HOUR, pause, Some(seconds(1_000_000)), 0.5), 24 * HOUR);
    }
}
