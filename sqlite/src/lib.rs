//! The files that are kept in SQLite: opened, migrated, locked and verified in one way.
//!
//! A [`DatabaseFile`] describes a kind of file: its id, its version, its tables and its settings. This crate
//! knows no table and no place; its errors carry no path, because each user names its files in its own words.
//!
//! - **migration**: what brings a file of an earlier version to the present one, in one transaction.
//! - **checksum**: a column of a row that is computed from its other columns. SQLite finds a page that is not well
//!   formed, but not a value that a disk changed.
//! - **damage**: what is stored is not what was written.

mod check;
mod checksum;
mod damage;
mod error;
mod file;
mod lock;

pub use check::{TableDefinition, check, definitions};
pub use checksum::{CHECKSUM_BITS, ROW_SUM, check_row, check_sum, sum_of_values};
pub use damage::Damage;
pub use error::{OpenError, SqliteFault};
pub use file::DatabaseFile;
pub use lock::FileLock;
