//! Stores observations, rolls them up and judges KPIs: pure functions over observations.
//!
//! ```text
//! observation --admit--> key, figure --ledger--> standing figures --view--> rollups --judge--> report
//!                                                                                    \-----> points
//! ```
//!
//! - **standing**: of all revisions of one key, the one that counts.
//! - **view**: the ledger up to one moment ([`report_period::Cutoff`]).
//! - **rollup**: a figure of one period, with whether it is complete and provisional.
//! - **judgement**: the status of a KPI, as its kind takes it from the rollups, on one day, month or fiscal year.
//! - **point**: a figure or judgement at the moment a time series shows it.
//!
//! No IO, no clock, no randomness, no logging: the manifest of this crate proves it.

pub mod admit;
pub mod alert;
pub mod chart;
pub mod display;
pub mod grade;
pub mod judge;
pub mod landing;
pub mod late_sources;
pub mod ledger;
mod number;
pub mod plan_state;
pub mod plan_summary;
pub mod points;
pub mod report;
pub mod report_period;
mod retractions;
pub mod rollup;
pub mod scenario;
pub mod target_change;
