//! The side that has no network path: what the outbox took since the last time becomes bundles.
//!
//! A bundle is kept before it is noted, noted before it is sent, and noted as sent afterwards. So a power
//! cut between any two steps leaves a bundle that was never sent, which is made anew, or one that is
//! noted, which is sent by the next call; never two bundles of one sequence.
//!
//! ```text
//! log --pull--> kept/x --note--> checkpoint {sequence, sent} --copy--> to/x --note--> checkpoint {sent}
//! ```

use super::checkpoint::{self, WriteCheckpoint};
use super::error::{BundleError, BundleFault};
use super::limits::KEPT_BUNDLES;
use super::manifest::{Manifest, NONE_BEFORE};
use super::name::BundleName;
use super::name::{LAST_SEQUENCE, is_collector};
use super::pull::{BundleLimits, LIMITS, LogCursor, PulledRecords};
use super::{file, scan};
use crate::consumer::Consumer;
use crate::outbox::Outbox;
use contract::time::Clock;
use sqlite::FileLock;
use std::fs;
use std::io;
use std::path::Path;

/// Lock of the writing side, in the folder of kept bundles.
const LOCK: &str = "write.lock";

/// What bundles are made of.
pub struct BundleSource<'a> {
    /// Keeps the notes, in the file of the log.
    pub outbox: &'a dyn Outbox,
    /// A consumer of that log that was not pulled yet.
    pub log: &'a mut dyn Consumer,
    /// Id of this collector.
    pub collector: &'a str,
    /// Folder of the bundles that can be sent again; made when there is none.
    pub kept: &'a Path,
    /// Gives the time at which a bundle was written.
    pub clock: &'a dyn Clock,
}

/// What a call of [`write()`] came to.
#[derive(Debug, Default)]
pub struct BundlesWritten {
    /// Bundles made now, in order.
    pub new: Vec<Manifest>,
    /// Earlier bundles put into the folder again, or for the first time after an interruption.
    pub again: Vec<BundleName>,
    /// Earlier bundles asked for that are no longer kept.
    pub gone: Vec<BundleName>,
    /// The last bundle ever made; `None` when nothing was ever published.
    pub last: Option<BundleName>,
}

/// The steps of a call, in their order. Each is durable when its name is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WriteStage {
    Kept,
    Noted,
    Sent,
    NotedSent,
    Dropped,
}

/// Puts into the folder `to` what was published since the last call, and again the `resend` bundles before
/// (at most [`KEPT_BUNDLES`]) where they are not there any more.
///
/// Blocks, so it is not for an async task. Whatever fails, nothing is lost and the next call goes on.
pub fn write(source: BundleSource, to: &Path, resend: u32) -> Result<BundlesWritten, BundleError> {
    write_until(source, to, resend, LIMITS, &mut |_| Ok(()))
}

/// [`write()`], calling `at` at every step, which can end it there.
pub(super) fn write_until(
    source: BundleSource,
    to: &Path,
    resend: u32,
    limits: BundleLimits,
    at: &mut dyn FnMut(WriteStage) -> Result<(), BundleError>,
) -> Result<BundlesWritten, BundleError> {
    let BundleSource { outbox, log, collector, kept, clock } = source;
    if !is_collector(collector) {
        return Err(BundleError::Collector(collector.to_owned()));
    }
    file::check_folder(to)?;
    let lock = file::lock(kept, LOCK)?;
    if same(kept, to) {
        return Err(BundleError::OwnFolder(to.to_owned()));
    }
    let name = checkpoint::write_name(collector);
    let note: Option<WriteCheckpoint> = checkpoint::load(outbox, &name)?;
    let position = note.as_ref().map(|note| note.position().ok_or(BundleError::Damaged(name))).transpose()?;
    let done = BundlesWritten::default();
    let mut writer = Writer { outbox, collector, kept, to, clock, note, lock, done, blocked: None };
    writer.resend(resend.min(KEPT_BUNDLES), at)?;
    let mut pull = LogCursor::new(log, position, limits);
    while let Some(pulled) = pull.bundle()? {
        writer.bundle(&pulled, at)?;
    }
    writer.finish(at)
}

struct Writer<'a> {
    outbox: &'a dyn Outbox,
    collector: &'a str,
    kept: &'a Path,
    to: &'a Path,
    clock: &'a dyn Clock,
    note: Option<WriteCheckpoint>,
    lock: FileLock,
    done: BundlesWritten,
    /// An earlier bundle that could not be put into the folder again.
    blocked: Option<BundleError>,
}

impl Writer<'_> {
    fn name(&self, sequence: u32) -> BundleName {
        BundleName { collector: self.collector.to_owned(), sequence }
    }

    /// Sends what was noted but not sent, and the last bundles once more.
    fn resend(
        &mut self,
        resend: u32,
        at: &mut dyn FnMut(WriteStage) -> Result<(), BundleError>,
    ) -> Result<(), BundleError> {
        let Some(note) = self.note.clone() else { return Ok(()) };
        let asked = note.sequence.saturating_sub(resend) + 1;
        for sequence in asked.min(note.sent + 1)..=note.sequence {
            let name = self.name(sequence);
            match self.send(&name) {
                Ok(true) => self.done.again.push(name),
                Ok(false) => {}
                // It had arrived somewhere before; only who asks for it again needs to know.
                Err(BundleError::Lost { fault: BundleFault::Io(error), .. })
                    if sequence <= note.sent && error.kind() == io::ErrorKind::NotFound =>
                {
                    self.done.gone.push(name);
                }
                // It is reported, but what is new need not wait for it.
                Err(error @ BundleError::Taken(_)) if sequence <= note.sent => {
                    self.blocked = self.blocked.take().or(Some(error));
                }
                Err(error) => return Err(error),
            }
            at(WriteStage::Sent)?;
        }
        self.note_sent(at)
    }

    /// Makes the next bundle.
    fn bundle(
        &mut self,
        pulled: &PulledRecords,
        at: &mut dyn FnMut(WriteStage) -> Result<(), BundleError>,
    ) -> Result<(), BundleError> {
        let sequence = self.note.as_ref().map_or(0, |note| note.sequence) + 1;
        if sequence > LAST_SEQUENCE {
            return Err(BundleError::Exhausted(self.collector.to_owned()));
        }
        let name = self.name(sequence);
        let (chain, before) = match &self.note {
            Some(note) => (note.chain.clone(), note.sha256.clone()),
            None => (format!("{:016x}", pulled.first.last), NONE_BEFORE.to_owned()),
        };
        let offsets = (pulled.first.next - 1, pulled.next.next - 1);
        let mut manifest = Manifest::new(name.clone(), chain.clone(), offsets, &pulled.measure);
        manifest.before = before;
        manifest.written = self.clock.now().moment().to_string();
        let sealed = manifest.seal(&pulled.measure);
        let bytes = [pulled.lines.as_slice(), sealed.line.as_slice()].concat();
        file::place(self.kept, &name.to_string(), &bytes)?;
        at(WriteStage::Kept)?;
        let sent = self.note.as_ref().map_or(0, |note| note.sent);
        let (next, digest) = (pulled.next.next, format!("{:016x}", pulled.next.last));
        self.note(WriteCheckpoint { sequence, sent, chain, sha256: sealed.file_sha256, next, digest })?;
        at(WriteStage::Noted)?;
        self.send(&name)?;
        at(WriteStage::Sent)?;
        self.done.new.push(manifest);
        self.note_sent(at)
    }

    /// Copies a kept bundle into the folder; false when it is there already.
    fn send(&self, name: &BundleName) -> Result<bool, BundleError> {
        let (path, file) = (self.kept.join(name.to_string()), name.to_string());
        let lost = |fault| BundleError::Lost { path: path.clone(), fault };
        let bytes = file::content(&path).map_err(lost)?;
        let scanned = scan::scan(bytes.as_slice(), name, |_| ()).map_err(lost)?;
        if let Some(note) = &self.note {
            // A seal that fits is not enough: with another log's note, another bundle may lie there.
            if note.chain != scanned.manifest.chain {
                return Err(lost(BundleFault::OtherLog { found: scanned.manifest.chain, known: note.chain.clone() }));
            }
            if note.sequence == name.sequence && note.sha256 != scanned.sha256 {
                return Err(lost(BundleFault::Replaced { known: note.sha256.clone(), found: scanned.sha256 }));
            }
        }
        let target = self.to.join(&file);
        match file::content(&target) {
            Ok(there) if there == bytes => Ok(false),
            Err(BundleFault::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                file::place(self.to, &file, &bytes)?;
                Ok(true)
            }
            _ => Err(BundleError::Taken(target)),
        }
    }

    fn note(&mut self, note: WriteCheckpoint) -> Result<(), BundleError> {
        self.outbox.publish(Vec::new(), checkpoint::change(checkpoint::write_name(self.collector), &note)).wait()?;
        self.note = Some(note);
        Ok(())
    }

    fn note_sent(&mut self, at: &mut dyn FnMut(WriteStage) -> Result<(), BundleError>) -> Result<(), BundleError> {
        match self.note.clone() {
            Some(note) if note.sent < note.sequence => {
                let sent = note.sequence;
                self.note(WriteCheckpoint { sent, ..note })?;
                at(WriteStage::NotedSent)
            }
            _ => Ok(()),
        }
    }

    /// Drops what is kept long enough.
    fn finish(
        mut self,
        at: &mut dyn FnMut(WriteStage) -> Result<(), BundleError>,
    ) -> Result<BundlesWritten, BundleError> {
        let last = self.note.as_ref().map_or(0, |note| note.sequence);
        let entries = fs::read_dir(self.kept).map_err(BundleError::file("read", self.kept))?;
        for entry in entries {
            let entry = entry.map_err(BundleError::file("read", self.kept))?;
            let Some(name) = entry.file_name().to_str().and_then(BundleName::parse) else { continue };
            if name.collector == self.collector && name.sequence.saturating_add(KEPT_BUNDLES) <= last {
                let path = entry.path();
                fs::remove_file(&path).map_err(BundleError::file("remove", &path))?;
                at(WriteStage::Dropped)?;
            }
        }
        self.done.last = (last > 0).then(|| self.name(last));
        drop(self.lock);
        self.blocked.map_or(Ok(self.done), Err)
    }
}

/// True when both are one folder, however they are named.
fn same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
