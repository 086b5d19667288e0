//! The side with the bus: bundles are published here, each exactly once and in order.
//!
//! A bundle's records and the note that it was read are one transaction, so reading twice, or being
//! interrupted anywhere, changes nothing. A bad bundle stops the collector that it is of, at that bundle;
//! the bundles of the others go on.

use super::checkpoint::{self, ReadCheckpoint};
use super::error::{BundleError, BundleFault, BundleProblem};
use super::file;
use super::limits::MAX_FILES;
use super::manifest::NONE_BEFORE;
use super::name::BundleName;
use super::scan::{ScannedBundle, scan};
use crate::outbox::{Outbox, Outgoing};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Lock of the reading side, in the folder of kept bundles.
const LOCK: &str = "read.lock";

/// What a call of [`read`] came to.
#[derive(Debug, Default)]
pub struct BundlesRead {
    /// What was taken of each collector that has bundles there, by id.
    pub taken: BTreeMap<String, CollectorRead>,
    /// What was found wrong, by collector.
    pub problems: Vec<BundleProblem>,
    /// Names in the folder that no bundle has; they were not opened.
    pub ignored: Vec<String>,
}

/// What was taken of one collector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectorRead {
    /// Sequences of the bundles published now.
    pub sequences: Vec<u32>,
    /// Records published now.
    pub records: u64,
    /// Bundles that were read before, and are unchanged.
    pub known: u32,
}

/// Publishes the bundles in the folder `from` that were not read yet. `kept` is the folder of the lock.
///
/// Blocks, so it is not for an async task. What is wrong with bundles stands in the answer; an error means
/// that the folder or the notes cannot be read at all.
pub fn read(outbox: &dyn Outbox, kept: &Path, from: &Path) -> Result<BundlesRead, BundleError> {
    file::check_folder(from)?;
    let _lock = file::lock(kept, LOCK)?;
    let (collectors, ignored) = list(from)?;
    let mut done = BundlesRead { ignored, ..BundlesRead::default() };
    for (collector, sequences) in collectors {
        let last_read = checkpoint::load(outbox, &checkpoint::read_name(&collector))?.unwrap_or_default();
        let mut reader =
            Reader { outbox, from, collector: &collector, last_read, before: None, taken: CollectorRead::default() };
        for &sequence in &sequences {
            if let Err(fault) = reader.bundle(sequence, &sequences) {
                let file = from.join(reader.name(sequence).to_string()).display().to_string();
                done.problems.push(BundleProblem { collector: collector.clone(), file, fault });
                break;
            }
        }
        let taken = reader.taken;
        done.taken.insert(collector, taken);
    }
    Ok(done)
}

/// The sequences that are there of each collector, and all other names.
type Listed = (BTreeMap<String, BTreeSet<u32>>, Vec<String>);

fn list(folder: &Path) -> Result<Listed, BundleError> {
    let (mut collectors, mut ignored) = (BTreeMap::<_, BTreeSet<_>>::new(), Vec::new());
    let entries = fs::read_dir(folder).map_err(BundleError::file("read", folder))?;
    for (number, entry) in entries.enumerate() {
        if number >= MAX_FILES {
            return Err(BundleError::Crowded(folder.to_owned()));
        }
        let name = entry.map_err(BundleError::file("read", folder))?.file_name();
        match name.to_str().and_then(BundleName::parse) {
            Some(BundleName { collector, sequence }) => {
                collectors.entry(collector).or_default().insert(sequence);
            }
            None => ignored.push(name.to_string_lossy().into_owned()),
        }
    }
    ignored.sort();
    Ok((collectors, ignored))
}

struct Reader<'a> {
    outbox: &'a dyn Outbox,
    from: &'a Path,
    collector: &'a str,
    last_read: ReadCheckpoint,
    /// The bundle of the folder that was looked at last, and its SHA-256.
    before: Option<(u32, String)>,
    taken: CollectorRead,
}

impl Reader<'_> {
    fn name(&self, sequence: u32) -> BundleName {
        BundleName { collector: self.collector.to_owned(), sequence }
    }

    fn bundle(&mut self, sequence: u32, there: &BTreeSet<u32>) -> Result<(), BundleFault> {
        let due = self.last_read.sequence + 1;
        if sequence > due {
            return Err(gap(due, there));
        }
        let name = self.name(sequence);
        let mut records = Vec::new();
        let input = file::open(&self.from.join(name.to_string()))?;
        let scanned = scan(input, &name, |record| {
            // Of a bundle that was read before only the verdict counts.
            if sequence == due {
                records.push(record);
            }
        })?;
        self.follows(sequence, &scanned)?;
        self.before = Some((sequence, scanned.sha256.clone()));
        if sequence == due { self.publish(records, scanned) } else { self.compare(sequence, &scanned) }
    }

    /// Makes sure that it is of the log read before, and follows the bundle before where that is known.
    fn follows(&self, sequence: u32, ScannedBundle { manifest, .. }: &ScannedBundle) -> Result<(), BundleFault> {
        if self.last_read.sequence > 0 && manifest.chain != self.last_read.chain {
            return Err(BundleFault::OtherLog { found: manifest.chain.clone(), known: self.last_read.chain.clone() });
        }
        let none = NONE_BEFORE.to_owned();
        let in_folder = self.before.as_ref().filter(|(before, _)| before + 1 == sequence).map(|(_, sha256)| sha256);
        let known = if sequence == 1 { Some(&none) } else { self.last_read.of(sequence - 1).or(in_folder) };
        match known {
            Some(found) if *found != manifest.before => {
                Err(BundleFault::Chain { claimed: manifest.before.clone(), found: found.clone() })
            }
            _ => Ok(()),
        }
    }

    fn compare(&mut self, sequence: u32, scanned: &ScannedBundle) -> Result<(), BundleFault> {
        match self.last_read.of(sequence) {
            Some(known) if *known != scanned.sha256 => {
                Err(BundleFault::Replaced { known: known.clone(), found: scanned.sha256.clone() })
            }
            _ => {
                self.taken.known += 1;
                Ok(())
            }
        }
    }

    fn publish(&mut self, records: Vec<Outgoing>, scanned: ScannedBundle) -> Result<(), BundleFault> {
        let mut last_read = self.last_read.clone();
        last_read.add(&scanned.manifest.chain, scanned.sha256);
        self.outbox.publish(records, checkpoint::change(checkpoint::read_name(self.collector), &last_read)).wait()?;
        self.last_read = last_read;
        self.taken.sequences.push(self.last_read.sequence);
        self.taken.records += scanned.manifest.count;
        Ok(())
    }
}

/// Every sequence from `due` on that is missing before the last that is there.
fn gap(due: u32, there: &BTreeSet<u32>) -> BundleFault {
    let (mut missing, mut next) = (Vec::new(), due);
    for &sequence in there.range(due..) {
        if sequence > next {
            missing.push((next, sequence - 1));
        }
        next = sequence.saturating_add(1);
    }
    BundleFault::gap(&missing, there.last().copied().unwrap_or(due))
}
