//! Observations: stored as numbers, in [`super::runs`], and read as they were received.

mod decode;
mod put;
mod read;
#[cfg(test)]
mod tests;

pub use put::ObservationRow;
pub use read::{ObservationId, StoredObservation};
