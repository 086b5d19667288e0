//! Sinks: InfluxDB, Alertmanager and webhooks.
//!
//! Each sink of each open partition has a thread and a cursor of its own over the changes in the store. A sink that
//! fails stops no other, and what it missed is written when it works again: at least once, never skipped.
//!
//! ```text
//! pipeline --commit--> store: changes, alert events
//!                        |  cursor
//!                      worker (one a sink and partition): step -> step -> wait -> step
//!                        |
//!                      sink: InfluxDB, Alertmanager, webhook
//! ```
//!
//! - **step**: one bounded piece of a sink's work: read on from the cursor, write, wait for the answer, note the cursor.
//! - **worker**: runs steps, waits between them, backs off after failures, measures and logs; sinks do none of that.
//! - **kind**: a folder here: its settings, name, title, probe and steps. `registry.rs` lists the kinds.

mod alert_log;
pub mod alertmanager;
mod excerpt;
mod http;
pub mod influxdb;
pub mod kind;
pub mod registry;
pub mod sink;
pub mod webhook;
pub(crate) mod worker;

pub use alert_log::alert_log;
pub use sink::{ConfiguredSink, FillProgress, Membership, Sink, SinkError, SinkInput, Step, StepOutcome};
pub use webhook::WebhookSettings;
