//! A fetched file: bytes, name, hash, and the validators of the next conditional request.

pub(crate) mod file_name;

use sha2::{Digest, Sha256};

/// What a conditional request repeats to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Validators {
    /// Its `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Its `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

impl Validators {
    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// A file as it was fetched.
///
/// ```
/// use collectors::document::{Document, Validators};
///
/// let file = Document::new("https://a.jp/list_20230331.csv?v=3", b"a,b\n".to_vec(), Validators::default());
/// assert_eq!(file.name(), "list_20230331.csv");
/// assert_eq!(file.sha256.len(), 64);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its address, without secrets.
    pub address: String,
    name: String,
    /// Its content, not empty; of several answers the first.
    pub bytes: Vec<u8>,
    /// The further answers, where one request was not enough.
    pub more: Vec<Vec<u8>>,
    /// SHA-256 of the content, lower-case hex; of several answers, of all of them one after the other.
    pub sha256: String,
    /// What the next request repeats.
    pub validators: Validators,
    /// True when its length, or a mark at its end, proves that no byte is missing.
    pub has_length: bool,
}

impl Document {
    /// A file of these bytes.
    pub fn new(address: impl Into<String>, bytes: Vec<u8>, validators: Validators) -> Self {
        let address = address.into();
        let (name, sha256, more) = (file_name::of(&address), sha256(&bytes), Vec::new());
        Self { name, address, sha256, bytes, more, validators, has_length: true }
    }

    /// Several answers that are one file: at least one, in the order in which they were given.
    pub(crate) fn of_answers(address: &str, mut answers: Vec<Vec<u8>>, validators: Validators) -> Self {
        let more = if answers.is_empty() { Vec::new() } else { answers.split_off(1) };
        let bytes = answers.pop().unwrap_or_default();
        if more.is_empty() {
            return Self::new(address, bytes, validators);
        }
        let sha256 = hex::encode(more.iter().fold(Sha256::new_with_prefix(&bytes), Digest::chain_update).finalize());
        // Validators of the first page do not cover the others.
        let (address, name) = (address.to_owned(), file_name::of(address));
        Self { address, name, bytes, more, sha256, validators: Validators::default(), has_length: true }
    }

    /// Its name in letters: it has an extension, and often a date.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// SHA-256 as lower-case hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
