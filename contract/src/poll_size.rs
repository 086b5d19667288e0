//! How many records a poll has, and a digest over them, so that a poll that arrived in part is noticed.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xxhash_rust::xxh3::xxh3_128;

/// How many records a poll has, and a digest over them.
///
/// The digest is the sum, modulo 2^128, of the XXH3-128 hashes of the [`crate::wire::content`] of each record: it does not depend on
/// order, and a record can be added to it alone. It finds what is lost or altered by accident; a signature finds intent.
///
/// ```
/// use contract::record::PollSize;
///
/// let (a, b) = (br#""plan":"p","source":"s""#, br#""plan":"p","source":"t""#);
/// let (mut one, mut other) = (PollSize::default(), PollSize::default());
/// one.add(a);
/// one.add(b);
/// other.add(b);
/// assert_ne!(one, other);
/// other.add(a);
/// assert_eq!(one, other);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(description = "How many records a poll has, and a digest over them: see `contract/src/poll_size.rs`.")]
pub struct PollSize {
    /// Number of records.
    pub records: u64,
    /// Digest over them: 32 lower-case hexadecimal digits on the wire.
    #[serde(serialize_with = "write_hex", deserialize_with = "read_hex")]
    #[schemars(with = "String")]
    pub digest: u128,
}

impl PollSize {
    /// Adds a record, given as the content of its line.
    pub fn add(&mut self, content: &[u8]) {
        self.records += 1;
        self.digest = self.digest.wrapping_add(xxh3_128(content));
    }
}

fn write_hex<S: Serializer>(digest: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{digest:032x}"))
}

fn read_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digest = u128::from_str_radix(&text, 16).ok().filter(|digest| format!("{digest:032x}") == text);
    digest.ok_or_else(|| serde::de::Error::custom("a digest has 32 lower-case hexadecimal digits"))
}
