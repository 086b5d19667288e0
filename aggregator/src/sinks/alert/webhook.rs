//! A webhook: each event is posted once it was taken, in order, signed. At least once: whoever listens tells
//! repetitions by `Idempotency-Key`, and us from others by `Shihyo-Signature`.

use super::http::{HttpPoster, HttpRejection};
use super::text::AlertText;
use super::{AlertSettingError, check_link, check_url};
use crate::alerting::notification::{AlertNotification, NamedItem};
use crate::sinks::{Sink, SinkError, Step, StepOutcome};
use crate::store::AlertEvent;
use contract::catalogue::Bilingual;
use contract::time::Micros;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::{HeaderMap, HeaderValue};
use serde::Serialize;
use sha2::Sha256;
use std::fmt;
use std::fmt::Write as _;

/// The sink's name in stores, metrics and logs.
pub(super) const NAME: &str = "webhook";
/// The version of the body.
const VERSION: u32 = 1;
/// How often an event is posted that is answered with "never".
const TRIES: u32 = 5;

/// Where the webhook is.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Its address; its path and query may be secret and are never shown.
    pub url: String,
    /// What signs; never shown.
    pub secret: String,
    /// Address of the scoreboard as readers of an alert reach it.
    pub link: String,
}

impl fmt::Debug for WebhookSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, secret: _, link } = self;
        f.debug_struct("Webhook").field("url", &super::http::shown(url)).field("link", link).finish_non_exhaustive()
    }
}

impl WebhookSettings {
    /// Says what cannot be right, without asking the server.
    pub fn check(&self) -> Result<(), AlertSettingError> {
        check_url("alerts.webhook.url", "\"https://hooks.example/shihyo\"", &self.url, true)?;
        if self.secret.is_empty() {
            return Err(AlertSettingError::Empty("alerts.webhook.secret"));
        }
        check_link(&self.link)
    }
}

/// The body.
#[derive(Debug, Serialize)]
struct Body<'a> {
    version: u32,
    id: &'a str,
    alert: &'a str,
    event: &'static str,
    rule: &'a str,
    severity: &'static str,
    since: String,
    time: String,
    plan: &'a NamedItem,
    sample: bool,
    policy: &'a NamedItem,
    kpi: &'a NamedItem,
    owner: &'a Bilingual,
    status: Statuses<'a>,
    value_text: Option<&'a str>,
    as_of: Option<&'a str>,
    path_text: Option<&'a str>,
    target_text: &'a str,
    progress_text: Option<&'a str>,
    required_pace_text: Option<&'a str>,
    text: AlertText,
    link: String,
}

#[derive(Debug, Serialize)]
struct Statuses<'a> {
    before: Option<&'a str>,
    after: Option<&'a str>,
}

/// Posts one partition's events.
pub(super) struct WebhookSink {
    to: WebhookSettings,
    post: Option<HttpPoster>,
    /// The event that was answered with "never", and how often.
    refused: (i64, u32),
}

impl Sink for WebhookSink {
    fn turn(&mut self, turn: &mut Step<'_>) -> Result<StepOutcome, SinkError> {
        let cursor = turn.desk.alert_cursor(NAME)?;
        let Some(event) = turn.desk.read().alert_events(cursor, 1)?.pop() else { return Ok(StepOutcome::Nothing) };
        let Some(told) = AlertNotification::from_json(&event.body) else {
            return kept_dead(turn, &event, "another version of Shihyo wrote this event", &event.body);
        };
        let key = event.key();
        let body = body(&event, &told, &key, &self.to.link);
        let post = match self.post.take() {
            Some(post) => post,
            None => HttpPoster::new()?,
        };
        let headers = headers(&self.to.secret, &key, &body, turn.now);
        match self.post.insert(post).post(&self.to.url, headers, body.clone(), turn.stop)? {
            Ok(()) => {
                turn.desk.put_alert_cursor(NAME, event.seq, turn.now)?;
                Ok(StepOutcome::Some { written: 1, dead: 0 })
            }
            Err(answer) if self.is_over(&event, &answer) => {
                kept_dead(turn, &event, &format!("answered {}: {}", answer.status, answer.text), &body)
            }
            Err(answer) => Err(answer.error(&self.to.url, "; see alerts.webhook.url")),
        }
    }
}

impl WebhookSink {
    pub(super) fn new(to: WebhookSettings) -> Self {
        Self { to, post: None, refused: (0, 0) }
    }

    /// True when an event was answered with "never" often enough: the next must not wait for it for ever.
    fn is_over(&mut self, event: &AlertEvent, answer: &HttpRejection) -> bool {
        if !(400..500).contains(&answer.status) || matches!(answer.status, 408 | 425 | 429) {
            return false;
        }
        let before = if self.refused.0 == event.seq { self.refused.1 } else { 0 };
        self.refused = (event.seq, before + 1);
        self.refused.1 >= TRIES
    }
}

fn kept_dead(turn: &mut Step<'_>, event: &AlertEvent, reason: &str, body: &str) -> Result<StepOutcome, SinkError> {
    let new = turn.desk.put_dead_letter(NAME, body, reason, turn.now)?;
    turn.desk.put_alert_cursor(NAME, event.seq, turn.now)?;
    Ok(StepOutcome::Some { written: 0, dead: u64::from(new) })
}

fn body(event: &AlertEvent, told: &AlertNotification, key: &str, link: &str) -> String {
    let body = Body {
        version: VERSION,
        id: key,
        alert: &event.id,
        event: event.event.name(),
        rule: &told.rule,
        severity: told.severity(event.event),
        since: event.event.since().to_string(),
        time: event.time.to_string(),
        plan: &told.plan,
        sample: told.sample,
        policy: &told.policy,
        kpi: &told.kpi,
        owner: &told.owner,
        status: Statuses { before: told.before.as_deref(), after: told.after.as_deref() },
        value_text: told.value_text.as_deref(),
        as_of: told.as_of.as_deref(),
        path_text: told.path_text.as_deref(),
        target_text: &told.target_text,
        progress_text: told.progress_text.as_deref(),
        required_pace_text: told.required_pace_text.as_deref(),
        text: AlertText::new(told, event.event, link),
        link: told.link(link),
    };
    serde_json::to_string(&body).unwrap_or_default()
}

fn headers(secret: &str, key: &str, body: &str, now: Micros) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [("shihyo-signature", signature(secret, body, now)), ("idempotency-key", key.to_owned())] {
        // Ids of a catalogue and digits: always ASCII.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    headers
}

/// `t=<unix seconds>,v1=<HMAC-SHA256 of "<t>.<body>" in hex>`: the time is signed, so that an old request cannot
/// be sent again as a new one.
fn signature(secret: &str, body: &str, now: Micros) -> String {
    let seconds = now.moment().0;
    let mut text = format!("t={seconds},v1=");
    // HMAC takes a key of any length.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        mac.update(format!("{seconds}.{body}").as_bytes());
        for byte in mac.finalize().into_bytes() {
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}
