//! How the sources of a plan are: when each was last asked, and what came of it.

use super::Site;
use crate::render::{LastPoll, SourceHealth, reasons, words};
use crate::store::{StoreError, StoreReader};
use contract::catalogue::{Bilingual, Catalogue, Series};
use contract::record::{PollOutcome, PollRecord};
use contract::time::Micros;
use std::collections::BTreeMap;

/// The sources that a plan lists, in the order of the catalogue; empty where no store can be read.
pub(super) fn of(site: &Site, catalogue: &Catalogue, now: Micros) -> Result<Vec<SourceHealth>, StoreError> {
    let readers = site.readers()?;
    among(&readers, catalogue, &catalogue.series.iter().collect::<Vec<_>>(), now)
}

/// The sources of some of its series.
pub(super) fn among(
    readers: &[StoreReader],
    catalogue: &Catalogue,
    series: &[&Series],
    now: Micros,
) -> Result<Vec<SourceHealth>, StoreError> {
    let plan = catalogue.plan.id.as_str();
    let (mut visits, mut read) = (Vec::new(), BTreeMap::<String, Micros>::new());
    for reader in readers {
        visits.extend(reader.last_visits(plan)?);
        for (source, time) in reader.last_read(plan)? {
            let known = read.entry(source).or_insert(time);
            *known = time.max(*known);
        }
    }
    let mut sources: Vec<(&str, Vec<Bilingual>)> = Vec::new();
    for one in series {
        for source in &one.sources {
            match sources.iter_mut().find(|(id, _)| *id == source.id) {
                Some((_, feeds)) => feeds.push(one.name.clone()),
                None => sources.push((&source.id, vec![one.name.clone()])),
            }
        }
    }
    let last = |id: &str| visits.iter().filter(|visit| visit.source == id).max_by_key(|visit| visit.time);
    let health = |(id, feeds): (&str, Vec<Bilingual>)| health(id, feeds, last(id), read.get(id).copied(), now);
    Ok(sources.into_iter().map(health).collect())
}

fn health(
    id: &str,
    feeds: Vec<Bilingual>,
    last: Option<&PollRecord>,
    read: Option<Micros>,
    now: Micros,
) -> SourceHealth {
    let age = |time: Micros| words::age((now.0 - time.0).max(0) / 1_000_000);
    let outcome = last.map(|visit| visited(&visit.outcome));
    let failed = outcome.as_ref().is_some_and(|outcome| outcome.failed);
    SourceHealth {
        source: id.to_owned(),
        feeds,
        time: last.map(|visit| visit.time.moment().to_string()),
        age: last.map(|visit| age(visit.time)),
        outcome,
        read: read.filter(|_| failed).map(age),
        address: last.map(|visit| visit.address.clone()),
    }
}

fn visited(outcome: &PollOutcome) -> LastPoll {
    let (failed, ja, en, word) = match outcome {
        PollOutcome::Changed => (false, "新しい数字あり", "new figures", "changed"),
        PollOutcome::Unchanged => (false, "変わりなし", "unchanged", "unchanged"),
        PollOutcome::Failed(word) => {
            let (ja, en) = reasons::failure(word).unwrap_or(("読めません", "it cannot be read"));
            let (ja, en) = (format!("失敗: {ja}"), format!("failed: {en}"));
            return LastPoll { failed: true, ja, en, word: word.clone() };
        }
    };
    LastPoll { failed, ja: ja.to_owned(), en: en.to_owned(), word: word.to_owned() }
}
