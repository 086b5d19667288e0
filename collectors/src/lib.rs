//! Ask a source system, parse, publish.

pub mod catalogues;
pub mod config;
pub mod diff;
pub mod fetch;
pub mod once;
pub mod poll;
pub mod runner;
pub mod schedule;
pub mod sources;
pub mod state;
pub mod table;

#[cfg(test)]
mod testing;
