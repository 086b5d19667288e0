//! Derived rows: rollups and judgements, written only where they differ.

use super::error::StoreError;
use super::names::PlanNames;
use super::reader::StoreReader;
use super::transaction::StoreTransaction;
use aggregator_core::ledger::FigureKey;
use aggregator_core::rollup::{Rollup, RollupKey};
use contract::period::{Grain, Period};
use rusqlite::types::{Type, Value, ValueRef};
use rusqlite::{Row, Rows, ToSql, types::ToSqlOutput};
use sqlite::Damage;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Which rollup, by the numbers of its names: plan, series, definition, grain, period.
pub type RollupRow = (i64, i64, i64, i64, i64);

/// A value beyond 64 bits is stored as its decimal text, which no figure of a city needs but a hostile
/// one can reach.
struct Sum(Option<i128>);

impl ToSql for Sum {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(match self.0 {
            None => Value::Null,
            Some(sum) => i64::try_from(sum).map_or_else(|_| Value::Text(sum.to_string()), Value::Integer),
        }))
    }
}

fn sum(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<i128>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(n) => Ok(Some(i128::from(n))),
        other => {
            let text = other.as_str()?;
            let parsed = text.parse();
            parsed.map(Some).map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(e)))
        }
    }
}

impl StoreTransaction<'_> {
    /// Writes a rollup, or removes it when it is gone.
    pub fn put_rollup(&mut self, row: RollupRow, rollup: Option<Rollup>) -> Result<(), StoreError> {
        self.note_rollup(row)?;
        let Some(r) = rollup else { return self.remove_rollup(row) };
        let (plan, series, definition, grain, period) = row;
        self.execute(
            "INSERT OR REPLACE INTO rollups(plan, series, definition, grain, period, value, complete, provisional,
                                            restated)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            (plan, series, definition, grain, period, Sum(r.value), r.complete, r.provisional, r.restated),
        )
        .map(drop)
    }

    fn remove_rollup(&mut self, row: RollupRow) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM rollups WHERE plan = ?1 AND series = ?2 AND definition = ?3 AND grain = ?4 AND period = ?5",
            row,
        )
        .map(drop)
    }

    /// Writes the judgement of a KPI, or removes it.
    pub fn put_judgement(&mut self, plan: i64, kpi: i64, report: Option<&str>) -> Result<(), StoreError> {
        self.note_kpi(plan, kpi)?;
        match report {
            Some(report) => self.execute(
                "INSERT OR REPLACE INTO judgements(plan, kpi, report) VALUES (?1, ?2, ?3)",
                (plan, kpi, report),
            ),
            None => self.execute("DELETE FROM judgements WHERE plan = ?1 AND kpi = ?2", (plan, kpi)),
        }
        .map(drop)
    }
}

impl PlanNames {
    /// The row that a figure of the series' own grain would have. `None` of a counter, whose readings are no figures: what it
    /// rose by has rows.
    pub fn figure_row(&self, key: FigureKey) -> Option<RollupRow> {
        let FigureKey { series, definition, index, .. } = key;
        let grain = self.series[usize::from(series)].grain?;
        Some(self.row(RollupKey { series, definition, period: Period { grain, index } }))
    }

    /// The row of a rollup of this plan.
    pub fn row(&self, key: RollupKey) -> RollupRow {
        let series = &self.series[usize::from(key.series)];
        let definition = series.definitions[usize::from(key.definition)];
        let grain = Grain::ALL.iter().position(|grain| *grain == key.period.grain).unwrap_or(0);
        (self.plan, series.id, definition, i64::try_from(grain).unwrap_or(0), i64::from(key.period.index))
    }
}

/// Refuses a row that does not stand where its key belongs: nobody would find it there to replace or remove it.
fn in_order<T: Ord + Copy>(what: &'static str, before: &mut Option<T>, key: T) -> rusqlite::Result<()> {
    if before.replace(key).is_none_or(|before| before < key) {
        return Ok(());
    }
    Err(Damage::error(format!("the rows of {what} are not in order")))
}

const ROLLUPS: &str =
    "SELECT plan, series, definition, grain, period, value, complete, provisional, restated FROM rollups";

fn read_rollups(rows: &mut Rows<'_>) -> rusqlite::Result<BTreeMap<RollupRow, Rollup>> {
    let (mut found, mut before) = (BTreeMap::new(), None);
    while let Some(row) = rows.next()? {
        let key = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        in_order("rollups", &mut before, key)?;
        let (complete, provisional, restated) = (row.get(6)?, row.get(7)?, row.get(8)?);
        found.insert(key, Rollup { value: sum(row, 5)?, complete, provisional, restated });
    }
    Ok(found)
}

impl StoreReader {
    /// All rollups.
    pub fn rollups(&self) -> Result<BTreeMap<RollupRow, Rollup>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(ROLLUPS)?;
            read_rollups(&mut statement.query(())?)
        })
    }

    /// The rollups of a plan, by its number.
    pub fn rollups_of(&self, plan: i64) -> Result<BTreeMap<RollupRow, Rollup>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(&format!("{ROLLUPS} WHERE plan = ?1"))?;
            read_rollups(&mut statement.query((plan,))?)
        })
    }

    /// All judgements: JSON by the numbers of plan and KPI.
    pub fn judgements(&self) -> Result<BTreeMap<(i64, i64), String>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached("SELECT plan, kpi, report FROM judgements")?;
            let mut before = None;
            let rows = statement.query_map([], |row| {
                let key = (row.get(0)?, row.get(1)?);
                in_order("judgements", &mut before, key)?;
                Ok((key, row.get(2)?))
            })?;
            rows.collect()
        })
    }

    /// All derived rows as text, a line each, sorted, with names instead of numbers: equal in two stores
    /// that received the same records in whatever order.
    pub fn dump_derived(&self) -> Result<String, StoreError> {
        let rollups = self.rollups()?;
        let judgements = self.judgements()?;
        self.run(|connection| {
            let text = |number| super::name_cache::text(connection, number);
            let mut lines = Vec::new();
            for ((plan, series, definition, grain, period), r) in rollups {
                let grain = usize::try_from(grain).ok().and_then(|at| Grain::ALL.get(at)).copied();
                let period = Period { grain: grain.unwrap_or(Grain::Hour), index: i32::try_from(period).unwrap_or(0) };
                let value = r.value.map_or_else(|| "null".to_owned(), |value| value.to_string());
                let mut line = format!("{} {} {} {period} {value}", text(plan)?, text(series)?, text(definition)?);
                for (flag, word) in [(r.complete, "complete"), (r.provisional, "provisional"), (r.restated, "restated")]
                {
                    if flag {
                        let _ = write!(line, " {word}");
                    }
                }
                lines.push(line);
            }
            for ((plan, kpi), report) in judgements {
                lines.push(format!("{} {} {report}", text(plan)?, text(kpi)?));
            }
            lines.sort();
            Ok(lines.join("\n"))
        })
    }
}
