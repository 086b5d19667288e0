//! What changed, for sinks to write again: noted in the transaction that changed it.

use super::names::Texts;
use super::{Change, PlanNames, Reader, RollupRow, StoreError};
use aggregator_core::ledger::Key;
use aggregator_core::rollup::RollupKey;
use contract::period::{Grain, Period};

/// One change. What it is now is to be read from the books; a change only names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its number, rising.
    pub seq: i64,
    /// Plan id.
    pub plan: String,
    /// The figure or rollup; `None` when only judgements of the plan changed.
    pub figure: Option<ChangedFigure>,
}

/// A figure of the series' own grain, or a rollup above it. Nothing of it may be configured any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangedFigure {
    /// Series id.
    pub series: String,
    /// Definition id.
    pub definition: String,
    /// The period; of an instant (`as_of`) the hour or day that starts at it.
    pub period: Period,
}

impl Change<'_> {
    /// Which sinks follow this store; `None` leaves those that do. A new one starts with everything, one that is
    /// gone is forgotten with its cursor; with `anew` all start with everything.
    pub fn put_sinks(&mut self, names: Option<&[&str]>, anew: bool) -> Result<(), StoreError> {
        if let Some(names) = names {
            let known = serde_json::to_string(names).unwrap_or_default();
            self.execute("DELETE FROM sinks WHERE name NOT IN (SELECT value FROM json_each(?1))", (&known,))?;
            for name in names {
                self.execute("INSERT OR IGNORE INTO sinks(name, cursor) VALUES (?1, NULL)", (name,))?;
            }
        }
        if anew {
            self.execute("UPDATE sinks SET cursor = NULL", ())?;
        }
        let followers = self.transaction.query_row("SELECT count(*) FROM sinks", [], |row| row.get::<_, i64>(0));
        *self.followed = followers.map_err(|error| self.failed(error))? > 0;
        if !*self.followed {
            self.execute("DELETE FROM changes", ())?;
        }
        Ok(())
    }

    /// Notes that a rollup changed.
    pub(super) fn note_rollup(
        &mut self,
        (plan, series, definition, grain, period): RollupRow,
    ) -> Result<(), StoreError> {
        self.note(plan, Some((series, definition, grain, period)))
    }

    /// Notes that a figure of the series' own grain may have changed.
    pub(super) fn note_figure(&mut self, names: &PlanNames, key: Key) -> Result<(), StoreError> {
        let Key { series, definition, index, .. } = key;
        let period = Period { grain: names.series[usize::from(series)].grain, index };
        self.note_rollup(names.row(RollupKey { series, definition, period }))
    }

    /// Notes that a judgement of a plan changed.
    pub(super) fn note_plan(&mut self, plan: i64) -> Result<(), StoreError> {
        self.note(plan, None)
    }

    fn note(&mut self, plan: i64, figure: Option<(i64, i64, i64, i64)>) -> Result<(), StoreError> {
        if !*self.followed {
            return Ok(());
        }
        let (series, definition, grain, period) = match figure {
            Some((series, definition, grain, period)) => (Some(series), Some(definition), Some(grain), Some(period)),
            None => (None, None, None, None),
        };
        self.execute(
            "INSERT INTO changes(plan, series, definition, grain, period) VALUES (?1, ?2, ?3, ?4, ?5)",
            (plan, series, definition, grain, period),
        )
        .map(drop)
    }
}

impl Reader {
    /// Changes after a number, oldest first, at most `limit`.
    pub fn changes(&self, after: i64, limit: usize) -> Result<Vec<Changed>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, plan, series, definition, grain, period FROM changes WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            )?;
            let mut rows = statement.query((after, i64::try_from(limit).unwrap_or(i64::MAX)))?;
            let mut texts = Texts::new(connection);
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let mut text = |number| texts.get(number).map(str::to_owned);
                let figure = match row.get::<_, Option<i64>>(2)? {
                    None => None,
                    Some(series) => {
                        let grain =
                            row.get(4).map(|at: i64| usize::try_from(at).ok().and_then(|at| Grain::ALL.get(at)))?;
                        let period = Period { grain: grain.copied().unwrap_or(Grain::Hour), index: row.get(5)? };
                        Some(ChangedFigure { series: text(series)?, definition: text(row.get(3)?)?, period })
                    }
                };
                found.push(Changed { seq: row.get(0)?, plan: text(row.get(1)?)?, figure });
            }
            Ok(found)
        })
    }

    /// The number of the last change ever noted; 0 when there was none.
    pub fn last_change(&self) -> Result<i64, StoreError> {
        self.run(|connection| {
            connection.query_row(
                "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0)",
                [],
                |row| row.get(0),
            )
        })
    }

    /// The plans that have a judgement here: those whose facts this partition holds.
    pub fn plans_judged(&self) -> Result<Vec<String>, StoreError> {
        self.run(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT text FROM names WHERE id IN (SELECT plan FROM judgements) ORDER BY text")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            rows.collect()
        })
    }
}
