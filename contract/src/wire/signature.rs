//! The signature of a line, which stands behind kind and version: `{"kind":"K","schema":2,"signed_by":"ID","mac":"DIGITS",`
//! and then the fields; and what a line says without it.

use crate::signing::{MAC_BYTES, read_hex};

pub(super) const SIGNED_BY: &[u8] = b"\"signed_by\":\"";
pub(super) const MAC: &[u8] = b"\",\"mac\":\"";
pub(super) const END: &[u8] = b"\",";

/// The signature of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature<'a> {
    /// Id of the key.
    pub key: &'a str,
    /// The bytes it is of: the line up to and with the key's id, and the line behind the signature.
    pub covered: [&'a [u8]; 2],
    /// The keyed digest.
    pub mac: [u8; MAC_BYTES],
}

/// The signature of a line; `None` of an unsigned one.
pub fn signature(line: &[u8]) -> Option<Signature<'_>> {
    let start = head(line)?;
    let id = line[start..].strip_prefix(SIGNED_BY)?;
    let id = &id[..id.iter().position(|byte| *byte == b'"')?];
    let (before, rest) = line.split_at(start + SIGNED_BY.len() + id.len());
    let (digits, after) = rest.strip_prefix(MAC)?.split_at_checked(2 * MAC_BYTES)?;
    let covered = [before, after.strip_prefix(END)?];
    Some(Signature { key: std::str::from_utf8(id).ok()?, covered, mac: read_hex(digits)? })
}

/// What a line says: without kind, version and signature, so that it is the same whether or not the line is signed. A line
/// that was not written by [`super::encode`] has no such form; all of it is its content.
pub fn content(line: &[u8]) -> &[u8] {
    match signature(line) {
        Some(signature) => signature.covered[1],
        None => unsigned_content(line),
    }
}

/// [`content`] of a line without a signature.
pub(super) fn unsigned_content(line: &[u8]) -> &[u8] {
    &line[head(line).unwrap_or(0)..]
}

/// Where the fields behind `{"kind":"...","schema":N,` start.
pub(super) fn head(line: &[u8]) -> Option<usize> {
    const BEFORE: &[u8] = b"{\"kind\":\"";
    const BETWEEN: &[u8] = b"\",\"schema\":";
    let kind = line.strip_prefix(BEFORE)?;
    let end = BEFORE.len() + kind.iter().position(|byte| *byte == b'"')?;
    let version = line[end..].strip_prefix(BETWEEN)?;
    matches!(version, [b'1'..=b'9', b',', ..]).then_some(end + BETWEEN.len() + 2)
}
