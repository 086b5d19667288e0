//! Writing runs, so that neither many observations of one series nor few of each of many cost much.
//!
//! A batch brings each series with many observations a run of its own. The others go together into runs of several plans;
//! when those have become many, they are split by plan, and those of a plan in turn by series. A run is therefore
//! written about as often as it has levels, and few pages are touched by a batch, whatever it holds.

use super::codec::RunEncoder;
use super::entry::RunEntry;
use super::header::{HEAD, RunHeader, RunTotals, SEVERAL, digest, totals};
use super::read::{each_of_run, last_of_series};
use rusqlite::Connection;
use sqlite::{Damage, ROW_SUM};
use std::collections::{BTreeMap, BTreeSet};

/// Most observations of a run: 64 KB as a rule.
pub(crate) const MAX_OBSERVATIONS: usize = 4096;
/// Most bytes of labels in a run of more than one observation.
pub(crate) const MAX_LABEL_BYTES: usize = 1 << 20;
/// Least observations that become a run of their series at once.
const SERIES_RUN: usize = 64;
/// A run of a series with fewer observations is written anew with those that come.
const CONTINUED: i64 = 256;
/// Runs of several plans, and observations in them, at which they are split by plan.
const BATCHES: (i64, i64) = (64, 131_072);
/// The same of the runs of several series of a plan.
const MIXED: (i64, i64) = (16, 1024);

/// Changes the runs of a store inside a transaction; to be finished before that is committed.
#[derive(Debug)]
pub(crate) struct RunWriter<'a> {
    connection: &'a Connection,
    /// What the totals of each plan change by.
    changes: BTreeMap<i64, RunTotals>,
    encoder: RunEncoder,
}

impl<'a> RunWriter<'a> {
    pub(crate) fn new(connection: &'a Connection) -> Self {
        Self { connection, changes: BTreeMap::new(), encoder: RunEncoder::default() }
    }

    /// Adds observations of any plans.
    pub(crate) fn add(&mut self, entries: &[RunEntry]) -> rusqlite::Result<()> {
        let rest = self.put_large_series(&in_order(entries))?;
        self.insert((SEVERAL, SEVERAL), &rest)?;
        let many = self.take_many(SEVERAL, BATCHES)?;
        in_order(&many).chunk_by(|one, other| one.plan == other.plan).try_for_each(|plan| self.add_to_plan(plan))
    }

    /// Removes the observations with these ids, all of one series.
    pub(crate) fn remove(&mut self, (plan, series): (i64, i64), ids: &BTreeSet<i64>) -> rusqlite::Result<()> {
        let (Some(least), Some(greatest)) = (ids.first(), ids.last()) else { return Ok(()) };
        for of in [(plan, series), (plan, SEVERAL), (SEVERAL, SEVERAL)] {
            for run in self.runs(of)? {
                if !run.may_hold(*least..=*greatest) || !self.holds(&run, ids)? {
                    continue;
                }
                let mut kept = self.take(&run)?;
                kept.retain(|entry| !ids.contains(&entry.id));
                self.insert(of, &kept.iter().collect::<Vec<_>>())?;
            }
        }
        Ok(())
    }

    /// Writes what the totals changed by.
    pub(crate) fn finish(self) -> rusqlite::Result<()> {
        let sql = format!(
            "INSERT OR REPLACE INTO run_totals(plan, runs, observations, digests, sum)
             VALUES (?1, ?2, ?3, ?4, {ROW_SUM}(?1, ?2, ?3, ?4))"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        for (plan, change) in self.changes {
            let RunTotals { runs, observations, digests } = totals(self.connection, plan)?.and(change);
            statement.execute((plan, runs, observations, digests))?;
        }
        Ok(())
    }

    /// Adds observations of one plan, in order.
    fn add_to_plan(&mut self, entries: &[&RunEntry]) -> rusqlite::Result<()> {
        let Some(plan) = entries.first().map(|entry| entry.plan) else { return Ok(()) };
        let rest = self.put_large_series(entries)?;
        self.insert((plan, SEVERAL), &rest)?;
        let many = self.take_many(plan, MIXED)?;
        in_order(&many)
            .chunk_by(|one, other| is_same_series(one, other))
            .try_for_each(|series| self.add_to_series(series))
    }

    /// Puts each series that has enough into runs of its own. Gives the others.
    fn put_large_series<'e>(&mut self, entries: &[&'e RunEntry]) -> rusqlite::Result<Vec<&'e RunEntry>> {
        let mut rest = Vec::new();
        for series in entries.chunk_by(|one, other| is_same_series(one, other)) {
            if series.len() >= SERIES_RUN {
                self.add_to_series(series)?;
            } else {
                rest.extend(series);
            }
        }
        Ok(rest)
    }

    /// Adds observations of one series; its last run is continued while it is small.
    fn add_to_series(&mut self, entries: &[&RunEntry]) -> rusqlite::Result<()> {
        let Some(of) = entries.first().map(|entry| (entry.plan, entry.series)) else { return Ok(()) };
        let before = match last_of_series(self.connection, of)? {
            Some(last) if last.observations < CONTINUED => self.take(&last)?,
            _ => Vec::new(),
        };
        let mut all: Vec<&RunEntry> = before.iter().chain(entries.iter().copied()).collect();
        all.sort_unstable_by_key(|entry| entry.id);
        self.insert(of, &all)
    }

    /// Takes out all runs of several plans, or of several series of one, once they are as many as `limits`.
    fn take_many(&mut self, plan: i64, limits: (i64, i64)) -> rusqlite::Result<Vec<RunEntry>> {
        let sql = "SELECT count(*), coalesce(sum(observations), 0) FROM runs WHERE plan = ?1 AND series = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let (runs, observations): (i64, i64) =
            statement.query_row((plan, SEVERAL), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut entries = Vec::new();
        if runs < limits.0 && observations < limits.1 {
            return Ok(entries);
        }
        for run in self.runs((plan, SEVERAL))? {
            entries.append(&mut self.take(&run)?);
        }
        Ok(entries)
    }

    fn runs(&self, (plan, series): (i64, i64)) -> rusqlite::Result<Vec<RunHeader>> {
        let sql = format!("SELECT {HEAD} FROM runs WHERE plan = ?1 AND series = ?2");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map((plan, series), RunHeader::of)?;
        rows.collect()
    }

    fn holds(&self, run: &RunHeader, ids: &BTreeSet<i64>) -> rusqlite::Result<bool> {
        let mut holds = false;
        each_of_run(self.connection, run, |entry| {
            holds |= ids.contains(&entry.id);
            Ok(())
        })?;
        Ok(holds)
    }

    /// Removes a run and gives what was in it.
    fn take(&mut self, run: &RunHeader) -> rusqlite::Result<Vec<RunEntry>> {
        let mut entries = Vec::new();
        each_of_run(self.connection, run, |entry| {
            entries.push(entry.clone());
            Ok(())
        })?;
        let sql = "DELETE FROM runs WHERE plan = ?1 AND series = ?2 AND first = ?3";
        self.connection.prepare_cached(sql)?.execute((run.plan, run.series, run.first))?;
        self.changes.entry(run.plan).or_default().remove(run);
        Ok(entries)
    }

    /// Writes runs of at most [`MAX_OBSERVATIONS`] of these.
    fn insert(&mut self, (plan, series): (i64, i64), entries: &[&RunEntry]) -> rusqlite::Result<()> {
        let sql = format!(
            "INSERT INTO runs(plan, series, first, last, observations, digest, sum, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, {ROW_SUM}(?1, ?2, ?3, ?4, ?5, ?6), ?7)"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rest = entries;
        while !rest.is_empty() {
            let (entries, more) = rest.split_at(length_of_run(rest));
            rest = more;
            let body = self.encoder.encode(entries);
            let ids = || entries.iter().map(|entry| entry.id);
            let run = RunHeader {
                plan,
                series,
                first: ids().min().unwrap_or(0),
                last: ids().max().unwrap_or(0),
                observations: i64::try_from(entries.len()).unwrap_or(i64::MAX),
                digest: digest(&body),
            };
            statement.execute((plan, series, run.first, run.last, run.observations, run.digest, body))?;
            self.changes.entry(plan).or_default().add(&run);
        }
        Ok(())
    }
}

/// By plan and series, then as they arrived.
fn in_order(entries: &[RunEntry]) -> Vec<&RunEntry> {
    let mut all: Vec<&RunEntry> = entries.iter().collect();
    all.sort_unstable_by_key(|entry| entry.place());
    all
}

fn is_same_series(one: &RunEntry, other: &RunEntry) -> bool {
    (one.plan, one.series) == (other.plan, other.series)
}

/// How many of the first of these make one run.
fn length_of_run(entries: &[&RunEntry]) -> usize {
    let mut bytes = 0;
    let fits = |entry: &&&RunEntry| {
        bytes += entry.breakdown.as_ref().map_or(0, |labels| labels.len());
        bytes <= MAX_LABEL_BYTES
    };
    entries.iter().take(MAX_OBSERVATIONS).take_while(fits).count().max(1)
}

/// Gives out ids for `count` observations: the first of them. None is given out twice.
pub(crate) fn give_out_ids(connection: &Connection, count: usize) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare_cached("SELECT next, derived, sum FROM observation_ids")?;
    let mut rows = statement.query(())?;
    let Some(row) = rows.next()? else { return Err(Damage::error("the number of the next observation is missing")) };
    sqlite::check_row("observation_ids", row, 2)?;
    let first: i64 = row.get(0)?;
    drop(rows);
    let next = first.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
    let sql = format!("UPDATE observation_ids SET next = ?1, sum = {ROW_SUM}(?1, derived)");
    connection.prepare_cached(&sql)?.execute((next,))?;
    Ok(first)
}
