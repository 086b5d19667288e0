//! Reads the fields of a record, without the `kind` and `schema` that stand on the same line.
//!
//! One pass and no buffer: `kind` and `schema` are taken out of the stream of keys, every other key goes to the record's
//! own reader, which refuses those that it does not know.

use serde::de::value::CowStrDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;
use std::fmt;

/// Reads a record from a line whose `kind` and `schema` were checked; each stands there once.
pub(super) fn read<'de, T: Deserialize<'de>>(line: &'de [u8]) -> Result<T, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(line);
    let record = T::deserialize(Body(&mut json))?;
    json.end()?;
    Ok(record)
}

struct Body<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Body<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(BodyVisitor(visitor))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct BodyVisitor<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for BodyVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(BodyFields { map, to_skip: 2 })
    }
}

struct BodyFields<A> {
    map: A,
    /// How many of `kind` and `schema` are still to come.
    to_skip: u8,
}

#[derive(serde::Deserialize)]
struct FieldName<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for BodyFields<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while self.to_skip > 0 {
            let Some(FieldName(name)) = self.map.next_key()? else { return Ok(None) };
            if name != "kind" && name != "schema" {
                return seed.deserialize(CowStrDeserializer::new(name)).map(Some);
            }
            self.to_skip -= 1;
            self.map.next_value::<IgnoredAny>()?;
        }
        self.map.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}
