//! Where a KPI is expected to land: at the plan's end, and of the yearly kinds at the end of the fiscal year asked.
//!
//! ```text
//! figures known at the moment asked --question.rs--> series by month, quarter, year --answer.rs--> Landing | silence
//!                                                                                  \--key: equal questions, equal answers
//! ```
//!
//! The answer is a pure function of the question, and the question of the figures up to the moment asked, the catalogue and the
//! judgement. So an answer can be computed anywhere, at any time, and kept by its key. A landing is an estimate: it never
//! changes a status, and nothing here is asked by [`crate::judge`].
//!
//! The mathematics is that of the crate `landing`; here the figures become numbers, and the answer becomes exact again.

mod answer;
mod figures;
mod form;
mod known;
mod model;
mod question;
mod report;
mod sentence;
mod silence;
#[cfg(test)]
mod tests;

pub use known::{KnownLandings, KpiLandings};
pub use model::{Landing, LandingAnswer, LandingTrackRecord, Outlook, TargetChance};
pub use question::{LandingKey, LandingQuestion, evidence, question};
pub use report::{LandingReport, OutlookReport, TrackRecordReport};
pub use sentence::{method_name, outlook_numbers, sentence};
pub use silence::LandingSilence;
