//! Finds the keys and values of a JSON object, whatever bytes its texts hold.

use super::super::short::{find, find_either};
use std::borrow::Cow;

/// A place in a line.
pub(super) struct Scanner<'a> {
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    /// Begins at the line's first byte.
    pub(super) fn new(line: &'a [u8]) -> Self {
        Self { rest: line.trim_ascii() }
    }

    /// True when nothing is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// True when an object follows.
    pub(super) fn is_object(&self) -> bool {
        self.rest.first() == Some(&b'{')
    }

    /// Enters an object.
    pub(super) fn open(&mut self) -> Option<()> {
        self.take(b'{')
    }

    /// True when the object ends here, and leaves it.
    pub(super) fn closes(&mut self) -> bool {
        self.take(b'}').is_some()
    }

    /// The text of the next key, without its quotes; the value follows. `None` when it is malformed.
    pub(super) fn key(&mut self) -> Option<&'a [u8]> {
        _ = self.take(b',');
        let key = self.string()?;
        self.skip_blanks();
        self.take(b':')?;
        Some(&key[1..key.len() - 1])
    }

    /// The next value as it is written; empty when there is none.
    pub(super) fn value(&mut self) -> Option<&'a [u8]> {
        let start = self.rest;
        match start.first()? {
            b'"' => _ = self.string()?,
            b'{' | b'[' => self.nested()?,
            _ => {
                let end = start.iter().position(|byte| matches!(byte, b',' | b'}' | b']'))?;
                self.rest = &start[end..];
            }
        }
        let value = &start[..start.len() - self.rest.len()];
        self.skip_blanks();
        Some(value.trim_ascii_end())
    }

    fn nested(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.rest.first()? {
                b'"' => _ = self.string()?,
                byte => {
                    match byte {
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                    self.rest = &self.rest[1..];
                    if depth == 0 {
                        return Some(());
                    }
                }
            }
        }
    }

    /// A text with its quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.rest;
        let mut at = if start.first() == Some(&b'"') { 1 } else { return None };
        loop {
            at += find_either(b'"', b'\\', &start[at..])?;
            if start[at] == b'"' {
                self.rest = &start[at + 1..];
                return Some(&start[..=at]);
            }
            at += 2;
            if at > start.len() {
                return None;
            }
        }
    }

    /// Takes a sign and the blanks after it.
    fn take(&mut self, sign: u8) -> Option<()> {
        self.rest = self.rest.strip_prefix(&[sign])?;
        self.skip_blanks();
        Some(())
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }
}

/// A text, or a number as it is written; of a list, such as of headers, the first. Empty for anything else.
pub(super) fn text(value: &[u8]) -> Cow<'_, [u8]> {
    match value.first() {
        Some(b'"') => unescape(&value[1..value.len() - 1]),
        Some(b'0'..=b'9') => Cow::Borrowed(value),
        Some(b'[') => {
            let mut inner = Scanner::new(&value[1..]);
            inner.value().filter(|first| !first.starts_with(b"[")).map_or(Cow::Borrowed(b""), text)
        }
        _ => Cow::Borrowed(b""),
    }
}

/// The text with its escapes resolved: those of JSON, and `\x5C`, which nginx writes. An unknown escape stays as it is.
pub(super) fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if find(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let (mut resolved, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some(at) = memchr::memchr(b'\\', rest) {
        resolved.extend_from_slice(&rest[..at]);
        let after = &rest[at + 1..];
        let plain = |byte: u8| Some((char::from(byte).to_string().into_bytes(), 1));
        let escape = match after.first() {
            Some(b'n') => plain(b'\n'),
            Some(b't') => plain(b'\t'),
            Some(b'r') => plain(b'\r'),
            Some(b'b') => plain(8),
            Some(b'f') => plain(12),
            Some(byte @ (b'"' | b'\\' | b'/')) => plain(*byte),
            Some(b'x') => number(after, 2).and_then(|byte| Some((vec![u8::try_from(byte).ok()?], 3))),
            Some(b'u') => character(after),
            _ => None,
        };
        let (bytes, length) = escape.unwrap_or_else(|| (vec![b'\\'], 0));
        resolved.extend(bytes);
        rest = &after[length..];
    }
    resolved.extend_from_slice(rest);
    Cow::Owned(resolved)
}

/// The number of hexadecimal digits after an escape's letter.
fn number(escape: &[u8], digits: usize) -> Option<u32> {
    let digits = std::str::from_utf8(escape.get(1..=digits)?).ok()?;
    u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
}

/// The character of `u3042` or of a pair of surrogates, and the escape's length; U+FFFD for half a pair.
fn character(escape: &[u8]) -> Option<(Vec<u8>, usize)> {
    let first = number(escape, 4)?;
    let second = escape[5..].strip_prefix(b"\\").filter(|next| next.starts_with(b"u")).and_then(|next| number(next, 4));
    let (code, length) = match (first, second) {
        (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) => (0x1_0000 + ((first - 0xD800) << 10) + (low - 0xDC00), 11),
        _ => (first, 5),
    };
    Some((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER).to_string().into_bytes(), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_json_and_of_servers_are_resolved() {
        let rows: [(&str, &[u8]); 9] = [
            ("plain", b"plain"),
            (r#"\"\\\/\n\t"#, b"\"\\/\n\t"),
            (r"\u3042\ud83d\ude00", "あ😀".as_bytes()),
            (r"\ud83d", "\u{fffd}".as_bytes()),
            (r"\ud83d\u0041", "\u{fffd}A".as_bytes()),
            (r"a\x5Cb\xE3", b"a\\b\xE3"),
            (r"\u12", br"\u12"),
            (r"\x5", br"\x5"),
            (r"\q", br"\q"),
        ];
        for (text, right) in rows {
            assert_eq!(&*unescape(text.as_bytes()), right, "{text}");
        }
    }

    #[test]
    fn malformed_objects_have_no_end() {
        let all = |line: &'static str| {
            let mut scanner = Scanner::new(line.as_bytes());
            scanner.open()?;
            while !scanner.closes() {
                scanner.key()?;
                scanner.value()?;
            }
            scanner.is_at_end().then_some(())
        };
        for line in ["{}", r#"{"a":1}"#, r#" { "a" : [ 1 , "]" ] , "b" : { } } "#] {
            assert_eq!(all(line), Some(()), "{line}");
        }
        for line in [
            "",
            "{",
            "[]",
            r#"{"a"}"#,
            r#"{"a":"#,
            r#"{"a":"b}"#,
            r#"{"a":"b\"#,
            r#"{"a":[1}"#,
            r#"{"a":1}x"#,
            r#"{"a":{"b":1}"#,
            r#"{"a":1 "b":2"#,
        ] {
            assert_eq!(all(line), None, "{line}");
        }
    }
}
