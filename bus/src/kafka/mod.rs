//! The bus on Kafka, for more than one machine.
//!
//! ```text
//! collector -> SqliteOutbox (its disk) -> Shipper -> topic -> KafkaConsumer -> aggregator (its store)
//! ```
//!
//! Publishing stays what it is: durable on the collector's own disk. A [`Shipper`] moves that log to the
//! topic and trims it. A [`KafkaConsumer`] is a member of a group, which shares the partitions among the
//! aggregators; positions live in their stores, the group keeps none. [`topics::ensure`] makes the topic.
//!
//! Offsets count from 0 without a jump: our producers use no transactions, so an offset that is missing is a record
//! that is missing. Nothing outside this folder names Kafka's library, and nothing in it logs: failures are errors,
//! or [`ShipperState::error`].

mod client;
mod consumer;
mod context;
mod error;
mod health;
mod mailbox;
mod metadata_client;
mod partition_buffer;
mod poller;
mod probe;
mod settings;
mod shipper;
mod topic_check;
mod topic_description;
mod topic_settings;
pub mod topics;

pub use consumer::KafkaConsumer;
pub use health::GroupHealth;
pub use settings::{KafkaConfig, KafkaTimeouts, Mechanism, Security, TOPIC};
pub use shipper::{Shipper, ShipperState};
