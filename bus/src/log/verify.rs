//! Verifies the parts of a log's file beside its records.

use super::checkpoints;
use super::file::{self, LOG_FILE};
use crate::error::BusError;
use parking_lot::Mutex;
use rusqlite::Connection;
use sqlite::Damage;
use std::path::Path;

/// Whether the definitions of the tables, the small tables and all checkpoints of a log were verified: before any of
/// them is read, and before anything is written.
///
/// Not when the file is opened, because reading every checkpoint would delay the start.
#[derive(Debug, Default)]
pub(super) struct LogVerification(Mutex<bool>);

impl LogVerification {
    /// Verifies the file unless that was done. Concurrent callers wait for the first; after a failure the next caller
    /// tries again.
    pub(super) fn ensure(&self, connection: &Connection, path: &Path) -> Result<(), BusError> {
        let mut verified = self.0.lock();
        if !*verified {
            verify(connection).map_err(|error| file::failed(path, error))?;
            *verified = true;
        }
        Ok(())
    }
}

/// The log itself is too large to be read whole; its readers verify each record, and that none is missing.
fn verify(connection: &Connection) -> rusqlite::Result<()> {
    if !LOG_FILE.defines(connection)? {
        return Err(Damage::error("the definition of a table is another one"));
    }
    for table in ["checkpoint", "shipped"] {
        if let Some(fault) = sqlite::check(connection, &format!("quick_check({table})"))? {
            return Err(Damage::error(fault));
        }
    }
    // A damaged checkpoint would look like one that is absent, so all of them are read.
    checkpoints::read(connection, "").map(drop)
}
