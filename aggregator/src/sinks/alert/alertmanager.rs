//! Alertmanager, API v2: what fires is sent again every minute, and ends by itself when we are silent for long.
//!
//! Alertmanager knows an alert by its labels, so that sending it twice, to several members of a cluster, or after a
//! restart changes nothing. It groups, silences and repeats; that is its configuration, not ours.

use super::http::{HttpPoster, failed, shown};
use super::text::AlertText;
use super::{AlertSettingError, check_link, check_url};
use crate::alerting::notification::AlertNotification;
use crate::sinks::{Sink, SinkError, Step, StepOutcome};
use crate::store::AlertEvent;
use aggregator_core::alert::AlertTransition;
use contract::error::chain;
use contract::time::Micros;
use reqwest::header::HeaderMap;
use serde::Serialize;
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

/// The sink's name in stores, metrics and logs.
pub(super) const NAME: &str = "alertmanager";
const URLS: &str = "alerts.alertmanager.urls";

const SECOND: i64 = 1_000_000;
/// How often what stands is sent.
const AGAIN: i64 = 60 * SECOND;
/// How long what fires lasts without another word: a few of ours may be lost, and a dead sender's alerts still end.
const LASTS: i64 = 240 * SECOND;
/// How long what was resolved is sent: one who was away for some minutes hears of it.
const REMEMBERED: i64 = 900 * SECOND;

/// Where Alertmanager is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertmanagerSettings {
    /// Addresses of all members of the cluster; each is told, as Alertmanager asks for.
    pub urls: Vec<String>,
    /// Address of the scoreboard as readers of an alert reach it.
    pub link: String,
}

impl AlertmanagerSettings {
    /// Says what cannot be right, without asking a server.
    pub fn check(&self) -> Result<(), AlertSettingError> {
        if self.urls.is_empty() {
            return Err(AlertSettingError::Empty(URLS));
        }
        for url in &self.urls {
            check_url(URLS, "[\"http://localhost:9093\"]", url, false)?;
        }
        check_link(&self.link)
    }
}

/// An alert as Alertmanager reads it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Posted {
    labels: BTreeMap<&'static str, String>,
    annotations: BTreeMap<&'static str, String>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: String,
}

/// Keeps Alertmanagers told of one partition's alerts.
pub(super) struct AlertmanagerSink {
    to: AlertmanagerSettings,
    post: Option<HttpPoster>,
    /// When what stands was sent last.
    sent: Option<Micros>,
}

impl Sink for AlertmanagerSink {
    fn turn(&mut self, turn: &mut Step<'_>) -> Result<StepOutcome, SinkError> {
        let cursor = turn.desk.alert_cursor(NAME)?;
        let read = turn.desk.read();
        let last = read.last_alert_event()?;
        // A clock that was set back must not silence us.
        let is_due = self.sent.is_none_or(|sent| turn.now < sent || turn.now.0 - sent.0 >= AGAIN);
        if last <= cursor && !is_due {
            return Ok(StepOutcome::Nothing);
        }
        let events = read.standing_alert_events(Micros(turn.now.0 - REMEMBERED), cursor)?;
        let alerts = self.alerts(&events, turn.now);
        let written = alerts.len() as u64;
        if written > 0 {
            self.send(&alerts, turn.stop)?;
        }
        self.sent = Some(turn.now);
        if last > cursor {
            turn.desk.put_alert_cursor(NAME, last, turn.now)?;
        }
        Ok(if written > 0 { StepOutcome::Some { written, dead: 0 } } else { StepOutcome::Nothing })
    }

    fn ask(&mut self, stop: &CancellationToken) -> Result<bool, SinkError> {
        // No alert at all is taken as any other number of them.
        self.send(&[], stop).map(|()| true)
    }
}

impl AlertmanagerSink {
    pub(super) fn new(to: AlertmanagerSettings) -> Self {
        Self { to, post: None, sent: None }
    }

    /// Of each alert its last event: in one request the same labels must not stand twice.
    fn alerts(&self, events: &[AlertEvent], now: Micros) -> Vec<Posted> {
        let mut last = BTreeMap::new();
        for event in events {
            let Some(told) = AlertNotification::from_json(&event.body) else { continue };
            let posted = posted(event, &told, &self.to.link, now);
            last.insert(posted.labels.clone(), posted);
        }
        last.into_values().collect()
    }

    /// Tells every member; they tell each other nothing of alerts, but one is enough for the alert to be known.
    fn send(&mut self, alerts: &[Posted], stop: &CancellationToken) -> Result<(), SinkError> {
        let post = match self.post.take() {
            Some(post) => post,
            None => HttpPoster::new()?,
        };
        let post = self.post.insert(post);
        let body = serde_json::to_string(alerts).unwrap_or_default();
        let (mut taken, mut refused) = (false, Vec::new());
        for url in &self.to.urls {
            let to = format!("{}/api/v2/alerts", url.trim_end_matches('/'));
            match post.post(&to, HeaderMap::new(), body.clone(), stop) {
                Ok(Ok(())) => taken = true,
                Ok(Err(answer)) => refused.push(format!("{} answered {}: {}", shown(&to), answer.status, answer.text)),
                Err(SinkError::Stopped) => return Err(SinkError::Stopped),
                Err(error) => refused.push(chain(&error)),
            }
        }
        if taken {
            Ok(())
        } else {
            Err(failed(format!("no Alertmanager takes alerts: {}", refused.join("; ")), None, None))
        }
    }
}

fn posted(event: &AlertEvent, told: &AlertNotification, link: &str, now: Micros) -> Posted {
    let name = if told.rule == "overdue" { "ShihyoKpiOverdue" } else { "ShihyoKpiTrend" };
    let labels = [
        ("alertname", name),
        ("plan", &told.plan.id),
        ("policy", &told.policy.id),
        ("kpi", &told.kpi.id),
        ("rule", &told.rule),
        ("severity", told.severity(event.event)),
    ];
    let text = AlertText::new(told, event.event, link);
    let annotations = [
        ("summary_ja", text.summary.ja),
        ("summary_en", text.summary.en),
        ("description_ja", text.description.ja),
        ("description_en", text.description.en),
    ];
    let since = event.event.since();
    let ends = match event.event {
        AlertTransition::Fired { .. } => now.0 + LASTS,
        AlertTransition::Resolved { .. } => event.time.0,
    };
    Posted {
        labels: labels.map(|(name, value)| (name, value.to_owned())).into(),
        annotations: annotations.into(),
        starts_at: since.to_string(),
        // An end before the start, after a clock was set back, would be refused with all others.
        ends_at: Micros(ends).max(since).to_string(),
        generator_url: told.link(link),
    }
}
