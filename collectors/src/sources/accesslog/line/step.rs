//! One step of reading a line: a field, and where it ends.

use super::super::short::{ShortText, find, find_either, find_near, first_word};
use super::request::target;
use super::time::LOCAL_BYTES;

/// What stands at a place of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Address,
    Time,
    Request,
    Method,
    Path,
    Status,
    Agent,
    Skip,
}

/// A field and the text after it; empty at the end of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldStep {
    pub(super) field: Field,
    pub(super) end: Vec<u8>,
    /// Its first byte, and the rest of it.
    first: Option<u8>,
    more: ShortText,
    /// True when that text begins the next field: a path after a host.
    pub(super) kept: bool,
}

impl FieldStep {
    pub(super) fn new(field: Field) -> Self {
        Self { field, end: Vec::new(), first: None, more: ShortText::new(b""), kept: false }
    }

    /// Prepares what is compared, when the text is known.
    pub(super) fn compile(&mut self) {
        self.first = self.end.first().copied();
        self.more = ShortText::new(self.end.get(1..).unwrap_or_default());
    }
}

/// Where a field ends.
#[inline]
pub(super) fn end(rest: &[u8], step: &FieldStep) -> Option<usize> {
    near_end(rest, step).or_else(|| far_end(rest, step))
}

/// Where a field ends that is short, or a time of the usual form; `None` for any other.
#[inline]
fn near_end(rest: &[u8], step: &FieldStep) -> Option<usize> {
    let first = step.first?;
    let at = match (step.field, rest) {
        (Field::Time, [b'[', ..]) => return None,
        (Field::Time, [_, _, b'/', ..]) => LOCAL_BYTES,
        _ => find_near(first, rest)?,
    };
    let behind = rest.get(at + 1..)?;
    let is_plain = rest[at] == first && (first != b'"' || at == 0 || rest[at - 1] != b'\\');
    (is_plain && step.more.begins(behind, first_word(behind))).then_some(at)
}

/// Method, path and end of a request that has a usual form, found in one pass; `None` for any other.
#[inline]
pub(super) fn near_request<'a>(rest: &'a [u8], step: &FieldStep) -> Option<(&'a [u8], &'a [u8], usize)> {
    let quote = step.first.filter(|first| *first == b'"')?;
    let space = find_near(b' ', rest)?;
    let method = &rest[..space];
    let behind = &rest[space + 1..];
    let length = find_either(b' ', quote, behind).filter(|at| behind[*at] == b' ')?;
    let path = target(&behind[..length]);
    // What follows the path is as short as `HTTP/1.1`.
    let at = near_end(&behind[length + 1..], step)?;
    let usual = method.iter().all(u8::is_ascii_uppercase) && method != b"CONNECT" && path.first() == Some(&b'/');
    usual.then_some((method, path, space + length + 2 + at))
}

/// Where any field ends.
fn far_end(rest: &[u8], step: &FieldStep) -> Option<usize> {
    let Some(first) = step.first else { return Some(rest.len()) };
    let mut from = match (step.field, rest) {
        // `%t` of Apache is in brackets; both forms contain a space.
        (Field::Time, [b'[', ..]) => memchr::memchr(b']', rest)?,
        (Field::Time, [_, _, b'/', ..]) => LOCAL_BYTES.min(rest.len()),
        _ => 0,
    };
    loop {
        let at = from + find(first, &rest[from..])?;
        let behind = &rest[at + 1..];
        if !(first == b'"' && is_escaped(&rest[..at])) && step.more.begins(behind, first_word(behind)) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// True when `before` ends with an odd number of backslashes.
fn is_escaped(before: &[u8]) -> bool {
    before.last() == Some(&b'\\') && before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}
