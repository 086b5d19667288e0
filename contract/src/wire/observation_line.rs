//! Reads observations as [`super::encode`] writes them, without the JSON library: nearly all records of a bus are such.
//!
//! It either gives what the JSON library would give, or nothing; then the JSON library decides. So it can make reading
//! faster and cannot change what is read.

use super::rest_of_line::RestOfLine;
use crate::breakdown::Breakdown;
use crate::record::{Finality, Observation, Place, Span, Value};
use crate::time::Micros;

/// The observation of the fields that stand behind kind, version and signature; `None` leaves it to the JSON library.
pub(super) fn read(fields: &[u8]) -> Option<Observation> {
    let mut line = RestOfLine(fields);
    line.skip(br#""plan":""#)?;
    let plan = line.text()?;
    line.skip(br#","series":""#)?;
    let series = line.text()?;
    line.skip(br#","definition":""#)?;
    let definition = line.text()?;
    line.skip(br#","source":""#)?;
    let source = line.text()?;
    line.skip(br#","period":{"#)?;
    let period = period(&mut line)?;
    line.skip(br#"},"value":"#)?;
    let value = value(&mut line)?;
    let breakdown = if line.skipped(br#","breakdown":{"#) { Some(breakdown(&mut line)?) } else { None };
    line.skip(br#","finality":""#)?;
    let finality = match line.text()? {
        "final" => Finality::Final,
        "provisional" => Finality::Provisional,
        _ => return None,
    };
    line.skip(br#","revision":"#)?;
    let revision = Micros(line.integer()?);
    line.skip(br#","visit":""#)?;
    let visit = line.text()?;
    let place = if line.skipped(br#","place":{"#) { Some(place(&mut line)?) } else { None };
    if line.0 != b"}" {
        return None;
    }
    Some(Observation {
        plan: plan.to_owned(),
        series: series.to_owned(),
        definition: definition.to_owned(),
        source: source.to_owned(),
        period,
        value,
        breakdown,
        finality,
        revision,
        visit: visit.to_owned(),
        place,
    })
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

fn value(line: &mut RestOfLine<'_>) -> Option<Value> {
    if !line.skipped(br#"{"unknown":""#) {
        return Some(Value::Known(line.integer()?));
    }
    let reason = line.text()?;
    line.skip(b"}")?;
    Some(Value::Unknown(reason.to_owned()))
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

fn place(line: &mut RestOfLine<'_>) -> Option<Place> {
    let mut place = Place::default();
    if line.skipped(br#""sheet":""#) {
        place.sheet = Some(line.text()?.to_owned());
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
