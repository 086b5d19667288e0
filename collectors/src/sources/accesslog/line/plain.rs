//! Reads a line as plainly as it can be done: nothing is kept from line to line, cut short or compared by words. What the fast way is
//! compared with.

use super::format::{LineFormat, LogLine, status};
use super::request::target;
use super::step::{Field, FieldStep};
use super::time::{LOCAL_BYTES, TimeReader};

/// Reads a line; `None` when it has another format.
pub(in super::super) fn read<'a>(format: &LineFormat, line: &'a [u8]) -> Option<LogLine<'a>> {
    let mut rest = line.strip_prefix(&format.lead[..])?;
    let mut read = LogLine::default();
    let (mut has_time, mut has_status) = (false, false);
    for step in &format.steps {
        let (value, left) = match end(rest, step) {
            Some(at) => (&rest[..at], &rest[if step.kept { at } else { at + step.end.len() }..]),
            None if has_time && has_status => (rest, &rest[rest.len()..]),
            None => return None,
        };
        rest = left;
        match step.field {
            Field::Skip => {}
            Field::Address if matches!(value, b"" | b"-") && !read.address.is_empty() => {}
            Field::Address => read.address = value,
            Field::Agent => read.agent = value,
            Field::Method => read.method = value,
            Field::Path => read.path = target(value),
            Field::Request => {
                let request = request(value);
                (read.method, read.path) = request.unwrap_or_default();
                read.is_unreadable = request.is_none();
            }
            Field::Status => (read.status, has_status) = (status(value)?, true),
            Field::Time => {
                (read.hour, read.time) = (TimeReader::default().read(value)?, value);
                has_time = true;
            }
        }
    }
    Some(read)
}

fn end(rest: &[u8], step: &FieldStep) -> Option<usize> {
    if step.end.is_empty() {
        return Some(rest.len());
    }
    let from = match (step.field, rest) {
        (Field::Time, [b'[', ..]) => rest.iter().position(|byte| *byte == b']')?,
        (Field::Time, [_, _, b'/', ..]) => LOCAL_BYTES.min(rest.len()),
        _ => 0,
    };
    let escapes = |at: usize| rest[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
    let is_end = |at: &usize| rest[*at..].starts_with(&step.end) && !(step.end[0] == b'"' && escapes(*at) % 2 == 1);
    (from..rest.len()).find(is_end)
}

fn request(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut words = value.splitn(3, |byte| *byte == b' ');
    let (method, path) = (words.next()?, words.next());
    let Some(path) = path else { return matches!(value, b"" | b"-").then_some((b"", b"")) };
    if path == b"*" || method == b"CONNECT" {
        return Some((b"", b""));
    }
    let is_method = method.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_'));
    Some((method, target(path))).filter(|(_, path)| is_method && path.starts_with(b"/"))
}
