//! Checks sources against catalogues.

use crate::sources::Source;
use contract::catalogue::{Catalogue, Series};
use contract::reader::{Mistake, TomlTable, nearest};
use contract::time::DAY;
use std::time::Duration;

/// Name and place of a source: set even when the rest of it is wrong.
#[derive(Debug)]
pub(super) struct NamedSource {
    pub(super) plan: String,
    pub(super) id: String,
    pub(super) file: String,
    pub(super) line: u32,
    /// The only series it can give; `None` when its files name them.
    pub(super) gives: Option<Vec<String>>,
}

/// Checks one source against its plan's catalogue.
pub(super) fn source(
    r: &TomlTable<'_>,
    catalogue: Option<&Catalogue>,
    id: &str,
    interval: (&str, Duration),
    source: &Source,
) {
    let Some(catalogue) = catalogue else { return };
    for (key, series) in source.series() {
        let Some((_, series)) = catalogue.series_named(series) else { continue };
        if !series.sources.iter().any(|listed| listed.id == id) {
            let right = nearest(id, series.sources.iter().map(|listed| listed.id.as_str()));
            let message = format!("series `{}` has no [[series.source]] with the id `{id}`{right}", series.id);
            r.mistake(key, message);
        }
    }
    for series in &catalogue.series {
        rhythm(r, series, id, interval);
    }
}

/// A figure must not count as late before the first poll of its source.
fn rhythm(r: &TomlTable<'_>, series: &Series, id: &str, (key, interval): (&str, Duration)) {
    for rhythm in series.sources.iter().filter(|listed| listed.id == id).flat_map(|listed| &listed.rhythm) {
        let days = i64::from(rhythm.shortest_wait());
        // It is late from the day after the last day of grace.
        if interval.as_secs() > (days + 1).saturating_mul(DAY).unsigned_abs() {
            let message = format!(
                "`{key}` is longer than the {days} days (`expected_by_{}` and `grace_{}`) after which series `{}` \
                 counts as late; poll more often",
                rhythm.expected_by.unit(),
                rhythm.grace.unit(),
                series.id
            );
            r.mistake(key, message);
        }
    }
}

/// Checks all sources against all catalogues: duplicate ids, and series without their source.
pub(super) fn catalogues(catalogues: &[(String, Catalogue)], named: &[NamedSource], mistakes: &mut Vec<Mistake>) {
    for (at, source) in named.iter().enumerate() {
        let first = named[..at].iter().find(|earlier| earlier.plan == source.plan && earlier.id == source.id);
        if let Some(first) = first.filter(|_| !source.id.is_empty()) {
            let (file, line) = (source.file.clone(), source.line);
            let message = format!(
                "the source id `{}` stands twice in plan `{}`: also {}:{}",
                source.id, source.plan, first.file, first.line
            );
            mistakes.push(Mistake { file, line, message });
        }
    }
    let exists = |plan: &str| catalogues.iter().any(|(_, catalogue)| catalogue.plan.id == plan);
    // A source with an unknown plan is not reported as missing too.
    let mistyped = |id: &str| named.iter().any(|source| source.id == id && !exists(&source.plan));
    for (file, catalogue) in catalogues {
        let ours: Vec<&NamedSource> = named.iter().filter(|source| source.plan == catalogue.plan.id).collect();
        for series in &catalogue.series {
            for listed in &series.sources {
                let message = match ours.iter().find(|source| source.id == listed.id) {
                    None if mistyped(&listed.id) => continue,
                    None => {
                        let right = nearest(&listed.id, ours.iter().map(|source| source.id.as_str()));
                        format!("no source `{}` is configured for plan `{}`{right}", listed.id, catalogue.plan.id)
                    }
                    Some(source) if source.gives.as_ref().is_some_and(|gives| !gives.contains(&series.id)) => {
                        format!(
                            "the source `{}` ({}:{}) does not give series `{}`",
                            source.id, source.file, source.line, series.id
                        )
                    }
                    Some(_) => continue,
                };
                mistakes.push(Mistake { file: file.clone(), line: listed.line, message });
            }
        }
    }
}
