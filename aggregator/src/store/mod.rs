//! The store: what was received, and what was made of it, in one SQLite file a bus partition.
//!
//! It exists so that a figure stays provable and a restart resumes where it stopped: facts are only
//! ever added (of polls that brought nothing the first and the last of each kind stay), the position on the bus stands in the transaction of the facts before it. It judges
//! nothing and knows no order of calls; [`crate::pipeline`] does. Only this folder names SQLite.
//!
//! ```text
//! facts    names  runs  run_totals  observation_ids  visits  quiet_polls  rejects  catalogues  statements
//!          open_polls  quarantine  positions  counts  configuration  definitions
//! derived  rollups  judgements                     (recomputed from the facts by `shihyo rebuild`)
//!          landings                                (computed beside the pipeline, by the keys of their questions)
//! outgoing changes  sinks  dead_letters            (what sinks have yet to write, and their cursors)
//! alerts   alerts  alert_events  alert_followers   (what is pending or fires, and the sinks that follow alerts)
//! ```
//!
//! - **writer**: the one process that changes a store; it holds `store-<partition>.db.lock`.
//! - **reader**: any number of readers, read-only, at the same time.
//! - **sink cursor**: how far a sink has written, beside the writer and in the same process.
//! - **transaction**: one change of the store, all of it or nothing.
//! - **verify**: every store is checked as a whole when it is opened: shape, definitions, checksums, and that no
//!   record is missing. Each row is checked against its checksum when it is read, before it is used.
//! - **run**: observations column by column in one row.
//! - **name**: a text that repeats (an id, an address), stored once and referred to by its number.

mod alerts;
mod bus_position;
mod change_log;
mod checksum;
mod definitions;
mod derived;
mod derived_mark;
mod error;
mod fact_outcome;
mod file;
mod folder;
mod landings;
mod last_polls;
mod name_cache;
mod names;
mod observations;
mod open;
mod open_polls;
mod poll_row;
mod polls;
mod quarantine;
mod quiet_polls;
mod reader;
mod runs;
mod schema;
mod sink_cursor;
mod statements;
mod transaction;
mod verify;
mod writer;

pub use alerts::{AlertEvent, AlertKey, StoredAlert};
pub use change_log::{ChangeRow, ChangedFigure};
pub use derived::RollupRow;
pub use error::StoreError;
pub use fact_outcome::FactOutcome;
pub use folder::{partitions, path};
pub use landings::StoredLandings;
pub use names::{PlanNames, SeriesNames};
pub use observations::{ObservationId, ObservationRow, StoredObservation};
pub use open::{open_reader, open_readers, open_writer, partition_count};
pub use open_polls::OpenPoll;
pub use quarantine::{BusCoordinates, QuarantineRow, QuarantinedRecord};
pub use reader::{Snapshot, StoreReader, StoreTally};
pub use sink_cursor::SinkCursor;
pub use transaction::StoreTransaction;
pub use writer::StoreWriter;
