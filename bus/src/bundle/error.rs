//! What can go wrong with bundles: a whole call ([`BundleError`]), or the bundles of one collector ([`Problem`]).

use super::limits::{DEFAULT_RESEND, KEPT_BUNDLES, MAX_BUNDLE_RECORDS, MAX_FILES};
use super::line::LineFault;
use crate::error::{BusError, PublishError};
use contract::time::Micros;
use std::io;
use std::path::{Path, PathBuf};

/// What leads out when the side that writes was restored from a backup: it numbers its bundles as those that were read.
const RESTORED: &str = "if the data of its collector was restored from a backup, give that collector another `collector.id` \
                        and run `shihyo bundle write` there: its whole log is then bundled again, which changes no figure";

/// Why bundles could not be written, or none could be read. Nothing is lost: the next call goes on.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file or folder cannot be used.
    #[error("cannot {action} {}; nothing is lost, run it again once that is possible", .path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Bundles are put only where somebody expects them: a medium that is not mounted is no folder.
    #[error("{} is no folder; make it, or mount the medium that it lies on", .0.display())]
    NoFolder(PathBuf),
    /// The folder of kept bundles is no place to carry bundles away from.
    #[error("{} is where sent bundles are kept; name another folder", .0.display())]
    OwnFolder(PathBuf),
    /// More files than are looked at.
    #[error("{} holds more than {MAX_FILES} files; take away the bundles that were read", .0.display())]
    Crowded(PathBuf),
    /// The same command is at work.
    #[error("another process holds {}; wait until its bundles are done", .0.display())]
    Running(PathBuf),
    /// No file can be named after the collector.
    #[error(
        "`collector.id` is {0:?}, but bundles are files named after it: use only lower-case letters a to z, digits, `-` \
         and `_`, at most 64"
    )]
    Collector(String),
    /// All sequences are used up.
    #[error("the collector {0} has used up its sequences; give it another `collector.id`")]
    Exhausted(String),
    /// A record that no line can hold. It stays on the log, and so does everything behind it.
    #[error(
        "the record at offset {offset} of the log cannot be bundled: {fault}; no collector of shihyo publishes such a \
         record, find out who did; it and all behind it stay on the log"
    )]
    Record {
        /// Its offset.
        offset: i64,
        /// What it is not.
        fault: LineFault,
    },
    /// A note that this version cannot read.
    #[error("the checkpoint {0} cannot be read; a later version of shihyo may have written it, run that")]
    Damaged(String),
    /// A kept bundle is missing or changed before it ever reached a folder.
    #[error(
        "the bundle {} was not sent yet and cannot be any more: {fault}; restore it from a backup, or give the collector \
         another `collector.id`: its whole log is then bundled again, which changes no figure", .path.display()
    )]
    Lost {
        /// Where it was kept.
        path: PathBuf,
        /// What is wrong with it.
        fault: BundleFault,
    },
    /// The folder has another bundle of the same name.
    #[error(
        "{} is there with other content: it was changed, or another collector has the same `collector.id`; take it away; \
         {RESTORED}", .0.display()
    )]
    Taken(PathBuf),
    /// The outbox failed.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The outbox took no note.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl BundleError {
    /// An error of the system, with what was tried.
    pub(super) fn file<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| Self::File { action, path: path.to_owned(), source }
    }
}

/// Why a collector's bundles were not read to the end.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {fault}")]
pub struct BundleProblem {
    /// Whose.
    pub collector: String,
    /// The bundle that was not read.
    pub file: String,
    /// What is wrong with it.
    pub fault: BundleFault,
}

/// What is wrong with a bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleFault {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A link, folder or device; links are not followed.
    #[error("it is no plain file")]
    NotPlain,
    /// It is larger than any bundle.
    #[error("it has {bytes} bytes, a bundle has at most {limit}")]
    TooLarge {
        /// How large it is.
        bytes: u64,
        /// How large it may be.
        limit: u64,
    },
    /// It has more records than any bundle.
    #[error("it has more than {MAX_BUNDLE_RECORDS} records, which no bundle has")]
    TooMany,
    /// It ends in the middle of a line.
    #[error("it is cut off: its last line has no end; copy it again")]
    CutOff,
    /// It has no manifest.
    #[error("its last line is no manifest: it was copied only in part or changed; copy it again")]
    NoManifest,
    /// A later version of this program has written it.
    #[error("it has format {found}, this program knows {known}; update the side that is older")]
    Format {
        /// The format it has.
        found: u32,
        /// The format this program knows.
        known: u32,
    },
    /// What its manifest says is not what is there.
    #[error("it was changed: {what} is {found}, its manifest says {claimed}{hint}; copy it again")]
    Differs {
        /// The manifest's field.
        what: &'static str,
        /// The value in the manifest.
        claimed: String,
        /// What is there.
        found: String,
        /// The first line that is no record, if any.
        hint: String,
    },
    /// Its manifest was changed.
    #[error("it was changed: the seal of its manifest does not fit; copy it again")]
    Seal,
    /// A line is no record.
    #[error("line {line} is no record: {fault}")]
    Line {
        /// Counted from 1.
        line: u64,
        /// What it is not.
        fault: LineFault,
    },
    /// It is another bundle than its name says.
    #[error("it was renamed: its manifest says {0}")]
    Renamed(String),
    /// Bundles before it are not there.
    #[error(
        "there is a gap before it, missing: {missing}; look for them, or run `shihyo bundle write --to DIR --resend \
         {resend}` where they were written (it keeps the last {KEPT_BUNDLES}; for older ones give that collector another \
         `collector.id`: its whole log is then bundled again, which changes no figure)"
    )]
    Gap {
        /// Their sequences.
        missing: String,
        /// How many bundles to send again.
        resend: u32,
    },
    /// It does not follow the bundle before.
    #[error(
        "it does not follow the bundle before it: that has SHA-256 {found}, its manifest says {claimed}; one of both was \
         replaced: take this one away and find out who made it; {RESTORED}"
    )]
    Chain {
        /// The value in its manifest.
        claimed: String,
        /// What was read.
        found: String,
    },
    /// It is of another log.
    #[error(
        "it is of another log ({found}) than the bundles read before ({known}): the log was made anew or two collectors \
         have this id; give one of them another `collector.id`"
    )]
    OtherLog {
        /// Its chain.
        found: String,
        /// The chain of what was read before.
        known: String,
    },
    /// It was read before, with other content.
    #[error(
        "it was read before with other content (SHA-256 {known}, now {found}); take it away and find out who made it; \
         {RESTORED}"
    )]
    Replaced {
        /// Its SHA-256 then.
        known: String,
        /// Its SHA-256 now.
        found: String,
    },
    /// It is from the future.
    #[error(
        "the clock of its collector is ahead: a record of {key} was seen at {revision}, here it is {now}; nothing of it \
         was taken; set the clock that is wrong and read again (the record is taken once this clock is 5 min from it)"
    )]
    Clock {
        /// The record's plan.
        key: String,
        /// Its revision.
        revision: Micros,
        /// The clock here.
        now: Micros,
    },
    /// The outbox did not take it.
    #[error("it could not be published, nothing of it was taken: {0}")]
    Publish(PublishError),
}

impl BundleFault {
    /// A gap before the bundle that is there, `last` being the last that is there.
    pub(super) fn gap(missing: &[(u32, u32)], last: u32) -> Self {
        let from = missing.first().map_or(last, |(from, _)| *from);
        let words: Vec<String> = missing
            .iter()
            .map(|(from, to)| if from == to { from.to_string() } else { format!("{from} to {to}") })
            .collect();
        let resend = (last - from).saturating_add(1).clamp(DEFAULT_RESEND, KEPT_BUNDLES);
        Self::Gap { missing: words.join(", "), resend }
    }
}

impl From<PublishError> for BundleFault {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Future { key, revision, now } => Self::Clock { key, revision, now },
            other => Self::Publish(other),
        }
    }
}
