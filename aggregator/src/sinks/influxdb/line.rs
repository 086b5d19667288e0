//! Line protocol, built by us: one point a line, hostile text refused.
//!
//! The libraries escape too little: a newline in a tag value ends the line, and the rest is read as another point.
//! Here a text that line protocol cannot carry is an error.

use contract::exact::{self, Exact};
use contract::time::Moment;
use std::fmt::Write as _;
use std::ops::Range;

/// What a field holds. Numbers are floats, whatever they are here: a field never changes its type.
#[derive(Clone, Copy, Debug)]
pub enum FieldValue<'a> {
    /// A whole number.
    Whole(i128),
    /// An exact number, in canonical form.
    Exact(&'a Exact),
    /// Yes or no.
    Flag(bool),
}

/// Why a text cannot stand in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// No text at all.
    #[error("the tag {0} is empty")]
    Empty(&'static str),
    /// Newline, tab, NUL and the like, also beyond ASCII.
    #[error("the tag {0} holds a control character")]
    Control(&'static str),
    /// A backslash there would escape what follows it.
    #[error("the tag {0} has a backslash at its end or before a comma, an equals sign or a space")]
    Backslash(&'static str),
}

/// Lines, one after the other in one text.
#[derive(Debug, Default)]
pub struct LineBuffer {
    text: String,
    /// Where each line ends, its newline included.
    ends: Vec<usize>,
}

impl LineBuffer {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Some of them as they travel.
    pub fn text(&self, some: Range<usize>) -> &str {
        &self.text[self.start(some.start)..self.start(some.end)]
    }

    fn start(&self, line: usize) -> usize {
        line.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0)
    }

    /// The last one; empty when there is none.
    pub fn last(&self) -> &str {
        self.text(self.len().saturating_sub(1)..self.len()).trim_end()
    }

    /// Takes the last one away.
    pub fn pop(&mut self) {
        self.ends.pop();
        self.text.truncate(self.start(self.len()));
    }

    /// Takes one away.
    pub fn remove(&mut self, line: usize) {
        let (start, end) = (self.start(line), self.start(line + 1));
        self.text.replace_range(start..end, "");
        self.ends.remove(line);
        self.ends[line..].iter_mut().for_each(|other| *other -= end - start);
    }

    /// Adds a point with its time in seconds. Nothing is added when a tag is refused.
    pub fn push(
        &mut self,
        measurement: &'static str,
        tags: &[(&'static str, &str)],
        fields: &[(&'static str, FieldValue<'_>)],
        time: Moment,
    ) -> Result<(), LineError> {
        tags.iter().try_for_each(|(key, value)| check(key, value))?;
        self.text.push_str(measurement);
        for (key, value) in tags {
            self.text.push(',');
            self.text.push_str(key);
            self.text.push('=');
            escape(&mut self.text, value);
        }
        for (at, (key, field)) in fields.iter().enumerate() {
            self.text.push(if at == 0 { ' ' } else { ',' });
            self.text.push_str(key);
            self.text.push('=');
            // Writing to a text cannot fail.
            let _ = match field {
                FieldValue::Whole(number) => write!(self.text, "{number}"),
                FieldValue::Exact(number) => write!(self.text, "{}", exact::canonical(number)),
                FieldValue::Flag(flag) => write!(self.text, "{flag}"),
            };
        }
        let _ = writeln!(self.text, " {}", time.0);
        self.ends.push(self.text.len());
        Ok(())
    }
}

fn check(key: &'static str, value: &str) -> Result<(), LineError> {
    if value.is_empty() {
        return Err(LineError::Empty(key));
    }
    if value.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(LineError::Control(key));
    }
    // InfluxDB's own scanners do not agree on which of two backslashes escapes what follows.
    let escapes = |pair: &[u8]| pair[0] == b'\\' && matches!(pair[1], b',' | b'=' | b' ');
    let ambiguous = value.ends_with('\\') || value.as_bytes().windows(2).any(escapes);
    if ambiguous { Err(LineError::Backslash(key)) } else { Ok(()) }
}

/// Commas, equals signs and spaces of a tag value get a backslash; a backslash itself means nothing elsewhere.
fn escape(text: &mut String, value: &str) {
    for c in value.chars() {
        if matches!(c, ',' | '=' | ' ') {
            text.push('\\');
        }
        text.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::exact::whole;

    #[test]
    fn tag_values_as_line_protocol_carries_them() {
        let rows = [
            ("plain-id_1", Ok("plain-id_1")),
            ("データ", Ok("データ")),
            ("a b", Ok("a\\ b")),
            ("a,b", Ok("a\\,b")),
            ("a=b", Ok("a\\=b")),
            ("a\\b", Ok("a\\b")),
            ("a\\\\b", Ok("a\\\\b")),
            ("a\\,b", Err(LineError::Backslash("t"))),
            ("a\\ b", Err(LineError::Backslash("t"))),
            ("a\\=b", Err(LineError::Backslash("t"))),
            ("say \"a\"", Ok("say\\ \"a\"")),
            ("#a", Ok("#a")),
            ("", Err(LineError::Empty("t"))),
            ("a\nm f=1", Err(LineError::Control("t"))),
            ("a\rb", Err(LineError::Control("t"))),
            ("a\tb", Err(LineError::Control("t"))),
            ("a\0", Err(LineError::Control("t"))),
            ("a\u{85}b", Err(LineError::Control("t"))),
            ("a\u{2028}b", Err(LineError::Control("t"))),
            ("a\\", Err(LineError::Backslash("t"))),
        ];
        for (value, expected) in rows {
            let mut lines = LineBuffer::default();
            let outcome = lines.push("m", &[("t", value)], &[("f", FieldValue::Flag(true))], Moment(7));
            let expected = expected.map(|escaped| format!("m,t={escaped} f=true 7"));
            assert_eq!(outcome.map(|()| lines.last().to_owned()), expected, "{value:?}");
            assert_eq!(lines.len(), usize::from(expected.is_ok()), "nothing half-written: {value:?}");
        }
    }

    #[test]
    fn numbers_are_floats_in_canonical_form() {
        let (mut lines, third) = (LineBuffer::default(), whole(1) / whole(3));
        let fields = [
            ("a", FieldValue::Whole(-12)),
            ("b", FieldValue::Whole(i128::MAX)),
            ("c", FieldValue::Exact(&third)),
            ("d", FieldValue::Flag(false)),
        ];
        lines.push("m", &[("t", "x")], &fields, Moment(-1)).unwrap();
        assert_eq!(lines.last(), "m,t=x a=-12,b=170141183460469231731687303715884105727,c=0.333333,d=false -1");
    }

    #[test]
    fn lines_are_cut_where_they_were_joined() {
        let mut lines = LineBuffer::default();
        for time in 1..=3 {
            lines.push("m", &[("t", "x")], &[("f", FieldValue::Whole(time.into()))], Moment(time)).unwrap();
        }
        assert_eq!(lines.text(1..3), "m,t=x f=2 2\nm,t=x f=3 3\n");
        assert_eq!((lines.text(0..0), lines.len()), ("", 3));
        lines.remove(0);
        assert_eq!((lines.text(0..1), lines.text(1..2)), ("m,t=x f=2 2\n", "m,t=x f=3 3\n"));
        lines.pop();
        assert_eq!((lines.last(), lines.text(0..1)), ("m,t=x f=2 2", "m,t=x f=2 2\n"));
    }
}
