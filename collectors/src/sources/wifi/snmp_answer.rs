//! What a controller answers by SNMP: lines `<oid> = <number>`, as the fetcher writes them down.

use super::super::parsed::{Coverage, ParseError, ParsedFigure, ParsedFile, RejectedRow};
use super::super::source::PollContext;
use super::Wifi;
use super::parse::{key, today};
use crate::document::{Document, sha256};
use crate::table::RejectReason;
use contract::record::{Finality, Place, Value};

/// How the address of a controller begins.
pub(crate) const SCHEME: &str = "snmp://";

/// True for what came from a controller.
pub(super) fn is_live(file: &Document) -> bool {
    file.address.starts_with(SCHEME)
}

/// One number is the count itself, several are one each: those that are up, or all. A line that is no number makes
/// the count unknown.
pub(super) fn parse(source: &Wifi, file: &Document, seen: &PollContext) -> Result<ParsedFile, ParseError> {
    let text = String::from_utf8_lossy(&file.bytes);
    let (mut numbers, mut rejects) = (Vec::new(), Vec::new());
    for (line, row) in text.lines().zip(1..) {
        match line.rsplit_once(" = ").and_then(|(_, value)| value.trim().parse::<i64>().ok()) {
            Some(number) => numbers.push(number),
            None => rejects.push(RejectedRow {
                reason: RejectReason::NotANumber.label(),
                place: Place { sheet: None, row: Some(row) },
                column: None,
                hash: sha256(line.as_bytes())[..32].to_owned(),
            }),
        }
    }
    let (Some(target), Some(first)) = (&source.points, numbers.first()) else { return Err(ParseError::NoRows) };
    let single = numbers.len() == 1 && source.up.is_empty() && !file.address.ends_with('*');
    let is_up = |number: &&i64| source.up.is_empty() || source.up.contains(number);
    let count = if single { *first } else { i64::try_from(numbers.iter().filter(is_up).count()).unwrap_or(i64::MAX) };
    let (as_of, until) = today(seen);
    let key = key(target, as_of);
    let figure = |key| ParsedFigure {
        key,
        value: Value::Known(count),
        breakdown: None,
        finality: Finality::Final,
        place: Place::default(),
    };
    let (figures, held) = if rejects.is_empty() { (vec![figure(key)], vec![]) } else { (vec![], vec![key]) };
    Ok(ParsedFile { figures, rejects, held, covers: Coverage::Instant(as_of), until: Some(until) })
}
