//! The store: what was received, and what was made of it, in one SQLite file a bus partition.
//!
//! It exists so that a figure stays provable and a restart resumes where it stopped: facts are only
//! ever added, the position on the bus stands in the transaction of the facts before it. It judges
//! nothing and knows no order of calls; [`crate::pipeline`] does. Only this folder names SQLite.
//!
//! ```text
//! facts    names  observations  visits  rejects  catalogues  quarantine  positions  counts  configuration
//! derived  rollups  judgements                     (made again from the facts by `shihyo rebuild`)
//! told     changes  sinks  dead_letters            (what sinks still have to write, and where they are)
//! alerts   alerts  alert_events  alert_followers   (what is pending or fires, and who was told of it)
//! ```
//!
//! - **writer**: the one process that changes a store; it holds `store-<partition>.db.lock`.
//! - **reader**: anybody else, read-only, at the same time.
//! - **desk**: where a sink notes how far it is, beside the writer and in the same process.
//! - **change**: one transaction, all of it or nothing.
//! - **verified**: looked at whole, as every store is when it is opened: shape, definitions, checksums, and that no
//!   record is missing. Each row that is read is proved by its checksum before it is chosen.
//! - **name**: a text that is said often (an id, an address), stored once and then by its number.

mod alerts;
mod change;
mod changes;
mod checksum;
mod derived;
mod error;
mod file;
mod names;
mod observations;
mod quarantine;
mod reader;
mod schema;
mod sink_cursor;
mod verify;
mod visits;
mod writer;

pub use alerts::{AlertEvent, AlertKey, StoredAlert};
pub use change::StoreTransaction;
pub use changes::{ChangeRow, ChangedFigure};
pub use derived::RollupRow;
pub use error::StoreError;
pub use names::{PlanNames, SeriesNames};
pub use observations::ObservationRow;
pub use quarantine::{BusCoordinates, QuarantineRow, QuarantinedRecord};
pub use reader::{StoreReader, StoreTally};
pub use sink_cursor::SinkCursor;
pub use writer::StoreWriter;

use bus::Partition;
use std::path::{Path, PathBuf};

/// Opens the store of a partition for writing; it is made when there is none, with its folder.
pub fn open_writer(dir: &Path, partition: Partition) -> Result<StoreWriter, StoreError> {
    StoreWriter::open(dir, partition)
}

/// Opens the store of a partition for reading only, beside a writer or without one.
pub fn open_reader(dir: &Path, partition: Partition) -> Result<StoreReader, StoreError> {
    StoreReader::open(&path(dir, partition))
}

/// Opens all stores of a folder for reading, by partition. A folder that does not exist has none.
pub fn open_readers(dir: &Path) -> Result<Vec<StoreReader>, StoreError> {
    partitions(dir)?.into_iter().map(|partition| open_reader(dir, partition)).collect()
}

/// The file of a partition's store.
pub fn path(dir: &Path, partition: Partition) -> PathBuf {
    dir.join(format!("store-{partition}.db"))
}

/// The partitions that have a store in a folder, in order.
pub fn partitions(dir: &Path) -> Result<Vec<Partition>, StoreError> {
    let unreadable = |source| StoreError::Folder { path: dir.display().to_string(), source };
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unreadable)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.map_err(unreadable)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("store-")?.strip_suffix(".db"));
        found.extend(number.and_then(|number| number.parse().ok()).map(Partition));
    }
    found.sort();
    Ok(found)
}
