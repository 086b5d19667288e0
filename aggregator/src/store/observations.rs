//! Observations: an append-only log of small integers.

use super::checksum;
use super::error::StoreError;
use super::name_cache::{RepeatedText, TextCache, number};
use super::names::PlanNames;
use super::reader::StoreReader;
use super::transaction::StoreTransaction;
use crate::keys::RecordSignature;
use aggregator_core::ledger::FigureKey;
use contract::borrowed::{BorrowedObservation, BorrowedValue};
use contract::record::{Breakdown, Finality, Observation, Place, Span, Value};
use contract::time::{Micros, Moment};
use rusqlite::types::Type;
use rusqlite::{Connection, Row};

const INSERT: &str = "
    INSERT INTO observations(plan, series, definition, source, since, until, value, reason, final, revision,
                             visit, sheet, line, breakdown, sum, signer, mac)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
const COLUMNS: &str = "id, plan, series, definition, source, since, until, value, reason, final, revision, \
                       visit, sheet, line, breakdown, sum, signer, mac";

/// The integers of a row in the order of its columns, after the id.
type Fields = [Option<i64>; 13];

/// An admitted observation and the numbers of its ids.
#[derive(Clone, Copy, Debug)]
pub struct ObservationRow<'a> {
    /// Numbers of its plan's catalogue.
    pub names: &'a PlanNames,
    /// What it is a figure of.
    pub key: FigureKey,
    /// The record.
    pub observation: BorrowedObservation<'a>,
    /// Its signature.
    pub signature: Option<&'a RecordSignature>,
}

/// A stored observation.
#[derive(Clone, Debug)]
pub struct StoredObservation<'a> {
    /// Its row.
    pub id: i64,
    /// The record.
    pub observation: &'a Observation,
    /// Its signature.
    pub signature: Option<RecordSignature>,
}

impl StoreTransaction<'_> {
    /// Appends observations.
    pub fn put_observations(&mut self, rows: &[ObservationRow<'_>]) -> Result<(), StoreError> {
        self.append(rows).map_err(|error| StoreError::of(self.path, error))?;
        rows.iter().try_for_each(|row| self.note_figure(row.names, row.key))
    }

    fn append(&mut self, rows: &[ObservationRow<'_>]) -> rusqlite::Result<()> {
        let mut statement = self.transaction.prepare_cached(INSERT)?;
        // Most rows come from the visit of the row before.
        let mut before: Option<(&str, i64)> = None;
        for row in rows {
            let o = row.observation;
            let visit = match before {
                Some((text, number)) if text == o.visit => number,
                _ => self.names.intern(self.transaction, o.visit)?,
            };
            before = Some((o.visit, visit));
            let series = &row.names.series[usize::from(row.key.series)];
            let (since, until) = match o.period {
                Span::AsOf(at) => (at.0, None),
                Span::During(from, to) => (from.0, Some(to.0)),
            };
            let (value, reason) = match o.value {
                BorrowedValue::Known(n) => (Some(n), None),
                BorrowedValue::Unknown(reason) => (None, Some(self.names.intern(self.transaction, reason)?)),
            };
            let sheet = o.place.and_then(|place| place.sheet);
            let sheet = sheet.map(|sheet| self.names.intern(self.transaction, sheet)).transpose()?;
            let breakdown = o.breakdown.map(|labels| serde_json::to_string(labels).unwrap_or_default());
            let fields: Fields = [
                Some(row.names.plan),
                Some(series.id),
                Some(series.definitions[usize::from(row.key.definition)]),
                Some(series.sources[usize::from(row.key.source)]),
                Some(since),
                until,
                value,
                reason,
                Some(i64::from(o.finality == Finality::Final)),
                Some(o.revision.0),
                Some(visit),
                sheet,
                o.place.and_then(|place| place.row).map(i64::from),
            ];
            for (index, field) in fields.iter().enumerate() {
                statement.raw_bind_parameter(index + 1, field)?;
            }
            statement.raw_bind_parameter(14, &breakdown)?;
            let signed = match row.signature {
                Some(RecordSignature { key, mac }) => Some((self.names.intern(self.transaction, key)?, *mac)),
                None => None,
            };
            let summed = signed.map(|(signer, mac)| (signer, u128::from_be_bytes(mac)));
            statement.raw_bind_parameter(15, checksum::of_observation(&fields, summed, breakdown.as_deref()))?;
            statement.raw_bind_parameter(16, signed.map(|(signer, _)| signer))?;
            statement.raw_bind_parameter(17, signed.map(|(_, mac)| mac))?;
            statement.raw_execute()?;
        }
        Ok(())
    }

    /// Takes an observation out, because the catalogue no longer admits it.
    pub fn remove_observation(&mut self, id: i64) -> Result<(), StoreError> {
        self.execute("DELETE FROM observations WHERE id = ?1", (id,)).map(drop)
    }
}

impl StoreReader {
    /// Hands every observation with a revision up to `upto` to `each`, in the order of arrival. Visit and place are left
    /// out: figures do not need them, and a start must be fast.
    pub fn each_observation(
        &self,
        upto: Micros,
        mut each: impl FnMut(StoredObservation<'_>),
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            let mut statement =
                connection.prepare_cached(&format!("SELECT {COLUMNS} FROM observations ORDER BY id"))?;
            let mut rows = statement.query(())?;
            let mut decoder = Decoder::new(connection, false);
            let mut signers = TextCache::new(connection);
            let mut before = 0;
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                checksum::in_order("observations", &mut before, id)?;
                let observation = decoder.read(row)?;
                if observation.revision <= upto {
                    let signature = match signed(row)? {
                        Some((signer, mac)) => {
                            Some(RecordSignature { key: signers.get(signer)?.into(), mac: mac.to_be_bytes() })
                        }
                        None => None,
                    };
                    each(StoredObservation { id, observation, signature });
                }
            }
            Ok(())
        })
    }

    /// One observation, whole.
    pub fn observation(&self, id: i64) -> Result<Observation, StoreError> {
        self.run(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM observations WHERE id = ?1");
            let mut statement = connection.prepare_cached(&sql)?;
            statement.query_row((id,), |row| Decoder::new(connection, true).read(row).cloned())
        })
    }

    /// The next at most `limit` observations of a plan after the one with the id `after` (0: from the first), whole,
    /// each with its id; of one series and one source where they are named. Reads the log from there, without an index.
    pub fn observations_after(
        &self,
        plan: &str,
        (series, source): (Option<&str>, Option<&str>),
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, Observation)>, StoreError> {
        self.run(|connection| {
            let known = |text: Option<&str>| text.map(|text| number(connection, text)).transpose();
            // A name that was never said has no observation.
            let (plan, series, source) = (number(connection, plan)?, known(series)?, known(source)?);
            let (Some(plan), false, false) = (plan, series == Some(None), source == Some(None)) else {
                return Ok(Vec::new());
            };
            let sql = format!("SELECT {COLUMNS} FROM observations WHERE id > ?1 ORDER BY id");
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query((after,))?;
            let mut decoder = Decoder::new(connection, true);
            let (mut found, mut before) = (Vec::new(), after);
            while found.len() < limit {
                let Some(row) = rows.next()? else { break };
                let (id, fields) = (row.get(0)?, proved(row)?);
                checksum::in_order("observations", &mut before, id)?;
                let is = |at: usize, wanted: Option<Option<i64>>| wanted.is_none_or(|wanted| fields[at] == wanted);
                if is(0, Some(Some(plan))) && is(1, series) && is(3, source) {
                    found.push((id, decoder.decode(row)?.clone()));
                }
            }
            Ok(found)
        })
    }

    /// The observations of one series and definition whose period is wanted, whole, up to a revision.
    /// There is no index: a question about evidence reads the whole log, which may take a second.
    pub fn observations_of(
        &self,
        (plan, series, definition): (&str, &str, &str),
        upto: Micros,
        wanted: impl Fn(Span) -> bool,
    ) -> Result<Vec<Observation>, StoreError> {
        self.run(|connection| {
            let numbers = (number(connection, plan)?, number(connection, series)?, number(connection, definition)?);
            let (Some(plan), Some(series), Some(definition)) = numbers else { return Ok(Vec::new()) };
            let mut statement =
                connection.prepare_cached(&format!("SELECT {COLUMNS} FROM observations ORDER BY id"))?;
            let mut rows = statement.query(())?;
            let mut decoder = Decoder::new(connection, true);
            let (mut found, mut before) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let fields = proved(row)?;
                checksum::in_order("observations", &mut before, row.get(0)?)?;
                let ours = fields[..3] == [Some(plan), Some(series), Some(definition)];
                if ours && fields[9].is_some_and(|revision| revision <= upto.0) && wanted(span(row)?) {
                    found.push(decoder.decode(row)?.clone());
                }
            }
            Ok(found)
        })
    }
}

impl StoreReader {
    /// The periods of one series and definition about which a source has said something more than once, up to a revision.
    pub fn restated_spans(
        &self,
        (plan, series, definition): (&str, &str, &str),
        upto: Micros,
    ) -> Result<Vec<Span>, StoreError> {
        self.run(|connection| {
            let numbers = (number(connection, plan)?, number(connection, series)?, number(connection, definition)?);
            let (Some(plan), Some(series), Some(definition)) = numbers else { return Ok(Vec::new()) };
            let sql = "SELECT since, until FROM observations
                       WHERE plan = ?1 AND series = ?2 AND definition = ?3 AND revision <= ?4
                       GROUP BY source, since, until HAVING count(*) > 1";
            let mut statement = connection.prepare_cached(sql)?;
            let read = |row: &Row<'_>| {
                let (since, until) = (Moment(row.get(0)?), row.get::<_, Option<i64>>(1)?);
                Ok(until.map_or(Span::AsOf(since), |until| Span::During(since, Moment(until))))
            };
            let rows = statement.query_map((plan, series, definition, upto.0), read)?;
            rows.collect()
        })
    }
}

/// Makes observations of rows, in one place in memory: neighbours share most of their texts.
struct Decoder<'a> {
    texts: TextCache<'a>,
    whole: bool,
    plan: RepeatedText,
    series: RepeatedText,
    definition: RepeatedText,
    source: RepeatedText,
    visit: RepeatedText,
    observation: Observation,
}

impl<'a> Decoder<'a> {
    fn new(connection: &'a Connection, whole: bool) -> Self {
        let observation = Observation {
            plan: String::new(),
            series: String::new(),
            definition: String::new(),
            source: String::new(),
            period: Span::AsOf(Moment(0)),
            value: Value::Known(0),
            breakdown: None,
            finality: Finality::Final,
            revision: Micros(0),
            visit: String::new(),
            place: None,
        };
        Self {
            texts: TextCache::new(connection),
            whole,
            plan: RepeatedText::default(),
            series: RepeatedText::default(),
            definition: RepeatedText::default(),
            source: RepeatedText::default(),
            visit: RepeatedText::default(),
            observation,
        }
    }

    fn read(&mut self, row: &Row<'_>) -> rusqlite::Result<&Observation> {
        proved(row)?;
        self.decode(row)
    }

    fn decode(&mut self, row: &Row<'_>) -> rusqlite::Result<&Observation> {
        let (texts, o) = (&mut self.texts, &mut self.observation);
        self.plan.read(texts, row.get(1)?, &mut o.plan)?;
        self.series.read(texts, row.get(2)?, &mut o.series)?;
        self.definition.read(texts, row.get(3)?, &mut o.definition)?;
        self.source.read(texts, row.get(4)?, &mut o.source)?;
        o.period = span(row)?;
        o.value = match row.get::<_, Option<i64>>(8)? {
            Some(reason) => Value::Unknown(texts.get(reason)?.to_owned()),
            None => Value::Known(row.get(7)?),
        };
        o.finality = if row.get(9)? { Finality::Final } else { Finality::Provisional };
        o.revision = Micros(row.get(10)?);
        if self.whole {
            self.visit.read(texts, row.get(11)?, &mut o.visit)?;
            let sheet = row.get::<_, Option<i64>>(12)?.map(|n| texts.get(n).map(str::to_owned)).transpose()?;
            let line: Option<u32> = row.get(13)?;
            o.place = (sheet.is_some() || line.is_some()).then_some(Place { sheet, row: line });
        }
        o.breakdown = match row.get_ref(14)?.as_str_or_null()? {
            None => None,
            Some(text) => Some(labels(text)?),
        };
        Ok(o)
    }
}

/// The integers of a row that agrees with its checksum. Rows are proved before they are chosen: one whose plan or
/// revision was turned over would else fall out without a word.
fn proved(row: &Row<'_>) -> rusqlite::Result<Fields> {
    let mut fields: Fields = [None; 13];
    for (index, field) in fields.iter_mut().enumerate() {
        *field = row.get(index + 1)?;
    }
    let sum = checksum::of_observation(&fields, signed(row)?, row.get_ref(14)?.as_str_or_null()?);
    sqlite::check_sum(row.get(15)?, sum, || "a row of observations".to_owned())?;
    Ok(fields)
}

/// The number of the key that signed a row, and the signature.
fn signed(row: &Row<'_>) -> rusqlite::Result<Option<(i64, u128)>> {
    let Some(signer) = row.get::<_, Option<i64>>(16)? else { return Ok(None) };
    Ok(Some((signer, u128::from_be_bytes(row.get(17)?))))
}

fn span(row: &Row<'_>) -> rusqlite::Result<Span> {
    let since = Moment(row.get(5)?);
    Ok(match row.get::<_, Option<i64>>(6)? {
        Some(until) => Span::During(since, Moment(until)),
        None => Span::AsOf(since),
    })
}

fn labels(text: &str) -> rusqlite::Result<Breakdown> {
    serde_json::from_str(text).map_err(|e| rusqlite::Error::FromSqlConversionFailure(14, Type::Text, Box::new(e)))
}
