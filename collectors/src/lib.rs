//! Ask a source system, parse, publish.
//!
//! A city's open data office keeps `registers.csv`; the collector looks at it once a day:
//!
//! ```text
//! schedule --> fetch --bytes--> sources/register --figures, rejects--> diff --changes--> poll --> outbox
//!                                     |                                  ^                 |
//!                                   table                              state <--- checkpoint, one transaction
//! ```
//!
//! - **source**: one configured `[[source]]`: where it is, how often it is asked, and its **kind**, which knows how
//!   to read its files.
//! - **address**: where one file is, as it is told to others: never with a secret in it.
//! - **figure**: a value for a **key**: series, definition and period. A poll gives at most one figure a key.
//! - **reject**: a row that could not be read: reason, place and hash, never its text.
//! - **covers**: what a file speaks for. A key it covers and no longer gives is **withdrawn**: published as unknown.
//! - **visit**: after every poll at least one, failed ones too, so that silence is never ambiguous.
//! - **state**: what was published last, kept in the outbox, so that a poll publishes only what differs.
//! - **revision**: when something was seen, by a clock for each source that never goes back.
//!
//! Only [`fetch`] talks to servers and disks, only [`runner`] logs and waits; [`table`], [`sources`], [`diff`] and
//! [`schedule`] are pure. Nothing here judges a figure, reads the bus, or reads the machine's clock.

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
