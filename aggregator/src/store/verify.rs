//! Proves that a store is what was written to it, and makes what is derived again when it is not.
//!
//! A disk that turns a byte over is not told by SQLite: it reads what is there. So whoever opens a store has all of it
//! looked at once: the definitions of the tables, the shape of every page, the checksum of every small row, and
//! that no record is missing. Observations are not looked at here, because whoever opens a store reads all of them,
//! each with its checksum. What a page's slack and a free page hold is nobody's business.

use super::checksum::SUMMED;
use super::error::StoreError;
use super::file::STORE_FILE;
use super::name_cache::number;
use super::reader::{StoreReader, StoreTally};
use super::schema::DERIVED;
use super::writer::StoreWriter;
use bus::Failpoint;
use rusqlite::Connection;
use sqlite::TableDefinition;

/// What cannot be otherwise, as counts that are 0: numbers that are given out for good, and cursors that run over them.
const NEVER: &[(&str, &str)] =
    &[("a sink is ahead of the changes", BEYOND_CHANGES), ("a follower is ahead of the alerts", BEYOND_EVENTS)];
const BEYOND_CHANGES: &str = "
    SELECT count(*) FROM (SELECT cursor AS at FROM sinks UNION ALL SELECT seq FROM changes)
    WHERE at > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0)";
const BEYOND_EVENTS: &str = "
    SELECT count(*) FROM (SELECT cursor AS at FROM alert_followers UNION ALL SELECT seq FROM alert_events)
    WHERE at > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'alert_events'), 0)";

impl StoreReader {
    /// Refuses a store that is not what was written to it. Takes as long as reading it all.
    pub fn verify(&self) -> Result<(), StoreError> {
        self.at_one_moment(|reader| {
            let wrong = reader
                .run(|connection| Ok(if STORE_FILE.defines(connection)? { None } else { Some(CHANGED.into()) }))?;
            let wrong = wrong.map_or_else(|| reader.run(misshapen), |wrong: String| Ok(Some(wrong)))?;
            let wrong = wrong.map_or_else(|| reader.run(turned_over), |wrong| Ok(Some(wrong)))?;
            if let Some(what) = wrong {
                return Err(StoreError::Nonsense { path: reader.path.display().to_string(), what });
            }
            reader.conserved().map(drop)
        })
    }

    /// Refuses a store in which a fact of a plan could be missed by whoever reads that plan alone. What is read is proved
    /// row by row; so only the shape of what leads to it is looked at, and that no record is missing. Of the observations and
    /// what is made of them nothing is read here.
    pub fn verify_plan(&self, plan: &str) -> Result<(), StoreError> {
        self.at_one_moment(|reader| {
            // Without its name a plan looks as if there were nothing of it.
            if reader.run(|connection| number(connection, plan))?.is_none() {
                return Ok(false);
            }
            let wrong = reader.run(|connection| {
                if !STORE_FILE.defines(connection)? {
                    return Ok(Some(CHANGED.to_owned()));
                }
                let is_looked_at = |one: &TableDefinition| one.kind == "table" && !UNREAD.contains(&one.name.as_str());
                let tables = sqlite::definitions(connection)?.into_iter().filter(is_looked_at);
                let checks = tables.map(|table| format!("quick_check({})", table.name));
                first_fault(connection, checks.chain(INDEXED.map(str::to_owned)))
            })?;
            match wrong {
                Some(what) => Err(StoreError::Nonsense { path: reader.path.display().to_string(), what }),
                None => reader.conserved().map(|_| true),
            }
        })
        .and_then(|known| if known { Ok(()) } else { self.verify() })
    }

    /// Counts what a store holds, and refuses it when records are missing: rows that a damaged page hides.
    pub(crate) fn conserved(&self) -> Result<StoreTally, StoreError> {
        let tally = self.tally()?;
        let what = if !tally.is_conserved() {
            format!("of {} records received not all are there: {tally:?}", tally.received)
        } else if tally.received > 0 && self.run(|c| c.query_row("SELECT count(*) FROM positions", [], is_zero))? {
            "its position on the bus is missing".to_owned()
        } else {
            return Ok(tally);
        };
        Err(StoreError::Nonsense { path: self.path.display().to_string(), what })
    }
}

/// The checks of tables with an index beside them.
const INDEXED: [&str; 4] =
    ["integrity_check(names)", "integrity_check(catalogues)", "integrity_check(visits)", "integrity_check(statements)"];
/// The tables of which nothing is read, or whose readers find by themselves that a row is missing.
const UNREAD: [&str; 6] = ["runs", "rollups", "judgements", "landings", "changes", "sqlite_sequence"];
const CHANGED: &str = "the definition of a table is another one";

fn is_zero(row: &rusqlite::Row<'_>) -> rusqlite::Result<bool> {
    Ok(row.get::<_, i64>(0)? == 0)
}

/// The first fault that SQLite finds in the shape of the file. Of tables with an index beside them what that holds is
/// compared too.
fn misshapen(connection: &Connection) -> rusqlite::Result<Option<String>> {
    first_fault(connection, ["quick_check(1)"].into_iter().chain(INDEXED).map(str::to_owned))
}

fn first_fault(connection: &Connection, checks: impl IntoIterator<Item = String>) -> rusqlite::Result<Option<String>> {
    for check in checks {
        let fault = sqlite::check(connection, &check)?;
        if fault.is_some() {
            return Ok(fault);
        }
    }
    Ok(None)
}

/// True when the shape of one table is as it should be.
fn is_sound(connection: &Connection, table: &str) -> bool {
    sqlite::check(connection, &format!("quick_check({table})")).is_ok_and(|fault| fault.is_none())
}

/// The first table with a row that does not agree with its checksum, or with what cannot be.
fn turned_over(connection: &Connection) -> rusqlite::Result<Option<String>> {
    for (table, columns) in SUMMED {
        let sql = format!("SELECT count(*) FROM {table} WHERE sum IS NOT {}({columns})", sqlite::ROW_SUM);
        if !connection.query_row(&sql, (), is_zero)? {
            return Ok(Some(format!("a row of {table} does not agree with its checksum")));
        }
    }
    for (what, sql) in NEVER {
        if !connection.query_row(sql, (), is_zero)? {
            return Ok(Some((*what).to_owned()));
        }
    }
    Ok(None)
}

impl StoreWriter {
    /// Makes again what is derived when only that is damaged: the tables of derived rows, empty, and the lists of free
    /// pages. Gives `why` back when something else is damaged.
    pub fn mend(&mut self, why: StoreError) -> Result<(), StoreError> {
        let path = self.read().path().to_owned();
        let failed = |error| StoreError::of(&path, error);
        let connection = &mut self.reader.connection;
        let facts = sqlite::definitions(connection).map_err(failed)?;
        let facts = facts.iter().filter(|one| one.kind == "table" && !DERIVED.contains(&one.name.as_str()));
        let same = STORE_FILE.defines(connection).map_err(failed)?;
        if !same
            || !matches!(why, StoreError::Nonsense { .. })
            || !facts.into_iter().all(|one| is_sound(connection, &one.name))
        {
            return Err(why);
        }
        if !DERIVED.iter().all(|table| is_sound(connection, table)) {
            make_derived_anew(connection).map_err(failed)?;
            Failpoint::DerivedRemoved.reached();
        }
        // Writes every page that a table has into its place anew, and none that no table has.
        connection.execute_batch("VACUUM").map_err(failed)?;
        self.read().verify()
    }
}

/// Takes the damaged tables out of the schema instead of dropping them: dropping would free what their pages lead to,
/// which may be the pages of others.
fn make_derived_anew(connection: &mut Connection) -> rusqlite::Result<()> {
    let made = sqlite::definitions(&STORE_FILE.model()?)?;
    let transaction = connection.transaction()?;
    transaction.pragma_update(None, "writable_schema", "ON")?;
    for table in DERIVED {
        transaction.execute("DELETE FROM sqlite_schema WHERE tbl_name = ?1", (table,))?;
    }
    transaction.pragma_update(None, "writable_schema", "RESET")?;
    for one in made.iter().filter(|one| DERIVED.contains(&one.name.as_str())) {
        transaction.execute_batch(one.sql.as_deref().unwrap_or_default())?;
    }
    transaction.commit()
}
