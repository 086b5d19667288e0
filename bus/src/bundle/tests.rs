//! Both sides together, on real logs in temporary folders.

mod border;
mod changed;
mod interrupted;

use super::error::BundleError;
use super::pull::{BundleLimits, LIMITS};
use super::write::{WriteStage, write_until};
use super::{BundleSource, BundlesRead, BundlesWritten, FOLDER, read};
use crate::{Checkpoint, Consumer, Delivery, Outbox, Outgoing, SqliteConsumer, SqliteOutbox};
use contract::time::Micros;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use testkit::TestClock;

/// 2020-04-01T00:00:00+09:00; it stands still.
const NOW: Micros = Micros(1_585_666_800_000_000);

/// A machine on one side of the border.
struct Zone {
    folder: TempDir,
    id: &'static str,
    clock: Arc<TestClock>,
    limits: BundleLimits,
}

impl Zone {
    fn new(id: &'static str) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), id, clock: TestClock::at(NOW), limits: LIMITS }
    }

    fn bus(&self) -> PathBuf {
        self.folder.path().join("bus.db")
    }

    fn kept(&self) -> PathBuf {
        self.folder.path().join(FOLDER)
    }

    fn outbox(&self) -> SqliteOutbox {
        SqliteOutbox::open(self.bus(), self.clock.clone()).unwrap()
    }

    fn publish(&self, bodies: &[&str]) {
        let record = |body: &&str| Outgoing { key: "p".into(), revision: NOW, body: body.as_bytes().to_vec() };
        self.outbox().publish(bodies.iter().map(record).collect(), Checkpoint::new()).wait().unwrap();
    }

    fn write_until(
        &self,
        to: &Path,
        resend: u32,
        at: &mut dyn FnMut(WriteStage) -> Result<(), BundleError>,
    ) -> Result<BundlesWritten, BundleError> {
        let (outbox, kept) = (self.outbox(), self.kept());
        let mut log = SqliteConsumer::open(self.bus()).unwrap();
        let source =
            BundleSource { outbox: &outbox, log: &mut log, collector: self.id, kept: &kept, clock: &*self.clock };
        write_until(source, to, resend, self.limits, at)
    }

    fn try_write(&self, to: &Path, resend: u32) -> Result<BundlesWritten, BundleError> {
        self.write_until(to, resend, &mut |_| Ok(()))
    }

    fn write(&self, to: &Path) -> BundlesWritten {
        self.try_write(to, super::DEFAULT_RESEND).unwrap()
    }

    fn read(&self, from: &Path) -> BundlesRead {
        read(&self.outbox(), &self.kept(), from).unwrap()
    }

    /// Reads bundles of which none is bad, and says how many records were taken.
    fn read_all(&self, from: &Path) -> u64 {
        let done = self.read(from);
        assert!(done.problems.is_empty(), "{}", told(&done));
        done.taken.values().map(|taken| taken.records).sum()
    }

    /// What its log holds.
    fn bodies(&self) -> Vec<String> {
        let mut log = SqliteConsumer::open(self.bus()).unwrap();
        let mut bodies = Vec::new();
        loop {
            match log.next(1000, Duration::ZERO).unwrap() {
                Delivery::Assigned(partition) => log.start(partition, None).unwrap(),
                Delivery::Batch(batch) => {
                    bodies.extend(batch.iter().map(|(_, _, body)| String::from_utf8(body.to_vec()).unwrap()));
                }
                Delivery::Revoked(_) | Delivery::Idle => return bodies,
            }
        }
    }
}

/// All problems as one text.
fn told(done: &BundlesRead) -> String {
    done.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn body(n: usize) -> String {
    format!("{{\"plan\":\"p\",\"n\":{n}}}")
}

/// Publishes numbered records, one bundle each.
fn numbered(zone: &Zone, to: &Path, numbers: std::ops::Range<usize>) {
    for n in numbers {
        zone.publish(&[&body(n)]);
        zone.write(to);
    }
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn empty(folder: &Path) {
    for file in files(folder) {
        std::fs::remove_file(folder.join(file)).unwrap();
    }
}
