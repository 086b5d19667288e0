//! What the contract's reader cannot give of a file: labels in any words, the text of keys, and edits.

use crate::sources::SeriesLabel;
use contract::reader::Mistake;
use std::ops::Range;
use toml_edit::{Document, Item, Key, TableLike, Value};

const WANTED: &str = "must be a series id, or { series = \"..\", definition = \"..\" }";

/// One `[[source]]`.
#[derive(Default)]
pub(super) struct RawSource {
    /// The entries of `[source.series]`.
    pub(super) labels: Vec<SeriesLabel>,
    /// Its keys, and their values without comments and layout.
    pub(super) keys: Vec<(String, String)>,
}

/// The sources of a file, in their order; none of a file that is not TOML, which its reader reports.
pub(super) fn read(file: &str, text: &str, mistakes: &mut Vec<Mistake>) -> Vec<RawSource> {
    let Ok(document) = Document::parse(text) else { return Vec::new() };
    let line = |span: Option<Range<usize>>| {
        let before = span.and_then(|span| text.get(..span.start)).map_or(0, |before| before.matches('\n').count());
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    };
    let mut mistake = |line, message| mistakes.push(Mistake { file: file.to_owned(), line, message });
    let mut all = Vec::new();
    for source in sources(document.as_item()) {
        let mut labels = Vec::new();
        if let Some(item) = source.get("series") {
            let Some(table) = item.as_table_like() else {
                mistake(line(item.span()), "`series` must be a table: a label of the file = the series".to_owned());
                all.push(RawSource::default());
                continue;
            };
            for (key, item) in table.iter() {
                let line = line(table.key(key).and_then(Key::span));
                match label(key, item, line) {
                    Some(label) => labels.push(label),
                    None => mistake(line, format!("`{key}` {WANTED}")),
                }
            }
        }
        let keys = source.iter().map(|(key, item)| (key.to_owned(), canonical(item))).collect();
        all.push(RawSource { labels, keys });
    }
    all
}

/// Renames the keys of a `sources.d` file that have new names, and keeps everything else as it is; `None` when there are none.
pub fn rename_old_keys(text: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let tables = sources(document.as_item());
    let old = tables.iter().filter(|source| source.get("interval").is_none());
    let mut spans: Vec<Range<usize>> = old.filter_map(|source| source.key("every")?.span()).collect();
    spans.sort_by_key(|span| span.start);
    let mut renamed = text.to_owned();
    for span in spans.iter().rev() {
        renamed.replace_range(span.clone(), "interval");
    }
    (!spans.is_empty()).then_some(renamed)
}

/// The text of a value, without comments and layout.
fn canonical(item: &Item) -> String {
    let list = |parts: Vec<String>| format!("[{}]", parts.join(","));
    if let Some(table) = item.as_table_like() {
        list(table.iter().map(|(key, item)| format!("{key:?}={}", canonical(item))).collect())
    } else if let Some(tables) = item.as_array_of_tables() {
        list(tables.iter().map(|table| canonical(&Item::Table(table.clone()))).collect())
    } else if let Some(array) = item.as_array() {
        list(array.iter().map(|value| canonical(&Item::Value(value.clone()))).collect())
    } else if let Some(text) = item.as_str() {
        format!("{text:?}")
    } else {
        item.to_string().trim().to_owned()
    }
}

fn sources(document: &Item) -> Vec<&dyn TableLike> {
    match document.get("source") {
        Some(Item::ArrayOfTables(tables)) => tables.iter().map(|table| table as &dyn TableLike).collect(),
        Some(Item::Value(Value::Array(array))) => {
            array.iter().filter_map(|value| Some(value.as_inline_table()? as &dyn TableLike)).collect()
        }
        _ => Vec::new(),
    }
}

fn label(key: &str, item: &Item, line: u32) -> Option<SeriesLabel> {
    let text = key.to_owned();
    if let Some(series) = item.as_str() {
        return Some(SeriesLabel { text, series: series.to_owned(), definition: None, line });
    }
    let table = item.as_table_like()?;
    if table.iter().any(|(key, _)| !["series", "definition"].contains(&key)) {
        return None;
    }
    let series = table.get("series")?.as_str()?.to_owned();
    let definition = match table.get("definition") {
        Some(item) => Some(item.as_str()?.to_owned()),
        None => None,
    };
    Some(SeriesLabel { text, series, definition, line })
}
