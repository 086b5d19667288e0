//! Keep, roll up, judge: pure functions over observations.
//!
//! ```text
//! observation --admit--> key, figure --ledger--> standing figures --view--> rollups --judge--> report
//!                                                                                    \-----> points
//! ```
//!
//! - **standing**: of all revisions of one key, the one that counts.
//! - **view**: the ledger as seen at one moment asked ([`ask::Cut`]).
//! - **rollup**: a figure of one period, with whether it is complete and provisional.
//! - **judgement**: what a KPI's kind makes of the rollups, on one day, month or fiscal year.
//! - **point**: a figure or judgement at the moment a time series shows it.
//!
//! No IO, no clock, no randomness, no logging: the manifest of this crate proves it.

pub mod admit;
pub mod alert;
pub mod judge;
pub mod ledger;
pub mod plan_state;
pub mod points;
pub mod report;
pub mod report_period;
pub mod rollup;
