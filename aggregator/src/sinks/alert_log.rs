//! Writes alerts to the log of the process: for a replay, which no server should hear of.

use super::sink::{ConfiguredSink, Sink, SinkError, SinkInput, Step, StepOutcome};
use crate::alerting::notification::AlertNotification;
use crate::alerting::text::AlertText;
use aggregator_core::alert::AlertTransition;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Its name in the store and in metrics.
const NAME: &str = "log";

/// A sink that writes each alert that fires or is resolved as one line of the log; `external_url` is the scoreboard's address.
pub fn alert_log(external_url: &str) -> ConfiguredSink {
    let url: Arc<str> = external_url.into();
    ConfiguredSink {
        name: NAME,
        input: SinkInput::Alerts,
        make: Arc::new(move |_| Box::new(AlertLog { external_url: Arc::clone(&url) })),
    }
}

struct AlertLog {
    external_url: Arc<str>,
}

impl Sink for AlertLog {
    fn step(&mut self, step: &mut Step<'_>) -> Result<StepOutcome, SinkError> {
        let cursor = step.store.alert_cursor(NAME)?;
        let Some(event) = step.store.read().alert_events(cursor, 1)?.pop() else { return Ok(StepOutcome::Nothing) };
        if let Some(notification) = AlertNotification::from_json(&event.body) {
            let summary = AlertText::new(&notification, event.event, &self.external_url).summary;
            let (alert, day, ja) = (&event.id, event.time.moment().date(), summary.ja);
            match event.event {
                AlertTransition::Resolved { .. } => tracing::info!(%day, alert, ja, "alert: {}", summary.en),
                AlertTransition::Fired { .. } | AlertTransition::Worsened { .. } => {
                    tracing::warn!(%day, alert, ja, "alert: {}", summary.en);
                }
            }
        }
        step.store.put_alert_cursor(NAME, event.seq, step.now)?;
        Ok(StepOutcome::Some { written: 1, dead: 0 })
    }

    fn probe(&mut self, _: &CancellationToken) -> Result<&'static str, SinkError> {
        Ok("alerts are written to the log")
    }
}
