//! Poll records, rejects and catalogues: the facts beside the figures.

use super::error::StoreError;
use super::name_cache::{number, text};
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
    /// Stores a poll record; false when its id was stored before.
    pub fn put_poll(&mut self, poll: &PollRecord) -> Result<bool, StoreError> {
        let (outcome, reason) = match &poll.outcome {
            PollOutcome::Changed => ("changed", None),
            PollOutcome::Unchanged => ("unchanged", None),
            PollOutcome::Failed(reason) => ("failed", Some(self.name(reason)?)),
        };
        let ids = (self.name(&poll.plan)?, self.name(&poll.id)?, self.name(&poll.source)?);
        let (collector, address) = (self.name(&poll.collector)?, self.name(&poll.address)?);
        let bytes = poll.bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        let new = self.execute(
            "INSERT OR IGNORE INTO visits(plan, id, source, collector, time, outcome, reason, address, sha256, bytes, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10))",
            (ids.0, ids.1, ids.2, collector, poll.time.0, outcome, reason, address, &poll.sha256, bytes),
        )?;
        Ok(new == 1)
    }

    /// Stores a reject; false when the very same was stored before.
    pub fn put_reject(&mut self, reject: &Reject) -> Result<bool, StoreError> {
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
        Ok(new == 1)
    }

    /// Stores a catalogue's text; false when plan, revision and text were stored before.
    pub fn put_catalogue(&mut self, catalogue: &CatalogueText) -> Result<bool, StoreError> {
        let digest = xxh3_128(catalogue.text.as_bytes()).to_be_bytes();
        let plan = self.name(&catalogue.plan)?;
        let new = self.execute(
            "INSERT OR IGNORE INTO catalogues(plan, revision, digest, text, sum)
             VALUES (?1, ?2, ?3, ?4, row_sum(?1, ?2, ?3, ?4))",
            (plan, catalogue.revision.0, digest, &catalogue.text),
        )?;
        Ok(new == 1)
    }
}

impl StoreReader {
    /// A poll record of a plan.
    pub fn poll(&self, plan: &str, id: &str) -> Result<Option<PollRecord>, StoreError> {
        self.run(|connection| {
            let (Some(plan_id), Some(visit)) = (number(connection, plan)?, number(connection, id)?) else {
                return Ok(None);
            };
            let mut statement = connection.prepare_cached(
                "SELECT plan, id, source, collector, time, outcome, reason, address, sha256, bytes, sum FROM visits
                 WHERE plan = ?1 AND id = ?2",
            )?;
            let read = |row: &rusqlite::Row<'_>| {
                sqlite::check_row("visits", row, 10)?;
                let reason: Option<i64> = row.get(6)?;
                let outcome: String = row.get(5)?;
                Ok(PollRecord {
                    plan: plan.to_owned(),
                    source: text(connection, row.get(2)?)?,
                    id: id.to_owned(),
                    collector: text(connection, row.get(3)?)?,
                    time: Micros(row.get(4)?),
                    outcome: match (reason, outcome.as_str()) {
                        (Some(reason), _) => PollOutcome::Failed(text(connection, reason)?),
                        (None, "changed") => PollOutcome::Changed,
                        (None, _) => PollOutcome::Unchanged,
                    },
                    address: text(connection, row.get(7)?)?,
                    sha256: row.get(8)?,
                    bytes: row.get::<_, Option<i64>>(9)?.map(i64::unsigned_abs),
                    size: None,
                })
            };
            statement.query_row((plan_id, visit), read).optional()
        })
    }

    /// The latest poll of each source of a plan.
    pub fn last_polls(&self, plan: &str) -> Result<Vec<PollRecord>, StoreError> {
        let mut latest: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        self.each_poll(plan, |row| {
            let found = (row.get(4)?, row.get(1)?);
            let known = latest.entry(row.get(2)?).or_insert(found);
            *known = found.max(*known);
            Ok(())
        })?;
        let ids =
            self.run(|connection| latest.values().map(|(_, id)| text(connection, *id)).collect::<Result<Vec<_>, _>>())?;
        let polls = ids.iter().map(|id| self.poll(plan, id));
        polls.filter_map(Result::transpose).collect()
    }

    /// When each source of a plan was last read whole: that something has not changed is a server's word alone.
    pub fn last_read(&self, plan: &str) -> Result<BTreeMap<String, Micros>, StoreError> {
        let mut latest: BTreeMap<i64, Micros> = BTreeMap::new();
        self.each_poll(plan, |row| {
            let (outcome, hash): (String, Option<String>) = (row.get(5)?, row.get(8)?);
            let is_whole = hash.is_some() || row.get::<_, Option<i64>>(9)?.is_none();
            if outcome == "changed" || (outcome == "unchanged" && is_whole) {
                let time = Micros(row.get(4)?);
                let known = latest.entry(row.get(2)?).or_insert(time);
                *known = time.max(*known);
            }
            Ok(())
        })?;
        self.run(|connection| latest.into_iter().map(|(id, time)| Ok((text(connection, id)?, time))).collect())
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

    /// The times of a source's polls after `now`: its collector's clock is ahead.
    pub fn polls_after(&self, plan: &str, source: &str, now: Micros) -> Result<Vec<Micros>, StoreError> {
        let source = self.run(|connection| number(connection, source))?;
        let mut found = Vec::new();
        self.each_poll(plan, |row| {
            let time = Micros(row.get(4)?);
            found.extend((time > now && row.get::<_, Option<i64>>(2)? == source).then_some(time));
            Ok(())
        })?;
        Ok(found)
    }

    /// Hands every poll record of a plan that was not retracted to `each`, as a row that was proved.
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
            let mut statement = connection.prepare_cached(
                "SELECT plan, id, source, collector, time, outcome, reason, address, sha256, bytes, sum FROM visits
                 WHERE plan = ?1",
            )?;
            let mut rows = statement.query((plan,))?;
            while let Some(row) = rows.next()? {
                sqlite::check_row("visits", row, 10)?;
                let (source, time): (i64, _) = (row.get(2)?, Micros(row.get(4)?));
                if !retracted.iter().any(|(of, retraction)| *of == source && retraction.covers(time)) {
                    each(row)?;
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
