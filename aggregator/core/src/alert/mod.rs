//! Alerts: which rules hold of a KPI, since when, and when that is notified.
//!
//! Whether a rule holds is a function of figures, catalogue, chances of the target and the moment asked alone: no rule looks
//! at what was notified before, so that every order of arrival, every restart and every replay gives the same alerts. What
//! has been notified is the other half (`state`).
//!
//! - **holds**: the condition of a rule is met; a rule of which nothing can be said leaves its alert as it is.
//! - **began**: the moment from which the evidence has shown it; it names the episode of an alert.
//! - **evidence date**: the moment that a value describes.

mod condition;
mod correction;
mod facts;
mod landing;
mod policy;
mod restated;
mod rule;
mod state;
mod trend;

pub use condition::{AlertDetail, AlertSubject, Finding, detail, evaluate};
pub use correction::{FigureCorrection, corrections};
pub use facts::KpiFacts;
pub use landing::{LandingFall, LandingThresholds, fallen};
pub use policy::AlertPolicy;
pub use restated::{NOTICE_DAYS, RestatedStatus, restated};
pub use rule::{AlertRule, Severity};
pub use state::{AlertState, AlertTransition, episode, step, worsened};
