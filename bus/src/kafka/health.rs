//! What other threads may ask about a consumer at any time, without a round trip.

use crate::batch::Partition;
use parking_lot::Mutex;
use rdkafka::statistics::Statistics;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The library's name for its connection to the group, which carries nothing else.
const COORDINATOR: &str = "GroupCoordinator";

/// Who decides which partitions a consumer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartitionAssignment {
    /// The group, which shares them among its members.
    ByGroup,
    /// Nobody: it reads all.
    All,
}

/// Whether a consumer is still in its group, and how far it is behind. Outside a group it is in contact as long as any broker
/// answers.
#[derive(Debug)]
pub struct GroupHealth {
    session: Duration,
    assignment: PartitionAssignment,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Partitions are ours from the group's point of view.
    member: bool,
    polled: Option<Instant>,
    last_contact: Option<Instant>,
    clock: Option<Instant>,
    partitions: BTreeMap<Partition, PartitionProgress>,
}

#[derive(Clone, Copy, Debug, Default)]
struct PartitionProgress {
    next: i64,
    high: Option<i64>,
}

impl GroupHealth {
    pub(super) fn new(session: Duration, assignment: PartitionAssignment) -> Self {
        Self { session, assignment, state: Mutex::default() }
    }

    /// True only when partitions are assigned to this consumer and the group was in contact within its
    /// session time-out: until then it gives them to no other consumer. For a second or so after an assignment
    /// it is not known yet, and false.
    pub fn is_member(&self, now: Instant) -> bool {
        let state = self.state.lock();
        let recent = |at: Option<Instant>| at.is_some_and(|at| now.saturating_duration_since(at) < self.session);
        state.member && recent(state.polled) && recent(state.last_contact)
    }

    /// For each partition that is read, how many records it holds that were not handed over yet; `None`
    /// until the brokers have answered. About a second old.
    pub fn lag(&self) -> Vec<(Partition, Option<u64>)> {
        let lag = |progress: &PartitionProgress| Some(u64::try_from(progress.high? - progress.next).unwrap_or(0));
        self.state.lock().partitions.iter().map(|(partition, progress)| (*partition, lag(progress))).collect()
    }

    pub(super) fn polled(&self) {
        self.state.lock().polled = Some(Instant::now());
    }

    /// Whether partitions are ours.
    pub(super) fn member(&self, member: bool) {
        self.state.lock().member = member;
    }

    /// Reading goes on at `next`.
    pub(super) fn read(&self, partition: Partition, next: i64) {
        self.state.lock().partitions.entry(partition).or_default().next = next;
    }

    pub(super) fn released(&self, partition: Partition) {
        self.state.lock().partitions.remove(&partition);
    }

    /// Takes in the library's own figures.
    pub(super) fn record(&self, topic: &str, statistics: &Statistics) {
        let mut state = self.state.lock();
        state.record_contact(statistics, idle_us(statistics, self.assignment), Instant::now());
        let Some(topic) = statistics.topics.get(topic) else { return };
        for (partition, progress) in &mut state.partitions {
            let known = topic.partitions.get(&partition.0).map(|known| known.hi_offset);
            progress.high = known.filter(|high| *high >= 0).or(progress.high);
        }
    }
}

/// For how long nothing was heard of the group, or outside of it of any broker; `None` without a connection.
fn idle_us(statistics: &Statistics, assignment: PartitionAssignment) -> Option<i64> {
    let heard = |idle: &i64| *idle >= 0;
    match assignment {
        PartitionAssignment::ByGroup => statistics.brokers.get(COORDINATOR).map(|broker| broker.rxidle).filter(heard),
        PartitionAssignment::All => statistics.brokers.values().map(|broker| broker.rxidle).filter(heard).min(),
    }
}

impl State {
    /// Notes the last contact with the group. The figures may have waited to be polled, as after a stop of
    /// the whole process, so their age is taken from the library's clock: the figures that came soonest
    /// after they were made give the time at which that clock started.
    fn record_contact(&mut self, statistics: &Statistics, idle: Option<i64>, arrived: Instant) {
        let since = |us: i64| Duration::from_micros(u64::try_from(us).unwrap_or(0));
        let Some(started) = arrived.checked_sub(since(statistics.ts)) else { return };
        let started = self.clock.map_or(started, |known| known.min(started));
        self.clock = Some(started);
        if let Some(idle) = idle {
            self.last_contact = Some(started + since(statistics.ts - idle)).max(self.last_contact);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::statistics::Broker;

    fn statistics(ts: i64, idle: i64) -> Statistics {
        let broker = Broker { rxidle: idle, ..Broker::default() };
        let brokers = [(COORDINATOR.to_owned(), broker)].into();
        Statistics { ts, brokers, ..Statistics::default() }
    }

    /// Notes statistics of a member.
    fn record(state: &mut State, statistics: &Statistics, arrived: Instant) {
        state.record_contact(statistics, idle_us(statistics, PartitionAssignment::ByGroup), arrived);
    }

    #[test]
    fn outside_a_group_any_broker_is_a_contact() {
        let broker = |rxidle| Broker { rxidle, ..Broker::default() };
        let brokers =
            [("a:1/1", 700), ("b:1/2", 30), ("c:1/3", -1)].map(|(name, idle)| (name.to_owned(), broker(idle)));
        let statistics = Statistics { brokers: brokers.into(), ..Statistics::default() };
        assert_eq!(idle_us(&statistics, PartitionAssignment::All), Some(30));
        assert_eq!(idle_us(&statistics, PartitionAssignment::ByGroup), None);
        assert_eq!(idle_us(&Statistics::default(), PartitionAssignment::All), None);
    }

    #[test]
    fn figures_that_waited_to_be_polled_do_not_count_as_fresh() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut state = State::default();
        record(&mut state, &statistics(10_000_000, 500_000), start);
        assert_eq!(state.last_contact, start.checked_sub(second / 2));
        // Made one second later, polled an hour later.
        record(&mut state, &statistics(11_000_000, 0), start + 3600 * second);
        assert_eq!(state.last_contact, Some(start + second));
        // No connection to the group: no contact.
        record(&mut state, &statistics(12_000_000, -1), start + 2 * second);
        assert_eq!(state.last_contact, Some(start + second));
    }

    #[test]
    fn a_member_is_one_that_polled_and_heard_within_the_session() {
        let health = GroupHealth::new(Duration::from_secs(10), PartitionAssignment::ByGroup);
        let now = Instant::now();
        health.polled();
        assert!(!health.is_member(now));
        health.member(true);
        assert!(!health.is_member(now));
        health.state.lock().last_contact = Some(now);
        assert!(health.is_member(now));
        assert!(!health.is_member(now + Duration::from_secs(11)));
        health.member(false);
        assert!(!health.is_member(now));
    }
}
