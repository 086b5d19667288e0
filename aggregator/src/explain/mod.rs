//! From a KPI to the files its figures came from.
//!
//! ```text
//! KPI --judged--> value --made of--> rollups --of--> figures --read by--> polls (address, hash, time)
//!                                                        `--replaced--> corrections, with theirs
//! ```
//!
//! An [`Explanation`] is a value with two forms: text ([`Explanation::text`]) and JSON. It computes no figures: the core
//! judges and rolls up, the store has the evidence.

mod draft;
pub(crate) mod evidence;
mod model;
mod parts;
mod text;

pub use draft::ExplanationDraft;
pub use model::{
    ExplainError, Explanation, FigureEvidence, MAX_CORRECTIONS, MAX_FIGURES, MonthsUsed, PollEvidence, RestatedFigure,
    RevisionEvidence, RollupUsed, SeriesEvidence, Vintage,
};
