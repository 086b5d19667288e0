//! The kinds of source system, in an explicit list: one folder each.
//!
//! A parser is a pure function from a file's bytes to figures, rejects and the keys that the file speaks for. It neither
//! fetches, stores, logs nor measures time: [`crate::poll`] and [`crate::runner`] do. So every parser can be tested on bytes
//! alone. A log source ([`accesslog`]) reads its own files, as it must go on where it stopped.

pub mod accesslog;
pub mod appstore;
pub mod ckan;
mod columns;
mod date_in_name;
mod disclosure_control;
pub mod eapply;
pub mod mynumber;
mod parsed;
mod period;
pub mod register;
mod row;
mod source;
pub mod table;
mod target;
pub mod wifi;

pub use parsed::{Coverage, EnteredFigure, ParseError, ParsedFigure, ParsedFile, ParsedKey, RejectedRow};
pub use source::{DocumentSource, LogAdvance, LogSource, PollContext, Source, SourceKind, SourceNotes};
pub use target::{SeriesLabel, SeriesTarget, SourceContext};

/// All kinds. To add one: its folder, and one line here.
pub const KINDS: &[SourceKind] = &[
    accesslog::KIND,
    appstore::KIND,
    ckan::KIND,
    eapply::KIND,
    mynumber::KIND,
    register::KIND,
    table::KIND,
    wifi::KIND,
];
