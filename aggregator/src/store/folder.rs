//! The files of the stores of a folder: one a partition.

use super::error::StoreError;
use bus::Partition;
use std::path::{Path, PathBuf};

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
