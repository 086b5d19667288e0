//! The checksums of a log's rows.

use sqlite::CHECKSUM_BITS;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Odd, so that no offset is like another.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The checksum of a record.
pub(super) fn of_record(id: i64, time: i64, key: &[u8], body: &[u8]) -> i64 {
    let place = id.cast_unsigned().wrapping_mul(SPREAD) ^ time.cast_unsigned();
    // A seed for the body would cost as much again as its hash.
    ((xxh3_64(body) ^ xxh3_64_with_seed(key, place)) & CHECKSUM_BITS).cast_signed()
}

/// The checksum of a block of records.
pub(super) fn of_block(last: i64, records: i64, time: i64, content: &[u8]) -> i64 {
    of_record(last, time, &records.to_le_bytes(), content)
}

/// The checksum of a checkpoint.
pub(super) fn of_checkpoint(name: &str, value: &[u8]) -> i64 {
    of_record(0, 0, name.as_bytes(), value)
}

/// The checksum of a log's head.
pub(super) fn of_head(shipped: i64, last: i64) -> i64 {
    of_record(shipped, last, b"", b"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_a_record_counts() {
        let (offset, time) = (7, 0x5_a227_d258_9c00);
        let right = of_record(offset, time, b"plan", b"body");
        for bit in 0..64 {
            assert_ne!(of_record(offset ^ (1 << bit), time, b"plan", b"body"), right, "offset {bit}");
            assert_ne!(of_record(offset, time ^ (1 << bit), b"plan", b"body"), right, "time {bit}");
        }
        for bit in 0..32 {
            let turned = |text: &[u8; 4]| (u32::from_le_bytes(*text) ^ (1 << bit)).to_le_bytes();
            assert_ne!(of_record(offset, time, &turned(b"plan"), b"body"), right, "key {bit}");
            assert_ne!(of_record(offset, time, b"plan", &turned(b"body")), right, "body {bit}");
        }
    }
}
