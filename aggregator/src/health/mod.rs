//! Health: which component does not work, since when and why; whether the pipeline is ready; how the sources are, and
//! what of their files could not be read.
//!
//! A component that fails does not stop the others. The code that notices a failure reports it to [`Health`] as a
//! [`Component`] with a typed [`DegradedReason`]; pages translate the types into Japanese and English. Nothing here is
//! text for readers, and nothing compares texts.

mod component;
mod reason;
mod rejects;
mod source;
mod status;

pub use component::Component;
pub use reason::DegradedReason;
pub use rejects::{MAX_PLACES, PartitionRejects, RejectBoard, SourceRejects};
pub use source::{SourceHealth, source_health};
pub use status::{DegradedComponent, Health, HealthSnapshot, Readiness};
