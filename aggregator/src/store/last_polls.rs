//! The last poll of each source, found through the index by time: what a page needs costs the same however often sources were
//! polled.

use super::error::StoreError;
use super::name_cache::number;
use super::poll_row::{self, COLUMNS, TABLES, is_reading, order};
use super::reader::StoreReader;
use contract::record::{PollRecord, Retraction};
use contract::time::Micros;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

impl StoreReader {
    /// The latest poll of each source of a plan.
    pub fn last_polls(&self, plan: &str) -> Result<Vec<PollRecord>, StoreError> {
        self.latest(plan, |_| true)
    }

    /// When each source of a plan was last read whole: that something has not changed is a server's word alone.
    pub fn last_read(&self, plan: &str) -> Result<BTreeMap<String, Micros>, StoreError> {
        Ok(self.latest(plan, is_reading)?.into_iter().map(|poll| (poll.source, poll.time)).collect())
    }

    /// The times of a source's stored polls after `now`: its collector's clock is ahead.
    pub fn polls_after(&self, plan: &str, source: &str, now: Micros) -> Result<Vec<Micros>, StoreError> {
        let retractions = self.retractions(plan, Micros(i64::MAX))?;
        self.run(|connection| {
            let mut found = Vec::new();
            let Some(of) = number(connection, plan)?.zip(number(connection, source)?) else { return Ok(found) };
            for table in TABLES {
                backwards(connection, table, of, |poll| {
                    let is_after = poll.time > now;
                    found.extend((is_after && !is_retracted(&retractions, &poll)).then_some(poll.time));
                    is_after
                })?;
            }
            found.sort();
            Ok(found)
        })
    }

    /// The latest poll of each source of a plan that was not retracted and that `accepts` takes.
    fn latest(&self, plan: &str, accepts: impl Fn(&PollRecord) -> bool) -> Result<Vec<PollRecord>, StoreError> {
        let retractions = self.retractions(plan, Micros(i64::MAX))?;
        self.run(|connection| {
            let Some(plan) = number(connection, plan)? else { return Ok(Vec::new()) };
            let mut found = Vec::new();
            for source in sources(connection, plan)? {
                let mut latest: Option<PollRecord> = None;
                for table in TABLES {
                    backwards(connection, table, (plan, source), |poll| {
                        if latest.as_ref().is_some_and(|latest| latest.time > poll.time) {
                            return false;
                        }
                        if accepts(&poll) && !is_retracted(&retractions, &poll) {
                            let is_later =
                                |than: &PollRecord| order(than.time.0, &than.id) < order(poll.time.0, &poll.id);
                            if latest.as_ref().is_none_or(is_later) {
                                latest = Some(poll);
                            }
                        }
                        true
                    })?;
                }
                found.extend(latest);
            }
            Ok(found)
        })
    }
}

fn is_retracted(retractions: &[Retraction], poll: &PollRecord) -> bool {
    retractions.iter().any(|retraction| retraction.source == poll.source && retraction.covers(poll.time))
}

/// The numbers of the sources of a plan, each found by one step through an index.
fn sources(connection: &Connection, plan: i64) -> rusqlite::Result<BTreeSet<i64>> {
    let mut found = BTreeSet::new();
    for table in TABLES {
        let mut next = connection.prepare_cached(&source_sql(table))?;
        let mut from = 0;
        while let Some(source) = next.query_row((plan, from), |row| row.get::<_, Option<i64>>(0))? {
            found.insert(source);
            from = source + 1;
        }
    }
    Ok(found)
}

/// Hands the polls of a source (plan and source) to `each`, the latest first, until it has enough.
fn backwards(
    connection: &Connection,
    table: &str,
    of: (i64, i64),
    mut each: impl FnMut(PollRecord) -> bool,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(&backwards_sql(table))?;
    let mut rows = statement.query(of)?;
    while let Some(row) = rows.next()? {
        if !each(poll_row::read(connection, table, row)?) {
            break;
        }
    }
    Ok(())
}

fn source_sql(table: &str) -> String {
    format!("SELECT min(source) FROM {table} WHERE plan = ?1 AND source >= ?2")
}

fn backwards_sql(table: &str) -> String {
    format!("SELECT {COLUMNS} FROM {table} WHERE plan = ?1 AND source = ?2 ORDER BY time DESC")
}

#[cfg(test)]
mod tests {
    use super::super::{StoreWriter, open_writer};
    use super::*;
    use contract::record::{PollOutcome, Record};
    use rusqlite::StatementStatus;

    /// What SQLite has done so far for the answers of a page, in steps of its machine.
    fn steps(reader: &StoreReader) -> i32 {
        let sqls = TABLES.iter().flat_map(|table| [source_sql(table), backwards_sql(table)]);
        let steps = |sql: String| reader.connection.prepare_cached(&sql).unwrap().get_status(StatementStatus::VmStep);
        sqls.map(steps).sum::<i32>()
    }

    /// Polls of three sources, every tenth of which brought something, and every seventh of which failed.
    fn put(writer: &mut StoreWriter, times: std::ops::Range<i64>) {
        let polls = times.map(|time| {
            let Record::Poll(mut poll) = testkit::poll(["a", "b", "c"][usize::try_from(time % 3).unwrap()], time)
            else {
                unreachable!()
            };
            poll.outcome = match time {
                _ if time % 10 == 0 => PollOutcome::Changed,
                _ if time % 7 == 0 => PollOutcome::Failed("timeout".into()),
                _ => PollOutcome::Unchanged,
            };
            poll
        });
        writer.change(|change| polls.into_iter().try_for_each(|poll| change.put_poll(&poll).map(drop))).unwrap();
    }

    #[test]
    fn what_a_page_asks_costs_the_same_after_ten_times_as_many_polls() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = open_writer(folder.path(), bus::PARTITION).unwrap();
        let mut costs = Vec::new();
        let (mut done, mut before) = (0, 0);
        for total in [300, 3_000] {
            put(&mut writer, done..total);
            done = total;
            let reader = writer.read();
            let latest = |polls: Vec<PollRecord>| polls.iter().map(|poll| poll.time.0).max();
            assert_eq!(latest(reader.last_polls("p").unwrap()), Some(total - 1));
            assert_eq!(reader.last_read("p").unwrap().len(), 3);
            assert_eq!(reader.polls_after("p", "a", Micros(total - 4)).unwrap().len(), 1);
            let after = steps(reader);
            costs.push(after - before);
            before = after;
        }
        assert!(costs[0] > 0 && costs[1] <= costs[0] + 10, "{costs:?}");
    }
}
