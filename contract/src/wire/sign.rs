//! Writes signed lines.

use super::codec::encode;
use super::signature::{END, MAC, SIGNED_BY, head};
use crate::record::{Record, SCHEMA};
use crate::signing::{Hex, MAC_BYTES, SigningKey};

/// The record as one line of JSON that ends with a signature.
///
/// ```
/// use contract::record::{CatalogueText, Record};
/// use contract::signing::SigningKey;
/// use contract::time::Micros;
/// use contract::wire;
///
/// let key = SigningKey::new("k1", [7; 32]).ok_or("not an id")?;
/// let record = Record::Catalogue(CatalogueText { plan: "p".into(), revision: Micros(7), text: "[plan]".into() });
/// let line = wire::encode_signed(&record, &key);
/// let signature = wire::signature(&line).ok_or("no signature")?;
/// assert_eq!(signature.key, "k1");
/// assert!(key.verifies(signature.covered, signature.mac));
/// assert_eq!(wire::decode(&line)?, record);
/// assert_eq!(wire::content(&line), wire::content(&wire::encode(&record)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn encode_signed(record: &Record, key: &SigningKey) -> Vec<u8> {
    let covered = covered(record, key.id());
    let mac = key.mac(&covered);
    with_mac(covered, mac)
}

/// The line of a record that a key signed, from the digest that it was signed with.
pub fn encode_with_signature(record: &Record, key: &str, mac: [u8; MAC_BYTES]) -> Vec<u8> {
    with_mac(covered(record, key), mac)
}

/// What the signature of a record is of.
fn covered(record: &Record, key: &str) -> Vec<u8> {
    let mut line = encode(record);
    // `encode` writes the version as one digit, before anything that a record holds.
    if let Some(start) = head(&line) {
        line[start - 2] = b'0' + u8::try_from(SCHEMA).unwrap_or(9);
    }
    line.pop();
    line.extend_from_slice(SIGNED_BY);
    line.extend_from_slice(key.as_bytes());
    line
}

fn with_mac(mut line: Vec<u8>, mac: [u8; MAC_BYTES]) -> Vec<u8> {
    line.extend_from_slice(MAC);
    line.extend_from_slice(Hex(&mac).to_string().as_bytes());
    line.extend_from_slice(END);
    line
}
