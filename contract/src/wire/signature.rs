//! The signature at the end of a line, `,"signed_by":"ID","mac":"DIGITS"}`, and what a line says without it.

use crate::signing::{MAC_BYTES, read_hex};

pub(super) const SIGNED_BY: &[u8] = b",\"signed_by\":\"";
pub(super) const MAC: &[u8] = b"\",\"mac\":\"";
pub(super) const END: &[u8] = b"\"}";

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

/// The signature at the end of a line; `None` of an unsigned one.
pub fn signature(line: &[u8]) -> Option<Signature<'_>> {
    let rest = line.strip_suffix(END)?;
    let (rest, digits) = rest.split_at_checked(rest.len().checked_sub(2 * MAC_BYTES)?)?;
    let mac = read_hex(digits)?;
    let covered = rest.strip_suffix(MAC)?;
    let start = after_last_quote(covered)?;
    covered[..start].ends_with(SIGNED_BY).then_some(())?;
    let key = std::str::from_utf8(&covered[start..]).ok()?;
    Some(Signature { key, covered, mac })
}

/// Where the text behind the last quote starts.
fn after_last_quote(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|byte| *byte == b'"').map(|quote| quote + 1)
}

/// What a line says: without kind and version before it and without a signature and the brace behind it, so that it is the
/// same whether or not the line is signed. A line that was not written by [`super::encode`] has no such form; all of it is its content.
pub fn content(line: &[u8]) -> &[u8] {
    let end = match signature(line) {
        Some(signature) => signature.covered.len() - signature.key.len() - SIGNED_BY.len(),
        None => line.len() - usize::from(line.ends_with(b"}")),
    };
    &line[head(line).unwrap_or(0).min(end)..end]
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
