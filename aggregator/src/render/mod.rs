//! A report as people read it: Markdown, CSV and HTML.
//!
//! ```text
//! PlanReport + Catalogue --sheet--> Sheet --> md, csv, html
//! ```
//!
//! A [`Sheet`] is the report with the names, units, owners, notes and credits of the catalogue filled in and
//! every number as it is shown, so that the three forms cannot say different things. Pure: the same report
//! gives the same bytes. Canonical JSON is no rendering: `Report::canonical_json` makes it.

pub mod chart;
pub mod csv;
#[cfg(test)]
pub(crate) mod fixture;
pub mod html;
mod kpi;
pub mod md;
mod sheet;
mod show;
#[cfg(test)]
mod tests;
pub mod words;

pub use kpi::{Day, KpiSheet};
pub use sheet::{Count, PolicySheet, Row, Sheet};
pub use show::{Data, Past};

/// How a source was when it was last asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Its id.
    pub source: String,
    /// When; `None` when it never was.
    pub time: Option<String>,
    /// How long ago, in Japanese and English.
    pub age: Option<(String, String)>,
    /// Shape, and word in Japanese and English.
    pub outcome: Option<(&'static str, String, String)>,
    /// What was asked.
    pub address: Option<String>,
}
