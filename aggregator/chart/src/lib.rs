//! Pictures of a KPI as SVG, in several widths, from the rows of [`aggregator_core::chart::ChartData`] alone.
//!
//! ```text
//! ChartData --state, year, to_date, month--> Plot (scale, marks, labels) --> Picture --> SVG text
//! ```
//!
//! What may be drawn and joined is decided in the core; here it gets a place. Labels are placed by box arithmetic with the widths of
//! a wide font, so that none covers another in any font. Floats are coordinates only: no number that is shown comes from one but
//! those of the axes, which are round.
//!
//! No IO, no clock, no randomness, no logging: the manifest of this crate proves it.

mod figure;
mod key;
mod labels;
mod marks;
mod month;
mod panel;
mod plot;
mod scale;
mod state;
mod svg;
mod title;
mod to_date;
mod width;
mod words;
mod year;

pub use figure::{PartPicture, figures};
pub use key::PictureKey;
pub use panel::Panel;
pub use plot::PictureSize;
pub use svg::{Anchor, Label, Mark, Picture};
pub use words::{ChartContext, ChartLanguage};
