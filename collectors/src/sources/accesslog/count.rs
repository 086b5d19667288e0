//! Lines become counts by hour. Chunks in, as a file is read; nothing of a line stays but its count.

use super::format::{LineFormat, LogLine};
use super::json::JsonKeys;
use super::rule::CountingRule;
use super::time::TimeReader;
use super::visitors::Visitors;
use std::collections::BTreeMap;

/// Longest line: a request line has 8 kB on most servers, and a cookie in a custom form as much again.
pub const MAX_LINE_BYTES: usize = 64 << 10;
/// Bad lines of one poll that are told, each by its place.
pub const MAX_TOLD: usize = 20;

/// How a line is read.
#[derive(Clone, Debug)]
pub enum LineForm {
    /// One of nginx's or Apache's forms.
    Fields(LineFormat),
    /// JSON lines.
    Json(JsonKeys),
}

/// What the lines of one hour come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HourCount {
    /// Accesses.
    pub hits: i64,
    /// Accesses by area, in the order of the rule; the last is the rest.
    pub areas: Vec<i64>,
}

/// Counts lines.
pub struct LineCounter<'a> {
    form: &'a LineForm,
    rule: &'a CountingRule,
    visitors: Option<&'a mut Visitors>,
    hours: TimeReader,
    /// The last hour that can have come; a line of a later one was stamped by a wrong clock.
    latest: i64,
    /// Counts by hour since 1970; an hour with lines of which none counts is 0.
    pub counted: BTreeMap<i64, HourCount>,
    /// The hour that is counted just now, and its counts.
    now: Option<(i64, HourCount)>,
    /// Lines that are none of the form.
    pub bad: u64,
    /// The numbers of the first of them.
    pub told: Vec<u64>,
}

/// A file's line that was begun in one chunk and ends in another.
#[derive(Debug, Default)]
pub struct PartialLine {
    /// Its bytes, without zeros before it.
    bytes: Vec<u8>,
    /// True once it is longer than any line: the rest is skipped.
    overlong: bool,
    /// Its length in the file.
    length: usize,
}

/// What a chunk came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkCount {
    /// Bytes up to and with the last line's end; those behind it are kept as begun.
    pub whole: usize,
    /// Lines that ended.
    pub lines: u64,
}

impl<'a> LineCounter<'a> {
    /// A counter that starts at nothing; lines of an hour after `latest` are bad.
    pub fn new(form: &'a LineForm, rule: &'a CountingRule, visitors: Option<&'a mut Visitors>, latest: i64) -> Self {
        let (counted, hours) = (BTreeMap::new(), TimeReader::default());
        Self { form, rule, visitors, hours, latest, counted, now: None, bad: 0, told: Vec::new() }
    }

    /// Counts the lines of a file's next chunk; `lines` ended before it.
    pub fn chunk(&mut self, chunk: &[u8], begun: &mut PartialLine, lines: u64) -> ChunkCount {
        let (mut from, mut taken) = (0, ChunkCount { whole: 0, lines: 0 });
        for at in memchr::memchr_iter(b'\n', chunk) {
            let number = lines + taken.lines + 1;
            if begun.bytes.is_empty() && !begun.overlong {
                // What is too long must not depend on where a chunk ends.
                let line = without_zeros(&chunk[from..at]);
                if line.len() > MAX_LINE_BYTES { self.is_bad(number) } else { self.line(line, number) }
            } else {
                begun.add(&chunk[from..at]);
                let PartialLine { bytes, overlong, .. } = std::mem::take(begun);
                if overlong { self.is_bad(number) } else { self.line(&bytes, number) }
            }
            begun.length = 0;
            from = at + 1;
            taken = ChunkCount { whole: from, lines: taken.lines + 1 };
        }
        begun.add(&chunk[from..]);
        taken
    }

    /// Counts the last line of a file that is over, which has no end; gives its bytes.
    pub fn last(&mut self, begun: &PartialLine, lines: u64) -> usize {
        if begun.overlong {
            self.is_bad(lines + 1);
        } else if !begun.bytes.is_empty() {
            self.line(&begun.bytes, lines + 1);
        }
        begun.length
    }

    /// The counts so far; to be called when all is read.
    pub fn finish(&mut self) {
        if let Some((hour, count)) = self.now.take() {
            let entry = self.counted.entry(hour).or_default();
            entry.add(&count);
        }
    }

    fn line(&mut self, line: &[u8], number: u64) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return;
        }
        let form = self.form;
        let is_one = match form {
            LineForm::Fields(format) => {
                let read = format.read(line, &mut self.hours);
                read.as_ref().is_some_and(|read| self.count(read))
            }
            LineForm::Json(keys) => {
                let texts = keys.texts(line);
                let read = texts.as_ref().and_then(|texts| texts.line(&mut self.hours));
                read.as_ref().is_some_and(|read| self.count(read))
            }
        };
        if !is_one {
            self.is_bad(number);
        }
    }

    /// False for a line of an hour that has not come.
    #[inline]
    fn count(&mut self, line: &LogLine<'_>) -> bool {
        if line.hour > self.latest {
            return false;
        }
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
        true
    }

    #[cold]
    fn turn(&mut self, hour: i64) -> &mut HourCount {
        self.finish();
        let areas = if self.rule.areas.is_empty() { 0 } else { self.rule.areas.len() + 1 };
        &mut self.now.insert((hour, HourCount { hits: 0, areas: vec![0; areas] })).1
    }

    #[cold]
    fn is_bad(&mut self, number: u64) {
        self.bad += 1;
        if self.told.len() < MAX_TOLD {
            self.told.push(number);
        }
    }
}

impl HourCount {
    /// Adds another count of the same hour.
    pub fn add(&mut self, other: &Self) {
        self.hits += other.hits;
        self.areas.resize(self.areas.len().max(other.areas.len()), 0);
        for (sum, more) in self.areas.iter_mut().zip(&other.areas) {
            *sum += more;
        }
    }
}

impl PartialLine {
    /// Nothing, or the middle of a line that is too long.
    pub fn of(overlong: bool) -> Self {
        Self { overlong, ..Self::default() }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.length += bytes.len();
        let bytes = if self.bytes.is_empty() { without_zeros(bytes) } else { bytes };
        if self.overlong || self.bytes.len() + bytes.len() > MAX_LINE_BYTES {
            self.overlong = true;
            self.bytes = Vec::new();
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }
}

/// A file that was cut while its server kept its place goes on behind zeros.
#[inline]
fn without_zeros(line: &[u8]) -> &[u8] {
    if line.first() == Some(&0) { line.iter().position(|byte| *byte != 0).map_or(&[], |at| &line[at..]) } else { line }
}

#[cfg(test)]
mod tests {
    use super::super::format::COMBINED;
    use super::super::rule::WordFilter;
    use super::*;

    const LINE: &str = r#"192.0.2.7 - - [10/Oct/2021:13:55:36 +0900] "GET /app/PATH HTTP/1.1" 200 1 "-" "Mozilla""#;
    const HOUR: i64 = 453_844;

    /// Hits and numbers of bad lines, and the length of what is left, when the file is read in chunks of this size.
    fn counted(file: &[u8], size: usize, latest: i64) -> (i64, Vec<u64>, usize) {
        let statuses = super::super::rule::StatusSet::parse(&["2xx".to_owned()]).unwrap();
        let (paths, none) = (vec!["/app/".to_owned()], Vec::new);
        let rule = CountingRule {
            methods: none(),
            statuses,
            paths,
            not_paths: none(),
            not_extensions: none(),
            bots: WordFilter::new(none()),
            areas: Vec::new(),
        };
        let form = LineForm::Fields(LineFormat::parse(COMBINED).unwrap());
        let (mut counter, mut begun, mut lines) =
            (LineCounter::new(&form, &rule, None, latest), PartialLine::default(), 0);
        for chunk in file.chunks(size) {
            lines += counter.chunk(chunk, &mut begun, lines).lines;
        }
        let last = counter.last(&begun, lines);
        counter.finish();
        (counter.counted.values().map(|hour| hour.hits).sum(), counter.told, last)
    }

    #[test]
    fn a_line_counts_or_not_wherever_the_chunks_end() {
        let line = |length: usize| LINE.replace("PATH", &"x".repeat(length - LINE.len() + 4));
        let [longest, too_long] = [line(MAX_LINE_BYTES), line(MAX_LINE_BYTES + 1)];
        let zeros = "\0".repeat(3 * MAX_LINE_BYTES);
        let file = format!("{LINE}\n{too_long}\n{longest}\n{zeros}{LINE}\n{zeros}\n{too_long}");
        for size in [1, 4096, MAX_LINE_BYTES, usize::MAX] {
            assert_eq!(counted(file.as_bytes(), size, HOUR), (3, vec![2, 6], too_long.len()), "chunks of {size}");
        }
    }

    #[test]
    fn a_line_of_an_hour_that_has_not_come_is_bad() {
        assert_eq!(counted(LINE.as_bytes(), 100, HOUR), (1, vec![], LINE.len()));
        assert_eq!(counted(LINE.as_bytes(), 100, HOUR - 1), (0, vec![1], LINE.len()));
    }
}
