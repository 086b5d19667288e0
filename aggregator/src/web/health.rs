//! How the sources of a plan are: when each was last asked, and what came of it.

use super::Site;
use crate::render::{Health, words};
use crate::store::{self, StoreError};
use contract::catalogue::Catalogue;
use contract::record::Outcome;
use contract::time::Micros;

/// The sources that a plan lists, in the order of the catalogue; empty where no store can be read.
pub(super) fn of(site: &Site, catalogue: &Catalogue, now: Micros) -> Result<Vec<Health>, StoreError> {
    let Some(folder) = &site.store else { return Ok(Vec::new()) };
    let mut visits = Vec::new();
    for reader in store::open_readers(folder)? {
        visits.extend(reader.last_visits(&catalogue.plan.id)?);
    }
    let mut ids: Vec<&str> = Vec::new();
    for source in catalogue.series.iter().flat_map(|series| &series.sources) {
        if !ids.contains(&source.id.as_str()) {
            ids.push(&source.id);
        }
    }
    let health = |id: &str| {
        let last = visits.iter().filter(|visit| visit.source == id).max_by_key(|visit| visit.time);
        let age = last.map(|visit| (now.0 - visit.time.0).max(0) / 1_000_000);
        Health {
            source: id.to_owned(),
            time: last.map(|visit| visit.time.moment().to_string()),
            age: age.map(words::age),
            outcome: last.map(|visit| match &visit.outcome {
                Outcome::Changed => ("●", "新しい数字あり".to_owned(), "changed".to_owned()),
                Outcome::Unchanged => ("●", "変わりなし".to_owned(), "unchanged".to_owned()),
                Outcome::Failed(why) => ("■", format!("失敗（{why}）"), format!("failed ({why})")),
            }),
            address: last.map(|visit| visit.address.clone()),
        }
    };
    Ok(ids.into_iter().map(health).collect())
}
