//! Pulls a log for the lines of one bundle after the other.

use super::error::BundleError;
use super::limits::{MAX_BUNDLE_BYTES, MAX_BUNDLE_RECORDS};
use super::line;
use super::manifest::ContentDigest;
use crate::batch::{Batch, Position};
use crate::consumer::{Consumer, Delivery};
use std::time::Duration;

/// How much one bundle holds; a test needs less.
#[derive(Clone, Copy, Debug)]
pub(super) struct BundleLimits {
    pub(super) records: usize,
    pub(super) bytes: usize,
}

/// The limits of real bundles.
pub(super) const LIMITS: BundleLimits = BundleLimits { records: MAX_BUNDLE_RECORDS, bytes: MAX_BUNDLE_BYTES };

/// A log that is read from a position on.
pub(super) struct LogCursor<'a> {
    log: &'a mut dyn Consumer,
    from: Option<Position>,
    limits: BundleLimits,
    /// What was delivered, and how many records of it stand in a bundle already.
    waiting: Option<(Batch, usize)>,
}

/// The records of one bundle.
#[derive(Debug)]
pub(super) struct PulledRecords {
    pub(super) lines: Vec<u8>,
    pub(super) measure: ContentDigest,
    /// Behind the first record.
    pub(super) first: Position,
    /// Behind the last.
    pub(super) next: Position,
}

impl<'a> LogCursor<'a> {
    pub(super) fn new(log: &'a mut dyn Consumer, from: Option<Position>, limits: BundleLimits) -> Self {
        Self { log, from, limits, waiting: None }
    }

    /// The records of the next bundle, at least one; `None` once there are no more.
    pub(super) fn bundle(&mut self) -> Result<Option<PulledRecords>, BundleError> {
        let mut pulled: Option<PulledRecords> = None;
        while let Some((batch, done)) = self.batch()? {
            let whole = fill(&mut pulled, &batch, done, self.limits)?;
            if whole < batch.len() {
                self.waiting = Some((batch, whole));
                break;
            }
        }
        Ok(pulled)
    }

    fn batch(&mut self) -> Result<Option<(Batch, usize)>, BundleError> {
        if self.waiting.is_some() {
            return Ok(self.waiting.take());
        }
        loop {
            match self.log.next(self.limits.records, Duration::ZERO)? {
                Delivery::Assigned(partition) => self.log.start(partition, self.from)?,
                Delivery::Revoked(partition) => self.log.release(partition)?,
                Delivery::Batch(batch) => return Ok(Some((batch, 0))),
                Delivery::Idle => return Ok(None),
            }
        }
    }
}

/// Adds records of a batch from number `done` on until the bundle is full; how many are in bundles then.
fn fill(
    pulled: &mut Option<PulledRecords>,
    batch: &Batch,
    done: usize,
    limits: BundleLimits,
) -> Result<usize, BundleError> {
    for (number, (offset, time, body)) in batch.iter().enumerate().skip(done) {
        match (line::check(body), &pulled) {
            (Ok(_), _) => {}
            // What was published before it still crosses.
            (Err(_), Some(_)) => return Ok(number),
            (Err(fault), None) => return Err(BundleError::Record { offset, fault }),
        }
        let behind = Position::behind(offset, time, body);
        let bundle = pulled.get_or_insert_with(|| PulledRecords {
            lines: Vec::new(),
            measure: ContentDigest::default(),
            first: behind,
            next: behind,
        });
        let (records, bytes) = (bundle.measure.count, bundle.lines.len());
        if records >= limits.records as u64 || (records > 0 && bytes + body.len() + 1 > limits.bytes) {
            return Ok(number);
        }
        bundle.lines.extend_from_slice(body);
        bundle.lines.push(b'\n');
        bundle.measure.add(&bundle.lines[bytes..]);
        bundle.next = behind;
    }
    Ok(batch.len())
}
