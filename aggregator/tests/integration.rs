//! The aggregator from the bus to its store, pages and sinks, in one executable, so that it is linked once.

mod ahead;
#[path = "support/alert_fake.rs"]
mod alert_fake;
mod alert_texts;
mod alerts;
mod any_order;
mod arrivals;
mod behind;
mod contact;
mod damage;
mod decimals;
mod evidence;
mod influxdb_faults;
mod landings;
mod partitions;
mod pipeline;
mod reconfigure;
mod rejects;
mod retraction;
mod signatures;
mod sinks;
mod support;
mod targets;
mod upgrade;
