//! Refuses a configuration that changes the decimals of a definition: figures that were published or stored would mean other
//! amounts. Every command reads its configuration so, because each of them turns steps into the unit.

use aggregator::store;
use bus::CheckpointReader;
use collectors::catalogues::published_decimals;
use contract::catalogue::{Catalogue, KnownDecimals};
use contract::reader::Mistake;
use std::path::Path;
use std::sync::Arc;

/// The changes of the plans (file, catalogue) against the outbox and the stores of this machine. What cannot be read is named where
/// it is opened for use.
pub(crate) fn mistakes<'a>(
    data: &Path,
    outbox: &Path,
    plans: impl Iterator<Item = &'a (String, Arc<Catalogue>)>,
) -> Vec<Mistake> {
    let mut plans = plans.peekable();
    if plans.peek().is_none() {
        return Vec::new();
    }
    let stores = store::open_readers(data).unwrap_or_default();
    let outbox = outbox.exists().then(|| CheckpointReader::open(outbox).ok()).flatten();
    let mut found = Vec::new();
    for (file, plan) in plans {
        let id = &plan.plan.id;
        let published = outbox.as_ref().and_then(|outbox| published_decimals(outbox, id).ok());
        let of_stores = stores.iter().filter_map(|store| store.known_decimals(id).ok());
        let all: Vec<KnownDecimals> = published.into_iter().chain(of_stores).collect();
        let changes = all.iter().find_map(|known| Some(known.changed_by(plan)).filter(|changes| !changes.is_empty()));
        let mistake = |change: contract::catalogue::DecimalsChange| Mistake {
            file: file.clone(),
            line: change.line,
            message: change.to_string(),
        };
        found.extend(changes.into_iter().flatten().map(mistake));
    }
    found
}
