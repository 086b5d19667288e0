//! The bus on Kafka.

mod client;
mod consumer;
mod context;
mod desk;
mod ear;
mod error;
mod health;
mod lane;
mod poller;
mod probe;
mod settings;
mod shipper;
pub mod topics;

pub use consumer::KafkaConsumer;
pub use health::Health;
pub use settings::{Kafka, Mechanism, Security, TOPIC, Timing};
pub use shipper::{Shipper, ShipperState};
