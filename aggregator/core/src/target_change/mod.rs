//! What a city changed of what it had promised: every change of a KPI's target, and of what it is judged by, between the
//! catalogues that were published.
//!
//! A plan may be changed, but not silently: an eased target would otherwise look like a success. All of it is a pure function of
//! the set of catalogues, in whichever order they came. It judges nothing but by the first published target.

mod first;
mod history;
mod report;
mod terms;
#[cfg(test)]
mod tests;

pub use first::FirstTarget;
pub use history::{PublishedTarget, RemovedKpi, TargetChange, TargetHistory};
pub use report::{FirstTargetReport, RemovedKpiReport, TargetChangeReport};
pub use terms::TargetField;
