//! The difference between the published figures and those of the files.
//!
//! Pure. Of two files with the same key the later wins. A file that could not be read changes nothing and withdraws nothing.

use super::outcome::PolledFile;
use super::state::{KeyNote, SourceState, digest};
use crate::sources::{ParsedFigure, ParsedKey};
use contract::record::{Finality, Place, Span, Value};
use contract::time::Moment;
use std::collections::BTreeMap;

/// The reason of a figure that its source no longer gives.
pub(super) const WITHDRAWN: &str = "withdrawn";

/// One figure to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FigureUpdate {
    /// The figure.
    pub(super) figure: ParsedFigure,
    /// Index of the file it came from; `None` when its file is gone.
    pub(super) file: Option<usize>,
}

/// The figures to publish in the order of their keys, and the published keys afterwards. With `forgets` a file that is no
/// longer listed withdraws nothing.
pub(super) fn diff(
    state: &SourceState,
    files: &[PolledFile],
    forgets: bool,
    now: Moment,
) -> (Vec<FigureUpdate>, BTreeMap<ParsedKey, KeyNote>) {
    let place_of = |address: &str| files.iter().position(|file| file.address == address);
    let mut given: BTreeMap<&ParsedKey, (usize, &ParsedFigure)> = BTreeMap::new();
    for (at, file) in files.iter().enumerate() {
        if let Ok(Some(parsed)) = &file.result {
            given.extend(parsed.figures.iter().map(|figure| (&figure.key, (at, figure))));
        }
    }
    let (mut changes, mut keys) = (Vec::new(), state.keys.clone());
    for (key, (at, figure)) in &given {
        let before = state.keys.get(*key);
        // An unreadable later file may still give the same key.
        let outranked = before
            .and_then(|note| place_of(&note.address))
            .is_some_and(|owner| owner > *at && files[owner].result.is_err());
        if outranked {
            continue;
        }
        let note = KeyNote { address: files[*at].address.clone(), digest: digest(figure), withdrawn: false };
        if before.is_none_or(|before| before.digest != note.digest || before.withdrawn) {
            changes.push(FigureUpdate { figure: (*figure).clone(), file: Some(*at) });
        }
        keys.insert((*key).clone(), note);
    }
    let whole = files.iter().all(|file| file.result.is_ok());
    for (key, note) in state.keys.iter().filter(|(key, note)| !note.withdrawn && !given.contains_key(*key)) {
        let owner = place_of(&note.address);
        let gone = match owner {
            // A missing file may have been renamed to the one that could not be read.
            None => whole && !forgets,
            Some(owner) => matches!(&files[owner].result, Ok(Some(parsed)) if parsed.covers.holds(key.span)),
        };
        if gone && !is_held(files, key) {
            let figure = withdrawn(key, now);
            keys.insert(key.clone(), KeyNote { digest: digest(&figure), withdrawn: true, ..note.clone() });
            changes.push(FigureUpdate { figure, file: owner });
        }
    }
    changes.sort_by(|a, b| a.figure.key.cmp(&b.figure.key));
    (changes, keys)
}

/// True when a row of that key exists but cannot be read.
fn is_held(files: &[PolledFile], key: &ParsedKey) -> bool {
    files.iter().any(|file| matches!(&file.result, Ok(Some(parsed)) if parsed.held.contains(key)))
}

fn withdrawn(key: &ParsedKey, now: Moment) -> ParsedFigure {
    let (Span::AsOf(end) | Span::During(_, end)) = key.span;
    let finality = if end > now { Finality::Provisional } else { Finality::Final };
    ParsedFigure {
        key: key.clone(),
        value: Value::Unknown(WITHDRAWN.to_owned()),
        breakdown: None,
        finality,
        place: Place::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poll::PollFailure;
    use crate::sources::{Coverage, ParsedFile};

    const NOW: Moment = Moment(2_000_000_000);

    fn key(day: i64) -> ParsedKey {
        ParsedKey { series: "s".into(), definition: "d".into(), span: Span::AsOf(Moment(day)) }
    }

    fn figure(day: i64, value: i64) -> ParsedFigure {
        let place = Place::default();
        ParsedFigure { key: key(day), value: Value::Known(value), breakdown: None, finality: Finality::Final, place }
    }

    fn parsed(figures: &[(i64, i64)], covers: Coverage) -> ParsedFile {
        let figures = figures.iter().map(|(day, value)| figure(*day, *value)).collect();
        ParsedFile { figures, rejects: vec![], held: vec![], covers, until: None }
    }

    /// Published: 1 -> 10 and 2 -> 20 from `a`, 3 -> 30 from `b`.
    fn published() -> SourceState {
        let all = [("a", 1, 10), ("a", 2, 20), ("b", 3, 30)];
        let note = |address: &str, day, value| KeyNote {
            address: address.into(),
            digest: digest(&figure(day, value)),
            withdrawn: false,
        };
        SourceState {
            keys: all.map(|(address, day, value)| (key(day), note(address, day, value))).into(),
            ..SourceState::default()
        }
    }

    /// The result of one file.
    #[derive(Clone, Copy, Debug)]
    enum FileResult<'a> {
        /// It was read.
        Parsed(&'a ParsedFile),
        /// The server says that it has not changed.
        NotModified,
        /// It could not be read.
        Failed,
    }

    fn diff(
        state: &SourceState,
        files: &[(&str, FileResult<'_>)],
        forgets: bool,
    ) -> (Vec<FigureUpdate>, BTreeMap<ParsedKey, KeyNote>) {
        let file = |(address, result): &(&str, FileResult<'_>)| match result {
            FileResult::Parsed(parsed) => {
                PolledFile { address: (*address).to_owned(), content: None, result: Ok(Some((*parsed).clone())) }
            }
            FileResult::NotModified => PolledFile { address: (*address).to_owned(), content: None, result: Ok(None) },
            FileResult::Failed => PolledFile::failed(address, PollFailure::Panicked),
        };
        super::diff(state, &files.iter().map(file).collect::<Vec<_>>(), forgets, NOW)
    }

    /// Each change as `day=value@file`.
    fn shown(files: &[(&str, FileResult<'_>)]) -> Vec<String> {
        let (changes, _) = diff(&published(), files, false);
        let show = |change: &FigureUpdate| {
            let Span::AsOf(day) = change.figure.key.span else { return String::new() };
            let value = match &change.figure.value {
                Value::Known(value) => value.to_string(),
                Value::Unknown(why) => why.clone(),
            };
            format!("{}={value}@{:?}", day.0, change.file)
        };
        changes.iter().map(show).collect()
    }

    /// A case, its files, and the changes.
    type Row<'a> = (&'a str, Vec<(&'a str, FileResult<'a>)>, &'a [&'a str]);

    #[test]
    fn only_changes_are_published() {
        use Coverage::{Everything, From, Instant, Nothing};
        use FileResult::{Failed, NotModified, Parsed};
        let same_a = parsed(&[(1, 10), (2, 20)], Everything);
        let same_b = parsed(&[(3, 30)], Everything);
        let corrected = parsed(&[(1, 10), (2, 21)], Everything);
        let [row_gone, only_1, from_1, mute] =
            [Everything, Instant(Moment(1)), From(Moment(1)), Nothing].map(|covers| parsed(&[(1, 10)], covers));
        let wins = parsed(&[(2, 99), (3, 30)], Everything);
        let loses = parsed(&[(1, 10), (2, 20), (3, 31)], Everything);
        let moved = parsed(&[(1, 10), (2, 20), (3, 30)], Everything);
        let rows: [Row<'_>; 14] = [
            ("the same", vec![("a", Parsed(&same_a)), ("b", Parsed(&same_b))], &[]),
            ("not modified", vec![("a", NotModified), ("b", NotModified)], &[]),
            ("a correction", vec![("a", Parsed(&corrected)), ("b", Parsed(&same_b))], &["2=21@Some(0)"]),
            ("a row gone", vec![("a", Parsed(&row_gone)), ("b", Parsed(&same_b))], &["2=withdrawn@Some(0)"]),
            ("not spoken for", vec![("a", Parsed(&only_1)), ("b", Parsed(&same_b))], &[]),
            ("from there on", vec![("a", Parsed(&from_1)), ("b", Parsed(&same_b))], &["2=withdrawn@Some(0)"]),
            ("nothing at all", vec![("a", Parsed(&mute)), ("b", Parsed(&same_b))], &[]),
            ("the later file wins", vec![("a", Parsed(&same_a)), ("b", Parsed(&wins))], &["2=99@Some(1)"]),
            ("the earlier loses", vec![("a", Parsed(&loses)), ("b", Parsed(&same_b))], &[]),
            ("a file gone", vec![("a", Parsed(&same_a))], &["3=withdrawn@None"]),
            ("a file renamed", vec![("c", Parsed(&moved))], &[]),
            ("a file unreadable", vec![("a", Failed), ("b", Parsed(&same_b))], &[]),
            ("unreadable, but counts more", vec![("a", Parsed(&loses)), ("b", Failed)], &[]),
            ("gone, and another unreadable", vec![("a", Parsed(&same_a)), ("c", Failed)], &[]),
        ];
        for (name, files, changes) in rows {
            assert_eq!(shown(&files), changes, "{name}");
        }
    }

    #[test]
    fn a_page_that_no_longer_links_to_a_file_withdraws_nothing() {
        let same = parsed(&[(1, 10), (2, 20)], Coverage::Everything);
        assert_eq!(diff(&published(), &[("a", FileResult::Parsed(&same))], true).0, []);
        assert_eq!(diff(&published(), &[("a", FileResult::Parsed(&same))], false).0.len(), 1);
    }

    #[test]
    fn a_row_that_cannot_be_read_is_not_withdrawn() {
        let held = ParsedFile { held: vec![key(2)], ..parsed(&[(1, 10)], Coverage::Everything) };
        assert_eq!(shown(&[("a", FileResult::Parsed(&held)), ("b", FileResult::NotModified)]), [""; 0]);
    }

    #[test]
    fn a_key_is_withdrawn_once_and_may_come_back() {
        let (gone, back) =
            (parsed(&[(1, 10)], Coverage::Everything), parsed(&[(1, 10), (2, 20)], Coverage::Everything));
        let keys = diff(&published(), &[("a", FileResult::Parsed(&gone)), ("b", FileResult::NotModified)], false).1;
        let state = SourceState { keys, ..SourceState::default() };
        assert_eq!(
            diff(&state, &[("a", FileResult::Parsed(&gone)), ("b", FileResult::NotModified)], false),
            (vec![], state.keys.clone())
        );
        let (changes, _) = diff(&state, &[("a", FileResult::Parsed(&back)), ("b", FileResult::NotModified)], false);
        assert_eq!(changes, [FigureUpdate { figure: figure(2, 20), file: Some(0) }]);
    }
}
