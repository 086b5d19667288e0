//! Reads observations as [`super::encode`] writes them, without the JSON library: nearly all records of a bus are such.
//!
//! It either gives what the JSON library would give, or nothing; then the JSON library decides. So it can make reading
//! faster and cannot change what is read. The texts stay in the line.

use super::rest_of_line::RestOfLine;
use super::signature::Signature;
use super::signature::{SIGNED_BY, signature};
use crate::borrowed::{BorrowedObservation, BorrowedPlace, BorrowedValue};
use crate::breakdown::Breakdown;
use crate::record::{Finality, Observation, Span};
use crate::time::Micros;

/// What stands between the ids of an observation and the rest of its fields.
const BEHIND_IDS: &[u8] = br#","period":{"#;

/// The texts that say what a figure is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ids<'a> {
    pub(super) plan: &'a str,
    pub(super) series: &'a str,
    pub(super) definition: &'a str,
    pub(super) source: &'a str,
}

/// The fields of an observation behind its ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservationFields<'a> {
    /// What the figure describes.
    pub period: Span,
    /// The figure, or why there is none.
    pub value: BorrowedValue<'a>,
    /// Label to integer.
    pub breakdown: Option<Breakdown>,
    /// Whether the source holds it for settled.
    pub finality: Finality,
    /// When it was seen.
    pub revision: Micros,
    /// Id of the poll that it came from.
    pub visit: &'a str,
    /// Where in the file.
    pub place: Option<BorrowedPlace<'a>>,
}

/// The observation of the fields that stand behind kind, version and signature; `None` leaves it to the JSON library.
pub(super) fn read(fields: &[u8]) -> Option<Observation> {
    let mut line = RestOfLine(fields);
    let ids = ids(&mut line)?;
    let fields = rest(line)?;
    let observation = BorrowedObservation {
        plan: ids.plan,
        series: ids.series,
        definition: ids.definition,
        source: ids.source,
        period: fields.period,
        value: fields.value,
        breakdown: fields.breakdown.as_ref(),
        finality: fields.finality,
        revision: fields.revision,
        visit: fields.visit,
        place: fields.place,
    };
    Some(observation.to_owned())
}

/// The fields of a line that is an observation, and its signature, as far as the line's begin shows it.
pub(super) fn fields(line: &[u8]) -> Option<(&[u8], Option<Signature<'_>>)> {
    let fields = match line.strip_prefix(br#"{"kind":"observation","schema":"#)? {
        [b'1', b',', fields @ ..] => return Some((fields, None)),
        [b'2', b',', fields @ ..] => fields,
        _ => return None,
    };
    if !fields.starts_with(SIGNED_BY) {
        return Some((fields, None));
    }
    let signature = signature(line)?;
    Some((signature.covered[1], Some(signature)))
}

/// The ids, and what stands behind them.
pub(super) fn ids<'a>(line: &mut RestOfLine<'a>) -> Option<Ids<'a>> {
    line.skip(br#""plan":""#)?;
    let plan = line.text()?;
    line.skip(br#","series":""#)?;
    let series = line.text()?;
    line.skip(br#","definition":""#)?;
    let definition = line.text()?;
    line.skip(br#","source":""#)?;
    let source = line.text()?;
    line.skip(BEHIND_IDS)?;
    Some(Ids { plan, series, definition, source })
}

/// The fields behind the ids.
pub(super) fn rest(mut line: RestOfLine<'_>) -> Option<ObservationFields<'_>> {
    let period = period(&mut line)?;
    line.skip(br#"},"value":"#)?;
    let value = value(&mut line)?;
    let breakdown = if line.skipped(br#","breakdown":{"#) { Some(breakdown(&mut line)?) } else { None };
    let finality = if line.skipped(br#","finality":"final","revision":"#) {
        Finality::Final
    } else {
        line.skip(br#","finality":"provisional","revision":"#)?;
        Finality::Provisional
    };
    let revision = Micros(line.integer()?);
    line.skip(br#","visit":""#)?;
    let visit = line.text()?;
    let place = if line.skipped(br#","place":{"#) { Some(place(&mut line)?) } else { None };
    (line.0 == b"}").then_some(ObservationFields { period, value, breakdown, finality, revision, visit, place })
}

fn period(line: &mut RestOfLine<'_>) -> Option<Span> {
    if line.skipped(br#""as_of":""#) {
        return Some(Span::AsOf(line.instant()?));
    }
    line.skip(br#""from":""#)?;
    let from = line.boundary()?;
    line.skip(br#","to":""#)?;
    Some(Span::During(from, line.boundary()?))
}

fn value<'a>(line: &mut RestOfLine<'a>) -> Option<BorrowedValue<'a>> {
    if !line.skipped(br#"{"unknown":""#) {
        return Some(BorrowedValue::Known(line.integer()?));
    }
    let reason = line.text()?;
    line.skip(b"}")?;
    Some(BorrowedValue::Unknown(reason))
}

fn breakdown(line: &mut RestOfLine<'_>) -> Option<Breakdown> {
    let mut labels = Breakdown::new();
    if line.skipped(b"}") {
        return Some(labels);
    }
    loop {
        line.skip(b"\"")?;
        let label = line.text()?;
        line.skip(b":")?;
        if labels.insert(label.to_owned(), line.integer()?).is_some() {
            return None;
        }
        if line.skipped(b"}") {
            return Some(labels);
        }
        line.skip(b",")?;
    }
}

fn place<'a>(line: &mut RestOfLine<'a>) -> Option<BorrowedPlace<'a>> {
    let mut place = BorrowedPlace::default();
    if line.skipped(br#""sheet":""#) {
        place.sheet = Some(line.text()?);
        if line.skipped(b"}") {
            return Some(place);
        }
        line.skip(b",")?;
    }
    if line.skipped(br#""row":"#) {
        place.row = Some(line.row()?);
    } else if place.sheet.is_some() {
        return None;
    }
    line.skip(b"}")?;
    Some(place)
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use crate::wire;
    use proptest::prelude::*;

    const LINE: &str = r#""plan":"p","series":"s","definition":"d","source":"計","period":{"from":"2020-04-01","to":"2020-05-01"},"value":-12,"breakdown":{"a":1,"b":0},"finality":"final","revision":5,"visit":"v","place":{"sheet":"x","row":7}}"#;

    /// What the JSON library makes of it.
    fn by_library(fields: &[u8]) -> Option<Observation> {
        serde_json::from_slice(&[b"{", fields].concat()).ok()
    }

    #[test]
    fn a_line_as_it_is_written_is_read_here() {
        assert!(read(LINE.as_bytes()).is_some());
        for other in [
            LINE.replace(r#"{"from":"2020-04-01","to":"2020-05-01"}"#, r#"{"as_of":"2020-04-01T23:59:59+09:00"}"#),
            LINE.replace("2020-05-01", "2020-04-01T01:00:00+09:00"),
            LINE.replace("-12", r#"{"unknown":"欠測"}"#),
            LINE.replace("-12", "0"),
            LINE.replace(r#"{"a":1,"b":0}"#, "{}"),
            LINE.replace(r#","breakdown":{"a":1,"b":0}"#, "").replace(r#","place":{"sheet":"x","row":7}"#, ""),
            LINE.replace(r#""sheet":"x","#, ""),
            LINE.replace(r#","row":7"#, ""),
            LINE.replace("\"final\"", "\"provisional\""),
        ] {
            assert_eq!(read(other.as_bytes()), by_library(other.as_bytes()), "{other}");
            assert!(read(other.as_bytes()).is_some(), "{other}");
        }
    }

    #[test]
    fn what_is_written_otherwise_is_left_to_the_library() {
        for other in [
            LINE.replace("-12", "-0"),
            LINE.replace("-12", "012"),
            LINE.replace("-12", "1.0"),
            LINE.replace("-12", "1e3"),
            LINE.replace("-12", "9223372036854775807"),
            LINE.replace(r#""p""#, r#""\u0070""#),
            LINE.replace(r#""p""#, "\"\u{1}\""),
            LINE.replace(r#"{"a":1,"b":0}"#, r#"{"a":1,"a":0}"#),
            LINE.replace(r#"{"a":1,"b":0}"#, "null"),
            LINE.replace("2020-05-01", "2020-02-30"),
            LINE.replace("2020-05-01", "1899-12-31"),
            LINE.replace("2020-05-01", "2020-05-01T00:00:00Z"),
            LINE.replace("2020-05-01", "2020-05-01T00:00:60+09:00"),
            LINE.replace(r#""visit":"v""#, r#""visit": "v""#),
            LINE.replace(r#""row":7"#, r#""row":4294967296"#),
            format!("{LINE} "),
        ] {
            assert_eq!(read(other.as_bytes()), None, "{other}");
        }
        // Bytes that are no text.
        assert_eq!(
            read(&LINE.replace("計", "_").bytes().map(|b| if b == b'_' { 0xff } else { b }).collect::<Vec<_>>()),
            None
        );
    }

    /// Bytes that matter in such a line.
    fn any_edit() -> impl Strategy<Value = (prop::sample::Index, Option<u8>, bool)> {
        let byte = prop::sample::select(br#"{}[]",:\-+.eE0123456789TZnullas_ofx "#.to_vec());
        (any::<prop::sample::Index>(), prop::option::of(prop_oneof![9 => byte, 1 => any::<u8>()]), any::<bool>())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]
        #[test]
        fn it_reads_what_the_json_library_reads_or_nothing(
            observation in super::super::tests::any_observation(),
            fixed in any::<bool>(),
            edits in prop::collection::vec(any_edit(), 0..4),
        ) {
            let line = wire::encode(&Record::Observation(observation));
            let mut fields = if fixed { LINE.as_bytes().to_vec() } else { wire::content(&line).to_vec() };
            for (at, byte, insert) in edits {
                let at = at.index(fields.len());
                match byte {
                    Some(byte) if insert => fields.insert(at, byte),
                    Some(byte) => fields[at] = byte,
                    None => drop(fields.remove(at)),
                }
            }
            if let Some(read) = read(&fields) {
                prop_assert_eq!(Some(read), by_library(&fields));
            }
        }
    }
}
