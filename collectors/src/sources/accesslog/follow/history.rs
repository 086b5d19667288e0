//! Which hours without lines the files of a log prove to be 0.

use super::super::notes::LogNotes;
use crate::rotation::{FileSpan, proves};

/// The files with lines, by the hours of these.
fn spans(notes: &LogNotes) -> Vec<FileSpan> {
    let files = notes.log.files.iter();
    let span = files
        .filter_map(|file| Some(FileSpan { first: file.first_line?, last: file.last_line?, name: file.name.clone() }));
    let mut spans: Vec<FileSpan> = span.collect();
    spans.sort();
    spans
}

/// Marks the hours before the first poll of a growing log, whose name is `live`: within a file an hour without lines is 0, and between a
/// file and its successor. Lines may be missing between two others, and from the last line to the current hour.
pub(super) fn mark_before(notes: &mut LogNotes, hour: i64, live: &str, empty: &[String]) {
    let spans = spans(notes);
    for span in &spans {
        notes.mark_watched(span.first..=span.last);
    }
    for pair in spans.windows(2) {
        let [earlier, later] = pair else { continue };
        if proves(earlier, later, live, empty) {
            notes.mark_watched(earlier.last..=later.first);
        } else {
            notes.mark_partial(earlier.last..=later.first);
        }
    }
    if spans.last().is_some_and(|span| span.last < hour) {
        notes.mark_partial(hour..=hour);
    }
}

/// Marks the hours between finished files: 0 between a file and its successor, else unknown until a file proves more.
pub(super) fn mark_between(notes: &mut LogNotes, empty: &[String]) {
    let spans = spans(notes);
    // The files whose last lines are in the last hour so far.
    let mut ends: Vec<&FileSpan> = Vec::new();
    for next in &spans {
        let last = ends.first().map_or(i64::MIN, |end| end.last);
        let between = last.saturating_add(1)..=next.first - 1;
        if !ends.is_empty() && !between.is_empty() {
            if ends.iter().any(|end| proves(end, next, "", empty)) {
                notes.mark_watched(between);
            } else {
                notes.mark_unproven(between);
            }
        }
        if next.last > last {
            ends.clear();
        }
        if next.last >= last {
            ends.push(next);
        }
    }
}
