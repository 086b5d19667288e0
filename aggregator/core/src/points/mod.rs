//! Points: the figures and judgements of a plan as a time series shows them, one moment each.
//!
//! It exists so that a sink of a time series database has nothing to decide: which moment stands for a figure,
//! at which moments a KPI is shown, and what follows from a change. Both are read in pieces of a bounded
//! size, because the reader holds the lock of the plan states. No names of fields and no text here; a sink has those.
//!
//! - **figure's moment**: a flow's (and a counter's increase's) first instant; a state's `as_of`; of a state that
//!   closes a month, quarter or fiscal year the last day's 00:00.
//! - **KPI's moments**: civil days, each judged as at its end; see [`kpi`]. They never become fewer while the
//!   catalogue stays: keys never leave the ledger, and the rest follows from the catalogue and the day.

pub mod figure;
pub mod kpi;
mod landing;
#[cfg(test)]
mod tests;

pub use figure::{FigureCursor, FigurePoint};
pub use kpi::{KpiPoint, KpiWalk};
pub use landing::LandingWalk;
