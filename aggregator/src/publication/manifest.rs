//! What a publication is: its manifest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A publication. Written once as `manifest.json`; further fields may follow in later versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Publication {
    /// Its id: the number and the beginning of the manifest's SHA-256. Not in the manifest.
    #[serde(skip_deserializing)]
    pub id: String,
    /// Plan id.
    pub plan: String,
    /// Name of the plan in Japanese.
    pub name_ja: String,
    /// Name of the plan in English.
    pub name_en: String,
    /// Counted from 1 by plan.
    pub number: u32,
    /// The period that it was judged at.
    pub on: String,
    /// When it was published.
    pub published_at: String,
    /// The vintage of its figures; `null` for all that was known.
    pub known_at: Option<String>,
    /// Version of the rules of judging.
    pub rules_version: u32,
    /// Version of the program that made it.
    pub program: String,
    /// Its files.
    pub files: Vec<PublishedFile>,
}

/// A file of a publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublishedFile {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

impl Publication {
    /// The file of that name.
    pub fn file(&self, name: &str) -> Option<&PublishedFile> {
        self.files.iter().find(|file| file.name == name)
    }
}
