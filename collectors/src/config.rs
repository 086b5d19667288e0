//! The configured sources: `sources.d/*.toml`, read and checked against the catalogues.
//!
//! Every mistake is found at once, with its file, line and the nearest right word, as an officer mends
//! a file in one go or not at all. A source whose series nobody lists, or a series that waits for a
//! source nobody configured, would be silent for years: both are mistakes here.

mod check;
mod labels;
mod origin;
#[cfg(test)]
mod tests;

use crate::fetch::sha256;
use crate::sources::{KINDS, SeriesLabel, Source, SourceContext, SourceKind};
use crate::table::{self, Encoding};
use contract::catalogue::Catalogue;
use contract::reader::{self, Mistake, TomlTable, nearest};
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use origin::without_secrets;
pub use origin::{NamedUrl, Origin, snmp};

/// Folder of the sources' files inside the configuration.
pub const FOLDER: &str = "sources.d";
/// Time-out of one request, where a source names none.
const DEFAULT_TIMEOUT_SECONDS: i64 = 30;
/// Longest time-out: an hour, for a portal that makes its file on the spot.
const MAX_TIMEOUT_SECONDS: i64 = 3600;
/// Size cap of one file, where a source names none: what tables are read up to.
const DEFAULT_MAX_BYTES: u64 = table::MAX_BYTES;
/// Largest size cap: a file is held in memory.
const MAX_MAX_BYTES: i64 = 1 << 30;
/// Longest rhythm: a leap year.
const MAX_EVERY: Duration = Duration::from_hours(366 * 24);
/// Keys that every source has; the others are its kind's.
const KEYS: [&str; 3] = ["id", "plan", "kind"];

/// One configured source.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// File it stands in, as it was named to us.
    pub file: String,
    /// Line of its table.
    pub line: u32,
    /// Id, unique in its plan.
    pub id: String,
    /// Plan it measures for.
    pub plan: String,
    /// Kind of source system.
    pub kind: &'static str,
    /// How often it is asked.
    pub every: Duration,
    /// Where it is.
    pub origin: Origin,
    /// Longest time of one request.
    pub timeout: Duration,
    /// Most bytes of one file.
    pub max_bytes: u64,
    /// Encoding of its text, where it does not tell.
    pub encoding: Option<Encoding>,
    /// Hosts that it may be fetched from, redirects included.
    pub allow_hosts: Vec<String>,
    /// Hosts that may lie at private, loopback or link-local addresses.
    pub allow_private: Vec<String>,
    /// Reads its files.
    pub source: Arc<dyn Source>,
    /// Hash of all that decides how its files are read: when it changes, unchanged files are read again.
    pub fingerprint: String,
}

impl SourceConfig {
    /// True when the other is asked at the same place in the same way, wherever either stands in the configuration.
    pub fn is_same(&self, other: &Self) -> bool {
        let way = |one: &Self| {
            (one.every, one.timeout, one.max_bytes, one.kind, one.fingerprint.clone(), one.allow_hosts.clone())
        };
        let place = |one: &Self| format!("{:?} {:?} {:?}", one.origin, one.encoding, one.allow_private);
        way(self) == way(other) && place(self) == place(other)
    }

    /// Its address as it was configured, without secrets; of several URLs the first.
    pub fn address(&self) -> &str {
        match &self.origin {
            Origin::Path { text, .. } => text,
            Origin::Urls(links) => links.first().map_or("", |link| &link.text),
            Origin::Index { page, .. } => &page.text,
            Origin::Snmp(snmp) => &snmp.text,
        }
    }

    /// True when a file that is no longer there says nothing: a page links to its newest editions only.
    pub fn forgets(&self) -> bool {
        matches!(self.origin, Origin::Index { .. })
    }
}

/// Reads `sources.d/*.toml` of a configuration's folder. `catalogues` are all plans, each with its file.
pub fn load(folder: &Path, catalogues: &[(String, Catalogue)]) -> Result<Vec<SourceConfig>, Vec<Mistake>> {
    let unreadable = |name: String, error: &std::io::Error| Mistake {
        file: name,
        line: 1,
        message: format!("cannot be read: {error}"),
    };
    let place = folder.join(FOLDER);
    let entries = place.read_dir().map_err(|error| vec![unreadable(place.display().to_string(), &error)])?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let (mut files, mut mistakes) = (Vec::new(), Vec::new());
    for path in paths {
        match std::fs::read_to_string(&path) {
            Ok(text) => files.push((path.display().to_string(), text)),
            Err(error) => mistakes.push(unreadable(path.display().to_string(), &error)),
        }
    }
    match parse(folder, &files, catalogues) {
        Ok(sources) if mistakes.is_empty() => Ok(sources),
        Ok(_) => Err(mistakes),
        Err(more) => {
            mistakes.extend(more);
            Err(mistakes)
        }
    }
}

/// [`load`], with the texts handed in: names and texts of the files. Paths are relative to `folder`.
pub fn parse(
    folder: &Path,
    files: &[(String, String)],
    catalogues: &[(String, Catalogue)],
) -> Result<Vec<SourceConfig>, Vec<Mistake>> {
    let (mut sources, mut mistakes) = (Vec::new(), Vec::new());
    let named = RefCell::new(Vec::new());
    let mut opened = true;
    for (name, text) in files {
        let labels = labels::read(name, text, &mut mistakes);
        let more = RefCell::new(Vec::new());
        let file = File { name, folder, catalogues, named: &named, mistakes: &more };
        let mut is_toml = false;
        let read = reader::read(name, text, |top| {
            is_toml = true;
            let tables = top.tables("source");
            let each = tables.iter().enumerate();
            each.map(|(index, r)| file.source(r, labels.get(index).map_or(&[][..], Vec::as_slice))).collect::<Vec<_>>()
        });
        match read {
            Ok(read) => sources.extend(read.into_iter().flatten()),
            Err(found) => mistakes.extend(found),
        }
        mistakes.extend(more.take());
        opened &= is_toml;
    }
    // Sources that could not be seen are not missing.
    if opened {
        check::catalogues(catalogues, &named.take(), &mut mistakes);
    }
    mistakes.sort();
    mistakes.dedup();
    if mistakes.is_empty() { Ok(sources) } else { Err(mistakes) }
}

/// A source by name: known even when the rest of it is wrong.
#[derive(Debug)]
struct Named {
    plan: String,
    id: String,
    file: String,
    line: u32,
    /// The only series it can give; `None` when its files say.
    gives: Option<Vec<String>>,
}

/// One file while it is read.
struct File<'a> {
    name: &'a str,
    folder: &'a Path,
    catalogues: &'a [(String, Catalogue)],
    named: &'a RefCell<Vec<Named>>,
    mistakes: &'a RefCell<Vec<Mistake>>,
}

impl File<'_> {
    fn source(&self, r: &TomlTable<'_>, labels: &[SeriesLabel]) -> Option<SourceConfig> {
        let [id, plan, _] = KEYS.map(|key| if key == "kind" { String::new() } else { r.id(key) });
        let catalogue = self.catalogues.iter().map(|(_, catalogue)| catalogue).find(|c| c.plan.id == plan);
        if catalogue.is_none() && !plan.is_empty() {
            let right = nearest(&plan, self.catalogues.iter().map(|(_, c)| c.plan.id.as_str()));
            r.mistake("plan", format!("unknown plan `{plan}`{right}"));
        }
        // After a mistake the shortest, which is never too seldom for anything.
        let every = r.text_if("every").and_then(|text| duration(r, &text)).unwrap_or(Duration::from_secs(1));
        if !r.has("every") {
            r.mistake("every", "`every` is missing; how often to ask, such as \"15m\", \"6h\" or \"1d\"");
        }
        let origin = origin::read(r, self.folder);
        let allow_hosts = origin::hosts(r, origin.as_ref());
        let allow_private = r.texts("allow_private");
        let (timeout, max_bytes, encoding) = limits(r);
        let named =
            |gives| Named { plan: plan.clone(), id: id.clone(), file: self.name.to_owned(), line: r.line, gives };
        let Some(kind) = kind(r) else {
            self.named.borrow_mut().push(named(None));
            return None;
        };
        let report =
            |line, message| self.mistakes.borrow_mut().push(Mistake { file: self.name.to_owned(), line, message });
        let context = SourceContext { source: &id, catalogue, labels, report: &report };
        let source = (kind.read)(r, &context);
        check::source(r, catalogue, &id, every, source.as_ref());
        let series = source.series().into_iter().map(|(_, series)| series.to_owned()).collect();
        self.named.borrow_mut().push(named((!source.is_open()).then_some(series)));
        let how = format!("{} {} {source:?} {encoding:?} {max_bytes}", env!("CARGO_PKG_VERSION"), kind.name);
        let (file, line, kind) = (self.name.to_owned(), r.line, kind.name);
        let fingerprint = sha256(how.as_bytes());
        Some(SourceConfig {
            file,
            line,
            id,
            plan,
            kind,
            every,
            origin: origin?,
            timeout,
            max_bytes,
            encoding,
            allow_hosts,
            allow_private,
            source,
            fingerprint,
        })
    }
}

/// The kind; when it is unknown, the keys of all kinds pass, as nobody knows which are right.
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
    let max_bytes = r.integer_if("max_bytes", 1..=MAX_MAX_BYTES).and_then(|bytes| u64::try_from(bytes).ok());
    let encoding = r.text_if("encoding").and_then(|name| {
        let known = Encoding::named(&name);
        if known.is_none() {
            let right = nearest(&name, ["utf-8", "cp932", "shift_jis", "euc-jp", "utf-16le", "utf-16be"]);
            r.mistake("encoding", format!("unknown encoding `{name}`{right}"));
        }
        known
    });
    (Duration::from_secs(seconds.unsigned_abs()), max_bytes.unwrap_or(DEFAULT_MAX_BYTES), encoding)
}

/// `30s`, `15m`, `6h`, `1d`.
fn duration(r: &TomlTable<'_>, text: &str) -> Option<Duration> {
    let seconds = |unit: char| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3600),
        'd' => Some(86_400),
        _ => None,
    };
    let read = || {
        let unit = text.chars().last()?;
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        Some(Duration::from_secs(number.checked_mul(seconds(unit)?)?))
    };
    let read = read().filter(|every| (Duration::from_secs(1)..=MAX_EVERY).contains(every));
    if read.is_none() {
        r.mistake(
            "every",
            format!("`every` must be from \"1s\" to \"366d\", such as \"15m\", \"6h\" or \"1d\": `{text}`"),
        );
    }
    read
}
