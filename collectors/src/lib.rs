//! Ask a source system, parse, publish.

pub mod table;
