//! Adds observations to a store, and takes them out.

use super::read::ObservationId;
use crate::keys::RecordSignature;
use crate::store::error::StoreError;
use crate::store::names::PlanNames;
use crate::store::runs::{EntrySignature, EntryValue, RunEntry, RunWriter, give_out_ids};
use crate::store::transaction::StoreTransaction;
use aggregator_core::ledger::FigureKey;
use contract::borrowed::{BorrowedObservation, BorrowedValue};
use contract::record::{Finality, Span};
use std::collections::{BTreeMap, BTreeSet};

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

impl StoreTransaction<'_> {
    /// Adds observations; sinks are not told of them here.
    pub fn put_observations(&mut self, rows: &[ObservationRow<'_>]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        self.append(rows).map_err(|error| StoreError::of(self.path, error))
    }

    fn append(&mut self, rows: &[ObservationRow<'_>]) -> rusqlite::Result<()> {
        let first = give_out_ids(self.transaction, rows.len())?;
        let mut entries = Vec::with_capacity(rows.len());
        // Most rows come from the poll of the row before.
        let mut before: Option<(&str, i64)> = None;
        for (id, row) in (first..).zip(rows) {
            let o = row.observation;
            let poll = match before {
                Some((text, number)) if text == o.visit => number,
                _ => self.names.intern(self.transaction, o.visit)?,
            };
            before = Some((o.visit, poll));
            entries.push(self.entry(id, row, poll)?);
        }
        let mut runs = RunWriter::new(self.transaction);
        runs.add(&entries)?;
        runs.finish()
    }

    fn entry(&mut self, id: i64, row: &ObservationRow<'_>, poll: i64) -> rusqlite::Result<RunEntry> {
        let o = row.observation;
        let series = &row.names.series[usize::from(row.key.series)];
        let (since, until) = match o.period {
            Span::AsOf(at) => (at.0, None),
            Span::During(from, to) => (from.0, Some(to.0)),
        };
        let mut number = |text: &str| self.names.intern(self.transaction, text);
        Ok(RunEntry {
            id,
            plan: row.names.plan,
            series: series.id,
            definition: series.definitions[usize::from(row.key.definition)],
            source: series.sources[usize::from(row.key.source)],
            since,
            until,
            value: match o.value {
                BorrowedValue::Known(n) => EntryValue::Known(n),
                BorrowedValue::Unknown(reason) => EntryValue::Unknown(number(reason)?),
            },
            is_final: o.finality == Finality::Final,
            revision: o.revision.0,
            poll,
            sheet: o.place.and_then(|place| place.sheet).map(&mut number).transpose()?,
            line: o.place.and_then(|place| place.row).map(i64::from),
            breakdown: o.breakdown.map(|labels| serde_json::to_string(labels).unwrap_or_default().into()),
            signature: match row.signature {
                Some(RecordSignature { key, mac }) => Some(EntrySignature { signer: number(key)?, mac: *mac }),
                None => None,
            },
        })
    }

    /// Takes observations out, because the catalogue no longer admits them.
    pub fn remove_observations(&mut self, ids: &[ObservationId]) -> Result<(), StoreError> {
        let mut by_series: BTreeMap<(i64, i64), BTreeSet<i64>> = BTreeMap::new();
        for ObservationId { plan, series, id } in ids {
            by_series.entry((*plan, *series)).or_default().insert(*id);
        }
        let remove = || {
            let mut runs = RunWriter::new(self.transaction);
            by_series.iter().try_for_each(|(of, ids)| runs.remove(*of, ids))?;
            runs.finish()
        };
        remove().map_err(|error| self.failed(error))
    }
}
