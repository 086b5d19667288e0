//! A short digest of a line, by which the same lines are recognised in another file.
//!
//! It is stored as a sum over an hour, so it must not change. Of the address it holds four bits: nobody can be found by it.

use super::super::short::{first_word, word_at};
use super::format::LogLine;

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
/// Bits of the address's hash.
const ADDRESS_BITS: u64 = 0xF;

impl LogLine<'_> {
    /// 32 bits of time, method, path, agent and status, and four bits of the address.
    pub(crate) fn digest(&self) -> u32 {
        let address = mixed(0, self.address) & ADDRESS_BITS;
        let begin = u64::from(self.status) << 8 | address;
        let hash = [self.time, self.method, self.path, self.agent].into_iter().fold(begin, mixed);
        // The upper half depends on all bits.
        u32::try_from(hash.wrapping_mul(FACTOR) >> 32).unwrap_or_default()
    }
}

fn mixed(hash: u64, bytes: &[u8]) -> u64 {
    let mut hash = hash ^ u64::try_from(bytes.len()).unwrap_or_default();
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        hash = step(hash, u64::from_le_bytes(word.try_into().unwrap_or_default()));
    }
    let left = words.remainder().len();
    // The last eight bytes hold those that are left.
    let last = match bytes.len().checked_sub(8).and_then(|at| word_at(bytes, at)) {
        Some(word) if left > 0 => word >> (64 - 8 * left),
        _ => first_word(words.remainder()),
    };
    step(hash, last)
}

fn step(hash: u64, word: u64) -> u64 {
    let hash = (hash ^ word).wrapping_mul(FACTOR);
    hash ^ hash >> 29
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> LogLine<'static> {
        LogLine {
            status: 200,
            time: b"10/Oct/2021:13:55:36 +0900",
            method: b"GET",
            path: b"/app/map",
            agent: b"Mozilla/5.0",
            address: b"192.0.2.7",
            ..LogLine::default()
        }
    }

    #[test]
    fn each_part_of_a_line_changes_its_digest_and_checkpoints_hold_it() {
        let digest = line().digest();
        assert_eq!(digest, 729_377_408);
        let others = [
            LogLine { status: 304, ..line() },
            LogLine { time: b"10/Oct/2021:13:55:37 +0900", ..line() },
            LogLine { method: b"POST", ..line() },
            LogLine { path: b"/app/ma", ..line() },
            LogLine { agent: b"Mozilla/5.1", ..line() },
            LogLine { path: b"", agent: b"/app/map", ..line() },
        ];
        for other in others {
            assert_ne!(other.digest(), digest, "{other:?}");
        }
    }

    #[test]
    fn of_an_address_a_digest_tells_four_bits() {
        let digests: std::collections::BTreeSet<u32> =
            (0..4_096).map(|n: u32| LogLine { address: n.to_string().as_bytes(), ..line() }.digest()).collect();
        assert_eq!(digests.len(), 16);
    }
}
