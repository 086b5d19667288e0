//! The catalogue: a plan, its policies, its series and its KPIs, as a city writes them in TOML.
//!
//! Reading gives the whole catalogue with every reference resolved to an index, or every mistake.

mod advice;
mod check;
mod grade;
#[cfg(test)]
mod grade_tests;
mod known_decimals;
mod kpi_kind;
mod model;
mod read;
mod read_grade;
mod read_rhythm;
mod rhythm;
#[cfg(test)]
mod tests;

pub use crate::bilingual::Bilingual;
pub use advice::warnings;
pub use grade::{EnteredGrade, GradeBand, GradeBasis, GradeBound, GradeMeasure, GradeScale, GradeWord};
pub use known_decimals::{DecimalsChange, KnownDecimals};
pub use model::{
    Catalogue, Combine, Decrease, Definition, Direction, Goal, Kpi, KpiKind, Measure, Plan, Policy, Series, SeriesRef,
    SeriesSource, Shape,
};
pub use read::parse;
pub use rhythm::{Rhythm, Wait};
