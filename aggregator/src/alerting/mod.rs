//! Alerts: the tracker decides which of them fire or are resolved, and stores a notification with each event; sinks
//! put the notifications into words.

mod describe;
pub mod notification;
pub(crate) mod tracker;
