//! Polls source systems, parses their files, and publishes the changes.
//!
//! A city's open data office maintains `registers.csv`; the collector polls it once a day:
//!
//! ```text
//! schedule --> fetch --document--> sources/register --figures, rejects--> diff --changes--> records --> outbox
//!                                     |                                    ^                   |
//!                                   table                                state <-- checkpoint, one transaction
//! ```
//!
//! - **source**: one configured `[[source]]`: its origin, its interval, and its **kind**, which parses its files.
//! - **origin**: where a source is: a path, URLs, the links of a page, or a device.
//! - **address**: where one file is; in records and logs always without secrets.
//! - **figure**: a value for a **key**: series, definition and period. A poll gives at most one figure for each key.
//! - **reject**: a row that could not be read: reason, place and hash, but not its text.
//! - **covers**: the keys that a file speaks for. A covered key that the file no longer gives is **withdrawn**: published as
//!   unknown.
//! - **poll record**: at least one after every poll, failed polls included. On the wire it is called `visit`.
//! - **state**: what was published last. The outbox stores it, so that a poll publishes only differences.
//! - **revision**: the time of a poll, by a clock for each source that never goes back.
//!
//! Only [`fetch`] and `follow` read servers and disks, only [`runner`] logs and waits; [`table`], the parsers of [`sources`] and
//! [`schedule`] are pure. Nothing here judges figures, reads the bus, or reads the machine's clock.

pub mod catalogues;
pub mod config;
pub mod document;
pub mod fetch;
mod follow;
pub mod origin;
pub mod poll;
pub mod republish;
pub mod retract;
mod rotation;
pub mod runner;
pub mod schedule;
pub mod sources;
pub mod table;

#[cfg(test)]
mod testing;
