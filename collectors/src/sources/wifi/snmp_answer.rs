//! The answer of a controller by SNMP: lines `<oid> = <number>`, as the fetcher writes them.

use super::config::WifiSource;
use super::parse::today;
use crate::document::{Document, sha256};
use crate::sources::parsed::{Coverage, ParseError, ParsedFigure, ParsedFile, RejectedRow};
use crate::sources::source::PollContext;
use crate::table::RejectReason;
use contract::record::{Finality, Place, Span, Value};

/// Scheme of the address of a controller.
const SCHEME: &str = "snmp://";

/// True for the answer of a controller.
pub(super) fn is_snmp(file: &Document) -> bool {
    file.address.starts_with(SCHEME)
}

/// A single number is the count. Of several numbers, those that mean up are counted, or all. With an unreadable line there is no
/// figure.
pub(super) fn parse(source: &WifiSource, file: &Document, context: &PollContext) -> Result<ParsedFile, ParseError> {
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
    let (as_of, until) = today(context);
    let key = target.key(Span::AsOf(as_of));
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
