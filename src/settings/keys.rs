//! The keys that sign records: the one of this collector, and those that an aggregator lists.

use super::sections::Settings;
use super::{file, secret};
use aggregator::keys::{KeyList, ListedKey, SourcePattern};
use contract::reader::Mistake;
use contract::signing::SigningKey;
use contract::time::Micros;
use std::collections::BTreeSet;
use std::path::Path;

impl Settings {
    /// The key that signs what this machine publishes, if there is one.
    pub(crate) fn signer(&self, folder: &Path) -> Result<Option<SigningKey>, Mistake> {
        let key = "collector.key_file";
        let wrong = |message: String| file::mistake(folder, key, format!("`{key}`: {message}"));
        let text = secret::read(secret::COLLECTOR_KEY, self.collector.key_file.as_deref(), folder).map_err(wrong)?;
        text.map(|text| SigningKey::parse(&text)).transpose().map_err(|error| wrong(error.to_string()))
    }

    /// The keys that records are verified by.
    pub(crate) fn key_list(&self, folder: &Path) -> Result<KeyList, Mistake> {
        let mut list = KeyList::default();
        let mut ids = BTreeSet::new();
        for section in &self.keys {
            let name = section.file.display();
            let wrong = |message: String| file::mistake(folder, "keys", format!("`keys`, {name}: {message}"));
            let text = secret::read_file(&section.file, folder).map_err(wrong)?;
            let key = SigningKey::parse(&text).map_err(|error| wrong(error.to_string()))?;
            if !ids.insert(key.id().to_owned()) {
                return Err(wrong(format!("two keys have the id `{}`; a new secret needs a new id", key.id())));
            }
            if section.sources.is_empty() {
                return Err(wrong("`sources` names nothing that the key may speak for".to_owned()));
            }
            let sources = section.sources.iter().map(|text| pattern(text)).collect::<Result<_, _>>().map_err(wrong)?;
            let until = section.until.as_deref().map(moment).transpose().map_err(wrong)?;
            list.keys.push(ListedKey { key, sources, until });
        }
        for (source, since) in &self.signed_since {
            let wrong = |message: String| file::mistake(folder, source, format!("`signed_since`: {message}"));
            list.signed_since.push((pattern(source).map_err(wrong)?, moment(since).map_err(wrong)?));
        }
        if list.keys.is_empty() && !list.signed_since.is_empty() {
            let message = "`signed_since` needs the keys that sign: add `[[keys]]`".to_owned();
            return Err(file::mistake(folder, "signed_since", message));
        }
        Ok(list)
    }
}

fn pattern(text: &str) -> Result<SourcePattern, String> {
    SourcePattern::parse(text).ok_or_else(|| format!("`{text}` is no source: write `plan/source`, `plan/*` or `*`"))
}

fn moment(text: &str) -> Result<Micros, String> {
    Micros::parse(text).ok_or_else(|| format!("`{text}` is no time: write it as 2026-04-01T00:00:00+09:00"))
}
