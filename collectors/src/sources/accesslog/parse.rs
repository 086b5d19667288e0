//! Counts the lines of a file by hour, chunk by chunk. Nothing of a line is stored.

use super::line::LineForm;
use super::line::format::LogLine;
use super::line::time::TimeReader;
use super::rule::CountingRule;
use super::visitors::Visitors;
use crate::follow::HourBlock;
use std::collections::{BTreeMap, BTreeSet};

/// Longest line: most servers limit a request line to 8 kB, and a cookie in an own format to as much.
pub(super) const MAX_LINE_BYTES: usize = 64 << 10;
/// Bad lines of one file that are reported by line number.
pub(super) const MAX_REPORTED: usize = 20;

/// The accesses of one hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HourCount {
    /// Accesses.
    pub(super) hits: i64,
    /// Accesses by area, in the order of the rule; the last is the rest.
    pub(super) areas: Vec<i64>,
    /// Sum of the digests of their lines.
    pub(super) digest: u32,
}

/// Counts lines.
pub(super) struct LineCounter<'a> {
    form: &'a LineForm,
    rule: &'a CountingRule,
    visitors: Option<&'a mut Visitors>,
    /// True for a finished file.
    pub(super) finished: bool,
    hours: TimeReader,
    /// The last possible hour; a later time comes from a wrong clock.
    latest: i64,
    /// Counts by hour since 1970; 0 for an hour with lines of which none counts.
    pub(super) counted: BTreeMap<i64, HourCount>,
    /// The current hour and its counts.
    current: Option<(i64, HourCount)>,
    /// Lines of another form.
    pub(super) bad: u64,
    /// The numbers of the first bad lines.
    pub(super) reported: Vec<u64>,
    /// The hour of the last line that was read; before the first, that of an earlier poll.
    pub(super) last: Option<i64>,
    /// True while bad lines wait for the next good line, which bounds their hour.
    pub(super) unplaced: bool,
    /// First and last hours between which bad lines lie: each may have been an access.
    pub(super) doubtful: BTreeSet<(i64, i64)>,
}

/// A line that begins in one chunk and ends in another.
#[derive(Debug, Default)]
pub(super) struct PartialLine {
    /// Its bytes, without leading zeros.
    bytes: Vec<u8>,
    /// True once it is too long: the rest is skipped.
    overlong: bool,
    /// Its length in the file.
    length: usize,
}

/// The lines that ended in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChunkCount {
    /// Bytes up to and with the last line's end; the rest is in the partial line.
    pub(super) whole: usize,
    /// Number of lines.
    pub(super) lines: u64,
}

impl<'a> LineCounter<'a> {
    /// A counter without counts; lines of an hour after `latest` are bad.
    pub(super) fn new(
        form: &'a LineForm,
        rule: &'a CountingRule,
        visitors: Option<&'a mut Visitors>,
        latest: i64,
    ) -> Self {
        let (counted, hours) = (BTreeMap::new(), TimeReader::default());
        let (current, reported, doubtful) = (None, Vec::new(), BTreeSet::new());
        let (bad, last, unplaced) = (0, None, false);
        let finished = false;
        Self {
            form,
            rule,
            visitors,
            finished,
            hours,
            latest,
            counted,
            current,
            bad,
            reported,
            last,
            unplaced,
            doubtful,
        }
    }

    /// Counts the lines of a file's next chunk; `lines` ended before it.
    pub(super) fn chunk(&mut self, chunk: &[u8], partial: &mut PartialLine, lines: u64) -> ChunkCount {
        let (mut from, mut count) = (0, ChunkCount { whole: 0, lines: 0 });
        for at in memchr::memchr_iter(b'\n', chunk) {
            let number = lines + count.lines + 1;
            if partial.bytes.is_empty() && !partial.overlong {
                // Whether a line is too long must not depend on where a chunk ends.
                let line = without_zeros(&chunk[from..at]);
                if line.len() > MAX_LINE_BYTES { self.report_bad(number, line) } else { self.line(line, number) }
            } else {
                partial.add(&chunk[from..at]);
                let PartialLine { bytes, overlong, .. } = std::mem::take(partial);
                if overlong { self.report_bad(number, &[]) } else { self.line(&bytes, number) }
            }
            partial.length = 0;
            from = at + 1;
            count = ChunkCount { whole: from, lines: count.lines + 1 };
        }
        partial.add(&chunk[from..]);
        count
    }

    /// Counts the last line of a complete file, which has no line end; returns its length.
    pub(super) fn last(&mut self, partial: &PartialLine, lines: u64) -> usize {
        if partial.overlong {
            self.report_bad(lines + 1, &[]);
        } else if !partial.bytes.is_empty() {
            self.line(&partial.bytes, lines + 1);
        }
        partial.length
    }

    /// Adds the current hour to the counts; called when all is read.
    pub(super) fn finish(&mut self) {
        if let Some((hour, count)) = self.current.take() {
            let entry = self.counted.entry(hour).or_default();
            entry.add(&count);
        }
    }

    fn line(&mut self, line: &[u8], number: u64) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || self.rule.drops(line) {
            return;
        }
        let form = self.form;
        let is_counted = match form {
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
        if !is_counted {
            self.report_bad(number, line);
        }
    }

    /// False for a line of a later hour than possible, and for one that might count if its request could be read.
    #[inline]
    fn count(&mut self, line: &LogLine<'_>) -> bool {
        let rule = self.rule;
        if line.hour > self.latest || rule.might_count(line) {
            return false;
        }
        let counts = rule.counts(line);
        if counts && let Some(visitors) = &mut self.visitors {
            visitors.add(line, self.finished);
        }
        if self.unplaced {
            self.place_bad(line.hour);
        }
        let entry = match &mut self.current {
            Some((hour, entry)) if *hour == line.hour => entry,
            _ => self.begin_hour(line.hour),
        };
        if counts {
            entry.hits += 1;
            entry.digest = entry.digest.wrapping_add(line.digest());
            if !rule.areas.is_empty() {
                entry.areas[rule.area(line.path)] += 1;
            }
        }
        true
    }

    #[cold]
    fn begin_hour(&mut self, hour: i64) -> &mut HourCount {
        self.finish();
        self.last = Some(hour);
        let areas = if self.rule.areas.is_empty() { 0 } else { self.rule.areas.len() + 1 };
        &mut self.current.insert((hour, HourCount { hits: 0, areas: vec![0; areas], digest: 0 })).1
    }

    /// Places the bad lines before a good line of this hour.
    #[cold]
    fn place_bad(&mut self, hour: i64) {
        let last = self.last.unwrap_or(hour);
        self.doubtful.insert((last.min(hour), last.max(hour)));
        self.unplaced = false;
    }

    /// Notes a bad line, and the hour that it may belong to: that of the time in it, or those between its neighbours.
    #[cold]
    fn report_bad(&mut self, number: u64, line: &[u8]) {
        self.bad += 1;
        match self.hours.find(line).filter(|hour| *hour <= self.latest) {
            Some(hour) => _ = self.doubtful.insert((hour, hour)),
            None => self.unplaced = true,
        }
        if self.reported.len() < MAX_REPORTED {
            self.reported.push(number);
        }
    }
}

impl HourCount {
    /// The count of a file's hour.
    pub(super) fn of(block: &HourBlock) -> Self {
        Self { hits: block.hits, areas: block.areas.clone(), digest: block.digest }
    }

    /// As a file's count of an hour.
    pub(super) fn block(&self, hour: i64) -> HourBlock {
        HourBlock { hour, hits: self.hits, areas: self.areas.clone(), digest: self.digest }
    }

    /// Adds another count of the same hour.
    pub(super) fn add(&mut self, other: &Self) {
        self.hits += other.hits;
        self.digest = self.digest.wrapping_add(other.digest);
        self.areas.resize(self.areas.len().max(other.areas.len()), 0);
        for (sum, more) in self.areas.iter_mut().zip(&other.areas) {
            *sum += more;
        }
    }
}

impl PartialLine {
    /// An empty line, or the middle of one that is too long.
    pub(super) fn of(overlong: bool) -> Self {
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

/// The line without leading zeros: a server that keeps its offset in a truncated file leaves them.
#[inline]
fn without_zeros(line: &[u8]) -> &[u8] {
    if line.first() == Some(&0) { line.iter().position(|byte| *byte != 0).map_or(&[], |at| &line[at..]) } else { line }
}

#[cfg(test)]
mod tests {
    use super::super::line::format::{COMBINED, LineFormat};
    use super::super::rule::WordFilter;
    use super::*;

    const LINE: &str = r#"192.0.2.7 - - [10/Oct/2021:13:55:36 +0900] "GET /app/PATH HTTP/1.1" 200 1 "-" "Mozilla""#;
    const HOUR: i64 = 453_844;

    /// Hits, numbers of bad lines, and the length of the partial line of a file that is read in chunks of this size.
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
            not_lines: none(),
            areas: Vec::new(),
        };
        let form = LineForm::Fields(LineFormat::parse(COMBINED).unwrap());
        let (mut counter, mut partial, mut lines) =
            (LineCounter::new(&form, &rule, None, latest), PartialLine::default(), 0);
        for chunk in file.chunks(size) {
            lines += counter.chunk(chunk, &mut partial, lines).lines;
        }
        let last = counter.last(&partial, lines);
        counter.finish();
        (counter.counted.values().map(|hour| hour.hits).sum(), counter.reported, last)
    }

    #[test]
    fn counts_do_not_depend_on_where_chunks_end() {
        let line = |length: usize| LINE.replace("PATH", &"x".repeat(length - LINE.len() + 4));
        let [longest, too_long] = [line(MAX_LINE_BYTES), line(MAX_LINE_BYTES + 1)];
        let zeros = "\0".repeat(3 * MAX_LINE_BYTES);
        let file = format!("{LINE}\n{too_long}\n{longest}\n{zeros}{LINE}\n{zeros}\n{too_long}");
        for size in [1, 4096, MAX_LINE_BYTES, usize::MAX] {
            assert_eq!(counted(file.as_bytes(), size, HOUR), (3, vec![2, 6], too_long.len()), "chunks of {size}");
        }
    }

    #[test]
    fn a_line_of_a_later_hour_than_possible_is_bad() {
        assert_eq!(counted(LINE.as_bytes(), 100, HOUR), (1, vec![], LINE.len()));
        assert_eq!(counted(LINE.as_bytes(), 100, HOUR - 1), (0, vec![1], LINE.len()));
    }
}
