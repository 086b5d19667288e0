//! The file `shihyo.toml`, and lines in it.

use contract::reader::Mistake;
use std::io::ErrorKind;
use std::path::Path;

/// File of the settings inside the configuration folder.
pub(super) const FILE: &str = "shihyo.toml";

/// The text of the file, empty where there is none.
pub(super) fn read(folder: &Path) -> Result<String, Mistake> {
    let path = folder.join(FILE);
    match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        text => text.map_err(|error| {
            let message = format!("cannot be read: {error}");
            Mistake { file: path.display().to_string(), line: 1, message }
        }),
    }
}

/// A mistake at a key of the file.
pub(crate) fn mistake(folder: &Path, key: &str, message: String) -> Mistake {
    // A message without its line is still a message.
    let text = read(folder).unwrap_or_default();
    Mistake { file: folder.join(FILE).display().to_string(), line: line_of(&text, key), message }
}

/// The line of a position, from 1.
pub(super) fn line_at(text: &str, position: usize) -> u32 {
    u32::try_from(text[..position].matches('\n').count() + 1).unwrap_or(1)
}

/// The line of a dotted key, or of the last part of it that is there; 1 when none is.
pub(super) fn line_of(text: &str, path: &str) -> u32 {
    let Ok(document) = toml_edit::Document::parse(text) else { return 1 };
    let mut table: Option<&dyn toml_edit::TableLike> = Some(document.as_table());
    let mut line = 1;
    for part in path.split('.') {
        let Some(key) = table.and_then(|t| t.key(part)) else { break };
        line = line_at(text, key.span().map_or(0, |span| span.start));
        table = table.and_then(|t| t.get(part)).and_then(toml_edit::Item::as_table_like);
    }
    line
}
