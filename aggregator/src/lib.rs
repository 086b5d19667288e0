//! The aggregator: pipeline, store, sinks, reports and the web site.

pub mod alerting;
pub mod diff;
pub mod explain;
pub mod health;
pub mod keys;
mod landings;
pub mod metrics;
pub mod pipeline;
pub mod plan_states;
pub mod preview;
pub mod publication;
pub mod render;
mod shared_facts;
pub mod sinks;
pub mod store;
pub mod vintage;
pub mod vintage_table;
pub mod web;
