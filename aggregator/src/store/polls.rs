//! Poll records, rejects and catalogues: the facts beside the figures.

use super::error::StoreError;
use super::fact_outcome::FactOutcome;
use super::name_cache::{number, text};
use super::poll_row::{self, COLUMNS, TABLES};
use super::quiet_polls::{self, QuietPoll};
use super::reader::StoreReader;
use super::transaction::StoreTransaction;
use contract::record::{CatalogueText, PollOutcome, PollRecord, Record, Reject};
use contract::time::Micros;
use contract::wire;
use rusqlite::OptionalExtension;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use xxhash_rust::xxh3::xxh3_128;

impl StoreTransaction<'_> {
    /// Stores a poll record, or folds a quiet one.
    pub fn put_poll(&mut self, poll: &PollRecord) -> Result<FactOutcome, StoreError> {
        let (outcome, reason) = match &poll.outcome {
            PollOutcome::Changed => (poll_row::CHANGED, None),
            PollOutcome::Unchanged => (poll_row::UNCHANGED, None),
            PollOutcome::Failed(reason) => (poll_row::FAILED, Some(self.name(reason)?)),
        };
        let row = QuietPoll {
            plan: self.name(&poll.plan)?,
            id: poll.id.clone(),
            source: self.name(&poll.source)?,
            collector: self.name(&poll.collector)?,
            time: poll.time.0,
            outcome: outcome.to_owned(),
            reason,
            address: self.name(&poll.address)?,
            sha256: poll.sha256.clone(),
            bytes: poll.bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
        };
        if is_quiet(poll) { self.put_quiet(&row, &poll.source) } else { self.put_visit(&row) }
    }

    /// Most ids of quiet polls are gone with their rows, so they are no names.
    fn put_quiet(&mut self, row: &QuietPoll, source: &str) -> Result<FactOutcome, StoreError> {
        let put = || {
            // Published again, a poll that had records does not say so.
            if let Some(id) = number(self.transaction, &row.id)? {
                let mut known = self.transaction.prepare_cached("SELECT 1 FROM visits WHERE plan = ?1 AND id = ?2")?;
                if known.exists((row.plan, id))? {
                    return Ok(FactOutcome::Duplicate);
                }
            }
            quiet_polls::put(self.transaction, row, source)
        };
        put().map_err(|error| self.failed(error))
    }

    fn put_visit(&mut self, row: &QuietPoll) -> Result<FactOutcome, StoreError> {
        let id = self.name(&row.id)?;
        let known = quiet_polls::remove(self.transaction, row).map_err(|error| self.failed(error))?;
        let (of, from) = ((row.plan, id, row.source, row.collector), (row.reason, row.address));
        let new = self.execute(
            "INSERT OR IGNORE INTO visits(plan, id, source, collector, time, outcome, reason, address, sha256, bytes, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10))",
            (of.0, of.1, of.2, of.3, row.time, &row.outcome, from.0, from.1, &row.sha256, row.bytes),
        )?;
        Ok(if known { FactOutcome::Duplicate } else { FactOutcome::of_insert(new) })
    }

    /// Stores a reject, unless the very same was stored before.
    pub fn put_reject(&mut self, reject: &Reject) -> Result<FactOutcome, StoreError> {
        let digest = xxh3_128(&wire::encode(&Record::Reject(reject.clone()))).to_be_bytes();
        let ids = (self.name(&reject.plan)?, self.name(&reject.source)?, self.name(&reject.visit)?);
        let new = self.execute(
            "INSERT OR IGNORE INTO
             rejects(digest, plan, source, visit, time, reason, file, sheet, line, field, hash, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
                     row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11))",
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
        Ok(FactOutcome::of_insert(new))
    }

    /// Stores a catalogue's text, unless plan, revision and text were stored before.
    pub fn put_catalogue(&mut self, catalogue: &CatalogueText) -> Result<FactOutcome, StoreError> {
        let digest = xxh3_128(catalogue.text.as_bytes()).to_be_bytes();
        let plan = self.name(&catalogue.plan)?;
        let new = self.execute(
            "INSERT OR IGNORE INTO catalogues(plan, revision, digest, text, sum)
             VALUES (?1, ?2, ?3, ?4, row_sum(?1, ?2, ?3, ?4))",
            (plan, catalogue.revision.0, digest, &catalogue.text),
        )?;
        Ok(FactOutcome::of_insert(new))
    }
}

/// True for a poll that brought no record.
fn is_quiet(poll: &PollRecord) -> bool {
    poll.outcome != PollOutcome::Changed && poll.size.is_none_or(|size| size.records == 0)
}

impl StoreReader {
    /// A stored poll record of a plan.
    pub fn poll(&self, plan: &str, id: &str) -> Result<Option<PollRecord>, StoreError> {
        self.run(|connection| {
            let Some(plan) = number(connection, plan)? else { return Ok(None) };
            if let Some(visit) = number(connection, id)? {
                let sql = format!("SELECT {COLUMNS} FROM visits WHERE plan = ?1 AND id = ?2");
                let mut statement = connection.prepare_cached(&sql)?;
                let read = |row: &rusqlite::Row<'_>| poll_row::read(connection, "visits", row);
                if let Some(found) = statement.query_row((plan, visit), read).optional()? {
                    return Ok(Some(found));
                }
            }
            // A plan has few of them.
            let mut statement =
                connection.prepare_cached(&format!("SELECT {COLUMNS} FROM quiet_polls WHERE plan = ?1"))?;
            let mut rows = statement.query((plan,))?;
            while let Some(row) = rows.next()? {
                let poll = poll_row::read(connection, "quiet_polls", row)?;
                if poll.id == id {
                    return Ok(Some(poll));
                }
            }
            Ok(None)
        })
    }

    /// The time of the latest poll of every collector of a plan.
    pub fn collectors(&self, plan: &str) -> Result<BTreeMap<String, Micros>, StoreError> {
        let mut latest: BTreeMap<i64, Micros> = BTreeMap::new();
        self.each_poll(plan, |row| {
            let time = Micros(row.get(4)?);
            let known = latest.entry(row.get(3)?).or_insert(time);
            *known = time.max(*known);
            Ok(())
        })?;
        self.run(|connection| latest.into_iter().map(|(id, time)| Ok((text(connection, id)?, time))).collect())
    }

    /// Hands every stored poll record of a plan that was not retracted to `each`, as a row that was proved.
    fn each_poll(
        &self,
        plan: &str,
        mut each: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let retractions = self.retractions(plan, Micros(i64::MAX))?;
        self.run(|connection| {
            let Some(plan) = number(connection, plan)? else { return Ok(()) };
            let mut retracted = Vec::new();
            for retraction in &retractions {
                if let Some(source) = number(connection, &retraction.source)? {
                    retracted.push((source, retraction));
                }
            }
            for table in TABLES {
                let mut statement =
                    connection.prepare_cached(&format!("SELECT {COLUMNS} FROM {table} WHERE plan = ?1"))?;
                let mut rows = statement.query((plan,))?;
                while let Some(row) = rows.next()? {
                    poll_row::check(table, row)?;
                    let (source, time): (i64, _) = (row.get(2)?, Micros(row.get(4)?));
                    if !retracted.iter().any(|(of, retraction)| *of == source && retraction.covers(time)) {
                        each(row)?;
                    }
                }
            }
            Ok(())
        })
    }

    /// Hands every reading of a whole file of a plan to `each`: source and address, whether it brought anything new, when.
    pub fn each_reading(&self, plan: &str, mut each: impl FnMut((&str, &str), bool, Micros)) -> Result<(), StoreError> {
        let mut texts = BTreeMap::new();
        let mut readings = Vec::new();
        self.each_poll(plan, |row| {
            let outcome = row.get_ref(5)?.as_str()?;
            if outcome != "failed" && row.get::<_, Option<i64>>(9)?.is_some() {
                readings.push((row.get(2)?, row.get(7)?, outcome == "changed", Micros(row.get(4)?)));
            }
            Ok(())
        })?;
        let ids = readings.iter().flat_map(|(source, address, ..): &(i64, i64, bool, Micros)| [*source, *address]);
        self.run(|connection| {
            for id in ids {
                if let Entry::Vacant(new) = texts.entry(id) {
                    new.insert(text(connection, id)?);
                }
            }
            Ok(())
        })?;
        for (source, address, changed, time) in &readings {
            each((&texts[source], &texts[address]), *changed, *time);
        }
        Ok(())
    }

    /// Hands every reject to `each`.
    pub fn each_reject(&self, mut each: impl FnMut(&Reject)) -> Result<(), StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT digest, plan, source, visit, time, reason, file, sheet, line, field, hash, sum FROM rejects",
            )?;
            let mut rows = statement.query(())?;
            while let Some(row) = rows.next()? {
                sqlite::check_row("rejects", row, 11)?;
                each(&Reject {
                    plan: text(connection, row.get(1)?)?,
                    source: text(connection, row.get(2)?)?,
                    visit: text(connection, row.get(3)?)?,
                    time: Micros(row.get(4)?),
                    reason: row.get(5)?,
                    file: row.get(6)?,
                    sheet: row.get(7)?,
                    row: row.get(8)?,
                    column: row.get(9)?,
                    hash: row.get(10)?,
                });
            }
            Ok(())
        })
    }

    /// The revisions of a plan's catalogue after `from`, up to `to`.
    pub fn catalogues_between(&self, plan: &str, from: Micros, to: Micros) -> Result<Vec<Micros>, StoreError> {
        let mut found = Vec::new();
        self.each_catalogue(plan, |revision, _| found.extend((from < revision && revision <= to).then_some(revision)))?;
        found.sort();
        Ok(found)
    }

    /// The catalogue of a plan that was in force at `upto`: the greatest (revision, text) by then.
    pub fn catalogue_at(&self, plan: &str, upto: Micros) -> Result<Option<CatalogueText>, StoreError> {
        let mut latest: Option<(Micros, String)> = None;
        self.each_catalogue(plan, |revision, text| {
            let newer = |(known, said): &(Micros, String)| (*known, said.as_str()) < (revision, text);
            if revision <= upto && latest.as_ref().is_none_or(newer) {
                latest = Some((revision, text.to_owned()));
            }
        })?;
        Ok(latest.map(|(revision, text)| CatalogueText { plan: plan.to_owned(), revision, text }))
    }

    /// Every catalogue of a plan up to a revision.
    pub fn catalogues(&self, plan: &str, upto: Micros) -> Result<Vec<CatalogueText>, StoreError> {
        let mut found = Vec::new();
        self.each_catalogue(plan, |revision, text| {
            let catalogue = || CatalogueText { plan: plan.to_owned(), revision, text: text.to_owned() };
            found.extend((revision <= upto).then(catalogue));
        })?;
        Ok(found)
    }

    /// Hands every catalogue of every plan up to a revision to `each`: one pass, for whoever needs those of many plans.
    pub fn each_recorded_catalogue(&self, upto: Micros, mut each: impl FnMut(CatalogueText)) -> Result<(), StoreError> {
        self.run(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT plan, revision, digest, text, sum FROM catalogues ORDER BY plan")?;
            let mut rows = statement.query(())?;
            let (mut before, mut plan) = (None, String::new());
            while let Some(row) = rows.next()? {
                sqlite::check_row("catalogues", row, 4)?;
                let (number, revision): (i64, i64) = (row.get(0)?, row.get(1)?);
                if before.replace(number) != Some(number) {
                    plan = text(connection, number)?;
                }
                if revision <= upto.0 {
                    each(CatalogueText { plan: plan.clone(), revision: Micros(revision), text: row.get(3)? });
                }
            }
            Ok(())
        })
    }

    /// Hands revision and text of every catalogue of a plan to `each`. They are few, and all of them are proved: one
    /// whose plan or revision was turned over would else not be found.
    fn each_catalogue(&self, plan: &str, mut each: impl FnMut(Micros, &str)) -> Result<(), StoreError> {
        self.run(|connection| {
            let Some(number) = number(connection, plan)? else { return Ok(()) };
            let mut statement =
                connection.prepare_cached("SELECT plan, revision, digest, text, sum FROM catalogues")?;
            let mut rows = statement.query(())?;
            while let Some(row) = rows.next()? {
                sqlite::check_row("catalogues", row, 4)?;
                if row.get::<_, i64>(0)? == number {
                    each(Micros(row.get(1)?), row.get_ref(3)?.as_str()?);
                }
            }
            Ok(())
        })
    }
}
