//! Secrets: from a file, systemd's credentials directory or the environment; never from shihyo.toml.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::path::Path;

/// Environment variables that hold secrets. They are read as they are: a password of digits is no number.
const NAMES: [&str; 4] =
    ["SHIHYO__KAFKA__PASSWORD", "SHIHYO__INFLUXDB__TOKEN", "SHIHYO__ALERTS__WEBHOOK__SECRET", "SHIHYO__HTTP__TOKEN"];
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

/// The environment for the settings.
pub(super) fn environment_without_secrets() -> HashMap<String, String> {
    let known = |name: &str| NAMES.iter().any(|secret| secret.eq_ignore_ascii_case(name));
    // Names and values that are no UTF-8 are none of ours.
    let texts =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    texts.filter(|(name, _)| !known(name)).collect()
}

/// The secret of an environment variable, else of a file: an absolute path, or a name in the credentials
/// directory or in the configuration folder. White space at its end is no part of it.
pub(super) fn read(variable: &str, file: Option<&Path>, folder: &Path) -> Result<Option<Secret>, String> {
    if let Ok(value) = std::env::var(variable) {
        return Ok(Some(Secret(value)));
    }
    let Some(file) = file else { return Ok(None) };
    let credential = std::env::var_os(CREDENTIALS).map(|folder| Path::new(&folder).join(file));
    let path = credential.filter(|path| path.exists()).unwrap_or_else(|| folder.join(file));
    let text =
        std::fs::read_to_string(&path).map_err(|error| format!("cannot be read: {}: {error}", path.display()))?;
    let text = text.trim_end();
    if text.is_empty() {
        return Err(format!("{} is empty", path.display()));
    }
    Ok(Some(Secret(text.to_owned())))
}
