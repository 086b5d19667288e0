//! Posts each event until it is accepted, in order, signed. Delivery is at least once: a receiver recognises
//! repetitions by `Idempotency-Key`, and the sender by `Shihyo-Signature`.

use super::settings::WebhookSettings;
use crate::alerting::notification::{AlertNotification, NamedItem};
use crate::alerting::text::AlertText;
use crate::sinks::http::{self, HttpPoster, HttpRejection};
use crate::sinks::sink::{Sink, SinkError, Step, StepOutcome};
use crate::store::AlertEvent;
use contract::catalogue::Bilingual;
use contract::time::Micros;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::{HeaderMap, HeaderValue};
use serde::Serialize;
use sha2::Sha256;
use tokio_util::sync::CancellationToken;

/// The sink's name in stores, metrics and logs.
pub(super) const NAME: &str = "webhook";
/// The version of the body.
const VERSION: u32 = 1;
/// How often an event is posted that the server rejects as a whole (4xx).
const MAX_TRIES: u32 = 5;

/// The body of a request.
#[derive(Debug, Serialize)]
struct WebhookBody<'a> {
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
    status: StatusChange<'a>,
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
struct StatusChange<'a> {
    before: Option<&'a str>,
    after: Option<&'a str>,
}

/// Posts one partition's events.
pub(super) struct WebhookSink {
    settings: WebhookSettings,
    poster: Option<HttpPoster>,
    /// The event that the server rejected last, and how often.
    rejected: (i64, u32),
}

impl Sink for WebhookSink {
    fn step(&mut self, step: &mut Step<'_>) -> Result<StepOutcome, SinkError> {
        let cursor = step.store.alert_cursor(NAME)?;
        let Some(event) = step.store.read().alert_events(cursor, 1)?.pop() else { return Ok(StepOutcome::Nothing) };
        let Some(notification) = AlertNotification::from_json(&event.body) else {
            return put_dead_letter(step, &event, "another version of Shihyo wrote this event", &event.body);
        };
        let key = event.key();
        let body = body(&event, &notification, &key, &self.settings.external_url);
        let poster = match self.poster.take() {
            Some(poster) => poster,
            None => HttpPoster::new()?,
        };
        let headers = headers(&self.settings.secret, &key, &body, step.now);
        match self.poster.insert(poster).post(&self.settings.url, headers, body.clone(), step.stop)? {
            Ok(()) => {
                step.store.put_alert_cursor(NAME, event.seq, step.now)?;
                Ok(StepOutcome::Some { written: 1, dead: 0 })
            }
            Err(answer) if self.is_given_up(&event, &answer) => {
                put_dead_letter(step, &event, &format!("answered {}: {}", answer.status, answer.text), &body)
            }
            Err(answer) => Err(answer.error(&self.settings.url, "; see alerts.webhook.url")),
        }
    }

    fn probe(&mut self, _: &CancellationToken) -> Result<&'static str, SinkError> {
        // Any request would be a message to the receiver, so none is sent.
        http::connect(&self.settings.url).map(|()| "its host answers; nothing was sent")
    }
}

impl WebhookSink {
    pub(super) fn new(settings: WebhookSettings) -> Self {
        Self { settings, poster: None, rejected: (0, 0) }
    }

    /// True when the server rejected an event often enough: the next must not wait for it for ever.
    fn is_given_up(&mut self, event: &AlertEvent, answer: &HttpRejection) -> bool {
        if !(400..500).contains(&answer.status) || matches!(answer.status, 408 | 425 | 429) {
            return false;
        }
        let before = if self.rejected.0 == event.seq { self.rejected.1 } else { 0 };
        self.rejected = (event.seq, before + 1);
        self.rejected.1 >= MAX_TRIES
    }
}

fn put_dead_letter(
    step: &mut Step<'_>,
    event: &AlertEvent,
    reason: &str,
    body: &str,
) -> Result<StepOutcome, SinkError> {
    let new = step.store.put_dead_letter(NAME, body, reason, step.now)?;
    step.store.put_alert_cursor(NAME, event.seq, step.now)?;
    Ok(StepOutcome::Some { written: 0, dead: u64::from(new) })
}

fn body(event: &AlertEvent, of: &AlertNotification, key: &str, external_url: &str) -> String {
    let body = WebhookBody {
        version: VERSION,
        id: key,
        alert: &event.id,
        event: event.event.name(),
        rule: &of.rule,
        severity: of.severity(event.event).name(),
        since: event.event.since().to_string(),
        time: event.time.to_string(),
        plan: &of.plan,
        sample: of.sample,
        policy: &of.policy,
        kpi: &of.kpi,
        owner: &of.owner,
        status: StatusChange { before: of.before.as_deref(), after: of.after.as_deref() },
        value_text: of.value_text.as_deref(),
        as_of: of.as_of.as_deref(),
        path_text: of.path_text.as_deref(),
        target_text: &of.target_text,
        progress_text: of.progress_text.as_deref(),
        required_pace_text: of.required_pace_text.as_deref(),
        text: AlertText::new(of, event.event, external_url),
        link: of.link(external_url),
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
    // HMAC takes a key of any length.
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mut mac| {
        mac.update(format!("{seconds}.{body}").as_bytes());
        hex::encode(mac.finalize().into_bytes())
    });
    format!("t={seconds},v1={}", mac.unwrap_or_default())
}
