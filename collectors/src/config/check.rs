//! What must hold between the sources and the catalogues.

use super::Named;
use crate::sources::Source;
use contract::catalogue::{Catalogue, Series};
use contract::reader::{Mistake, TomlTable, nearest};
use contract::time::DAY;
use std::time::Duration;

/// One source against its plan's catalogue.
pub(super) fn source(r: &TomlTable<'_>, catalogue: Option<&Catalogue>, id: &str, every: Duration, source: &dyn Source) {
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
        rhythm(r, series, id, every);
    }
}

/// A figure must not count as late before the source was asked even once.
fn rhythm(r: &TomlTable<'_>, series: &Series, id: &str, every: Duration) {
    for rhythm in series.sources.iter().filter(|listed| listed.id == id).flat_map(|listed| &listed.rhythm) {
        let days = i64::from(rhythm.expected_by_days) + i64::from(rhythm.grace_days);
        // It is late once the day after the last one of grace begins.
        if every.as_secs() > (days + 1).saturating_mul(DAY).unsigned_abs() {
            let message = format!(
                "`every` is longer than the {days} days (`expected_by_days` and `grace_days`) after which series `{}` \
                 counts as late; ask more often",
                series.id
            );
            r.mistake("every", message);
        }
    }
}

/// All sources against all catalogues: ids that stand twice, and series that wait for nobody.
pub(super) fn catalogues(catalogues: &[(String, Catalogue)], named: &[Named], mistakes: &mut Vec<Mistake>) {
    for (at, source) in named.iter().enumerate() {
        let twin = named[..at].iter().find(|earlier| earlier.plan == source.plan && earlier.id == source.id);
        if let Some(twin) = twin.filter(|_| !source.id.is_empty()) {
            let (file, line) = (source.file.clone(), source.line);
            let message = format!(
                "the source id `{}` stands twice in plan `{}`: also {}:{}",
                source.id, source.plan, twin.file, twin.line
            );
            mistakes.push(Mistake { file, line, message });
        }
    }
    let known = |plan: &str| catalogues.iter().any(|(_, catalogue)| catalogue.plan.id == plan);
    // A source whose plan was mistyped is not missing as well.
    let mistyped = |id: &str| named.iter().any(|source| source.id == id && !known(&source.plan));
    for (file, catalogue) in catalogues {
        let ours: Vec<&Named> = named.iter().filter(|source| source.plan == catalogue.plan.id).collect();
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
