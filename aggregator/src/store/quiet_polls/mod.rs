//! Quiet polls: those that brought no record. Of each kind the first and the last are stored, the others are folded.
//!
//! A source that is asked every quarter of an hour is asked 35,000 times a year, and nearly all of these polls say the same.
//! Two quiet polls of a source are of one kind when collector, outcome, reason, address, and whether the server's word alone
//! was taken are the same. So a source has a few rows, however long it is polled, and a poll that brought
//! something is never folded.
//!
//! What is stored is the least and the greatest of a set, by [`order`]: in whatever order the polls of a kind come, how often
//! each comes, and wherever the process is restarted in between, the same two are left. A poll that was retracted is
//! neither: it folds no other and is not folded, because the polls of a clock that was ahead would hide honest ones. Only
//! where a retraction comes later than polls that were made after it, what it uncovers is an earlier poll than the last one,
//! until the next comes.

use super::fact_outcome::FactOutcome;
use super::name_cache::text;
use super::poll_row::{self, CHANGED, COLUMNS, UNCHANGED, order};
use contract::record::{Record, Retraction};
use contract::time::Micros;
use contract::wire;
use rusqlite::types::Type;
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// A quiet poll, with the numbers of its names.
#[derive(Clone, Debug)]
pub(super) struct QuietPoll {
    pub(super) plan: i64,
    pub(super) source: i64,
    pub(super) time: i64,
    pub(super) id: String,
    pub(super) collector: i64,
    pub(super) outcome: String,
    pub(super) reason: Option<i64>,
    pub(super) address: i64,
    pub(super) sha256: Option<String>,
    pub(super) bytes: Option<i64>,
}

/// What quiet polls of one source have in common: collector, outcome, reason, address, and whether it is a mere confirmation.
type Kind = (i64, String, Option<i64>, i64, bool);

impl QuietPoll {
    fn kind(&self) -> Kind {
        let is_confirmation = self.outcome == UNCHANGED && self.sha256.is_none() && self.bytes.is_some();
        (self.collector, self.outcome.clone(), self.reason, self.address, is_confirmation)
    }

    fn order(&self) -> (i64, usize, &str) {
        order(self.time, &self.id)
    }

    fn is_retracted(&self, by: &[Retraction]) -> bool {
        by.iter().any(|retraction| retraction.covers(Micros(self.time)))
    }

    fn read(row: &Row<'_>, id: String) -> rusqlite::Result<Self> {
        Ok(Self {
            plan: row.get(0)?,
            id,
            source: row.get(2)?,
            collector: row.get(3)?,
            time: row.get(4)?,
            outcome: row.get(5)?,
            reason: row.get(6)?,
            address: row.get(7)?,
            sha256: row.get(8)?,
            bytes: row.get(9)?,
        })
    }

    fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(
            "INSERT INTO quiet_polls(plan, id, source, collector, time, outcome, reason, address, sha256, bytes, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10))",
        )?;
        let (numbers, of) = ((self.plan, self.source), (self.reason, self.address));
        statement
            .execute((
                numbers.0,
                &self.id,
                numbers.1,
                self.collector,
                self.time,
                &self.outcome,
                of.0,
                of.1,
                &self.sha256,
                self.bytes,
            ))
            .map(drop)
    }
}

/// Stores a quiet poll of a source with that name, and folds the one that is no longer the first or the last of its kind.
pub(super) fn put(connection: &Connection, poll: &QuietPoll, source: &str) -> rusqlite::Result<FactOutcome> {
    let kind = poll.kind();
    let mut same = of_source(connection, poll.plan, poll.source)?;
    if same.iter().any(|other| other.order() == poll.order()) {
        return Ok(FactOutcome::Duplicate);
    }
    poll.insert(connection)?;
    let retractions = retractions(connection, poll.plan, source)?;
    if poll.is_retracted(&retractions) {
        return Ok(FactOutcome::Stored);
    }
    same.retain(|other| other.kind() == kind && !other.is_retracted(&retractions));
    same.push(poll.clone());
    same.sort_by(|a, b| a.order().cmp(&b.order()));
    match &same[..] {
        [_, between, .., _] => {
            remove(connection, between)?;
            Ok(FactOutcome::Folded)
        }
        _ => Ok(FactOutcome::Stored),
    }
}

/// Removes a quiet poll; true when it was there.
pub(super) fn remove(connection: &Connection, poll: &QuietPoll) -> rusqlite::Result<bool> {
    let mut statement = connection
        .prepare_cached("DELETE FROM quiet_polls WHERE plan = ?1 AND source = ?2 AND time = ?3 AND id = ?4")?;
    Ok(statement.execute((poll.plan, poll.source, poll.time, &poll.id))? == 1)
}

fn of_source(connection: &Connection, plan: i64, source: i64) -> rusqlite::Result<Vec<QuietPoll>> {
    let sql = format!("SELECT {COLUMNS} FROM quiet_polls WHERE plan = ?1 AND source = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((plan, source), |row| {
        poll_row::check("quiet_polls", row)?;
        QuietPoll::read(row, row.get(1)?)
    })?;
    rows.collect()
}

/// The retractions of a source.
fn retractions(connection: &Connection, plan: i64, source: &str) -> rusqlite::Result<Vec<Retraction>> {
    let mut statement = connection.prepare_cached(
        "SELECT digest, kind, plan, revision, body, sum FROM statements WHERE kind = 'retraction' AND plan = ?1",
    )?;
    let mut rows = statement.query((plan,))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        sqlite::check_row("statements", row, 5)?;
        let record = wire::decode(row.get_ref(4)?.as_str()?.as_bytes())
            .map_err(|e| rusqlite::Error::FromSqlConversionFailure(4, Type::Text, Box::new(e)))?;
        found.extend(match record {
            Record::Retraction(retraction) if retraction.source == source => Some(retraction),
            _ => None,
        });
    }
    Ok(found)
}

/// Folds the quiet polls of a store of before, which has every poll in `visits`. Whether one of them brought rejects shows in
/// these alone; no figure names a poll that says that nothing changed. `proved` when its rows have checksums.
pub(super) fn fold(connection: &Connection, proved: bool) -> rusqlite::Result<()> {
    let mut quiet = Vec::new();
    let mut ends: BTreeMap<(i64, i64, Kind), (QuietPoll, QuietPoll)> = BTreeMap::new();
    let mut retracted: BTreeMap<(i64, i64), Vec<Retraction>> = BTreeMap::new();
    let mut statement = connection.prepare(&format!(
        "SELECT {COLUMNS} FROM visits WHERE outcome <> '{CHANGED}' AND id NOT IN (SELECT visit FROM rejects)
                       AND (plan, id) NOT IN (SELECT plan, id FROM open_polls)"
    ))?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        if proved {
            poll_row::check("visits", row)?;
        }
        let name = |number: i64| if proved { text(connection, number) } else { unproved(connection, number) };
        let poll = QuietPoll::read(row, name(row.get(1)?)?)?;
        let of = (poll.plan, poll.source);
        let retracted = match retracted.entry(of) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(retractions(connection, of.0, &name(of.1)?)?),
        };
        if poll.is_retracted(retracted) {
            continue;
        }
        quiet.push((poll.plan, row.get::<_, i64>(1)?));
        let (first, last) = ends.entry((of.0, of.1, poll.kind())).or_insert_with(|| (poll.clone(), poll.clone()));
        if poll.order() < first.order() {
            *first = poll;
        } else if poll.order() > last.order() {
            *last = poll;
        }
    }
    let mut delete = connection.prepare("DELETE FROM visits WHERE plan = ?1 AND id = ?2")?;
    quiet.iter().try_for_each(|row| delete.execute(*row).map(drop))?;
    let mut stored = 0;
    for (first, last) in ends.values() {
        first.insert(connection)?;
        stored += 1;
        if last.order() > first.order() {
            last.insert(connection)?;
            stored += 1;
        }
    }
    let folded = i64::try_from(quiet.len()).unwrap_or(i64::MAX) - stored;
    connection.execute("INSERT INTO counts(name, value) VALUES ('folded', ?1)", (folded,)).map(drop)
}

/// A name that has no checksum yet.
fn unproved(connection: &Connection, number: i64) -> rusqlite::Result<String> {
    connection.prepare_cached("SELECT text FROM names WHERE id = ?1")?.query_row((number,), |row| row.get(0))
}

#[cfg(test)]
mod tests;
