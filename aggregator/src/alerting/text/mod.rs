//! The words of an alert in Japanese and English: pure functions of the notification, the event and the link.
//!
//! `templates/alert_ja.txt` and `alert_en.txt` give the lines of a description their order and labels.

mod description;
mod happened;
mod lines;
mod summary;

use crate::alerting::notification::AlertNotification;
use aggregator_core::alert::AlertTransition;
use contract::catalogue::Bilingual;
use serde::Serialize;

/// Summary and description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AlertText {
    /// One line.
    pub(crate) summary: Bilingual,
    /// Several lines, the link last.
    pub(crate) description: Bilingual,
}

impl AlertText {
    /// Summary and description of an event, with a link to the scoreboard at `external_url`.
    pub(crate) fn new(of: &AlertNotification, event: AlertTransition, external_url: &str) -> Self {
        Self {
            summary: summary::summary(of, event),
            description: description::description(of, event, &of.link(external_url)),
        }
    }
}
