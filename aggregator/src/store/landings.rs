//! The answers where KPIs are expected to land. They are derived, but not compared with the facts when a store is opened:
//! each is the answer to its key, which is a hash of all that it depends on. One that nobody asks for any more is removed.

use super::error::StoreError;
use super::sink_cursor::SinkCursor;
use aggregator_core::landing::{LandingAnswer, LandingKey};
use std::collections::BTreeMap;

/// The answers of one KPI by their keys.
pub type StoredLandings = BTreeMap<LandingKey, LandingAnswer>;

impl SinkCursor {
    /// All answers by plan and KPI; an error when a row is damaged.
    pub fn landings(&self) -> Result<BTreeMap<(String, String), StoredLandings>, StoreError> {
        self.read().run(|connection| {
            let mut statement = connection.prepare_cached("SELECT plan, kpi, key, answer, sum FROM landings")?;
            let mut rows = statement.query(())?;
            let mut found: BTreeMap<(String, String), StoredLandings> = BTreeMap::new();
            while let Some(row) = rows.next()? {
                sqlite::check_row("landings", row, 4)?;
                let text: String = row.get(3)?;
                // An answer of another version is computed again.
                let Ok(answer) = serde_json::from_str(&text) else { continue };
                found.entry((row.get(0)?, row.get(1)?)).or_default().insert(LandingKey(row.get(2)?), answer);
            }
            Ok(found)
        })
    }

    /// Removes all answers.
    pub fn remove_landings(&mut self) -> Result<(), StoreError> {
        self.read().run(|connection| connection.execute("DELETE FROM landings", ()).map(drop))
    }

    /// Replaces the answers of a KPI in one transaction, as far as they differ from those of `before`.
    pub fn put_landings(
        &mut self,
        (plan, kpi): (&str, &str),
        before: &StoredLandings,
        answers: &StoredLandings,
    ) -> Result<(), StoreError> {
        self.read().run(|connection| {
            let transaction = connection.unchecked_transaction()?;
            for key in before.keys().filter(|key| !answers.contains_key(key)) {
                transaction
                    .prepare_cached("DELETE FROM landings WHERE plan = ?1 AND kpi = ?2 AND key = ?3")?
                    .execute((plan, kpi, key.0))?;
            }
            for (key, answer) in answers.iter().filter(|(key, _)| !before.contains_key(key)) {
                let text = serde_json::to_string(answer).unwrap_or_default();
                transaction
                    .prepare_cached(
                        "INSERT OR REPLACE INTO landings(plan, kpi, key, answer, sum)
                         VALUES (?1, ?2, ?3, ?4, row_sum(?1, ?2, ?3, ?4))",
                    )?
                    .execute((plan, kpi, key.0, text))?;
            }
            transaction.commit()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{file, open_writer, path, schema};
    use super::*;
    use aggregator_core::landing::LandingSilence;
    use bus::Partition;
    use rusqlite::Connection;

    #[test]
    fn a_store_of_before_has_no_landings_and_takes_them() {
        let folder = tempfile::tempdir().unwrap();
        let at = path(folder.path(), Partition(0));
        let connection = Connection::open(&at).unwrap();
        let before = schema::before("landings");
        for migration in before {
            connection.execute_batch(migration).unwrap();
        }
        connection.pragma_update(None, "application_id", file::STORE_FILE.application_id).unwrap();
        connection.pragma_update(None, "user_version", i64::try_from(before.len()).unwrap()).unwrap();
        drop(connection);
        let writer = open_writer(folder.path(), Partition(0)).unwrap();
        let mut desk = writer.desk().unwrap();
        assert_eq!(desk.landings().unwrap(), BTreeMap::new());
        let answers = StoredLandings::from([(LandingKey([7; 16]), Err(LandingSilence::TooFarAhead))]);
        desk.put_landings(("p", "k"), &BTreeMap::new(), &answers).unwrap();
        assert_eq!(desk.landings().unwrap(), BTreeMap::from([(("p".into(), "k".into()), answers)]));
        writer.read().verify().unwrap();
    }

    #[test]
    fn a_damaged_answer_is_never_used() {
        let folder = tempfile::tempdir().unwrap();
        let writer = open_writer(folder.path(), Partition(0)).unwrap();
        let mut desk = writer.desk().unwrap();
        let answers = StoredLandings::from([(LandingKey([7; 16]), Err(LandingSilence::TooFarAhead))]);
        desk.put_landings(("p", "k"), &BTreeMap::new(), &answers).unwrap();
        let connection = file::open(&path(folder.path(), Partition(0))).unwrap();
        connection.execute_batch("UPDATE landings SET kpi = 'l'").unwrap();
        assert!(desk.landings().unwrap_err().is_damage());
        desk.remove_landings().unwrap();
        assert_eq!(desk.landings().unwrap(), BTreeMap::new());
    }
}
