//! Alerts: the tracker decides which of them fire or are resolved, and stores a notification with each event, which `text`
//! puts into words for the sinks.

mod describe;
mod figures;
pub mod notification;
mod period_words;
mod plan_facts;
pub(crate) mod text;
pub(crate) mod tracker;
