//! When sources are polled first after a start: a restart must not poll every source of a machine in the same second.
//!
//! A source that was never polled, whose last poll failed or left something to read, or that is configured otherwise since,
//! is polled at once. Another one waits for the moment at which it would have been polled without the restart.

use super::Runner;
use crate::config::SourceConfig;
use crate::document::sha256;
use crate::poll::state::{ClockNote, SourceState};
use crate::schedule;
use contract::time::Micros;
use std::sync::Arc;
use std::time::Duration;

impl Runner {
    /// Sources with the pause before their first poll. What was read of them before is reported to the observer.
    pub(super) async fn first_polls(&self, sources: Vec<Arc<SourceConfig>>) -> Vec<(Arc<SourceConfig>, Duration)> {
        if sources.is_empty() {
            return Vec::new();
        }
        let (outbox, all) = (Arc::clone(&self.outbox), sources.clone());
        // On one thread: thousands of them would wait for the same file, and hold up whatever else blocks.
        let read = move || all.iter().map(|one| SourceState::clock(outbox.as_ref(), &one.plan, &one.id)).collect();
        let clocks: Vec<Option<ClockNote>> = tokio::task::spawn_blocking(read).await.unwrap_or_default();
        let now = self.collector.clock.now();
        let clocks = clocks.into_iter().chain(std::iter::repeat(None));
        let paused = sources.into_iter().zip(clocks).map(|(source, clock)| {
            if let Some(success) = clock.and_then(|clock| clock.success) {
                self.observer.read_before(&source.plan, &source.id, Micros(success));
            }
            let pause = pause(&source, clock, now);
            (source, pause)
        });
        paused.collect()
    }
}

/// The pause before the first poll of a source whose clock is known.
fn pause(source: &SourceConfig, clock: Option<ClockNote>, now: Micros) -> Duration {
    let whole = clock.filter(|clock| clock.finished == Some(source.identity()));
    let since = whole.and_then(|clock| u64::try_from(now.0.saturating_sub(clock.last)).ok());
    schedule::first(source.interval, since.map(Duration::from_micros), place(source))
}

/// Where a source stands among all, from 0 to 1: the same at every start.
fn place(source: &SourceConfig) -> f64 {
    let digest = sha256(format!("{}/{}", source.plan, source.id).as_bytes());
    u32::from_str_radix(&digest[..8], 16).map_or(0.0, f64::from) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{register, source};
    use std::path::Path;

    const HOUR: i64 = 3_600_000_000;

    fn hourly(id: &str, path: &str) -> SourceConfig {
        let interval = Duration::from_hours(1);
        SourceConfig { id: id.into(), interval, ..source(Path::new("."), &register(&format!("path = '{path}'"))) }
    }

    #[test]
    fn only_a_source_that_was_read_whole_as_it_is_configured_waits() {
        let one = hourly("s", "r.csv");
        let note = |last, finished| Some(ClockNote { last, success: Some(last), finished });
        let whole = |last| note(last, Some(one.identity()));
        let minutes = |clock| pause(&one, clock, Micros(10 * HOUR)).as_secs() / 60;
        assert_eq!(minutes(None), 0, "never polled");
        assert_eq!(minutes(note(9 * HOUR + HOUR / 4, None)), 0, "failed, or of a version before");
        assert_eq!(minutes(note(9 * HOUR + HOUR / 4, Some(hourly("s", "other.csv").identity()))), 0, "moved");
        assert_eq!(minutes(whole(9 * HOUR + HOUR / 4)), 15);
        assert_eq!(minutes(whole(11 * HOUR)), 0, "the clock was set back: the poll says so");
    }

    #[test]
    fn sources_that_are_overdue_are_spread_in_the_same_way_at_every_start() {
        let sources: Vec<SourceConfig> = (0..600).map(|n| hourly(&format!("s{n}"), "r.csv")).collect();
        let overdue = Some(ClockNote { last: 0, success: Some(0), finished: Some(sources[0].identity()) });
        let pauses = || sources.iter().map(|one| pause(one, overdue, Micros(10 * HOUR))).collect::<Vec<_>>();
        assert_eq!(pauses(), pauses());
        for minute in 0..6 {
            let within = pauses().iter().filter(|pause| pause.as_secs() / 60 == minute).count();
            assert!((70..=130).contains(&within), "{within} of 600 in minute {minute}");
        }
    }
}
