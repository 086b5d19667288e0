//! Alertmanager, API v2: what fires is sent again every minute, and ends by itself when we are silent for long.
//!
//! Alertmanager knows an alert by its labels, so that sending it twice, to several members of a cluster, or after a
//! restart changes nothing. It groups, silences and repeats; that is its configuration, not ours.

use super::settings::AlertmanagerSettings;
use crate::alerting::notification::AlertNotification;
use crate::alerting::text::AlertText;
use crate::sinks::http::{HttpPoster, failed, origin};
use crate::sinks::sink::{Sink, SinkError, Step, StepOutcome};
use crate::store::AlertEvent;
use aggregator_core::alert::{AlertRule, AlertTransition, Severity};
use contract::error::chain;
use contract::time::Micros;
use reqwest::header::HeaderMap;
use serde::Serialize;
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

/// The sink's name in stores, metrics and logs.
pub(super) const NAME: &str = "alertmanager";

const SECOND: i64 = 1_000_000;
/// How often alerts that fire are sent.
const RESEND_INTERVAL: i64 = 60 * SECOND;
/// When an alert that fires ends unless it is sent again: a few requests may be lost, and the alerts of a dead sender end.
const EXPIRY: i64 = 240 * SECOND;
/// How long a resolved alert is sent: an Alertmanager that was down for some minutes still gets it.
const RESEND_RESOLVED: i64 = 900 * SECOND;

/// An alert as Alertmanager reads it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PostedAlert {
    labels: BTreeMap<&'static str, String>,
    annotations: BTreeMap<&'static str, String>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: String,
}

/// Sends one partition's alerts.
pub(super) struct AlertmanagerSink {
    settings: AlertmanagerSettings,
    poster: Option<HttpPoster>,
    /// When alerts that fire were sent last.
    sent: Option<Micros>,
}

impl Sink for AlertmanagerSink {
    fn step(&mut self, step: &mut Step<'_>) -> Result<StepOutcome, SinkError> {
        let cursor = step.store.alert_cursor(NAME)?;
        let read = step.store.read();
        let last = read.last_alert_event()?;
        // A clock that was set back must not stop the sending.
        let is_due = self.sent.is_none_or(|sent| step.now < sent || step.now.0 - sent.0 >= RESEND_INTERVAL);
        if last <= cursor && !is_due {
            return Ok(StepOutcome::Nothing);
        }
        let events = read.standing_alert_events(Micros(step.now.0 - RESEND_RESOLVED), cursor)?;
        let alerts = self.alerts(&events, step.now);
        let written = alerts.len() as u64;
        if written > 0 {
            self.send(&alerts, step.stop)?;
        }
        self.sent = Some(step.now);
        if last > cursor {
            step.store.put_alert_cursor(NAME, last, step.now)?;
        }
        Ok(if written > 0 { StepOutcome::Some { written, dead: 0 } } else { StepOutcome::Nothing })
    }

    fn probe(&mut self, stop: &CancellationToken) -> Result<&'static str, SinkError> {
        // An empty list of alerts changes nothing.
        self.send(&[], stop).map(|()| "would take what is written")
    }
}

impl AlertmanagerSink {
    pub(super) fn new(settings: AlertmanagerSettings) -> Self {
        Self { settings, poster: None, sent: None }
    }

    /// Of each alert its last event: in one request the same labels must not stand twice.
    fn alerts(&self, events: &[AlertEvent], now: Micros) -> Vec<PostedAlert> {
        let mut last = BTreeMap::new();
        for event in events {
            let Some(notification) = AlertNotification::from_json(&event.body) else { continue };
            for severity in severities(event.event, &notification) {
                let alert = wire_alert(event, &notification, severity, &self.settings.external_url, now);
                last.insert(alert.labels.clone(), alert);
            }
        }
        last.into_values().collect()
    }

    /// Sends to every member, since members do not pass alerts on to each other; one that accepts is enough.
    fn send(&mut self, alerts: &[PostedAlert], stop: &CancellationToken) -> Result<(), SinkError> {
        let poster = match self.poster.take() {
            Some(poster) => poster,
            None => HttpPoster::new()?,
        };
        let poster = self.poster.insert(poster);
        let body = serde_json::to_string(alerts).unwrap_or_default();
        let (mut accepted, mut refused) = (false, Vec::new());
        for url in &self.settings.urls {
            let to = format!("{}/api/v2/alerts", url.trim_end_matches('/'));
            match poster.post(&to, HeaderMap::new(), body.clone(), stop) {
                Ok(Ok(())) => accepted = true,
                Ok(Err(answer)) => refused.push(format!("{} answered {}: {}", origin(&to), answer.status, answer.text)),
                Err(SinkError::Stopped) => return Err(SinkError::Stopped),
                Err(error) => refused.push(chain(&error)),
            }
        }
        if accepted {
            Ok(())
        } else {
            Err(failed(format!("no Alertmanager takes alerts: {}", refused.join("; ")), None, None))
        }
    }
}

/// The severities under which an alert is sent: labels make an alert, so one that got worse goes on under its earlier
/// severities too, which Alertmanager would else call resolved. `deploy/alertmanager` mutes them.
fn severities(event: AlertTransition, of: &AlertNotification) -> Vec<Severity> {
    let (own, before) = (of.severity(event), of.rule().severity(of.before.as_deref().unwrap_or_default()));
    match event {
        AlertTransition::Worsened { .. } => {
            Severity::ALL.into_iter().filter(|one| (before..=own).contains(one)).collect()
        }
        AlertTransition::Fired { .. } | AlertTransition::Resolved { .. } => vec![own],
    }
}

/// The name of an alert of a rule, as Alertmanager groups by it.
fn alert_name(rule: AlertRule) -> &'static str {
    match rule {
        AlertRule::Trend => "ShihyoKpiTrend",
        AlertRule::Landing => "ShihyoKpiLanding",
        AlertRule::Overdue => "ShihyoKpiOverdue",
        AlertRule::Missing => "ShihyoKpiMissing",
        AlertRule::Restated => "ShihyoKpiRestated",
        AlertRule::TargetChanged => "ShihyoKpiTargetChanged",
    }
}

/// An alert with a severity, as it stands.
fn wire_alert(
    event: &AlertEvent,
    of: &AlertNotification,
    severity: Severity,
    external_url: &str,
    now: Micros,
) -> PostedAlert {
    let labels = [
        ("alertname", alert_name(of.rule())),
        ("plan", &of.plan.id),
        ("policy", &of.policy.id),
        ("kpi", &of.kpi.id),
        ("rule", &of.rule),
        ("severity", severity.name()),
    ];
    let text = AlertText::new(of, event.event, external_url);
    let (summary, description) = (&text.summary, &text.description);
    let annotations = [
        ("summary", format!("{} / {}", summary.ja, summary.en)),
        ("description", format!("{}\n\n{}", description.ja, description.en)),
        ("summary_ja", text.summary.ja),
        ("summary_en", text.summary.en),
        ("description_ja", text.description.ja),
        ("description_en", text.description.en),
    ];
    let since = event.event.since();
    let ends = match event.event {
        AlertTransition::Fired { .. } | AlertTransition::Worsened { .. } => now.0 + EXPIRY,
        AlertTransition::Resolved { .. } => event.time.0,
    };
    PostedAlert {
        labels: labels.map(|(name, value)| (name, value.to_owned())).into(),
        annotations: annotations.into(),
        starts_at: since.to_string(),
        // An end before the start, after a clock was set back, would be refused with all others.
        ends_at: Micros(ends).max(since).to_string(),
        generator_url: of.link(external_url),
    }
}
