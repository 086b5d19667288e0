//! The signature at the end of a line, `,"signed_by":"ID","mac":"DIGITS"}`, and what a line says without it.

use super::codec::encode;
use crate::record::{Record, SCHEMA};
use crate::signing::{Hex, MAC_BYTES, SigningKey, read_hex};

const SIGNED_BY: &[u8] = b",\"signed_by\":\"";
const MAC: &[u8] = b"\",\"mac\":\"";
const END: &[u8] = b"\"}";

/// The signature of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature<'a> {
    /// Id of the key.
    pub key: &'a str,
    /// The bytes it is of: the line up to and with the key's id.
    pub covered: &'a [u8],
    /// The keyed digest.
    pub mac: [u8; MAC_BYTES],
}

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

/// The signature at the end of a line; `None` of an unsigned one.
pub fn signature(line: &[u8]) -> Option<Signature<'_>> {
    let rest = line.strip_suffix(END)?;
    let (rest, digits) = rest.split_at_checked(rest.len().checked_sub(2 * MAC_BYTES)?)?;
    let mac = read_hex(digits)?;
    let covered = rest.strip_suffix(MAC)?;
    let start = memchr_last_quote(covered)?;
    covered[..start].ends_with(SIGNED_BY).then_some(())?;
    let key = std::str::from_utf8(&covered[start..]).ok()?;
    Some(Signature { key, covered, mac })
}

/// Where the text behind the last quote starts.
fn memchr_last_quote(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|byte| *byte == b'"').map(|quote| quote + 1)
}

/// What a line says: without kind and version before it and without a signature and the brace behind it, so that it is the
/// same whether or not the line is signed. A line that was not written by [`encode`] has no such form; all of it is its content.
pub fn content(line: &[u8]) -> &[u8] {
    let end = match signature(line) {
        Some(signature) => signature.covered.len() - signature.key.len() - SIGNED_BY.len(),
        None => line.len() - usize::from(line.ends_with(b"}")),
    };
    &line[head(line).unwrap_or(0).min(end)..end]
}

/// Where the fields behind `{"kind":"...","schema":N,` start.
fn head(line: &[u8]) -> Option<usize> {
    const BEFORE: &[u8] = b"{\"kind\":\"";
    const BETWEEN: &[u8] = b"\",\"schema\":";
    let kind = line.strip_prefix(BEFORE)?;
    let end = BEFORE.len() + kind.iter().position(|byte| *byte == b'"')?;
    let version = line[end..].strip_prefix(BETWEEN)?;
    matches!(version, [b'1'..=b'9', b',', ..]).then_some(end + BETWEEN.len() + 2)
}
