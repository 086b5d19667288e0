//! What a picture of a KPI may show, as a value: what was measured, at its moment, and what it is compared with.
//!
//! ```text
//! ledger + catalogue + target history + landing --build--> ChartData --> pictures, table, CSV, API: the same rows
//! ```
//!
//! Drawn is only what was measured: no value is carried into a month without a count. The guide is a function of time, so a value
//! never bends it. What may be joined by a line is decided here ([`ChartData::lines`]), not by who draws.

mod build;
mod gaps;
mod guide;
mod model;
mod report;
mod restated;
mod row;
mod states;
mod targets;
#[cfg(test)]
mod tests;
mod years;

pub use build::MAX_ROWS;
pub use model::{ChartBaseline, ChartData, ChartOutlook, GuideSegment, RuleBreak};
pub use report::{ChartReport, ChartRowReport, GuideReport, TargetStepReport};
pub use row::{ChartPart, ChartRow, GapReason, Restatement};
pub use targets::TargetStep;
