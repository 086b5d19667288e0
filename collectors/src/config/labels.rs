//! The entries of `[source.series]`: what a file calls each series.
//!
//! Their keys are whatever words a city uses, and the contract's reader only knows keys that are part of
//! the program, so that these tables are read from the document itself.

use crate::sources::SeriesLabel;
use contract::reader::Mistake;
use std::ops::Range;
use toml_edit::{Document, Item, TableLike, Value};

const WANTED: &str = "must be a series id, or { series = \"..\", definition = \"..\" }";

/// The labels of each `[[source]]` of a file, in their order. A file that is no TOML has none; its
/// reader says so.
pub(super) fn read(file: &str, text: &str, mistakes: &mut Vec<Mistake>) -> Vec<Vec<SeriesLabel>> {
    let Ok(document) = Document::parse(text) else { return Vec::new() };
    let line = |span: Option<Range<usize>>| {
        let before = span.and_then(|span| text.get(..span.start)).map_or(0, |before| before.matches('\n').count());
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    };
    let mut all = Vec::new();
    for source in sources(document.as_item()) {
        let mut labels = Vec::new();
        let Some(table) = source.get("series").and_then(Item::as_table_like) else {
            if let Some(other) = source.get("series") {
                let message = "`series` must be a table: what the file says = the series".to_owned();
                mistakes.push(Mistake { file: file.to_owned(), line: line(other.span()), message });
            }
            all.push(labels);
            continue;
        };
        for (key, item) in table.iter() {
            let line = line(table.key(key).and_then(toml_edit::Key::span));
            match label(key, item, line) {
                Some(label) => labels.push(label),
                None => mistakes.push(Mistake { file: file.to_owned(), line, message: format!("`{key}` {WANTED}") }),
            }
        }
        all.push(labels);
    }
    all
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
