//! What changed, for sinks to write again: noted in the transaction that changed it.

use super::derived::RollupRow;
use super::error::StoreError;
use super::name_cache::TextCache;
use super::names::PlanNames;
use super::reader::StoreReader;
use super::transaction::StoreTransaction;
use aggregator_core::ledger::FigureKey;
use contract::period::{Grain, Period};
use contract::record::{Observation, Span};

/// One change. What it is now is to be read from the books; a change only names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    /// Its number, rising.
    pub seq: i64,
    /// Plan id.
    pub plan: String,
    /// The figure or rollup, if it is one.
    pub figure: Option<ChangedFigure>,
    /// The KPI whose judgement changed, if it is one. With neither, the plan's catalogue is another one, and
    /// whatever was told of its KPIs before may be gone.
    pub kpi: Option<String>,
}

/// Series (or KPI, when it stands alone), definition, grain and period as they are noted.
type Noted = (Option<i64>, Option<i64>, Option<i64>, Option<i64>);

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

impl StoreTransaction<'_> {
    /// Which sinks follow this store; `None` leaves those that do. A new one starts with everything, one that is
    /// gone is forgotten with its cursor; with `anew` all start with everything.
    pub fn put_sinks(&mut self, names: Option<&[&str]>, anew: bool) -> Result<(), StoreError> {
        if let Some(names) = names {
            let known = serde_json::to_string(names).unwrap_or_default();
            self.execute("DELETE FROM sinks WHERE name NOT IN (SELECT value FROM json_each(?1))", (&known,))?;
            for name in names {
                self.execute(
                    "INSERT OR IGNORE INTO sinks(name, cursor, sum) VALUES (?1, NULL, row_sum(?1, NULL))",
                    (name,),
                )?;
            }
        }
        if anew {
            self.execute("UPDATE sinks SET cursor = NULL, sum = row_sum(name, NULL)", ())?;
        }
        let followers = self.transaction.query_row("SELECT count(*) FROM sinks", [], |row| row.get::<_, i64>(0));
        *self.followed = followers.map_err(|error| self.failed(error))? > 0;
        if !*self.followed {
            self.execute("DELETE FROM changes", ())?;
        }
        Ok(())
    }

    /// Has a sink told everything again; what its server would not take is tried again too. True when it follows
    /// this store.
    pub fn write_again(&mut self, sink: &str) -> Result<bool, StoreError> {
        self.execute("DELETE FROM dead_letters WHERE sink = ?1", (sink,))?;
        let told =
            self.execute("UPDATE sinks SET cursor = NULL, sum = row_sum(name, NULL) WHERE name = ?1", (sink,))?;
        let alerted =
            self.execute("UPDATE alert_followers SET cursor = 0, sum = row_sum(name, 0) WHERE name = ?1", (sink,))?;
        Ok(told + alerted > 0)
    }

    /// Notes that a rollup, or the figure at its place, changed.
    pub fn note_rollup(&mut self, (plan, series, definition, grain, period): RollupRow) -> Result<(), StoreError> {
        self.note(plan, (Some(series), Some(definition), Some(grain), Some(period)))
    }

    /// Notes that a figure of the series' own grain may have changed.
    pub fn note_figure(&mut self, names: &PlanNames, key: FigureKey) -> Result<(), StoreError> {
        names.figure_row(key).map_or(Ok(()), |row| self.note_rollup(row))
    }

    /// Notes that an observation is no figure any more. Its series may not be configured any more, so that nobody
    /// knows whether an instant was one of hours or of days: both are noted.
    pub fn note_removed(&mut self, observation: &Observation) -> Result<(), StoreError> {
        if !*self.followed {
            return Ok(());
        }
        let Observation { plan, series, definition, .. } = observation;
        let (plan, series, definition) = (self.name(plan)?, self.name(series)?, self.name(definition)?);
        for (number, grain) in (0_i64..).zip(Grain::ALL) {
            let period = match observation.period {
                Span::During(from, to) => Period::between(grain, from, to),
                Span::AsOf(at) => Some(Period::holding(grain, at)).filter(|p| grain <= Grain::Day && p.start() == at),
            };
            if let Some(period) = period {
                self.note(plan, (Some(series), Some(definition), Some(number), Some(i64::from(period.index))))?;
            }
        }
        Ok(())
    }

    /// Notes that the judgement of a KPI changed.
    pub(super) fn note_kpi(&mut self, plan: i64, kpi: i64) -> Result<(), StoreError> {
        self.note(plan, (Some(kpi), None, None, None))
    }

    /// Notes that a plan's catalogue is another one.
    pub fn note_catalogue(&mut self, plan: &str) -> Result<(), StoreError> {
        let plan = self.name(plan)?;
        self.note(plan, (None, None, None, None))
    }

    fn note(&mut self, plan: i64, what: Noted) -> Result<(), StoreError> {
        if !*self.followed {
            return Ok(());
        }
        let (series, definition, grain, period) = what;
        self.execute(
            "INSERT INTO changes(seq, plan, series, definition, grain, period, sum)
             SELECT next, ?1, ?2, ?3, ?4, ?5, row_sum(next, ?1, ?2, ?3, ?4, ?5)
             FROM (SELECT 1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0) AS next)",
            (plan, series, definition, grain, period),
        )
        .map(drop)
    }
}

impl StoreReader {
    /// Changes after a number, oldest first, at most `limit`.
    pub fn changes(&self, after: i64, limit: usize) -> Result<Vec<ChangeRow>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, plan, series, definition, grain, period, sum FROM changes WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            )?;
            let mut rows = statement.query((after, i64::try_from(limit).unwrap_or(i64::MAX)))?;
            let mut texts = TextCache::new(connection);
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                sqlite::check_row("changes", row, 6)?;
                let mut text = |number| texts.get(number).map(str::to_owned);
                let (named, definition): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
                let (mut figure, mut kpi) = (None, None);
                match (named, definition) {
                    (Some(series), Some(definition)) => {
                        let grain =
                            row.get(4).map(|at: i64| usize::try_from(at).ok().and_then(|at| Grain::ALL.get(at)))?;
                        let period = Period { grain: grain.copied().unwrap_or(Grain::Hour), index: row.get(5)? };
                        figure = Some(ChangedFigure { series: text(series)?, definition: text(definition)?, period });
                    }
                    (Some(judged), None) => kpi = Some(text(judged)?),
                    (None, _) => {}
                }
                found.push(ChangeRow { seq: row.get(0)?, plan: text(row.get(1)?)?, figure, kpi });
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
