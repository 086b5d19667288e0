//! A log in a folder, and its follower.

use super::super::*;
use crate::config::SourceConfig;
use crate::origin::Origin;
use crate::sources::{RejectedRow, Source};
use crate::testing::made;
use contract::record::{Finality, Span, Value};
use flate2::{Compression, write::GzEncoder};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

/// 00:00 of a day in the plan's zone, as hours since 1970: 2022-04-01.
pub(super) const START: i64 = 19_083 * 24 - 9;

/// A log in a folder, its follower, and the published figures.
pub(super) struct World {
    pub(super) folder: tempfile::TempDir,
    pub(super) source: SourceConfig,
    pub(super) notes: SourceNotes,
    pub(super) limit: u64,
    /// The time now, in hours since START and minutes.
    pub(super) now: (i64, i64),
    pub(super) lines: i64,
    pub(super) published: BTreeMap<i64, (Value, Finality)>,
    pub(super) rejects: Vec<RejectedRow>,
    /// Most figures of one poll.
    pub(super) most: usize,
}

impl World {
    pub(super) fn new(keys: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let finished = keys.contains("finished");
        let path = if finished { "logs" } else { "logs/a.log" };
        let own = format!("kind = 'accesslog'\npath = '{path}'\nhits = {{ series = 'hits' }}\n{keys}");
        let source = made(folder.path(), &[("hits", "回", "flow", "hour")], &own).unwrap();
        fs::create_dir(folder.path().join("logs")).unwrap();
        let (notes, published, rejects) = (SourceNotes::new(), BTreeMap::new(), Vec::new());
        Self { folder, source, notes, limit: u64::MAX, now: (0, 0), lines: 0, published, rejects, most: 0 }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("logs").join(name)
    }

    /// A line of an hour, unlike any other.
    pub(super) fn line(&mut self, hour: i64) -> String {
        self.lines += 1;
        let at = START + hour + 9;
        let date = contract::time::date_of(i32::try_from(at.div_euclid(24)).unwrap());
        let (clock, number) = (at.rem_euclid(24), self.lines);
        format!(
            "192.0.2.1 - - [{:02}/{}/{}:{clock:02}:{:02}:00 +0900] \"GET /app/{number} HTTP/1.1\" 200 1 \"-\" \"Mozilla\"\n",
            date.day(),
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
                [usize::try_from(date.month() - 1).unwrap()],
            date.year(),
            number % 60
        )
    }

    /// A line of any time.
    pub(super) fn line_at(&self, time: &str) -> String {
        format!("192.0.2.1 - - [{time}] \"GET /app/{} HTTP/1.1\" 200 1 \"-\" \"Mozilla\"\n", self.lines)
    }

    /// Appends lines of these hours.
    pub(super) fn write(&mut self, name: &str, hours: &[i64]) {
        let lines: Vec<String> = hours.iter().map(|hour| self.line(*hour)).collect();
        self.append(name, &lines.concat());
    }

    pub(super) fn append(&self, name: &str, text: &str) {
        let file = fs::OpenOptions::new().create(true).append(true).open(self.path(name));
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }

    pub(super) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub(super) fn pack(&self, from: &str, to: &str) {
        let mut packed = GzEncoder::new(fs::File::create(self.path(to)).unwrap(), Compression::fast());
        packed.write_all(&fs::read(self.path(from)).unwrap()).unwrap();
        packed.finish().unwrap();
        fs::remove_file(self.path(from)).unwrap();
    }

    pub(super) fn copy_and_cut(&self, from: &str, to: &str) {
        fs::copy(self.path(from), self.path(to)).unwrap();
        self.cut(from);
    }

    pub(super) fn cut(&self, name: &str) {
        fs::OpenOptions::new().write(true).open(self.path(name)).unwrap().set_len(0).unwrap();
    }

    pub(super) fn advance(&self) -> Result<LogAdvance, FetchError> {
        let now = Moment((START + self.now.0) * 3600 + self.now.1 * 60);
        let Source::Log(log) = &self.source.source else { panic!() };
        let Origin::Path { path, .. } = &self.source.fetch.origin else { panic!() };
        log.follow(path, &self.notes, now, self.limit)
    }

    /// One published poll at an hour.
    pub(super) fn poll(&mut self, hour: i64) {
        self.now = (hour, 30);
        loop {
            let advanced = self.advance().unwrap();
            self.notes = advanced.notes;
            self.rejects.extend(advanced.parsed.rejects);
            self.most = self.most.max(advanced.parsed.figures.len());
            for figure in advanced.parsed.figures {
                let Span::During(from, _) = figure.key.span else { panic!() };
                self.published.insert(from.0 / 3600 - START, (figure.value, figure.finality));
            }
            if !advanced.more {
                return;
            }
        }
    }

    /// `hour=count`, with `?` behind provisional ones, of the hours from `from` on.
    pub(super) fn shown(&self, from: i64) -> String {
        let show = |(hour, (value, finality)): (&i64, &(Value, Finality))| {
            let value = match value {
                Value::Known(count) => count.to_string(),
                Value::Unknown(why) => why.clone(),
            };
            format!("{hour}={value}{}", if *finality == Finality::Provisional { "?" } else { "" })
        };
        self.published.range(from..).map(show).collect::<Vec<_>>().join(" ")
    }
}
