//! One partition: its store, what is in memory of it, and how each batch and each opening changes both.

mod arrivals;
mod backlog;
mod behind;
mod decoded_batch;
mod derived;
mod disposition;
mod fixed_decimals;
mod insert;
mod intake;
mod open;
mod reconfigure;
mod rejudge;
#[cfg(test)]
mod tests;
mod update;

pub(super) use backlog::Backlog;
pub(super) use decoded_batch::{BatchDecoder, DecodedBatch};
pub(super) use derived::report_day;
pub(super) use intake::{SortedBatch, sort};
pub(super) use open::{OpenPartition, SinkSubscriptions, insert_plans, open};
pub(super) use rejudge::forget_configuration;
pub(super) use update::PartitionUpdate;
