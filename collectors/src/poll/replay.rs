//! Polls a source as if in the past: its files as they are now, each figure from the day on which it became known.
//!
//! What a file held on a day of the past is not known. A plan says when its figures are due, so each counts as known from
//! then on (`known_day.rs`). Records are made as by any poll, with the past day as their time.

use super::collector::Collector;
use super::known_day::known_day;
use super::outcome::{FetchedContent, FinishedPoll, PollFailure, PolledFile};
use super::state::SourceState;
use super::{log, read, records};
use crate::config::SourceConfig;
use crate::sources::{Coverage, ParsedFigure, ParsedFile, RejectedRow, Source, SourceNotes};
use contract::catalogue::{Catalogue, SeriesSource};
use contract::time::{Moment, date_of};
use std::collections::{BTreeMap, BTreeSet};

/// A source that is polled as if in the past.
#[derive(Debug)]
pub struct SourceReplay {
    source: SourceConfig,
    files: Vec<ReplayedFile>,
    /// The figures that become known on a day, each with the index of its file.
    figures: BTreeMap<i32, Vec<(usize, ParsedFigure)>>,
    /// The files of which something is known.
    shown: BTreeSet<usize>,
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
        let files = match &source.source {
            Source::Documents(parser) => read::files(collector, source, parser, &empty).await,
            Source::Log(_) => read_log(collector, source).await,
        };
        let mut replay = Self {
            source: source.clone(),
            files: Vec::new(),
            figures: BTreeMap::new(),
            shown: BTreeSet::new(),
            state: empty,
        };
        for file in files {
            let parsed = file.result.map_err(|failure| (file.address.clone(), failure))?;
            let (figures, rejects) = parsed.map(|parsed| (parsed.figures, parsed.rejects)).unwrap_or_default();
            for figure in figures {
                let day = known_day(listed(catalogue, source, &figure), figure.key.span);
                replay.figures.entry(day).or_default().push((replay.files.len(), figure));
            }
            replay.files.push(ReplayedFile { address: file.address, content: file.content, rejects });
        }
        Ok(replay)
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
            new.entry(file).or_default().push(figure);
        }
        self.shown.extend(new.keys());
        let files: Vec<PolledFile> = self.shown.iter().map(|at| self.files[*at].polled(new.remove(at))).collect();
        let revision = Moment::midnight(date_of(day)).micros();
        let poll = records::make(&collector.name, &self.source, &self.state, &files, SourceNotes::new(), revision);
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

/// All of a log, as one file.
async fn read_log(collector: &Collector, source: &SourceConfig) -> Vec<PolledFile> {
    let Source::Log(follower) = &source.source else { return Vec::new() };
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
