//! JSON of interfaces and portals: an array of objects is a table, and their keys are the header.
//!
//! Numbers are stored as written, because a float rounds large ones. An object inside a row gives columns named
//! `outer.inner`; deeper objects and arrays inside a row are not cells. Limits are checked while the text is read: values that are
//! not needed yet stay slices of it.

use super::super::error::TableError;
use super::super::limits::{Budget, TableLimits};
use super::super::sheet::{Cell, Sheet, SheetRow};
use serde::Deserializer as _;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::fmt;

/// Maximum depth of objects around the array: `{"result": {"records": [..]}}` and one more.
const MAX_DEPTH: u32 = 3;

/// True for text that begins like JSON. `[注]` above a csv does not.
pub(super) fn is_json(text: &str) -> bool {
    let mut marks = text.chars().filter(|c| !c.is_ascii_whitespace());
    match marks.next() {
        Some('[') => matches!(marks.next(), Some('[' | '{' | ']')),
        Some('{') => matches!(marks.next(), Some('"' | '}')),
        _ => false,
    }
}

/// Reads the only array of objects or arrays in a text. The number of a row is its place in the array, from 1; the keys of
/// objects are row 0.
pub(super) fn read(text: &str, limits: &TableLimits) -> Result<Sheet, TableError> {
    let root: &RawValue = serde_json::from_str(text).map_err(|error| broken(&error))?;
    let array = match &tables(root.get(), MAX_DEPTH)?[..] {
        [only] => *only,
        [] => return Err(TableError::Json("it holds no array of objects or arrays")),
        _ => return Err(TableError::Json("it holds several arrays of objects or arrays")),
    };
    let mut table =
        TableBuilder { budget: Budget::new(limits), header: Vec::new(), columns: HashMap::new(), rows: Vec::new() };
    let mut outcome = Ok(());
    let mut number = 0;
    let read = serde_json::Deserializer::from_str(array).deserialize_seq(Each(|row: &RawValue| {
        number += 1;
        outcome = table.row(row.get(), number);
        outcome.is_ok()
    }));
    outcome?;
    read.map_err(|error| broken(&error))?;
    table.finish()
}

/// The arrays of objects or arrays in a value, down to a depth.
fn tables(value: &str, depth: u32) -> Result<Vec<&str>, TableError> {
    match value.as_bytes().first() {
        Some(b'[') if is_json(value) && !is_blank_array(value) => Ok(vec![value]),
        Some(b'{') if depth > 0 => {
            let mut found = Vec::new();
            for (_, inner) in entries(value)? {
                found.extend(tables(inner.get(), depth - 1)?);
            }
            Ok(found)
        }
        _ => Ok(Vec::new()),
    }
}

fn is_blank_array(value: &str) -> bool {
    value[1..].trim_ascii_start().starts_with(']')
}

/// The entries of an object, in their order.
fn entries(object: &str) -> Result<Vec<(String, &RawValue)>, TableError> {
    serde_json::Deserializer::from_str(object).deserialize_map(Entries).map_err(|error| broken(&error))
}

/// The message of the library can quote a cell, so it is not used.
fn broken(error: &serde_json::Error) -> TableError {
    match error.classify() {
        serde_json::error::Category::Eof => TableError::Json("it is cut short"),
        _ => TableError::Json("it is no JSON"),
    }
}

struct TableBuilder<'a> {
    budget: Budget<'a>,
    header: Vec<String>,
    columns: HashMap<String, usize>,
    rows: Vec<SheetRow>,
}

impl TableBuilder<'_> {
    fn row(&mut self, row: &str, number: u32) -> Result<(), TableError> {
        let mut cells = Vec::new();
        match row.as_bytes().first() {
            Some(b'{') => {
                for (key, value) in entries(row)? {
                    if value.get().starts_with('{') {
                        for (inner, value) in entries(value.get())? {
                            self.put(&mut cells, &format!("{key}.{inner}"), value.get())?;
                        }
                    } else {
                        self.put(&mut cells, &key, value.get())?;
                    }
                }
            }
            Some(b'[') => {
                let columns = self.budget.limits.columns;
                let budget = &mut self.budget;
                let mut outcome = Ok(());
                let read = serde_json::Deserializer::from_str(row).deserialize_seq(Each(|value: &RawValue| {
                    outcome = cell(value.get(), budget).map(|cell| cells.push(cell));
                    outcome.is_ok() && cells.len() <= columns
                }));
                outcome?;
                // One column too many is an error below.
                if cells.len() <= columns {
                    read.map_err(|error| broken(&error))?;
                }
            }
            _ => return Err(TableError::Json("a row is neither an object nor an array")),
        }
        while matches!(cells.last(), Some(Cell::Empty)) {
            cells.pop();
        }
        self.budget.row(cells.len(), self.rows.len() + 1)?;
        if !cells.is_empty() {
            self.rows.push(SheetRow { number, cells });
        }
        Ok(())
    }

    fn put(&mut self, cells: &mut Vec<Cell>, key: &str, value: &str) -> Result<(), TableError> {
        let index = if let Some(index) = self.columns.get(key) {
            *index
        } else {
            self.budget.text(key)?;
            self.header.push(key.to_owned());
            self.budget.row(self.header.len(), 0)?;
            self.columns.insert(key.to_owned(), self.header.len() - 1);
            self.header.len() - 1
        };
        if cells.len() <= index {
            cells.resize(index + 1, Cell::Empty);
        }
        if cells[index] != Cell::Empty {
            return Err(TableError::Json("a key stands twice in one object"));
        }
        cells[index] = cell(value, &mut self.budget)?;
        Ok(())
    }

    fn finish(mut self) -> Result<Sheet, TableError> {
        if !self.header.is_empty() {
            let cells = self.header.iter().map(|key| Cell::of_text(key)).collect();
            self.rows.insert(0, SheetRow { number: 0, cells });
        }
        if self.rows.is_empty() { Err(TableError::Empty) } else { Ok(Sheet { rows: self.rows, ..Sheet::default() }) }
    }
}

fn cell(value: &str, budget: &mut Budget<'_>) -> Result<Cell, TableError> {
    Ok(match value.as_bytes().first() {
        Some(b'"') => {
            let text: String = serde_json::from_str(value).map_err(|error| broken(&error))?;
            budget.text(&text)?;
            Cell::of_text(&text)
        }
        Some(b't') => Cell::Bool(true),
        Some(b'f') => Cell::Bool(false),
        Some(b'-' | b'0'..=b'9') if value.contains(['e', 'E']) => {
            value.parse().ok().filter(|number: &f64| number.is_finite()).map_or(Cell::Error, Cell::Number)
        }
        Some(b'-' | b'0'..=b'9') => {
            budget.text(value)?;
            Cell::of_text(value)
        }
        _ => Cell::Empty,
    })
}

/// Passes the elements of an array to a function until it returns false.
struct Each<F>(F);

impl<'de, F: FnMut(&'de RawValue) -> bool> Visitor<'de> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut all: A) -> Result<(), A::Error> {
        while let Some(value) = all.next_element::<&'de RawValue>()? {
            if !(self.0)(value) {
                return Err(serde::de::Error::custom("enough"));
            }
        }
        Ok(())
    }
}

/// Collects the entries of an object.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = map.next_entry()? {
            all.push(entry);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows as `number: cell | cell`.
    fn shown(text: &str, limits: &TableLimits) -> Result<Vec<String>, TableError> {
        let sheet = read(text, limits)?;
        let row = |row: &SheetRow| {
            let cells: Vec<String> = row.cells.iter().map(Cell::text).collect();
            format!("{}: {}", row.number, cells.join(" | "))
        };
        Ok(sheet.rows.iter().map(row).collect())
    }

    #[test]
    fn the_array_of_a_document_is_the_table() {
        let free = TableLimits::default();
        let rows: [(&str, &[&str]); 5] = [
            (
                r#"[{"月":"2020年4月","件数":1234567890123456789},{"件数":null,"他":true},{}]"#,
                &["0: 月 | 件数 | 他", "1: 2020年4月 | 1234567890123456789", "2:  |  | true"],
            ),
            (r#" [["月","値"],["4月",1.50],["5月",-2e2]]"#, &["1: 月 | 値", "2: 4月 | 1.50", "3: 5月 | -200"]),
            (
                r#"{"ok":true,"result":{"fields":[],"records":[{"a":{"b":1,"c":{"d":2}},"e":[3]}]}}"#,
                &["0: a.b | a.c | e", "1: 1"],
            ),
            (r#"{"a":[1,2],"b":{"c":{"d":[[1]]}}}"#, &["1: 1"]),
            ("[{\"a\":\"x\\ny\\u0000\"}]", &["0: a", "1: x\ny\0"]),
        ];
        for (text, right) in rows {
            assert_eq!(shown(text, &free).unwrap(), right, "{text}");
        }
    }

    #[test]
    fn json_that_is_not_a_table_is_an_error() {
        let limits = TableLimits { columns: 3, rows: 2, cell_chars: 5, ..TableLimits::default() };
        let json = |why: &'static str| TableError::Json(why);
        let large = |what: &'static str, limit: u64| TableError::TooLarge { what, limit };
        let rows = [
            (r#"[{"a":1}"#, json("it is cut short")),
            (r#"[{"a":NaN}]"#, json("it is no JSON")),
            (r#"[{"a":1}] x"#, json("it is no JSON")),
            (r#"[{"a":1},2]"#, json("a row is neither an object nor an array")),
            (r#"[{"a":1,"a":2}]"#, json("a key stands twice in one object")),
            (r#"{"a":[{}],"b":[[]]}"#, json("it holds several arrays of objects or arrays")),
            (r#"{"a":{"b":{"c":{"d":[[1]]}}}}"#, json("it holds no array of objects or arrays")),
            ("[]", json("it holds no array of objects or arrays")),
            ("[{},{}]", TableError::Empty),
            ("[[1],[1],[1]]", large("rows", 2)),
            ("[[1,1,1,1]]", large("columns", 3)),
            (r#"[{"a":1,"b":1,"c":1,"d":1}]"#, large("columns", 3)),
            (r#"[["123456"]]"#, large("characters in a cell", 5)),
            ("[[123456]]", large("characters in a cell", 5)),
        ];
        for (text, error) in rows {
            assert_eq!(shown(text, &limits), Err(error), "{text}");
        }
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(shown(&deep, &limits), Err(TableError::Empty));
    }

    #[test]
    fn json_is_distinguished_from_a_csv_that_begins_with_a_bracket() {
        for (text, right) in [
            ("[{", true),
            ("\n[ [", true),
            ("{\"a\"", true),
            ("[注]速報,1", false),
            ("{a},b", false),
            ("[1,2]", false),
            ("", false),
        ] {
            assert_eq!(is_json(text), right, "{text}");
        }
    }
}
