//! Makes observations of the numbers that are stored.

use crate::keys::RecordSignature;
use crate::store::name_cache::{RepeatedText, TextCache};
use crate::store::runs::{EntryValue, RunEntry};
use contract::record::{Breakdown, Finality, Observation, Place, Span, Value};
use contract::time::{Micros, Moment};
use rusqlite::Connection;
use rusqlite::types::Type;

/// Makes observations of entries, in one place in memory: neighbours share most of their texts.
pub(super) struct Decoder<'a> {
    texts: TextCache<'a>,
    whole: bool,
    plan: RepeatedText,
    series: RepeatedText,
    definition: RepeatedText,
    source: RepeatedText,
    poll: RepeatedText,
    observation: Observation,
}

impl<'a> Decoder<'a> {
    /// Without `whole`, poll and place are left out.
    pub(super) fn new(connection: &'a Connection, whole: bool) -> Self {
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
            poll: RepeatedText::default(),
            observation,
        }
    }

    /// The observation of an entry.
    pub(super) fn decode(&mut self, entry: &RunEntry) -> rusqlite::Result<&Observation> {
        let (texts, o) = (&mut self.texts, &mut self.observation);
        self.plan.read(texts, entry.plan, &mut o.plan)?;
        self.series.read(texts, entry.series, &mut o.series)?;
        self.definition.read(texts, entry.definition, &mut o.definition)?;
        self.source.read(texts, entry.source, &mut o.source)?;
        o.period = span(entry);
        o.value = match entry.value {
            EntryValue::Unknown(reason) => Value::Unknown(texts.get(reason)?.to_owned()),
            EntryValue::Known(value) => Value::Known(value),
        };
        o.finality = if entry.is_final { Finality::Final } else { Finality::Provisional };
        o.revision = Micros(entry.revision);
        if self.whole {
            self.poll.read(texts, entry.poll, &mut o.visit)?;
            let sheet = entry.sheet.map(|sheet| texts.get(sheet).map(str::to_owned)).transpose()?;
            let row = entry.line.and_then(|line| u32::try_from(line).ok());
            o.place = (sheet.is_some() || row.is_some()).then_some(Place { sheet, row });
        }
        o.breakdown = entry.breakdown.as_deref().map(labels).transpose()?;
        Ok(o)
    }

    /// The signature of an entry.
    pub(super) fn signature(&mut self, entry: &RunEntry) -> rusqlite::Result<Option<RecordSignature>> {
        let Some(signature) = entry.signature else { return Ok(None) };
        Ok(Some(RecordSignature { key: self.texts.get(signature.signer)?.into(), mac: signature.mac }))
    }
}

/// The period of an entry.
pub(super) fn span(entry: &RunEntry) -> Span {
    let since = Moment(entry.since);
    entry.until.map_or(Span::AsOf(since), |until| Span::During(since, Moment(until)))
}

fn labels(text: &str) -> rusqlite::Result<Breakdown> {
    serde_json::from_str(text).map_err(|e| rusqlite::Error::FromSqlConversionFailure(14, Type::Text, Box::new(e)))
}
