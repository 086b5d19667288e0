//! A figure by label.

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// Label to integer, complete for the period.
pub type Breakdown = BTreeMap<String, i64>;

/// Reads a breakdown or `null`. A label that stands twice is refused: the figure would depend on the reader.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Breakdown>, D::Error> {
    struct Labels;
    impl<'de> Visitor<'de> for Labels {
        type Value = Option<Breakdown>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map from label to integer")
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut labels = Breakdown::new();
            while let Some((label, count)) = map.next_entry::<String, i64>()? {
                if labels.insert(label, count).is_some() {
                    return Err(A::Error::custom("a breakdown label stands twice"));
                }
            }
            Ok(Some(labels))
        }
    }
    deserializer.deserialize_any(Labels)
}
