//! A report as people read it: Markdown, CSV and HTML.
//!
//! ```text
//! PlanReport + Catalogue --sheet--> PlanSheet --> md, csv, html
//! ```
//!
//! A [`sheet::PlanSheet`] is the report with the names, units, owners, notes and credits of the catalogue filled in and
//! every number as it is shown, so that the three forms cannot differ. Pure: the same report
//! gives the same bytes. Canonical JSON is no rendering: `Report::canonical_json` makes it.

pub mod chart;
pub mod csv;
#[cfg(test)]
pub(crate) mod fixture;
pub mod html;
mod kpi;
pub mod lang;
pub mod md;
mod months;
pub mod notice;
pub mod plan_index;
mod sheet;
mod show;
mod source;
mod targets;
#[cfg(test)]
mod tests;
pub mod view;
pub mod vintages;
pub mod words;

pub use kpi::{DefinitionBreak, KpiEvidence, KpiSheet};
pub use sheet::{KpiRow, PlanSheet, PolicySheet, StatusCount};
pub use show::{DataMoment, ShownValue};
pub use source::{PollText, SourceRow};
pub use targets::{FirstTargetRow, TargetChangeRow};
