//! The body of a run: its observations column by column.
//!
//! The columns that some observations lack hold those of the others alone; the column of flags says which.

use super::column::{ColumnReader, ColumnWriter, put_bytes, put_unsigned, take_byte, take_bytes, take_unsigned};
use super::entry::{EntrySignature, EntryValue, RunEntry};

/// The first byte of a body.
const FORM: u8 = 1;
const COLUMNS: usize = 15;
const MAC_BYTES: usize = 16;

const IS_FINAL: i64 = 1;
const HAS_UNTIL: i64 = 2;
const IS_UNKNOWN: i64 = 4;
const HAS_SHEET: i64 = 8;
const HAS_LINE: i64 = 16;
const HAS_BREAKDOWN: i64 = 32;
const IS_SIGNED: i64 = 64;

fn flags(entry: &RunEntry) -> i64 {
    let flag = |is_set: bool, flag: i64| if is_set { flag } else { 0 };
    flag(entry.is_final, IS_FINAL)
        | flag(entry.until.is_some(), HAS_UNTIL)
        | flag(matches!(entry.value, EntryValue::Unknown(_)), IS_UNKNOWN)
        | flag(entry.sheet.is_some(), HAS_SHEET)
        | flag(entry.line.is_some(), HAS_LINE)
        | flag(entry.breakdown.is_some(), HAS_BREAKDOWN)
        | flag(entry.signature.is_some(), IS_SIGNED)
}

/// Makes bodies; what it needs for one it uses again for the next.
#[derive(Debug, Default)]
pub(super) struct RunEncoder {
    columns: [ColumnWriter; COLUMNS],
    texts: Vec<u8>,
    macs: Vec<u8>,
}

impl RunEncoder {
    /// The body of a run of these observations.
    pub(super) fn encode(&mut self, entries: &[&RunEntry]) -> Vec<u8> {
        for entry in entries {
            self.push(entry);
        }
        let mut out = vec![FORM];
        put_unsigned(&mut out, entries.len() as u64);
        for column in &mut self.columns {
            column.finish(&mut out);
        }
        for bytes in [&mut self.texts, &mut self.macs] {
            put_bytes(&mut out, bytes);
            bytes.clear();
        }
        out
    }

    fn push(&mut self, entry: &RunEntry) {
        let [
            flag,
            id,
            plan,
            series,
            definition,
            source,
            since,
            length,
            known,
            reason,
            revision,
            poll,
            sheet,
            line,
            signer,
        ] = &mut self.columns;
        flag.push(flags(entry));
        id.push(entry.id);
        plan.push(entry.plan);
        series.push(entry.series);
        definition.push(entry.definition);
        source.push(entry.source);
        since.push(entry.since);
        if let Some(until) = entry.until {
            length.push(until.wrapping_sub(entry.since));
        }
        match entry.value {
            EntryValue::Known(value) => known.push(value),
            EntryValue::Unknown(number) => reason.push(number),
        }
        revision.push(entry.revision);
        poll.push(entry.poll);
        if let Some(number) = entry.sheet {
            sheet.push(number);
        }
        if let Some(number) = entry.line {
            line.push(number);
        }
        if let Some(labels) = &entry.breakdown {
            put_bytes(&mut self.texts, labels.as_bytes());
        }
        if let Some(EntrySignature { signer: number, mac }) = entry.signature {
            signer.push(number);
            self.macs.extend_from_slice(&mac);
        }
    }
}

/// Reads the observations of a body one after another.
#[derive(Debug)]
pub(super) struct RunDecoder<'a> {
    left: u64,
    columns: [ColumnReader<'a>; COLUMNS],
    texts: &'a [u8],
    macs: &'a [u8],
}

impl<'a> RunDecoder<'a> {
    /// `None` when it is no body.
    pub(super) fn new(mut body: &'a [u8]) -> Option<Self> {
        if take_byte(&mut body)? != FORM {
            return None;
        }
        let left = take_unsigned(&mut body)?;
        let mut columns = Vec::with_capacity(COLUMNS);
        for _ in 0..COLUMNS {
            columns.push(ColumnReader::take(&mut body)?);
        }
        let (texts, macs) = (take_bytes(&mut body)?, take_bytes(&mut body)?);
        body.is_empty().then_some(Self { left, columns: columns.try_into().ok()?, texts, macs })
    }

    /// How many are to come.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// False when no observation to come is of that plan: one column says so, much faster than all.
    pub(super) fn may_hold(&self, wanted: i64) -> bool {
        let [_, _, plan, ..] = &self.columns;
        let mut plan = plan.clone();
        (0..self.left).any(|_| plan.next().is_none_or(|plan| plan == wanted))
    }

    /// Puts the next observation into `entry`; `None` when the body is not what [`RunEncoder`] makes.
    pub(super) fn read(&mut self, entry: &mut RunEntry) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        let [
            flag,
            id,
            plan,
            series,
            definition,
            source,
            since,
            length,
            known,
            reason,
            revision,
            poll,
            sheet,
            line,
            signer,
        ] = &mut self.columns;
        let flags = flag.next()?;
        let has = |flag: i64| flags & flag != 0;
        entry.is_final = has(IS_FINAL);
        entry.id = id.next()?;
        entry.plan = plan.next()?;
        entry.series = series.next()?;
        entry.definition = definition.next()?;
        entry.source = source.next()?;
        entry.since = since.next()?;
        entry.until = if has(HAS_UNTIL) { Some(entry.since.wrapping_add(length.next()?)) } else { None };
        entry.value =
            if has(IS_UNKNOWN) { EntryValue::Unknown(reason.next()?) } else { EntryValue::Known(known.next()?) };
        entry.revision = revision.next()?;
        entry.poll = poll.next()?;
        entry.sheet = if has(HAS_SHEET) { Some(sheet.next()?) } else { None };
        entry.line = if has(HAS_LINE) { Some(line.next()?) } else { None };
        entry.breakdown = None;
        if has(HAS_BREAKDOWN) {
            entry.breakdown = Some(std::str::from_utf8(take_bytes(&mut self.texts)?).ok()?.into());
        }
        entry.signature = None;
        if has(IS_SIGNED) {
            let (mac, rest) = self.macs.split_first_chunk::<MAC_BYTES>()?;
            self.macs = rest;
            entry.signature = Some(EntrySignature { signer: signer.next()?, mac: *mac });
        }
        let is_whole =
            || self.columns.iter().all(ColumnReader::is_at_end) && self.texts.is_empty() && self.macs.is_empty();
        (self.left > 0 || is_whole()).then_some(())
    }
}
