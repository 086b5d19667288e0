//! Polls a source as if in the past: its files as they are now, each figure from the day on which it became known.
//!
//! What a file held on a day of the past is known only where it says itself when each figure was entered. Else the plan says when
//! it was due, and it counts as known from then on (`known_day.rs`). Records are made as by any poll, with the past day as their
//! time.

use super::collector::Collector;
use super::known_day::known_day;
use super::outcome::{FetchedContent, FinishedPoll, PollFailure, PolledFile};
use super::state::SourceState;
use super::{log, read, records};
use crate::config::SourceConfig;
use crate::document::Document;
use crate::sources::{
    Coverage, DocumentSource, EnteredFigure, LogSource, ParseError, ParsedFigure, ParsedFile, ParsedKey, PollContext,
    RejectedRow, Source, SourceNotes,
};
use contract::catalogue::{Catalogue, SeriesSource};
use contract::time::{Moment, date_of};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A source that is polled as if in the past.
#[derive(Debug)]
pub struct SourceReplay {
    source: SourceConfig,
    files: Vec<ReplayedFile>,
    /// The figures that become known on a day, each with the index of its file.
    figures: BTreeMap<i32, Vec<(usize, ParsedFigure)>>,
    /// The files of which something is known.
    shown: BTreeSet<usize>,
    /// The file that gave each figure.
    owners: BTreeMap<ParsedKey, usize>,
    state: SourceState,
}

#[derive(Debug)]
struct ReplayedFile {
    address: String,
    content: Option<FetchedContent>,
    rejects: Vec<RejectedRow>,
}

impl SourceReplay {
    /// Reads a source as it is now.
    ///
    /// Errors: one of its files could not be read, with its address.
    pub async fn read(
        collector: &Collector,
        source: &SourceConfig,
        catalogue: &Catalogue,
    ) -> Result<Self, (String, PollFailure)> {
        let empty = SourceState::default();
        let (files, mut entered) = match &source.source {
            Source::Documents(parser) => {
                let reader = Arc::new(HistoryReader { parser: Arc::clone(parser), entered: Mutex::default() });
                let parser: Arc<dyn DocumentSource> = Arc::clone(&reader) as _;
                let files = read::files(collector, source, &parser, &empty).await;
                (files, std::mem::take(&mut *reader.entered.lock()))
            }
            Source::Log(follower) => (read_log(collector, source, follower).await, BTreeMap::new()),
        };
        let mut replay = Self {
            source: source.clone(),
            files: Vec::new(),
            figures: BTreeMap::new(),
            shown: BTreeSet::new(),
            owners: BTreeMap::new(),
            state: empty,
        };
        for file in files {
            let parsed = file.result.map_err(|failure| (file.address.clone(), failure))?;
            let (figures, rejects) = parsed.map(|parsed| (parsed.figures, parsed.rejects)).unwrap_or_default();
            let all = entered.remove(&file.address);
            replay.add(catalogue, all.unwrap_or_else(|| figures.into_iter().map(|figure| (None, figure)).collect()));
            replay.files.push(ReplayedFile { address: file.address, content: file.content, rejects });
        }
        Ok(replay)
    }

    /// Adds the figures of the next file. A correction is not known before what it corrects.
    fn add(&mut self, catalogue: &Catalogue, figures: Vec<EnteredFigure>) {
        let mut known: BTreeMap<ParsedKey, i32> = BTreeMap::new();
        for (entered, figure) in figures {
            let day = known_day(listed(catalogue, &self.source, &figure), figure.key.span, entered);
            let known = known.entry(figure.key.clone()).or_insert(day);
            *known = day.max(*known);
            self.figures.entry(*known).or_default().push((self.files.len(), figure));
        }
    }

    /// The source.
    pub fn source(&self) -> &SourceConfig {
        &self.source
    }

    /// The days (day numbers) on which something becomes known, in order.
    pub fn days(&self) -> impl Iterator<Item = i32> {
        self.figures.keys().copied()
    }

    /// The poll at the first instant of a day. Days come in order, and none is left out on which something becomes known.
    pub fn poll(&mut self, collector: &Collector, day: i32) -> FinishedPoll {
        let mut new: BTreeMap<usize, Vec<ParsedFigure>> = BTreeMap::new();
        for (file, figure) in self.figures.remove(&day).unwrap_or_default() {
            // Of two files with the same key the later wins, whenever it came.
            let owner = self.owners.entry(figure.key.clone()).or_insert(file);
            *owner = file.max(*owner);
            if *owner > file {
                continue;
            }
            new.entry(file).or_default().push(figure);
        }
        self.shown.extend(new.keys());
        let files: Vec<PolledFile> = self.shown.iter().map(|at| self.files[*at].polled(new.remove(at))).collect();
        let revision = Moment::midnight(date_of(day)).micros();
        let poll =
            records::make(&collector.name, &self.source, &self.state, &files, (SourceNotes::new(), false), revision);
        self.state = poll.next.clone();
        poll
    }
}

impl ReplayedFile {
    /// The file with the figures that are new of it.
    fn polled(&self, figures: Option<Vec<ParsedFigure>>) -> PolledFile {
        let parsed = ParsedFile {
            figures: figures.unwrap_or_default(),
            rejects: self.rejects.clone(),
            held: Vec::new(),
            // What is not among them was given before.
            covers: Coverage::Nothing,
            until: None,
        };
        PolledFile { address: self.address.clone(), content: self.content.clone(), result: Ok(Some(parsed)) }
    }
}

/// Reads files as their parser does, and remembers what each says of when its figures were entered.
#[derive(Debug)]
struct HistoryReader {
    parser: Arc<dyn DocumentSource>,
    entered: Mutex<BTreeMap<String, Vec<EnteredFigure>>>,
}

impl DocumentSource for HistoryReader {
    fn parse(&self, file: &Document, context: &PollContext) -> Result<ParsedFile, ParseError> {
        let parsed = self.parser.parse(file, context)?;
        self.entered.lock().insert(file.address.clone(), self.parser.entered(file, context)?);
        Ok(parsed)
    }

    fn ask(&self, address: &str, answers: &[Vec<u8>]) -> Result<Option<String>, ParseError> {
        self.parser.ask(address, answers)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        self.parser.series()
    }

    fn is_open(&self) -> bool {
        self.parser.is_open()
    }
}

/// All of a log, in steps.
async fn read_log(collector: &Collector, source: &SourceConfig, follower: &Arc<dyn LogSource>) -> Vec<PolledFile> {
    let (mut notes, mut all) = (SourceNotes::new(), Vec::new());
    loop {
        let (files, next, more) = log::follow(collector, source, follower, &notes).await;
        all.extend(files);
        notes = next;
        if !more {
            return all;
        }
    }
}

/// The source as the series of a figure lists it.
fn listed<'a>(catalogue: &'a Catalogue, source: &SourceConfig, figure: &ParsedFigure) -> Option<&'a SeriesSource> {
    let (_, series) = catalogue.series_named(&figure.key.series)?;
    series.sources.iter().find(|one| one.id == source.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestClock, catalogues, collector, lines, register, source};
    use contract::time::{day_number, parse_date};

    /// What is published on each day until the end of 2022, of a register of these rows.
    async fn replayed(rows: &str) -> Vec<(String, Vec<String>)> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("r.csv"), format!("指標,期間,値,記入日\n{rows}")).unwrap();
        let clock = TestClock::at("2022-12-01T00:00:00+09:00");
        let collector = collector(&clock);
        let source = source(folder.path(), &register("path = 'r.csv'"));
        let mut replay = SourceReplay::read(&collector, &source, &catalogues()[0].1).await.unwrap();
        let days: Vec<i32> = replay.days().collect();
        let day = |day: i32| date_of(day).to_string();
        days.into_iter().map(|at| (day(at), lines(&replay.poll(&collector, at).records))).collect()
    }

    #[tokio::test]
    async fn a_figure_comes_on_the_day_of_its_row_and_so_does_its_correction() {
        let rows = "申請件数,2022年4月,100,2022/5/10\n申請件数,2022年5月,200,2022/6/10\nべつ,2022年5月,1,2022/6/11\n\
                    申請件数,2022年4月,101,2022/8/1\n申請件数,2022年5月,－,2022/8/1\n申請件数,2022年6月,300,\n";
        let april = "applied 2022-04-01..2022-05-01";
        let may = "applied 2022-05-01..2022-06-01";
        let expected = [
            (
                "2022-05-10",
                vec![format!("{april} = 100"), "reject r.csv:4 unknown_series".into(), "changed r.csv".into()],
            ),
            ("2022-06-10", vec![format!("{may} = 200"), "changed r.csv".into()]),
            ("2022-07-21", vec!["applied 2022-06-01..2022-07-01 = 300".into(), "changed r.csv".into()]),
            ("2022-08-01", vec![format!("{april} = 101"), format!("{may} = missing"), "changed r.csv".into()]),
        ];
        assert_eq!(replayed(rows).await, expected.map(|(day, lines)| (day.to_owned(), lines)));
    }

    #[tokio::test]
    async fn a_correction_is_never_known_before_what_it_corrects() {
        let rows = "申請件数,2022年4月,100,2022/5/10\n申請件数,2022年4月,101,2022/5/9\n";
        let expected = ["applied 2022-04-01..2022-05-01 = 101", "changed r.csv"].map(str::to_owned).to_vec();
        assert_eq!(replayed(rows).await, [("2022-05-10".to_owned(), expected)]);
    }

    #[tokio::test]
    async fn a_day_without_news_has_a_poll_of_its_own_time() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("r.csv"), "指標,期間,値\n申請件数,2022年4月,100\n").unwrap();
        let clock = TestClock::at("2022-12-01T00:00:00+09:00");
        let collector = collector(&clock);
        let source = source(folder.path(), &register("path = 'r.csv'"));
        let mut replay = SourceReplay::read(&collector, &source, &catalogues()[0].1).await.unwrap();
        let day = day_number(parse_date("2022-04-02").unwrap());
        let poll = replay.poll(&collector, day);
        assert_eq!(lines(&poll.records), ["unchanged r.csv"]);
        assert_eq!(poll.records[0].revision(), Moment::midnight(date_of(day)).micros());
    }
}
