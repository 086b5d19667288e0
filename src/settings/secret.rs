//! Secrets: from a file, systemd's credentials directory or the environment; never from shihyo.toml.

use super::file;
use aggregator::sinks::kind::SecretKey;
use aggregator::sinks::registry::KINDS;
use contract::reader::Mistake;
use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::path::Path;

/// The variable of Kafka's password.
pub(super) const KAFKA_PASSWORD: &str = "SHIHYO__KAFKA__PASSWORD";
/// The variable of the API's token.
pub(super) const HTTP_TOKEN: &str = "SHIHYO__HTTP__TOKEN";
/// The variable of the key that signs what this collector publishes.
pub(super) const COLLECTOR_KEY: &str = "SHIHYO__COLLECTOR__KEY";
/// Where systemd puts what `LoadCredential=` names.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// A text that is never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl Deref for Secret {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// The environment for the settings. Secrets are read as they are: a password of digits is no number.
pub(super) fn environment_without_secrets() -> HashMap<String, String> {
    let sinks = KINDS.iter().filter_map(|kind| Some(kind.secret?.variable));
    let secrets: Vec<&str> = [KAFKA_PASSWORD, HTTP_TOKEN, COLLECTOR_KEY].into_iter().chain(sinks).collect();
    let is_secret = |name: &str| secrets.iter().any(|secret| secret.eq_ignore_ascii_case(name));
    // A name or value that is no UTF-8 is none of ours.
    let texts =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    texts.filter(|(name, _)| !is_secret(name)).collect()
}

/// A secret that must be there, from its variable or its file.
pub(crate) fn required(key: SecretKey, file: Option<&Path>, folder: &Path) -> Result<Secret, Mistake> {
    let SecretKey { file: key, variable } = key;
    let message = match read(variable, file, folder) {
        Ok(Some(secret)) => return Ok(secret),
        Ok(None) => format!("`{key}` is needed, or {variable} in the environment"),
        Err(message) => format!("`{key}`: {message}"),
    };
    Err(file::mistake(folder, key, message))
}

/// The secret of an environment variable, else of a file.
pub(super) fn read(variable: &str, file: Option<&Path>, folder: &Path) -> Result<Option<Secret>, String> {
    if let Ok(value) = std::env::var(variable) {
        return Ok(Some(Secret(value)));
    }
    file.map(|file| read_file(file, folder)).transpose()
}

/// The secret in a file: an absolute path, or a name in the credentials directory or in the configuration folder. White space
/// at its end is no part of it.
pub(super) fn read_file(file: &Path, folder: &Path) -> Result<Secret, String> {
    let credential = std::env::var_os(CREDENTIALS).map(|folder| Path::new(&folder).join(file));
    let path = credential.filter(|path| path.exists()).unwrap_or_else(|| folder.join(file));
    let text =
        std::fs::read_to_string(&path).map_err(|error| format!("cannot be read: {}: {error}", path.display()))?;
    let text = text.trim_end();
    if text.is_empty() {
        return Err(format!("{} is empty", path.display()));
    }
    Ok(Secret(text.to_owned()))
}
