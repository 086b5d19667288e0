//! Opening stores: of one partition, or all of a folder.

use super::error::StoreError;
use super::folder::{partitions, path};
use super::reader::StoreReader;
use super::writer::StoreWriter;
use bus::Partition;
use std::path::Path;

/// Opens the store of a partition for writing; the store and its folder are created where they are missing.
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

/// How many partitions the bus had when the stores of a folder began to follow it, where one of them knows it.
pub fn partition_count(dir: &Path) -> Result<Option<i32>, StoreError> {
    for reader in open_readers(dir)? {
        if let Some(count) = reader.partition_count()? {
            return Ok(Some(count));
        }
    }
    Ok(None)
}
