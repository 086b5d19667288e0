//! Counts the lines of a file by hour, chunk by chunk. Nothing of a line is stored.

use super::agents::AgentVerdicts;
use super::line::LineForm;
use super::line::container::{self, Stream};
use super::line::format::LogLine;
use super::line::time::TimeReader;
use super::partial::{MAX_LINE_BYTES, PartialLine, PartialText, without_zeros};
use super::rule::CountingRule;
use super::visitors::Visitors;
use crate::follow::HourBlock;
use std::collections::{BTreeMap, BTreeSet};

/// The byte order mark that some programs write before the first line.
const MARK: &[u8] = b"\xEF\xBB\xBF";
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
    agents: AgentVerdicts<'a>,
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
            agents: AgentVerdicts::new(&rule.bots),
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
        let mut ended = partial.part_lines;
        for at in memchr::memchr_iter(b'\n', chunk) {
            ended += 1;
            let number = lines + ended;
            if partial.raw.is_empty() {
                // Whether a line is too long must not depend on where a chunk ends.
                let line = without_zeros(&chunk[from..at]);
                if line.len() > MAX_LINE_BYTES {
                    self.report_bad(number, line);
                } else {
                    self.raw_line(line, number, &mut partial.parts);
                }
            } else {
                partial.add(&chunk[from..at]);
                let PartialText { bytes, overlong } = std::mem::take(&mut partial.raw);
                if overlong { self.report_bad(number, &[]) } else { self.raw_line(&bytes, number, &mut partial.parts) }
            }
            from = at + 1;
            if partial.parts.iter().all(PartialText::is_empty) {
                count = ChunkCount { whole: from, lines: ended };
            }
        }
        partial.add(&chunk[from..]);
        partial.part_lines = ended - count.lines;
        partial.behind = if count.lines > 0 { 0 } else { partial.behind } + chunk.len() - count.whole;
        count
    }

    /// Counts the last line of a complete file, which has no line end; returns its length.
    pub(super) fn last(&mut self, partial: &mut PartialLine, lines: u64) -> usize {
        let number = lines + partial.part_lines + 1;
        let PartialText { bytes, overlong } = std::mem::take(&mut partial.raw);
        if overlong {
            self.report_bad(number, &[]);
        } else if !bytes.is_empty() {
            self.raw_line(&bytes, number, &mut partial.parts);
        }
        for (part, stream) in partial.parts.iter_mut().zip([Stream::Output, Stream::Errors]) {
            self.whole(std::mem::take(part), number, stream);
        }
        std::mem::take(&mut partial.behind)
    }

    /// Adds the current hour to the counts; called when all is read.
    pub(super) fn finish(&mut self) {
        if let Some((hour, count)) = self.current.take() {
            let entry = self.counted.entry(hour).or_default();
            entry.add(&count);
        }
    }

    /// Counts a line as it is in the file: the server's own, or one of a container around it.
    fn raw_line(&mut self, line: &[u8], number: u64, parts: &mut [PartialText; 2]) {
        let line = line.strip_prefix(MARK).unwrap_or(line);
        let Some(piece) = container::piece(line) else { return self.line(line, number, Stream::Output) };
        let part = &mut parts[usize::from(piece.stream == Stream::Errors)];
        if piece.ends && part.is_empty() {
            return self.line(&piece.text, number, piece.stream);
        }
        part.add(&piece.text);
        if piece.ends {
            let whole = std::mem::take(part);
            self.whole(whole, number, piece.stream);
        }
    }

    /// Counts a line that came in parts.
    fn whole(&mut self, PartialText { bytes, overlong }: PartialText, number: u64, stream: Stream) {
        if overlong { self.report_bad(number, &[]) } else { self.line(&bytes, number, stream) }
    }

    fn line(&mut self, line: &[u8], number: u64, stream: Stream) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || self.rule.drops(line) {
            return;
        }
        let form = self.form;
        let is_counted = match form {
            LineForm::Fields(format) => {
                let mut read = LogLine::default();
                let rest = format.read_deciding(&mut read, line, &mut self.hours);
                rest.is_some_and(|rest| self.count(&mut read, |line| format.read_rest(line, rest)))
            }
            LineForm::Json(keys) => {
                let texts = keys.texts(line);
                let read = texts.as_ref().and_then(|texts| texts.line(&mut self.hours));
                read.is_some_and(|mut read| self.count(&mut read, |_| {}))
            }
        };
        // What a container writes to its errors is a message, unless it has the form of an access.
        if !is_counted && stream == Stream::Output {
            self.report_bad(number, line);
        }
    }

    /// False for a line of a later hour than possible, and for one that might count if its request could be read. `read_rest` reads the agent
    /// and the address, which most lines are not asked for.
    #[inline]
    fn count<'l>(&mut self, line: &mut LogLine<'l>, read_rest: impl FnOnce(&mut LogLine<'l>)) -> bool {
        let rule = self.rule;
        if line.hour > self.latest || rule.might_count(line) {
            return false;
        }
        let page = rule.page(line).filter(|_| {
            read_rest(line);
            !self.agents.is_bot(line.agent)
        });
        if page.is_some()
            && let Some(visitors) = &mut self.visitors
        {
            visitors.add(line, self.finished);
        }
        if self.unplaced {
            self.place_bad(line.hour);
        }
        let entry = match &mut self.current {
            Some((hour, entry)) if *hour == line.hour => entry,
            _ => self.begin_hour(line.hour),
        };
        if let Some(page) = page {
            entry.hits += 1;
            entry.digest = entry.digest.wrapping_add(line.digest());
            if !rule.areas.is_empty() {
                entry.areas[rule.area(&page)] += 1;
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

#[cfg(test)]
mod tests {
    use super::super::line::format::{COMBINED, LineFormat};
    use super::super::rule::WordFilter;
    use super::super::short::ShortTexts;
    use super::*;

    const LINE: &str = r#"192.0.2.7 - - [10/Oct/2021:13:55:36 +0900] "GET /app/PATH HTTP/1.1" 200 1 "-" "Mozilla""#;
    const HOUR: i64 = 453_844;

    /// Hits, numbers of bad lines, and the length of the partial line of a file that is read in chunks of this size.
    fn counted(file: &[u8], size: usize, latest: i64) -> (i64, Vec<u64>, usize) {
        let statuses = super::super::rule::StatusSet::parse(&["2xx".to_owned()]).unwrap();
        let (paths, none) = (ShortTexts::new(vec!["/app/".to_owned()]), || ShortTexts::new(Vec::new()));
        let rule = CountingRule {
            methods: none(),
            statuses,
            paths,
            not_paths: none(),
            not_extensions: none(),
            bots: WordFilter::new(Vec::new()),
            not_lines: Vec::new(),
            areas: Vec::new(),
        };
        let form = LineForm::Fields(LineFormat::parse(COMBINED).unwrap());
        let (mut counter, mut partial, mut lines) =
            (LineCounter::new(&form, &rule, None, latest), PartialLine::default(), 0);
        for chunk in file.chunks(size) {
            lines += counter.chunk(chunk, &mut partial, lines).lines;
        }
        let last = counter.last(&mut partial, lines);
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
    fn lines_of_a_container_are_joined_wherever_chunks_end() {
        let json = |text: &str, stream: &str| {
            let text = serde_json::to_string(text).unwrap();
            format!("{{\"log\":{text},\"stream\":\"{stream}\",\"time\":\"2021-10-10T04:55:36.1Z\"}}\n")
        };
        let long = LINE.replace("PATH", &"x".repeat(40 << 10));
        let pieces: Vec<&str> =
            (0..long.len()).step_by(16 << 10).map(|at| &long[at..long.len().min(at + (16 << 10))]).collect();
        let whole = |line: &str| json(&format!("{line}\n"), "stdout");
        let mut file =
            [whole(LINE), json("2021/10/10 [error] no access\n", "stderr"), json(&format!("{LINE}\n"), "stderr")]
                .concat();
        for (at, piece) in pieces.iter().enumerate() {
            let last = at + 1 == pieces.len();
            file += &json(&format!("{piece}{}", if last { "\n" } else { "" }), "stdout");
            // The errors of a container come between the parts of its output.
            file += &json("a message", "stderr");
        }
        file += &[json("\n", "stderr"), whole("no access"), whole(LINE)].concat();
        let cri = format!(
            "2021-10-10T04:55:36.1Z stdout P {}\n2021-10-10T04:55:36.1Z stdout F {}\n",
            &LINE[..50],
            &LINE[50..]
        );
        let bad = u64::try_from(file.lines().count()).unwrap() - 1;
        let unended = whole(LINE).trim_end().to_owned();
        for size in [1, 100, 4096, 16 << 10, usize::MAX] {
            let all = format!("\u{FEFF}{file}{cri}{unended}");
            assert_eq!(counted(all.as_bytes(), size, HOUR), (6, vec![bad], unended.len()), "chunks of {size}");
            let cut = format!("{file}{}", json(&LINE[..LINE.len() - 3], "stdout"));
            assert_eq!(counted(cut.as_bytes(), size, HOUR).0, 5, "a last line without its last part counts as it is");
        }
    }

    #[test]
    fn a_line_of_a_later_hour_than_possible_is_bad() {
        assert_eq!(counted(LINE.as_bytes(), 100, HOUR), (1, vec![], LINE.len()));
        assert_eq!(counted(LINE.as_bytes(), 100, HOUR - 1), (0, vec![1], LINE.len()));
    }
}
