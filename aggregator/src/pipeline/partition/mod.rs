//! One partition: its store, what is in memory of it, and how each batch and each opening changes both.

mod arrivals;
mod backlog;
mod derived;
mod disposition;
mod fixed_decimals;
mod intake;
mod open;
mod reconfigure;
mod rejudge;
mod update;

pub(super) use backlog::Backlog;
pub(super) use derived::report_day;
pub(super) use intake::{DecodedBatch, SortedBatch, decode, sort};
pub(super) use open::{OpenPartition, SinkSubscriptions, insert_plans, open};
pub(super) use rejudge::forget_configuration;
pub(super) use update::PartitionUpdate;
