//! Visits, rejects and catalogues: the facts beside the figures.

use super::names::{number, text};
use super::{Change, Reader, StoreError};
use contract::record::{CatalogueText, Outcome, Record, Reject, Visit};
use contract::time::Micros;
use contract::wire;
use rusqlite::OptionalExtension;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_128;

impl Change<'_> {
    /// Stores a visit; false when its id was stored before.
    pub fn put_visit(&mut self, visit: &Visit) -> Result<bool, StoreError> {
        let (outcome, reason) = match &visit.outcome {
            Outcome::Changed => ("changed", None),
            Outcome::Unchanged => ("unchanged", None),
            Outcome::Failed(reason) => ("failed", Some(self.name(reason)?)),
        };
        let ids = (self.name(&visit.plan)?, self.name(&visit.id)?, self.name(&visit.source)?);
        let (collector, address) = (self.name(&visit.collector)?, self.name(&visit.address)?);
        let bytes = visit.bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        let new = self.execute(
            "INSERT OR IGNORE INTO visits(plan, id, source, collector, time, outcome, reason, address, sha256, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            (ids.0, ids.1, ids.2, collector, visit.time.0, outcome, reason, address, &visit.sha256, bytes),
        )?;
        Ok(new == 1)
    }

    /// Stores a reject; false when the very same was stored before.
    pub fn put_reject(&mut self, reject: &Reject) -> Result<bool, StoreError> {
        let digest = xxh3_128(&wire::encode(&Record::Reject(reject.clone()))).to_be_bytes();
        let ids = (self.name(&reject.plan)?, self.name(&reject.source)?, self.name(&reject.visit)?);
        let new = self.execute(
            "INSERT OR IGNORE INTO rejects(digest, plan, source, visit, time, reason, file, sheet, line, field, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            (
                digest,
                ids.0,
                ids.1,
                ids.2,
                reject.time.0,
                &reject.reason,
                &reject.file,
                &reject.sheet,
                reject.row,
                &reject.column,
                &reject.hash,
            ),
        )?;
        Ok(new == 1)
    }

    /// Stores a catalogue's text; false when plan, revision and text were stored before.
    pub fn put_catalogue(&mut self, catalogue: &CatalogueText) -> Result<bool, StoreError> {
        let digest = xxh3_128(catalogue.text.as_bytes()).to_be_bytes();
        let plan = self.name(&catalogue.plan)?;
        let new = self.execute(
            "INSERT OR IGNORE INTO catalogues(plan, revision, digest, text) VALUES (?1, ?2, ?3, ?4)",
            (plan, catalogue.revision.0, digest, &catalogue.text),
        )?;
        Ok(new == 1)
    }
}

impl Reader {
    /// A visit of a plan.
    pub fn visit(&self, plan: &str, id: &str) -> Result<Option<Visit>, StoreError> {
        self.run(|connection| {
            let (Some(plan_id), Some(visit)) = (number(connection, plan)?, number(connection, id)?) else {
                return Ok(None);
            };
            let mut statement = connection.prepare_cached(
                "SELECT source, collector, time, outcome, reason, address, sha256, bytes FROM visits
                 WHERE plan = ?1 AND id = ?2",
            )?;
            let read = |row: &rusqlite::Row<'_>| {
                let reason: Option<i64> = row.get(4)?;
                let outcome: String = row.get(3)?;
                Ok(Visit {
                    plan: plan.to_owned(),
                    source: text(connection, row.get(0)?)?,
                    id: id.to_owned(),
                    collector: text(connection, row.get(1)?)?,
                    time: Micros(row.get(2)?),
                    outcome: match (reason, outcome.as_str()) {
                        (Some(reason), _) => Outcome::Failed(text(connection, reason)?),
                        (None, "changed") => Outcome::Changed,
                        (None, _) => Outcome::Unchanged,
                    },
                    address: text(connection, row.get(5)?)?,
                    sha256: row.get(6)?,
                    bytes: row.get::<_, Option<i64>>(7)?.map(i64::unsigned_abs),
                })
            };
            statement.query_row((plan_id, visit), read).optional()
        })
    }

    /// The latest visit of each source of a plan.
    pub fn last_visits(&self, plan: &str) -> Result<Vec<Visit>, StoreError> {
        let ids: Vec<String> = self.run(|connection| {
            let Some(plan) = number(connection, plan)? else { return Ok(Vec::new()) };
            // SQLite takes the other columns from the row of the greatest time.
            let sql = "SELECT text FROM (SELECT id AS visit, max(time) FROM visits WHERE plan = ?1 GROUP BY source)
                       JOIN names ON names.id = visit";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map((plan,), |row| row.get(0))?;
            rows.collect()
        })?;
        let mut visits = Vec::with_capacity(ids.len());
        for id in ids {
            visits.extend(self.visit(plan, &id)?);
        }
        Ok(visits)
    }

    /// When each source of a plan could last be read.
    pub fn last_read(&self, plan: &str) -> Result<BTreeMap<String, Micros>, StoreError> {
        self.run(|connection| {
            let Some(plan) = number(connection, plan)? else { return Ok(BTreeMap::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT text, max(time) FROM visits JOIN names ON names.id = source
                 WHERE plan = ?1 AND outcome <> 'failed' GROUP BY source",
            )?;
            let rows = statement.query_map((plan,), |row| Ok((row.get(0)?, Micros(row.get(1)?))))?;
            rows.collect()
        })
    }

    /// The time of the latest visit of every collector of a plan.
    pub fn collectors(&self, plan: &str) -> Result<BTreeMap<String, Micros>, StoreError> {
        self.run(|connection| {
            let Some(plan) = number(connection, plan)? else { return Ok(BTreeMap::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT text, max(time) FROM visits JOIN names ON names.id = collector WHERE plan = ?1
                 GROUP BY collector",
            )?;
            let rows = statement.query_map((plan,), |row| Ok((row.get(0)?, Micros(row.get(1)?))))?;
            rows.collect()
        })
    }

    /// The revisions of a plan's catalogue after `from`, up to `to`.
    pub fn catalogues_between(&self, plan: &str, from: Micros, to: Micros) -> Result<Vec<Micros>, StoreError> {
        self.run(|connection| {
            let Some(number) = number(connection, plan)? else { return Ok(Vec::new()) };
            let sql = "SELECT revision FROM catalogues WHERE plan = ?1 AND revision > ?2 AND revision <= ?3 ORDER BY revision";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map((number, from.0, to.0), |row| Ok(Micros(row.get(0)?)))?;
            rows.collect()
        })
    }

    /// The catalogue of a plan that was in force at `upto`: the greatest (revision, text) by then.
    pub fn catalogue_at(&self, plan: &str, upto: Micros) -> Result<Option<CatalogueText>, StoreError> {
        self.run(|connection| {
            let Some(number) = number(connection, plan)? else { return Ok(None) };
            let mut statement = connection.prepare_cached(
                "SELECT revision, text FROM catalogues WHERE plan = ?1 AND revision <= ?2
                 ORDER BY revision DESC, text DESC LIMIT 1",
            )?;
            let read = |row: &rusqlite::Row<'_>| {
                Ok(CatalogueText { plan: plan.to_owned(), revision: Micros(row.get(0)?), text: row.get(1)? })
            };
            statement.query_row((number, upto.0), read).optional()
        })
    }
}
