//! Checks sources against catalogues.

use crate::sources::Source;
use contract::catalogue::{Catalogue, Series};
use contract::reader::{Mistake, TomlTable, nearest};
use contract::time::DAY;
use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
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

/// Catalogues with their files, by plan.
pub(super) struct NamedPlans<'a> {
    all: Vec<(&'a str, &'a Catalogue)>,
    by_id: HashMap<&'a str, &'a Catalogue>,
}

impl<'a> NamedPlans<'a> {
    pub(super) fn new<C: Borrow<Catalogue>>(catalogues: &'a [(String, C)]) -> Self {
        let all: Vec<(&str, &Catalogue)> =
            catalogues.iter().map(|(file, catalogue)| (file.as_str(), catalogue.borrow())).collect();
        let by_id = all.iter().map(|(_, catalogue)| (catalogue.plan.id.as_str(), *catalogue)).collect();
        Self { all, by_id }
    }

    pub(super) fn catalogue(&self, plan: &str) -> Option<&'a Catalogue> {
        self.by_id.get(plan).copied()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &'a str> {
        self.all.iter().map(|(_, catalogue)| catalogue.plan.id.as_str())
    }
}

/// Checks all sources against all catalogues: duplicate ids, and series without their source.
pub(super) fn catalogues<'a>(
    plans: &NamedPlans<'_>,
    named: impl Iterator<Item = &'a NamedSource>,
    mistakes: &mut Vec<Mistake>,
) {
    let mut by_plan: HashMap<&str, Vec<&NamedSource>> = HashMap::new();
    let mut by_id: HashMap<(&str, &str), &NamedSource> = HashMap::new();
    // A source with an unknown plan is not reported as missing too.
    let mut mistyped: HashSet<&str> = HashSet::new();
    for source in named {
        by_plan.entry(&source.plan).or_default().push(source);
        if plans.catalogue(&source.plan).is_none() {
            mistyped.insert(&source.id);
        }
        let first = *by_id.entry((&source.plan, &source.id)).or_insert(source);
        if !std::ptr::eq(first, source) && !source.id.is_empty() {
            let (file, line) = (source.file.clone(), source.line);
            let message = format!(
                "the source id `{}` stands twice in plan `{}`: also {}:{}",
                source.id, source.plan, first.file, first.line
            );
            mistakes.push(Mistake { file, line, message });
        }
    }
    for (file, catalogue) in &plans.all {
        let plan = catalogue.plan.id.as_str();
        for series in &catalogue.series {
            for listed in &series.sources {
                let message = match by_id.get(&(plan, listed.id.as_str())) {
                    None if mistyped.contains(listed.id.as_str()) => continue,
                    None => {
                        let ours = by_plan.get(plan).into_iter().flatten().map(|source| source.id.as_str());
                        let right = nearest(&listed.id, ours);
                        format!("no source `{}` is configured for plan `{plan}`{right}", listed.id)
                    }
                    Some(source) if source.gives.as_ref().is_some_and(|gives| !gives.contains(&series.id)) => {
                        format!(
                            "the source `{}` ({}:{}) does not give series `{}`",
                            source.id, source.file, source.line, series.id
                        )
                    }
                    Some(_) => continue,
                };
                mistakes.push(Mistake { file: (*file).to_owned(), line: listed.line, message });
            }
        }
    }
}
