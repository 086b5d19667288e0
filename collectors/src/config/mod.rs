//! The configured sources: `sources.d/*.toml`, read and checked against the catalogues.
//!
//! All mistakes are reported at once, each with its file, its line and the nearest right word. A source that no series lists, or
//! a series without its source, would never give a figure: both are mistakes.

mod check;
mod raw;
#[cfg(test)]
mod tests;

use crate::document::sha256;
use crate::fetch::FetchConfig;
use crate::origin::{self, Origin};
use crate::sources::{KINDS, SeriesTarget, Source, SourceContext, SourceKind};
use crate::table::{self, Encoding};
use check::{NamedPlans, NamedSource};
use contract::catalogue::Catalogue;
use contract::reader::{self, Mistake, TomlTable, nearest};
use contract::time::parse_duration;
use raw::RawSource;
use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use raw::rename_old_keys;

/// Folder of the sources' files inside the configuration.
pub const FOLDER: &str = "sources.d";
/// Time limit of one request, where a source names none.
const DEFAULT_TIMEOUT_SECONDS: i64 = 30;
/// Longest time limit: an hour, for a portal that makes its file on request.
const MAX_TIMEOUT_SECONDS: i64 = 3600;
/// Size limit of one file, where a source names none: the limit of tables.
const DEFAULT_MAX_BYTES: u64 = table::MAX_BYTES;
/// Largest size limit, as a file is held in memory.
const MAX_BYTES_LIMIT: i64 = 1 << 30;
/// Longest interval: a leap year.
const MAX_INTERVAL: Duration = Duration::from_hours(366 * 24);

/// Begins a fingerprint. States of version 0.1.0 hold fingerprints of another form, which have no prefix.
pub(crate) const FINGERPRINT_PREFIX: &str = "keys:";

/// One configured source.
///
/// ```
/// use std::path::Path;
///
/// # let catalogue = testkit::catalogue(r#"
/// # [[series]]
/// # id = "datasets"
/// # name = { ja = "データセット数", en = "data sets" }
/// # unit = { ja = "件", en = "data sets" }
/// # shape = "level"
/// # grain = "day"
/// # definition = [{ id = "listed", text = { ja = "掲載数", en = "listed" } }]
/// # source = [{ id = "register", rhythm = [{ every = "month", expected_by_days = 20 }] }]
/// # "#);
/// let text = r#"
/// [[source]]
/// id = "register"
/// plan = "p"
/// kind = "register"
/// interval = "1d"
/// url = "https://data.city.example/register.csv?key=abc"
/// "#;
/// let files = [("sources.d/p.toml".to_owned(), text.to_owned())];
/// let read = collectors::config::parse(Path::new("."), &files, &[("plans/p.toml".to_owned(), catalogue)]).unwrap();
/// let [source] = &read.sources[..] else { panic!() };
/// assert_eq!(source.address(), "https://data.city.example/register.csv?key=***");
/// assert_eq!(source.fetch.allow_hosts, ["data.city.example"]);
/// ```
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// Its file, as it was named to [`parse`].
    pub file: String,
    /// Line of its table.
    pub line: u32,
    /// Id, unique in its plan.
    pub id: String,
    /// Plan that it provides figures for.
    pub plan: String,
    /// Kind of source system.
    pub kind: &'static str,
    /// Time between two polls.
    pub interval: Duration,
    /// Where it is, and the limits of its requests.
    pub fetch: FetchConfig,
    /// Encoding of its text, where the file does not name it.
    pub encoding: Option<Encoding>,
    /// Its parser or follower.
    pub source: Source,
    pub(crate) fingerprint: String,
}

impl SourceConfig {
    /// Hash of everything that decides how its files are parsed: its own keys, its series, and this program's version. When
    /// it changes, unchanged files are parsed again.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Digest of where it is and how its files are fetched and parsed: another one says that it may give other figures now.
    pub fn identity(&self) -> u64 {
        let digest = sha256(format!("{} {:?} {}", self.kind, self.fetch, self.fingerprint).as_bytes());
        u64::from_str_radix(&digest[..16], 16).unwrap_or_default()
    }

    /// True when both are polled at the same place in the same way, even if their files or lines differ.
    pub fn is_same(&self, other: &Self) -> bool {
        let settings = |one: &Self| (one.interval, one.kind);
        settings(self) == settings(other) && self.fingerprint == other.fingerprint && self.fetch == other.fetch
    }

    /// Its address as it was configured, without secrets; of several URLs the first.
    pub fn address(&self) -> &str {
        match &self.fetch.origin {
            Origin::Path { text, .. } => text,
            Origin::Urls(links) => links.first().map_or("", |link| &link.text),
            Origin::Index { page, .. } => &page.text,
            Origin::Snmp(snmp) => &snmp.text,
        }
    }

    /// True when a file that is no longer there withdraws nothing: a page links to its newest editions only.
    pub fn forgets(&self) -> bool {
        matches!(self.fetch.origin, Origin::Index { .. })
    }
}

/// All sources, and warnings about keys that will not work in the next version.
#[derive(Clone, Debug, Default)]
pub struct LoadedSources {
    /// The sources, in the order of their files.
    pub sources: Vec<Arc<SourceConfig>>,
    /// Old keys, each with the new one.
    pub warnings: Vec<Mistake>,
    files: Vec<Arc<ReadFile>>,
}

/// A file without mistakes, which need not be read again as long as its text and the plans that it names stay.
#[derive(Debug)]
struct ReadFile {
    name: String,
    /// SHA-256 of its text.
    digest: String,
    sources: Vec<Arc<SourceConfig>>,
    named: Vec<NamedSource>,
    warnings: Vec<Mistake>,
}

/// What was read before, and whether the catalogue of a plan is still the same.
#[derive(Clone, Copy)]
pub struct ReadBefore<'a> {
    /// The sources.
    pub sources: &'a LoadedSources,
    /// True of a plan whose catalogue is the same as then.
    pub is_same: &'a dyn Fn(&str) -> bool,
}

impl<'a> ReadBefore<'a> {
    /// The files that are still right as far as their plans are asked, by name.
    fn files(self) -> HashMap<&'a str, &'a Arc<ReadFile>> {
        let is_same = |file: &&Arc<ReadFile>| file.named.iter().all(|source| (self.is_same)(&source.plan));
        self.sources.files.iter().filter(is_same).map(|file| (file.name.as_str(), file)).collect()
    }
}

/// The paths of `sources.d/*.toml` of a configuration's folder, sorted.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, Mistake> {
    let place = folder.join(FOLDER);
    let entries = place.read_dir().map_err(|error| unreadable(&place, &error))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    Ok(paths)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Mistake {
    Mistake { file: path.display().to_string(), line: 1, message: format!("cannot be read: {error}") }
}

/// Reads `sources.d/*.toml` of a configuration's folder. `catalogues` are all plans, each with its file; files that are as
/// they were `before` are not read again.
pub fn load<C: Borrow<Catalogue>>(
    folder: &Path,
    catalogues: &[(String, C)],
    before: Option<ReadBefore<'_>>,
) -> Result<LoadedSources, Vec<Mistake>> {
    let (mut texts, mut mistakes) = (Vec::new(), Vec::new());
    for path in files(folder).map_err(|mistake| vec![mistake])? {
        match std::fs::read_to_string(&path) {
            Ok(text) => texts.push((path.display().to_string(), text)),
            Err(error) => mistakes.push(unreadable(&path, &error)),
        }
    }
    match parse_again(folder, &texts, catalogues, before) {
        Ok(loaded) if mistakes.is_empty() => Ok(loaded),
        Ok(_) => Err(mistakes),
        Err(more) => {
            mistakes.extend(more);
            Err(mistakes)
        }
    }
}

/// Like [`load`], for the names and texts of the files. Paths are relative to `folder`.
pub fn parse<C: Borrow<Catalogue>>(
    folder: &Path,
    files: &[(String, String)],
    catalogues: &[(String, C)],
) -> Result<LoadedSources, Vec<Mistake>> {
    parse_again(folder, files, catalogues, None)
}

fn parse_again<C: Borrow<Catalogue>>(
    folder: &Path,
    files: &[(String, String)],
    catalogues: &[(String, C)],
    before: Option<ReadBefore<'_>>,
) -> Result<LoadedSources, Vec<Mistake>> {
    let (plans, before) = (NamedPlans::new(catalogues), before.map(ReadBefore::files).unwrap_or_default());
    let (mut read_files, mut mistakes) = (Vec::new(), Vec::new());
    let mut all_are_toml = true;
    for (name, text) in files {
        let digest = sha256(text.as_bytes());
        if let Some(file) = before.get(name.as_str()).filter(|file| file.digest == digest) {
            read_files.push(Arc::clone(file));
            continue;
        }
        let raw = raw::read(name, text, &mut mistakes);
        let (named, warnings, more) = (RefCell::default(), RefCell::default(), RefCell::new(Vec::new()));
        let file = SourceFile { name, folder, plans: &plans, named: &named, mistakes: &more, warnings: &warnings };
        let mut is_toml = false;
        let read = reader::read(name, text, |top| {
            is_toml = true;
            let tables = top.tables("source");
            let missing = RawSource::default();
            let each = tables.iter().enumerate();
            each.map(|(index, r)| file.source(r, raw.get(index).unwrap_or(&missing))).collect::<Vec<_>>()
        });
        let sources = read.map_err(|found| mistakes.extend(found)).unwrap_or_default();
        let sources = sources.into_iter().flatten().map(Arc::new).collect();
        mistakes.extend(more.take());
        all_are_toml &= is_toml;
        let (name, named, warnings) = (name.clone(), named.take(), warnings.take());
        read_files.push(Arc::new(ReadFile { name, digest, sources, named, warnings }));
    }
    // The sources of an unreadable file are not missing.
    if all_are_toml {
        check::catalogues(&plans, read_files.iter().flat_map(|file| &file.named), &mut mistakes);
    }
    mistakes.sort();
    mistakes.dedup();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let sources = read_files.iter().flat_map(|file| file.sources.iter().cloned()).collect();
    let warnings = read_files.iter().flat_map(|file| file.warnings.iter().cloned()).collect();
    Ok(LoadedSources { sources, warnings, files: read_files })
}

/// One file while it is read.
struct SourceFile<'a> {
    name: &'a str,
    folder: &'a Path,
    plans: &'a NamedPlans<'a>,
    named: &'a RefCell<Vec<NamedSource>>,
    mistakes: &'a RefCell<Vec<Mistake>>,
    warnings: &'a RefCell<Vec<Mistake>>,
}

impl SourceFile<'_> {
    fn source(&self, r: &TomlTable<'_>, raw: &RawSource) -> Option<SourceConfig> {
        let (id, plan) = (r.id("id"), r.id("plan"));
        let catalogue = self.plans.catalogue(&plan);
        if catalogue.is_none() && !plan.is_empty() {
            let right = nearest(&plan, self.plans.ids());
            r.mistake("plan", format!("unknown plan `{plan}`{right}"));
        }
        let (key, interval) = self.interval(r);
        let origin = origin::read(r, self.folder);
        let allow_hosts = origin::hosts(r, origin.as_ref());
        let allow_private = r.texts("allow_private");
        let (timeout, max_bytes, encoding) = limits(r);
        let (file, line) = (self.name.to_owned(), r.line);
        let named = |gives| NamedSource { plan: plan.clone(), id: id.clone(), file: file.clone(), line, gives };
        let Some(kind) = kind(r) else {
            self.named.borrow_mut().push(named(None));
            return None;
        };
        let report =
            |line, message| self.mistakes.borrow_mut().push(Mistake { file: self.name.to_owned(), line, message });
        let (labels, fractions) = (&raw.labels, kind.fractions);
        let context = SourceContext { source: &id, catalogue, labels, fractions, report: &report };
        let source = (kind.read)(r, &context);
        check::source(r, catalogue, &id, (key, interval), &source);
        let series = source.series().into_iter().map(|(_, series)| series.to_owned()).collect();
        self.named.borrow_mut().push(named((!source.is_open()).then_some(series)));
        let fingerprint = fingerprint(kind, raw, &context);
        let fetch = FetchConfig { origin: origin?, timeout, max_bytes, allow_hosts, allow_private };
        Some(SourceConfig { file, line, id, plan, kind: kind.name, interval, fetch, encoding, source, fingerprint })
    }

    /// The interval and its key; after a mistake the shortest, so that no check of the interval fails.
    fn interval(&self, r: &TomlTable<'_>) -> (&'static str, Duration) {
        let key = match (r.has("interval"), r.has("every")) {
            (true, true) => {
                r.mistake("every", "`every` is the old name of `interval`; remove one of the two");
                "interval"
            }
            (false, true) => {
                let message = "`every` is now called `interval` and will be refused by the next version; `shihyo check --fix` \
                               renames it";
                let (file, line) = (self.name.to_owned(), r.line_of("every"));
                self.warnings.borrow_mut().push(Mistake { file, line, message: message.to_owned() });
                "every"
            }
            (true, false) => "interval",
            (false, false) => {
                r.mistake(
                    "interval",
                    "`interval` is missing: the time between two polls, such as \"15m\", \"6h\" or \"1d\"",
                );
                "interval"
            }
        };
        (key, r.text_if(key).and_then(|text| duration(r, key, &text)).unwrap_or(Duration::from_secs(1)))
    }
}

/// See [`SourceConfig::fingerprint`].
fn fingerprint(kind: SourceKind, raw: &RawSource, context: &SourceContext<'_>) -> String {
    let keys = raw
        .keys
        .iter()
        .filter(|(key, _)| kind.keys.contains(&key.as_str()) || ["encoding", "max_bytes"].contains(&key.as_str()));
    let keys: Vec<String> = keys.map(|(key, value)| format!("{key}={value}")).collect();
    let series: Vec<String> = context.listing().iter().map(SeriesTarget::identity).collect();
    let text = [env!("CARGO_PKG_VERSION"), kind.name, &keys.join("\n"), &series.join("\n")].join("\n\n");
    format!("{FINGERPRINT_PREFIX}{}", sha256(text.as_bytes()))
}

/// The kind. When it is unknown, the keys of all kinds are accepted.
fn kind(r: &TomlTable<'_>) -> Option<SourceKind> {
    let words: Vec<(&str, SourceKind)> = KINDS.iter().map(|kind| (kind.name, *kind)).collect();
    if !r.has("kind") {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        let list = names.join(", ");
        r.mistake("kind", format!("`kind` is missing; it must be one of: {list}"));
    }
    let kind = r.word_if("kind", &words);
    if kind.is_none() {
        for key in KINDS.iter().flat_map(|kind| kind.keys) {
            let _ = r.has(key);
        }
    }
    kind
}

fn limits(r: &TomlTable<'_>) -> (Duration, u64, Option<Encoding>) {
    let seconds = r.integer("timeout_seconds", 1..=MAX_TIMEOUT_SECONDS, DEFAULT_TIMEOUT_SECONDS);
    let max_bytes = r.integer_if("max_bytes", 1..=MAX_BYTES_LIMIT).and_then(|bytes| u64::try_from(bytes).ok());
    let encoding = r.text_if("encoding").and_then(|name| {
        let found = Encoding::named(&name);
        if found.is_none() {
            let right = nearest(&name, ["utf-8", "cp932", "shift_jis", "euc-jp", "utf-16le", "utf-16be"]);
            r.mistake("encoding", format!("unknown encoding `{name}`{right}"));
        }
        found
    });
    (Duration::from_secs(seconds.unsigned_abs()), max_bytes.unwrap_or(DEFAULT_MAX_BYTES), encoding)
}

/// `30s`, `15m`, `6h`, `1d`.
fn duration(r: &TomlTable<'_>, key: &str, text: &str) -> Option<Duration> {
    let read = parse_duration(text).filter(|interval| (Duration::from_secs(1)..=MAX_INTERVAL).contains(interval));
    if read.is_none() {
        let range = "must be from \"1s\" to \"366d\", such as \"15m\", \"6h\" or \"1d\"";
        r.mistake(key, format!("`{key}` {range}: `{text}`"));
    }
    read
}
