//! Reads the settings: the file, the environment over it, and what must stand together.

use super::file::{self, FILE, line_of};
use super::sections::Settings;
use super::{renamed_keys, secret};
use aggregator::sinks::kind::SectionError;
use aggregator::sinks::registry::KINDS;
use contract::reader::{Mistake, nearest};
use serde::Deserialize;
use std::path::{Component, Path, PathBuf};

/// Prefix of environment variables that override a setting.
const PREFIX: &str = "SHIHYO";

/// Keys of alerts that hold a list.
const ALERT_LISTS: [&str; 2] = ["alerts.rules", "alerts.at_risk"];

/// Reads the settings of a configuration folder, with warnings about old keys; a folder without the file has the
/// defaults.
pub(crate) fn load(folder: &Path) -> Result<(Settings, Vec<String>), Mistake> {
    let name = folder.join(FILE).display().to_string();
    let (text, mut changes) = renamed_keys::rename(&name, &file::read(folder)?)
        .map_err(|(key, message)| file::mistake(folder, key, message))?;
    let at = |key: &str, message: String| Mistake { file: name.clone(), line: line_of(&text, key), message };
    let wrong = |section: &str, error: SectionError| {
        let key = match (section, error.path().to_string().as_str()) {
            ("", path) => path.to_owned(),
            (section, ".") => section.to_owned(),
            (section, path) => format!("{section}.{path}"),
        };
        at(&key, explain(&key, &error.inner().to_string()))
    };
    let mut variables = secret::environment_without_secrets();
    changes.extend(renamed_keys::rename_variables(&mut variables).map_err(|message| at("alerts", message))?);
    let mut environment = config::Environment::with_prefix(PREFIX)
        .prefix_separator("__")
        .separator("__")
        .try_parsing(true)
        .list_separator(",");
    for list in KINDS.iter().flat_map(|kind| kind.lists).chain(&ALERT_LISTS) {
        environment = environment.with_list_parse_key(list);
    }
    let layered = config::Config::builder()
        .add_source(config::File::from_str(&text, config::FileFormat::Toml))
        .add_source(environment.source(Some(variables)))
        .build();
    let values = layered.and_then(config::Value::deserialize);
    let mut values = values.map_err(|error| at("", error.to_string()))?;
    let sections: Vec<_> = KINDS.iter().map(|kind| (*kind, take(&mut values, kind.section))).collect();
    let mut settings: Settings = serde_path_to_error::deserialize(values).map_err(|error| wrong("", error.into()))?;
    for (kind, section) in sections {
        if let Some(section) = section {
            settings.sinks.push((kind, (kind.read)(section).map_err(|error| wrong(kind.section, error))?));
        }
    }
    if settings.collector.id.is_empty() || settings.collector.id.len() > 64 {
        return Err(at("collector.id", "`collector.id` must have 1 to 64 characters".to_owned()));
    }
    if let Err((key, message)) = settings.alerts.policy() {
        return Err(at(key, format!("`{key}`: {message}")));
    }
    if let Some(Err((key, message))) = settings.kafka.as_ref().map(super::kafka::KafkaSection::check) {
        return Err(at(key, format!("`{key}` {message}")));
    }
    settings.data_dir = tidied(&folder.join(&settings.data_dir));
    let warn = |change| format!("{change}; the next version refuses the old name, `shihyo check --fix` renames it");
    Ok((settings, changes.into_iter().map(warn).collect()))
}

/// Takes a section out, by its dotted path.
fn take(values: &mut config::Value, path: &str) -> Option<config::Value> {
    let config::ValueKind::Table(table) = &mut values.kind else { return None };
    match path.split_once('.') {
        Some((first, rest)) => take(table.get_mut(first)?, rest),
        None => table.remove(path),
    }
}

/// A path without `name/..`: `../data` lies beside the folder as it was named, also when that is a link.
pub(super) fn tidied(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        let named = matches!(out.components().next_back(), Some(Component::Normal(_)));
        if part == Component::ParentDir && named {
            out.pop();
        } else {
            out.push(part);
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}

/// The decoder's message with the key, and the nearest right word for an unknown one.
fn explain(key: &str, message: &str) -> String {
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match words.split_first() {
        Some((wrong, right)) if message.starts_with("unknown field") => {
            let parent = key.rfind('.').map_or("", |dot| &key[..=dot]);
            let sinks = KINDS.iter().filter_map(|kind| kind.section.strip_prefix(parent));
            let right = right.iter().copied().chain(sinks.filter(|section| !section.contains('.')));
            let hint = nearest(wrong, right);
            format!("unknown key `{wrong}`{hint} (in this file, or as {PREFIX}__SECTION__KEY in the environment)")
        }
        _ => format!("`{key}`: {message}"),
    }
}
