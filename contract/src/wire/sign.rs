//! Writes signed lines.

use super::codec::encode;
use super::signature::{END, MAC, SIGNED_BY, head};
use crate::record::{Record, SCHEMA};
use crate::signing::{MAC_BYTES, SigningKey, write_hex};

/// The record as one line of JSON with a signature.
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
/// assert!(key.verifies(&signature.covered, signature.mac));
/// assert_eq!(wire::decode(&line)?, record);
/// assert_eq!(wire::content(&line), wire::content(&wire::encode(&record)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn encode_signed(record: &Record, key: &SigningKey) -> Vec<u8> {
    let (before, fields) = parts(record, key.id());
    let mac = key.mac(&[&before, &fields]);
    joined(before, mac, &fields)
}

/// The line of a record that a key signed, from the digest that it was signed with.
pub fn encode_with_signature(record: &Record, key: &str, mac: [u8; MAC_BYTES]) -> Vec<u8> {
    let (before, fields) = parts(record, key);
    joined(before, mac, &fields)
}

/// The two parts of a line that its signature is of.
fn parts(record: &Record, key: &str) -> (Vec<u8>, Vec<u8>) {
    let mut before = encode(record);
    let start = head(&before).unwrap_or(0);
    let fields = before.split_off(start);
    before.reserve(fields.len() + key.len() + 64);
    // `encode` writes the version as one digit, before anything that a record holds.
    if let [.., version, _] = before.as_mut_slice() {
        *version = b'0' + u8::try_from(SCHEMA).unwrap_or(9);
    }
    before.extend_from_slice(SIGNED_BY);
    before.extend_from_slice(key.as_bytes());
    (before, fields)
}

fn joined(mut line: Vec<u8>, mac: [u8; MAC_BYTES], fields: &[u8]) -> Vec<u8> {
    line.extend_from_slice(MAC);
    write_hex(&mac, &mut line);
    line.extend_from_slice(END);
    line.extend_from_slice(fields);
    line
}
