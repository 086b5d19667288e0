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
pub mod lang;
pub mod md;
pub mod notice;
pub mod reasons;
mod sheet;
mod show;
#[cfg(test)]
mod tests;
pub mod view;
pub mod words;

use contract::catalogue::Bilingual;

pub use kpi::{DefinitionBreak, HistoryPoint, KpiEvidence, KpiSheet};
pub use sheet::{KpiRow, PlanSheet, PolicySheet, StatusCount};
pub use show::{DataMoment, ShownValue};

/// How a source was when it was last asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceHealth {
    /// Its id.
    pub source: String,
    /// The series it feeds.
    pub feeds: Vec<Bilingual>,
    /// When; `None` when it never was.
    pub time: Option<String>,
    /// How long ago, in Japanese and English.
    pub age: Option<(String, String)>,
    /// What came of it.
    pub outcome: Option<LastPoll>,
    /// How long ago it could last be read, where that was not the last time.
    pub read: Option<(String, String)>,
    /// What was asked.
    pub address: Option<String>,
}

/// What came of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastPoll {
    /// Whether it could not be read.
    pub failed: bool,
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
    /// The word that metrics and logs have for it.
    pub word: String,
}

impl SourceHealth {
    /// True when it could not be read the last time.
    pub fn failed(&self) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| outcome.failed)
    }
}
