//! The last line of a bundle: what the lines before it are, and that nothing of it was changed.

use super::error::BundleFault;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Version of the format written by this build, and the only one it reads.
const FORMAT: u32 = 1;
/// What stands between the manifest and its seal.
const SEAL: &str = ",\"seal\":\"";
/// What `before` says where there is no bundle before: a hash that no file has.
pub(super) const NONE_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What a bundle states of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the format.
    bundle: u32,
    /// Id of the collector.
    pub collector: String,
    /// Counted from 1, without gaps.
    pub sequence: u32,
    /// Names the log: a digest of the first record ever bundled of it, 16 hexadecimal digits.
    pub chain: String,
    /// Offset of the first record on the collector's log.
    pub first: i64,
    /// Offset of the last record.
    pub last: i64,
    /// Number of records.
    pub count: u64,
    /// Bytes of the records with their line ends.
    pub bytes: u64,
    /// SHA-256 of those bytes, lower-case hex.
    pub sha256: String,
    /// SHA-256 of the whole file of the bundle before; 64 zeros where there is none.
    pub before: String,
    /// When it was written, RFC 3339; for people, nothing is decided by it.
    pub written: String,
}

/// What is measured of the records of a bundle, line by line.
#[derive(Clone, Debug, Default)]
pub(super) struct ContentDigest {
    hash: Sha256,
    pub(super) count: u64,
    pub(super) bytes: u64,
}

/// A manifest as a line, and the SHA-256 of the whole file that ends with it.
pub(super) struct SealedManifest {
    pub(super) line: Vec<u8>,
    pub(super) file_sha256: String,
}

impl ContentDigest {
    /// Adds a line, given with its line end.
    pub(super) fn add(&mut self, line: &[u8]) {
        self.hash.update(line);
        self.count += 1;
        self.bytes += line.len() as u64;
    }

    pub(super) fn sha256(&self) -> String {
        hex::encode(self.hash.clone().finalize())
    }
}

impl Manifest {
    /// The manifest of measured records.
    pub(super) fn new(
        name: super::name::BundleName,
        chain: String,
        offsets: (i64, i64),
        measure: &ContentDigest,
    ) -> Self {
        Self {
            bundle: FORMAT,
            collector: name.collector,
            sequence: name.sequence,
            chain,
            first: offsets.0,
            last: offsets.1,
            count: measure.count,
            bytes: measure.bytes,
            sha256: measure.sha256(),
            before: String::new(),
            written: String::new(),
        }
    }

    /// The line behind those records.
    pub(super) fn seal(&self, records: &ContentDigest) -> SealedManifest {
        // Plain texts and numbers: nothing in them can fail to be written.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.pop();
        let sealed = records.hash.clone().chain_update(&line);
        line.extend_from_slice(SEAL.as_bytes());
        line.extend_from_slice(hex::encode(sealed.finalize()).as_bytes());
        line.extend_from_slice(b"\"}\n");
        let file_sha256 = hex::encode(records.hash.clone().chain_update(&line).finalize());
        SealedManifest { line, file_sha256 }
    }

    /// Reads the last line of a bundle, and the SHA-256 of its file. `records` was measured in the lines
    /// before it: what differs is named, what was changed without a trace breaks the seal.
    pub(super) fn check(line: &[u8], records: &ContentDigest) -> Result<(Self, String), BundleFault> {
        #[derive(Deserialize)]
        struct Version {
            bundle: u32,
        }
        let Ok(Version { bundle }) = serde_json::from_slice(line) else { return Err(BundleFault::NoManifest) };
        if bundle != FORMAT {
            return Err(BundleFault::Format { found: bundle, known: FORMAT });
        }
        let manifest = Self::without_seal(line).ok_or(BundleFault::NoManifest)?;
        let found = records.sha256();
        for (what, claimed, found) in [
            ("count", manifest.count.to_string(), records.count.to_string()),
            ("bytes", manifest.bytes.to_string(), records.bytes.to_string()),
            ("sha256", manifest.sha256.clone(), found),
            ("last", manifest.last.to_string(), last_of(&manifest).to_string()),
        ] {
            if claimed != found {
                return Err(BundleFault::Differs { what, claimed, found, hint: String::new() });
            }
        }
        // Written again it must be the same to the byte: there is one way to write a manifest.
        let sealed = manifest.seal(records);
        if sealed.line == line { Ok((manifest, sealed.file_sha256)) } else { Err(BundleFault::Seal) }
    }

    fn without_seal(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(line).ok()?;
        let (manifest, _) = text.rsplit_once(SEAL)?;
        serde_json::from_str(&format!("{manifest}}}")).ok()
    }
}

/// A log has no gaps, so the first offset and the count give the last.
fn last_of(manifest: &Manifest) -> i64 {
    let count = i64::try_from(manifest.count).unwrap_or(i64::MAX);
    manifest.first.saturating_add(count).saturating_sub(1)
}
