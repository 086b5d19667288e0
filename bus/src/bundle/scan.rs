//! Reads a bundle line by line, in one pass: its records are handed out as they come, its verdict at the end.
//!
//! The records must not be used before the verdict.

use super::error::BundleFault;
use super::limits::MAX_BUNDLE_RECORDS;
use super::line::{self, LineFault};
use super::manifest::{ContentDigest, Manifest};
use super::name::BundleName;
use crate::limits::MAX_BODY_BYTES;
use crate::outbox::Outgoing;
use std::io::{BufRead, Read};

/// A bundle that is whole and unchanged, as far as it can tell by itself.
#[derive(Debug)]
pub(super) struct ScannedBundle {
    pub(super) manifest: Manifest,
    /// SHA-256 of the whole file.
    pub(super) sha256: String,
}

/// Checks everything that can be checked without the bundles before it.
pub(super) fn scan(
    mut input: impl BufRead,
    name: &BundleName,
    mut take: impl FnMut(Outgoing),
) -> Result<ScannedBundle, BundleFault> {
    let (mut line, mut next) = (Vec::new(), Vec::new());
    let mut records = ContentDigest::default();
    let mut wrong = None;
    read_line(&mut input, &mut line, 1)?;
    loop {
        // The last line is the manifest, so a line is a record once another follows.
        read_line(&mut input, &mut next, records.count + 2)?;
        if next.is_empty() {
            break;
        }
        records.add(&line);
        if records.count > MAX_BUNDLE_RECORDS as u64 {
            return Err(BundleFault::TooMany);
        }
        line.pop();
        match line::check(&line) {
            Ok(envelope) => {
                take(Outgoing { key: envelope.plan, revision: envelope.revision, body: line.clone() });
            }
            Err(fault) => wrong = wrong.or(Some((records.count, fault))),
        }
        std::mem::swap(&mut line, &mut next);
    }
    verdict(&line, &records, wrong, name)
}

fn verdict(
    last: &[u8],
    records: &ContentDigest,
    wrong: Option<(u64, LineFault)>,
    name: &BundleName,
) -> Result<ScannedBundle, BundleFault> {
    let (manifest, sha256) = match (Manifest::check(last, records), wrong) {
        // A line that is no record is most often what was changed: it says where to look.
        (Err(BundleFault::Differs { what, claimed, found, .. }), Some((line, fault))) => {
            return Err(BundleFault::Differs { what, claimed, found, hint: format!(" (line {line}: {fault})") });
        }
        (Ok(_) | Err(BundleFault::NoManifest), Some((line, fault))) => return Err(BundleFault::Line { line, fault }),
        (checked, _) => checked?,
    };
    let claimed = BundleName { collector: manifest.collector.clone(), sequence: manifest.sequence };
    if claimed != *name {
        return Err(BundleFault::Renamed(claimed.to_string()));
    }
    Ok(ScannedBundle { manifest, sha256 })
}

/// Reads a line with its end; nothing at the end of the file.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>, number: u64) -> Result<(), BundleFault> {
    line.clear();
    input.take(MAX_BODY_BYTES as u64 + 1).read_until(b'\n', line)?;
    if line.is_empty() || line.ends_with(b"\n") {
        return Ok(());
    }
    line::within("line", line.len(), MAX_BODY_BYTES).map_err(|fault| BundleFault::Line { line: number, fault })?;
    Err(BundleFault::CutOff)
}
