//! Lines become counts by hour. Chunks in, as a file is read; nothing of a line stays but its count.

use super::format::{Format, Line};
use super::json::Keys;
use super::rule::Rule;
use super::time::Hours;
use super::visitors::Visitors;
use std::collections::BTreeMap;

/// Longest line: a request line has 8 kB on most servers, and a cookie in a custom form as much again.
pub const MAX_LINE_BYTES: usize = 64 << 10;
/// Bad lines of one poll that are told, each by its place.
pub const MAX_TOLD: usize = 20;

/// How a line is read.
#[derive(Clone, Debug)]
pub enum Form {
    /// One of nginx's or Apache's forms.
    Fields(Format),
    /// JSON lines.
    Json(Keys),
}

/// What the lines of one hour come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    /// Accesses.
    pub hits: i64,
    /// Accesses by area, in the order of the rule; the last is the rest.
    pub areas: Vec<i64>,
}

/// Counts lines.
pub struct Counter<'a> {
    form: &'a Form,
    rule: &'a Rule,
    visitors: Option<&'a mut Visitors>,
    hours: Hours,
    /// Counts by hour since 1970; an hour with lines of which none counts is 0.
    pub counted: BTreeMap<i64, Hour>,
    /// The hour that is counted just now, and its counts.
    now: Option<(i64, Hour)>,
    /// Lines that are none of the form.
    pub bad: u64,
    /// The numbers of the first of them.
    pub told: Vec<u64>,
}

/// A file's line that was begun in one chunk and ends in another.
#[derive(Debug, Default)]
pub struct Begun {
    bytes: Vec<u8>,
    /// True once it is longer than any line: the rest is skipped.
    overlong: bool,
}

/// What a chunk came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Bytes up to and with the last line's end; those behind it are kept as begun.
    pub whole: usize,
    /// Lines that ended.
    pub lines: u64,
}

impl<'a> Counter<'a> {
    /// A counter that starts at nothing.
    pub fn new(form: &'a Form, rule: &'a Rule, visitors: Option<&'a mut Visitors>) -> Self {
        let (counted, hours) = (BTreeMap::new(), Hours::default());
        Self { form, rule, visitors, hours, counted, now: None, bad: 0, told: Vec::new() }
    }

    /// Counts the lines of a file's next chunk; `lines` ended before it.
    pub fn chunk(&mut self, chunk: &[u8], begun: &mut Begun, lines: u64) -> Taken {
        let (mut from, mut taken) = (0, Taken { whole: 0, lines: 0 });
        for at in memchr::memchr_iter(b'\n', chunk) {
            let number = lines + taken.lines + 1;
            if begun.bytes.is_empty() && !begun.overlong {
                self.line(&chunk[from..at], number);
            } else {
                begun.add(&chunk[from..at]);
                let (bytes, overlong) = (std::mem::take(&mut begun.bytes), std::mem::take(&mut begun.overlong));
                if overlong { self.is_bad(number) } else { self.line(&bytes, number) }
            }
            from = at + 1;
            taken = Taken { whole: from, lines: taken.lines + 1 };
        }
        begun.add(&chunk[from..]);
        taken
    }

    /// Counts the last line of a file that is over, which has no end; gives its bytes.
    pub fn last(&mut self, begun: &Begun, lines: u64) -> usize {
        if begun.overlong {
            self.is_bad(lines + 1);
        } else if !begun.bytes.is_empty() {
            self.line(&begun.bytes, lines + 1);
        }
        begun.bytes.len()
    }

    /// The counts so far; to be called when all is read.
    pub fn finish(&mut self) {
        if let Some((hour, count)) = self.now.take() {
            let entry = self.counted.entry(hour).or_default();
            entry.add(&count);
        }
    }

    fn line(&mut self, line: &[u8], number: u64) {
        // A file that was cut while its server kept its place begins with zeros.
        let line = if line.first() == Some(&0) {
            line.iter().position(|byte| *byte != 0).map_or(&[][..], |at| &line[at..])
        } else {
            line
        };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return;
        }
        let form = self.form;
        let is_one = match form {
            Form::Fields(format) => {
                let read = format.read(line, &mut self.hours);
                read.as_ref().map(|read| self.count(read)).is_some()
            }
            Form::Json(keys) => {
                let texts = keys.texts(line);
                let read = texts.as_ref().and_then(|texts| texts.line(&mut self.hours));
                read.as_ref().map(|read| self.count(read)).is_some()
            }
        };
        if !is_one {
            self.is_bad(number);
        }
    }

    #[inline]
    fn count(&mut self, line: &Line<'_>) {
        let rule = self.rule;
        let counts = rule.counts(line);
        if counts && let Some(visitors) = &mut self.visitors {
            visitors.see(line);
        }
        let entry = match &mut self.now {
            Some((hour, entry)) if *hour == line.hour => entry,
            _ => self.turn(line.hour),
        };
        if counts {
            entry.hits += 1;
            if !rule.areas.is_empty() {
                entry.areas[rule.area(line.path)] += 1;
            }
        }
    }

    #[cold]
    fn turn(&mut self, hour: i64) -> &mut Hour {
        self.finish();
        let areas = if self.rule.areas.is_empty() { 0 } else { self.rule.areas.len() + 1 };
        &mut self.now.insert((hour, Hour { hits: 0, areas: vec![0; areas] })).1
    }

    #[cold]
    fn is_bad(&mut self, number: u64) {
        self.bad += 1;
        if self.told.len() < MAX_TOLD {
            self.told.push(number);
        }
    }
}

impl Hour {
    /// Adds another count of the same hour.
    pub fn add(&mut self, other: &Self) {
        self.hits += other.hits;
        self.areas.resize(self.areas.len().max(other.areas.len()), 0);
        for (sum, more) in self.areas.iter_mut().zip(&other.areas) {
            *sum += more;
        }
    }
}

impl Begun {
    /// Nothing, or the middle of a line that is too long.
    pub fn of(overlong: bool) -> Self {
        Self { bytes: Vec::new(), overlong }
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.overlong || self.bytes.len() + bytes.len() > MAX_LINE_BYTES {
            self.overlong = true;
            self.bytes = Vec::new();
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }
}
