//! Alert notifications: what an alert event says of its KPI. The pipeline stores them, sinks put them into words.

pub(crate) mod describe;
pub mod notification;
