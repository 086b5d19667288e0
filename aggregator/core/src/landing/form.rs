//! The form in which landings are kept: exact numbers as canonical text, moments as seconds.

use contract::exact::Exact;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

fn parsed<E: Error>(text: &str) -> Result<Exact, E> {
    contract::exact::parse(text).ok_or_else(|| E::custom(format!("`{text}` is no number")))
}

/// A number.
pub(crate) mod exact {
    use super::{Deserialize, Deserializer, Exact, Serialize, Serializer};
    use contract::exact::canonical;

    pub(crate) fn serialize<S: Serializer>(value: &Exact, to: S) -> Result<S::Ok, S::Error> {
        canonical(value).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Exact, D::Error> {
        super::parsed(&String::deserialize(from)?)
    }
}

/// Two numbers.
pub(crate) mod ends {
    use super::{Deserialize, Deserializer, Exact, Serialize, Serializer};
    use contract::exact::canonical;

    pub(crate) fn serialize<S: Serializer>(ends: &(Exact, Exact), to: S) -> Result<S::Ok, S::Error> {
        (canonical(&ends.0), canonical(&ends.1)).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<(Exact, Exact), D::Error> {
        let (low, high) = <(String, String)>::deserialize(from)?;
        Ok((super::parsed(&low)?, super::parsed(&high)?))
    }
}

/// A moment.
pub(crate) mod moment {
    use super::{Deserialize, Deserializer, Serialize, Serializer};
    use contract::time::Moment;

    // serde passes a reference.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    pub(crate) fn serialize<S: Serializer>(at: &Moment, to: S) -> Result<S::Ok, S::Error> {
        at.0.serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Moment, D::Error> {
        i64::deserialize(from).map(Moment)
    }
}
