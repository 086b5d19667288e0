//! `shihyo.toml`: the settings of this machine, layered with `SHIHYO__SECTION__KEY` from the environment.

mod secret;
mod servers;

pub(crate) use secret::Secret;
pub(crate) use servers::{AlertsSection, InfluxdbSection, KafkaSection, KafkaSecurity};

use contract::reader::{Mistake, nearest};
use serde::Deserialize;
use std::path::{Component, Path, PathBuf};

/// File of the settings inside the configuration folder.
pub(crate) const FILE: &str = "shihyo.toml";
/// Prefix of environment variables that override a setting.
const PREFIX: &str = "SHIHYO";

/// The settings of this machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where the bus and the store lie; relative to the configuration folder.
    #[serde(default = "default_data_dir")]
    pub(crate) data_dir: PathBuf,
    /// The scoreboard.
    #[serde(default)]
    pub(crate) http: HttpSection,
    /// This collector.
    #[serde(default)]
    pub(crate) collector: CollectorSection,
    /// Kafka; when it is named, records travel through it.
    #[serde(default)]
    pub(crate) kafka: Option<KafkaSection>,
    /// InfluxDB; when it is named, figures and KPIs are written to it.
    #[serde(default)]
    pub(crate) influxdb: Option<InfluxdbSection>,
    /// Who is alerted.
    #[serde(default)]
    pub(crate) alerts: AlertsSection,
    /// Logging.
    #[serde(default)]
    pub(crate) log: LogSection,
}

/// The scoreboard.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HttpSection {
    /// Address and port it listens on.
    pub(crate) listen: std::net::SocketAddr,
    /// File of the token that lets its holder see and replay quarantined records over the API; nobody without it.
    pub(crate) token_file: Option<PathBuf>,
}

impl Default for HttpSection {
    fn default() -> Self {
        Self { listen: ([127, 0, 0, 1], 8470).into(), token_file: None }
    }
}

/// This collector.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CollectorSection {
    /// Its name in visits; unique among the machines that publish.
    pub(crate) id: String,
    /// Address and port on which `shihyo collect` serves its metrics; none unless it is named.
    pub(crate) listen: Option<std::net::SocketAddr>,
}

impl Default for CollectorSection {
    fn default() -> Self {
        Self { id: "local".into(), listen: None }
    }
}

/// Logging.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogSection {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,collectors=debug`.
    pub(crate) level: String,
}

impl Default for LogSection {
    fn default() -> Self {
        Self { level: "info".into() }
    }
}

fn default_data_dir() -> PathBuf {
    PathBuf::from("../data")
}

/// Reads the settings of a configuration folder; a folder without the file has the defaults.
pub(crate) fn load(folder: &Path) -> Result<Settings, Mistake> {
    let path = folder.join(FILE);
    let name = path.display().to_string();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Mistake { file: name, line: 1, message: format!("cannot be read: {error}") }),
    };
    let environment = config::Environment::with_prefix(PREFIX)
        .prefix_separator("__")
        .separator("__")
        .try_parsing(true)
        .list_separator(",")
        .with_list_parse_key(servers::URLS)
        .source(Some(secret::environment_without_secrets()));
    let layered = config::Config::builder()
        .add_source(config::File::from_str(&text, config::FileFormat::Toml))
        .add_source(environment)
        .build();
    let place = |path: &str| line_of(&text, path);
    let layered = layered.map_err(|e| Mistake { file: name.clone(), line: 1, message: e.to_string() })?;
    let mut settings: Settings = serde_path_to_error::deserialize(layered).map_err(|error| {
        let key = error.path().to_string();
        Mistake { file: name.clone(), line: place(&key), message: explain(&key, &error.inner().to_string()) }
    })?;
    if settings.collector.id.is_empty() || settings.collector.id.len() > 64 {
        let message = "`collector.id` must have 1 to 64 characters".to_owned();
        return Err(Mistake { file: name, line: place("collector.id"), message });
    }
    settings.data_dir = tidied(&folder.join(&settings.data_dir));
    let wrong =
        |wrong: servers::SettingProblem| Mistake { file: name.clone(), line: place(wrong.key), message: wrong.message };
    settings.consider().map_err(wrong)?;
    Ok(settings)
}

/// A mistake at a key of the file.
pub(crate) fn mistake(folder: &Path, key: &str, message: String) -> Mistake {
    let path = folder.join(FILE);
    // Read again: what was just read could be read, and a message without a line is still one.
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    Mistake { file: path.display().to_string(), line: line_of(&text, key), message }
}

/// A path without `name/..`: `../data` lies beside the folder as it was named, also when that is a link.
fn tidied(path: &Path) -> PathBuf {
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
            let hint = nearest(wrong, right.iter().copied());
            format!("unknown key `{wrong}`{hint} (in this file, or as {PREFIX}__SECTION__KEY in the environment)")
        }
        _ => format!("`{key}`: {message}"),
    }
}

/// The line of a dotted key, or of the last part of it that is there; 1 when none is.
fn line_of(text: &str, path: &str) -> u32 {
    let Ok(document) = toml_edit::Document::parse(text) else { return 1 };
    let mut table: Option<&dyn toml_edit::TableLike> = Some(document.as_table());
    let mut line = 1;
    for part in path.split('.') {
        let Some(key) = table.and_then(|t| t.key(part)) else { break };
        let upto = key.span().map_or(0, |span| span.start);
        line = u32::try_from(text[..upto].matches('\n').count() + 1).unwrap_or(1);
        table = table.and_then(|t| t.get(part)).and_then(toml_edit::Item::as_table_like);
    }
    line
}

#[cfg(test)]
mod tests;
