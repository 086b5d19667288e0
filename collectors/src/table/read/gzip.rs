//! Compressed files, as app stores and log servers deliver them.

use super::super::error::TableError;
use flate2::read::MultiGzDecoder;
use std::io::Read;

/// First bytes of a gzip file.
const MAGIC: &[u8] = b"\x1F\x8B";

/// The content of a gzip file, at most `max_bytes`; `None` for another file.
pub fn unpacked(bytes: &[u8], max_bytes: u64) -> Result<Option<Vec<u8>>, TableError> {
    if !bytes.starts_with(MAGIC) {
        return Ok(None);
    }
    let mut content = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(max_bytes.saturating_add(1)).read_to_end(&mut content);
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > max_bytes {
        return Err(TableError::TooLarge { what: "bytes", limit: max_bytes });
    }
    read.map_err(|_| TableError::Packing)?;
    Ok(Some(content))
}
