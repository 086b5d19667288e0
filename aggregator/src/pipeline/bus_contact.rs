//! Reports whether the bus can be read: to the health of the process at once, to the log once a minute.
//!
//! That nothing comes proves nothing soon after a failure: brokers that are away fail every few seconds, with silence in
//! between. An alert on the component could never fire if each silence counted as its recovery.

use super::setup::PipelineSetup;
use crate::health::Component;
use bus::BusError;
use contract::error::chain;
use std::time::{Duration, Instant};

/// How often a failure that lasts is logged.
const LOG_INTERVAL: Duration = Duration::from_mins(1);
/// How long no failure must come until an idle bus counts as one that works.
const QUIET: Duration = Duration::from_secs(30);

/// The failure that lasts, if there is one.
#[derive(Debug, Default)]
pub(super) struct BusContact(Option<Failure>);

#[derive(Debug)]
struct Failure {
    count: u64,
    last: Instant,
    logged: Instant,
}

impl BusContact {
    /// The bus could not be read.
    pub(super) fn failed(&mut self, setup: &PipelineSetup, error: &BusError, now: Instant) {
        let text = chain(error);
        if let Some(failures) = self.count(now) {
            tracing::warn!(error = %text, failures, "the bus cannot be read for now");
        }
        setup.progress.health().degrade(Component::Bus, error, text, None, setup.clock.now());
    }

    /// The bus gave records or a partition, which proves that it can be read, or anything else.
    pub(super) fn answered(&mut self, setup: &PipelineSetup, proved: bool, now: Instant) {
        if let Some(failures) = self.end(proved, now) {
            tracing::info!(failures, "the bus can be read again");
            setup.progress.health().recover(Component::Bus);
        }
    }

    /// Counts a failure; gives the count when it is to be logged.
    fn count(&mut self, now: Instant) -> Option<u64> {
        let Some(failure) = &mut self.0 else {
            self.0 = Some(Failure { count: 1, last: now, logged: now });
            return Some(1);
        };
        failure.count += 1;
        failure.last = now;
        let due = now.duration_since(failure.logged) >= LOG_INTERVAL;
        due.then(|| {
            failure.logged = now;
            failure.count
        })
    }

    /// Ends the failure where the answer proves it; gives how often it came.
    fn end(&mut self, proved: bool, now: Instant) -> Option<u64> {
        self.0.take_if(|failure| proved || now.duration_since(failure.last) >= QUIET).map(|failure| failure.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_that_fails_every_two_seconds_is_logged_once_a_minute_and_does_not_recover_in_between() {
        let (start, mut contact, mut logged) = (Instant::now(), BusContact::default(), Vec::new());
        for second in 0..480 {
            let now = start + Duration::from_secs(second);
            if second % 2 == 0 {
                logged.extend(contact.count(now).map(|_| second));
            } else {
                assert_eq!(contact.end(false, now), None, "{second}");
            }
        }
        assert_eq!(logged, [0, 60, 120, 180, 240, 300, 360, 420]);
        // The last failure came after 478 seconds.
        let after = |seconds: u64| start + Duration::from_secs(478 + seconds);
        assert_eq!(contact.end(false, after(29)), None);
        assert_eq!(contact.end(false, after(30)), Some(240));
        assert_eq!(contact.end(false, after(31)), None);
        contact.count(after(40));
        assert_eq!(contact.end(true, after(40)), Some(1), "records prove it at once");
    }
}
