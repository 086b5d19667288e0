//! Lines of a container's output, as Docker (`json-file`) and Kubernetes (CRI) write them around the lines of the server.
//!
//! ```text
//! {"log":"192.0.2.7 - - [10/Oct/2021:13:55:36 +0900] ..\n","stream":"stdout","time":"2021-10-10T04:55:36.1Z"}
//! 2021-10-10T13:55:36.123456789+09:00 stdout F 192.0.2.7 - - [10/Oct/2021:13:55:36 +0900] ..
//! ```
//!
//! They are recognised by their form, so that the configured format is that of the server's own lines. A long line comes in parts
//! of 16 KiB.

use super::scan::{Scanner, unescape};
use std::borrow::Cow;

/// Where a container wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Output,
    /// Messages; some servers write their accesses there.
    Errors,
}

/// A line of a container, or a part of one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) text: Cow<'a, [u8]>,
    pub(crate) stream: Stream,
    /// True when the line ends with it.
    pub(crate) ends: bool,
}

/// The server's text in a line of a container; `None` for another line.
#[inline]
pub(crate) fn piece(line: &[u8]) -> Option<Piece<'_>> {
    match line {
        [b'{', ..] => docker(line),
        [b'1'..=b'2', _, _, _, b'-', _, _, b'-', _, _, b'T', ..] => cri(line),
        _ => None,
    }
}

/// An object of `log`, `stream`, `time` and perhaps `attrs`, and of nothing else.
fn docker(line: &[u8]) -> Option<Piece<'_>> {
    let mut scanner = Scanner::new(line);
    let (mut log, mut stream, mut has_time) = (None, None, false);
    scanner.open()?;
    while !scanner.closes() {
        match scanner.key()? {
            b"log" => log = inner(scanner.value()?),
            b"stream" => stream = self::stream(inner(scanner.value()?)?),
            b"time" => has_time = !scanner.value()?.is_empty(),
            b"attrs" => _ = scanner.value()?,
            _ => return None,
        }
    }
    if !has_time || !scanner.is_at_end() {
        return None;
    }
    let (text, stream) = (unescape(log?), stream?);
    let ends = text.ends_with(b"\n");
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_suffix(b"\n").unwrap_or(text)),
        Cow::Owned(mut text) => {
            text.truncate(text.len() - usize::from(ends));
            Cow::Owned(text)
        }
    };
    Some(Piece { text, stream, ends })
}

/// A text without its quotes.
fn inner(value: &[u8]) -> Option<&[u8]> {
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

fn stream(name: &[u8]) -> Option<Stream> {
    match name {
        b"stdout" => Some(Stream::Output),
        b"stderr" => Some(Stream::Errors),
        _ => None,
    }
}

/// Time, stream, `F` for a whole line or its end, `P` for a part, and the text.
fn cri(line: &[u8]) -> Option<Piece<'_>> {
    let mut fields = line.splitn(4, |byte| *byte == b' ');
    let (_time, stream, tag) = (fields.next()?, stream(fields.next()?)?, fields.next()?);
    let ends = match tag.split(|byte| *byte == b':').next()? {
        b"F" => true,
        b"P" => false,
        _ => return None,
    };
    Some(Piece { text: Cow::Borrowed(fields.next().unwrap_or_default()), stream, ends })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_containers_are_unwrapped_and_others_are_not() {
        let (out, errors) = (Stream::Output, Stream::Errors);
        for (line, right) in [
            (
                r#"{"log":"a \"b\" \u003cc\u003e\n","stream":"stdout","time":"2021-10-10T04:55:36.1Z"}"#,
                Some((r#"a "b" <c>"#, out, true)),
            ),
            (r#"{"log":"part","stream":"stdout","time":"2021-10-10T04:55:36.1Z"}"#, Some(("part", out, false))),
            (r#"{"log":"\n","stream":"stdout","time":"2021-10-10T04:55:36.1Z"}"#, Some(("", out, true))),
            (
                r#"{"log":"x\\x22y\r\n","stream":"stderr","attrs":{"a":"b"},"time":"t"}"#,
                Some(("x\\x22y\r", errors, true)),
            ),
            (r#"{"stream":"stdout","time":"t","log":"a\n"}"#, Some(("a", out, true))),
            ("2021-10-10T13:55:36.123456789+09:00 stdout F a b  c", Some(("a b  c", out, true))),
            ("2021-10-10T04:55:36Z stderr P a", Some(("a", errors, false))),
            ("2021-10-10T04:55:36Z stdout F", Some(("", out, true))),
            ("2021-10-10T04:55:36Z stdout X a", None),
            ("2021-10-10T04:55:36Z GET /app", None),
            (r#"{"log":"a\n","stream":"stdout"}"#, None),
            (r#"{"log":"a\n","stream":"file","time":"t"}"#, None),
            (r#"{"log":"a\n","stream":"stdout","time":"t","status":200}"#, None),
            (r#"{"log":7,"stream":"stdout","time":"t"}"#, None),
            (r#"{"log":"a\n","stream":"stdout","time":"t""#, None),
            (r#"{"time":"t","request":"GET /"}"#, None),
            ("", None),
        ] {
            let read = piece(line.as_bytes());
            let right = right.map(|(text, stream, ends): (&str, _, _)| (text.as_bytes().to_vec(), stream, ends));
            assert_eq!(read.map(|piece| (piece.text.into_owned(), piece.stream, piece.ends)), right, "{line}");
        }
    }
}
