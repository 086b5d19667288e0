//! Text in the two languages of readers.

use serde::{Deserialize, Serialize};

/// A text in the two languages that readers meet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bilingual {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}
