//! Open polls: those whose records have not all come yet.

use super::error::StoreError;
use super::name_cache::{number, text};
use super::reader::StoreReader;
use super::runs;
use super::transaction::StoreTransaction;
use contract::record::{PollRecord, PollSize};
use contract::time::Micros;
use rusqlite::Connection;

/// A poll whose records have not all come yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPoll {
    /// Plan id.
    pub plan: String,
    /// Source id.
    pub source: String,
    /// The poll's id.
    pub poll: String,
    /// What its record says that it has.
    pub size: PollSize,
    /// When its record was stored.
    pub since: Micros,
    /// How many of its records were there when they were last counted; `None` before the first count.
    pub arrived: Option<u64>,
}

impl OpenPoll {
    /// A poll whose record was just stored, if it has a size.
    pub fn of(poll: &PollRecord, since: Micros) -> Option<Self> {
        Some(Self {
            plan: poll.plan.clone(),
            source: poll.source.clone(),
            poll: poll.id.clone(),
            size: poll.size?,
            since,
            arrived: None,
        })
    }
}

impl StoreTransaction<'_> {
    /// Stores an open poll, or how many of its records were there.
    pub fn put_open_poll(&mut self, open: &OpenPoll) -> Result<(), StoreError> {
        let ids = (self.name(&open.plan)?, self.name(&open.poll)?, self.name(&open.source)?);
        let integer = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let (records, arrived) = (integer(open.size.records), open.arrived.map(integer));
        self.execute(
            "INSERT OR REPLACE INTO open_polls(plan, id, source, records, digest, since, arrived, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7))",
            (ids.0, ids.1, ids.2, records, open.size.digest.to_be_bytes(), open.since.0, arrived),
        )
        .map(drop)
    }

    /// Removes a poll whose records have all come, or were retracted.
    pub fn remove_open_poll(&mut self, open: &OpenPoll) -> Result<(), StoreError> {
        let ids = (self.name(&open.plan)?, self.name(&open.poll)?);
        self.execute("DELETE FROM open_polls WHERE plan = ?1 AND id = ?2", ids).map(drop)
    }
}

impl StoreReader {
    /// All open polls, by plan and id.
    pub fn open_polls(&self) -> Result<Vec<OpenPoll>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT plan, id, source, records, digest, since, arrived, sum FROM open_polls ORDER BY since, plan, id",
            )?;
            let mut rows = statement.query(())?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                sqlite::check_row("open_polls", row, 7)?;
                let (records, digest): (i64, [u8; 16]) = (row.get(3)?, row.get(4)?);
                found.push(OpenPoll {
                    plan: text(connection, row.get(0)?)?,
                    poll: text(connection, row.get(1)?)?,
                    source: text(connection, row.get(2)?)?,
                    size: PollSize { records: records.unsigned_abs(), digest: u128::from_be_bytes(digest) },
                    since: Micros(row.get(5)?),
                    arrived: row.get::<_, Option<i64>>(6)?.map(i64::unsigned_abs),
                });
            }
            Ok(found)
        })
    }

    /// How many different records of a poll are in the store, in quarantine too. There is no index by poll: reads all
    /// observations of its plan.
    pub fn count_records_of(&self, open: &OpenPoll) -> Result<u64, StoreError> {
        self.run_at_one_moment(|connection| {
            let stored = match number(connection, &open.poll)? {
                Some(poll) => {
                    let sql = "SELECT count(*) FROM rejects WHERE visit = ?1";
                    let mut found: i64 = connection.query_row(sql, (poll,), |row| row.get(0))?;
                    if let Some(plan) = number(connection, &open.plan)? {
                        runs::each_of_plan(connection, (plan, None), |entry| {
                            found += i64::from(entry.poll == poll);
                            Ok(())
                        })?;
                    }
                    found
                }
                None => 0,
            };
            Ok((stored + in_bodies(connection, open)?).unsigned_abs())
        })
    }
}

/// The records of a poll that are stored as they travel.
fn in_bodies(connection: &Connection, open: &OpenPoll) -> rusqlite::Result<i64> {
    let named = format!("\"visit\":{}", serde_json::json!(open.poll));
    let sql = "SELECT (SELECT count(DISTINCT body) FROM quarantine WHERE plan = ?1 AND instr(body, ?2) > 0)
                    + (SELECT count(*) FROM statements WHERE instr(body, ?3) > 0)";
    connection.query_row(sql, (&open.plan, named.as_bytes(), &named), |row| row.get(0))
}
