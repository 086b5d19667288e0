//! What a bus must know of a record that it carries but need not understand.

use super::error::WireError;
use crate::time::Micros;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Key and age of a record. It has them also when `decode` refuses it: a record of a later
/// version still travels, to quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The plan's id: the key on the bus.
    pub plan: String,
    /// When it was seen; 0 where it has no time as a record of ours has.
    pub revision: Micros,
}

/// The fields of all kinds that hold them; a visit and a reject call their revision `time`.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    plan: Cow<'a, str>,
    #[serde(borrow, default)]
    revision: Option<&'a RawValue>,
    #[serde(borrow, default)]
    time: Option<&'a RawValue>,
}

/// Reads them; any JSON object with a text `plan` has them.
pub fn envelope(bytes: &[u8]) -> Result<Envelope, WireError> {
    // serde takes an array for a struct; a record is an object.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(WireError::Malformed("not a JSON object".into()));
    }
    let fields: Fields = serde_json::from_slice(bytes).map_err(|e| WireError::Malformed(e.to_string()))?;
    let micros = |field: Option<&RawValue>| field.and_then(|text| text.get().parse().ok());
    let revision = Micros(micros(fields.revision).or_else(|| micros(fields.time)).unwrap_or(0));
    Ok(Envelope { plan: fields.plan.into_owned(), revision })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_with_a_plan_has_key_and_age() {
        let table = [
            (r#"{"kind":"observation","plan":"p","revision":7}"#, "p", 7),
            (r#"{"plan":"計画","time":8,"later_field":{"deep":[1,{"a":"b"}]}}"#, "計画", 8),
            (r#" {"time":8,"revision":9,"plan":"a\u0062"}"#, "ab", 9),
            (r#"{"plan":"p","revision":"soon","time":null}"#, "p", 0),
        ];
        for (text, plan, revision) in table {
            let expected = Envelope { plan: plan.into(), revision: Micros(revision) };
            assert_eq!(envelope(text.as_bytes()), Ok(expected), "{text}");
        }
        for text in ["", "[\"p\"]", "{}", r#"{"plan":7}"#, r#"{"plan":"p","plan":"q"}"#, r#"{"plan":"p"} {}"#, "null"] {
            assert!(matches!(envelope(text.as_bytes()), Err(WireError::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn it_agrees_with_the_records_that_can_be_read() {
        for line in [
            include_str!("../../golden/observation.json"),
            include_str!("../../golden/visit.json"),
            include_str!("../../golden/reject.json"),
            include_str!("../../golden/catalogue.json"),
        ] {
            let record = crate::wire::decode(line.trim_end().as_bytes()).unwrap();
            let expected = Envelope { plan: record.plan().to_owned(), revision: record.revision() };
            assert_eq!(envelope(line.as_bytes()), Ok(expected));
        }
    }
}
