//! Which runs there are: the head of each, and totals that show when one is missing.

use super::super::name_cache::text;
use rusqlite::{Connection, OptionalExtension, Row};
use sqlite::Damage;
use std::ops::{Bound, RangeBounds};
use xxhash_rust::xxh3::xxh3_64;

/// In place of a plan or series: the run holds observations of several.
pub(crate) const SEVERAL: i64 = 0;
/// The columns of a head with their checksum. The body has one of its own, `digest`, so that heads are proved without
/// reading bodies.
pub(super) const HEAD: &str = "plan, series, first, last, observations, digest, sum";

/// A run without its body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunHeader {
    pub(super) plan: i64,
    pub(super) series: i64,
    /// The least and the greatest id in it.
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) observations: i64,
    /// Checksum of the body.
    pub(super) digest: i64,
}

impl RunHeader {
    /// Reads the columns [`HEAD`] at the front of a row.
    pub(super) fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        sqlite::check_row("runs", row, 6)?;
        Ok(Self {
            plan: row.get(0)?,
            series: row.get(1)?,
            first: row.get(2)?,
            last: row.get(3)?,
            observations: row.get(4)?,
            digest: row.get(5)?,
        })
    }

    /// True when an id of these may be in it.
    pub(crate) fn may_hold(&self, ids: impl RangeBounds<i64>) -> bool {
        let from = match ids.start_bound() {
            Bound::Included(from) => *from <= self.last,
            Bound::Excluded(from) => *from < self.last,
            Bound::Unbounded => true,
        };
        let to = match ids.end_bound() {
            Bound::Included(to) => self.first <= *to,
            Bound::Excluded(to) => self.first < *to,
            Bound::Unbounded => true,
        };
        from && to
    }

    /// Damage of this run, in words.
    pub(super) fn damage(&self, connection: &Connection, what: &str) -> rusqlite::Error {
        let (plan, series) = (name(connection, self.plan), name(connection, self.series));
        Damage::error(format!("the run of plan {plan}, series {series}, from observation {} on {what}", self.first))
    }
}

/// The text of a plan's or series' number, as far as it can be read.
fn name(connection: &Connection, number: i64) -> String {
    if number == SEVERAL {
        return "several".to_owned();
    }
    text(connection, number).unwrap_or_else(|_| number.to_string())
}

/// The checksum of a body.
pub(super) fn digest(body: &[u8]) -> i64 {
    xxh3_64(body).cast_signed()
}

/// The runs of one plan, or of several, added up: runs, observations, and digests modulo 2^64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunTotals {
    pub(super) runs: i64,
    pub(super) observations: i64,
    pub(super) digests: i64,
}

impl RunTotals {
    /// With one more run.
    pub(super) fn add(&mut self, run: &RunHeader) {
        self.runs = self.runs.wrapping_add(1);
        self.observations = self.observations.wrapping_add(run.observations);
        self.digests = self.digests.wrapping_add(run.digest);
    }

    /// With one run less.
    pub(super) fn remove(&mut self, run: &RunHeader) {
        self.runs = self.runs.wrapping_sub(1);
        self.observations = self.observations.wrapping_sub(run.observations);
        self.digests = self.digests.wrapping_sub(run.digest);
    }

    /// These and others.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            runs: self.runs.wrapping_add(other.runs),
            observations: self.observations.wrapping_add(other.observations),
            digests: self.digests.wrapping_add(other.digests),
        }
    }
}

/// The stored totals of a plan.
pub(super) fn totals(connection: &Connection, plan: i64) -> rusqlite::Result<RunTotals> {
    let sql = "SELECT plan, runs, observations, digests, sum FROM run_totals WHERE plan = ?1";
    let found = connection.prepare_cached(sql)?.query_row((plan,), |row| Ok(of_row(row)?.1)).optional()?;
    Ok(found.unwrap_or_default())
}

/// The stored totals of all plans, in order.
pub(super) fn all_totals(connection: &Connection) -> rusqlite::Result<Vec<(i64, RunTotals)>> {
    let sql = "SELECT plan, runs, observations, digests, sum FROM run_totals WHERE runs > 0 ORDER BY plan";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((), of_row)?;
    rows.collect()
}

fn of_row(row: &Row<'_>) -> rusqlite::Result<(i64, RunTotals)> {
    sqlite::check_row("run_totals", row, 4)?;
    Ok((row.get(0)?, RunTotals { runs: row.get(1)?, observations: row.get(2)?, digests: row.get(3)? }))
}

/// Refuses runs that are not all that were written.
pub(super) fn check_totals(
    connection: &Connection,
    plan: i64,
    found: RunTotals,
    stored: RunTotals,
) -> rusqlite::Result<()> {
    if found == stored {
        return Ok(());
    }
    Err(Damage::error(format!(
        "of {} runs with {} observations of plan {} there are {} with {}, or others",
        stored.runs,
        stored.observations,
        name(connection, plan),
        found.runs,
        found.observations
    )))
}

/// The runs of a plan, all of them.
pub(super) fn headers(connection: &Connection, plan: i64) -> rusqlite::Result<Vec<RunHeader>> {
    let sql = format!("SELECT {HEAD} FROM runs WHERE plan = ?1 ORDER BY series, first");
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map((plan,), RunHeader::of)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut sum = RunTotals::default();
    for run in &found {
        sum.add(run);
    }
    check_totals(connection, plan, sum, totals(connection, plan)?)?;
    Ok(found)
}
