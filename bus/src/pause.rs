//! Waiting on a thread that may be stopped meanwhile.

use std::thread;
use std::time::{Duration, Instant};

/// How late a stop is noticed.
const SLICE: Duration = Duration::from_millis(50);

/// Sleeps for `pause`, or until `is_stopped` is true, which is asked every 50 ms.
pub fn sleep_unless(pause: Duration, is_stopped: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_stopped() {
        let left = pause.saturating_sub(started.elapsed());
        if left.is_zero() {
            return;
        }
        thread::sleep(left.min(SLICE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_sleep_ends_after_its_pause_or_at_a_stop() {
        let started = Instant::now();
        sleep_unless(Duration::from_millis(60), || false);
        assert!(started.elapsed() >= Duration::from_millis(60));
        let asked = Cell::new(0);
        sleep_unless(Duration::from_mins(10), || asked.replace(asked.get() + 1) == 1);
        assert_eq!(asked.get(), 2);
        assert!(started.elapsed() < Duration::from_mins(1));
    }
}
