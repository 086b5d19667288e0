//! The pictures of a KPI on its page, with the table of the same rows, and the same rows as CSV.

pub mod csv;
mod sheet;

pub use sheet::{ChartSection, ChartTableRow, PictureHtml, ShownNumber, html, sheet};
