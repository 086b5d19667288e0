//! The polls of each source, its latest figure, and when the next one is due.

use super::registry::{MetricsError, counters, gauges, register, seconds};
use crate::health::RejectBoard;
use aggregator_core::judge::sources_due;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use contract::time::{Micros, Moment};
use parking_lot::Mutex;
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Registry};
use std::collections::BTreeMap;
use std::time::Duration;

/// Seconds of a poll: from a local file to a slow server's time-out.
const POLL_BUCKETS: [f64; 8] = [0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0];
const PLAN_SOURCE: [&str; 2] = ["plan", "source"];
const PLAN_SERIES_SOURCE: [&str; 3] = ["plan", "series", "source"];

/// Bytes of a reason in a label.
const MAX_LABEL: usize = 64;

/// A reason as a label: records may come from other programs, whose reasons could be any text.
fn label(reason: &str) -> &str {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if reason.len() <= MAX_LABEL && reason.bytes().all(is_word) { reason } else { "other" }
}

#[derive(Debug)]
pub(super) struct SourceMetrics {
    polls: IntCounterVec,
    poll: HistogramVec,
    last_success: GaugeVec,
    latest: GaugeVec,
    due: GaugeVec,
    incomplete: GaugeVec,
    rejects: GaugeVec,
    silent_since: GaugeVec,
    /// Of plans without series of their own: when each source was last read, or first polled where it never was.
    read: Mutex<BTreeMap<String, BTreeMap<String, Moment>>>,
}

impl SourceMetrics {
    pub(super) fn new(r: &Registry) -> Result<Self, MetricsError> {
        let polls = "Polls by outcome; `reason` is empty unless the poll failed.";
        let poll = HistogramOpts::new("shihyo_poll_duration_seconds", "Duration of a poll of a source.");
        let last =
            ("shihyo_source_last_success_timestamp_seconds", "When a source was last read whole, changed or not.");
        let latest = (
            "shihyo_source_latest_figure_timestamp_seconds",
            "The moment that a source's latest known figure describes.",
        );
        let due = "When a source's next figure is overdue, its grace included; in the past when it is.";
        let silent = (
            "shihyo_plan_source_silent_since_timestamp_seconds",
            "Of a plan beyond `metrics.plans`: when the source was last read whole that was read longest ago.",
        );
        let rejects = "Rows that could not be read when the files of a source were last read.";
        Ok(Self {
            polls: counters(r, "shihyo_polls_total", polls, &["plan", "source", "outcome", "reason"])?,
            poll: register(r, HistogramVec::new(poll.buckets(POLL_BUCKETS.to_vec()), &PLAN_SOURCE)?)?,
            last_success: gauges(r, last.0, last.1, &PLAN_SOURCE)?,
            latest: gauges(r, latest.0, latest.1, &PLAN_SERIES_SOURCE)?,
            incomplete: gauges(r, "shihyo_polls_incomplete", "Polls of which a part has not arrived.", &PLAN_SOURCE)?,
            rejects: gauges(r, "shihyo_source_rejects", rejects, &["plan", "source", "reason"])?,
            due: gauges(r, "shihyo_source_due_timestamp_seconds", due, &PLAN_SERIES_SOURCE)?,
            silent_since: gauges(r, silent.0, silent.1, &["plan"])?,
            read: Mutex::default(),
        })
    }

    pub(super) fn clear(&self) {
        self.latest.reset();
        self.due.reset();
    }

    pub(super) fn refresh(&self, id: &str, plan: &PlanState, period: ReportPeriod) {
        for source in sources_due(&plan.view(period.cutoff()), period) {
            let series = &plan.catalogue.series[source.series];
            let labels = [id, series.id.as_str(), series.sources[source.source].id.as_str()];
            let set = |gauges: &GaugeVec, moment: Option<Moment>| {
                if let Some(moment) = moment {
                    gauges.with_label_values(&labels).set(seconds(moment));
                }
            };
            set(&self.latest, source.latest);
            set(&self.due, source.due);
        }
    }

    pub(super) fn set_incomplete<'a>(&self, polls: impl Iterator<Item = (&'a str, &'a str)>) {
        self.incomplete.reset();
        polls.for_each(|(plan, source)| self.incomplete.with_label_values(&[plan, source]).inc());
    }

    /// Sets the rows that could not be read.
    pub(super) fn set_rejects(&self, board: &RejectBoard) {
        self.rejects.reset();
        for (plan, source) in board.sources() {
            for (reason, count) in board.of(plan, source).reasons {
                let count = u32::try_from(count).map_or(f64::INFINITY, f64::from);
                self.rejects.with_label_values(&[plan, source, label(&reason)]).add(count);
            }
        }
    }

    pub(super) fn observe_poll(&self, (plan, source): (&str, &str), outcome: &str, took: Duration, at: Micros) {
        if self.count_poll((plan, source), outcome) {
            self.set_read((plan, source), at);
        }
        self.poll.with_label_values(&[plan, source]).observe(took.as_secs_f64());
    }

    /// The same for a plan without series of its own: polls are counted by plan, durations over all such plans, and of its
    /// sources the one that was read longest ago is shown.
    pub(super) fn observe_poll_of_many(&self, (plan, source): (&str, &str), outcome: &str, took: Duration, at: Micros) {
        let was_read = self.count_poll((plan, ""), outcome);
        self.poll.with_label_values(&["", ""]).observe(took.as_secs_f64());
        self.set_read_of_many((plan, source), at, was_read);
    }

    /// Notes of such a plan that a source was read, or only asked.
    pub(super) fn set_read_of_many(&self, (plan, source): (&str, &str), at: Micros, was_read: bool) {
        let mut read = self.read.lock();
        let sources = read.entry(plan.to_owned()).or_default();
        let last = sources.entry(source.to_owned()).or_insert(at.moment());
        if was_read {
            *last = at.moment();
        }
        if let Some(longest_ago) = sources.values().min() {
            self.silent_since.with_label_values(&[plan]).set(seconds(*longest_ago));
        }
    }

    /// Counts a poll; gives whether the source was read.
    fn count_poll(&self, (plan, source): (&str, &str), outcome: &str) -> bool {
        let was_read = matches!(outcome, "changed" | "unchanged");
        let (outcome, reason) = if was_read { (outcome, "") } else { ("failed", outcome) };
        self.polls.with_label_values(&[plan, source, outcome, reason]).inc();
        was_read
    }

    pub(super) fn set_read(&self, (plan, source): (&str, &str), at: Micros) {
        self.last_success.with_label_values(&[plan, source]).set(seconds(at.moment()));
    }
}
