//! Reads TOML a person wrote, and reports every mistake at once with its line and the nearest right word.
//!
//! A serde reader stops at the first mistake; an officer who edits a file wants them all. A key that
//! was not read is a mistake, found when the reader of its table is dropped.

use crate::exact::{self, Exact};
use crate::period::Period;
use crate::time::parse_date;
use jiff::civil::Date;
use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;
use toml_edit::{Document, Item, TableLike, Value};

/// Least likeness (0 to 1) of a word that is offered instead of a wrong one.
const LIKENESS: f64 = 0.7;

/// One mistake in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// File as it was named to us.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// `; did you mean `x`?` for the likest of the right words, or the list of them when none is like it.
pub fn nearest<'a>(word: &str, right: impl IntoIterator<Item = &'a str>) -> String {
    let right: Vec<&str> = right.into_iter().collect();
    let like = |candidate: &str| strsim::jaro_winkler(word, candidate);
    match right.iter().copied().max_by(|a, b| like(a).total_cmp(&like(b))) {
        Some(best) if like(best) >= LIKENESS => format!("; did you mean `{best}`?"),
        Some(_) if right.len() <= 12 => format!("; one of: {}", right.join(", ")),
        _ => String::new(),
    }
}

struct File {
    name: String,
    text: String,
    mistakes: RefCell<Vec<Mistake>>,
}

impl File {
    fn line(&self, span: Option<Range<usize>>) -> u32 {
        let upto = span.map_or(0, |s| s.start).min(self.text.len());
        let lines = self.text.get(..upto).map_or(0, |before| before.matches('\n').count());
        u32::try_from(lines + 1).unwrap_or(u32::MAX)
    }
}

/// Reads a whole file with `read`, and returns what it made or all mistakes in line order.
pub fn read<T>(file: &str, text: &str, read: impl FnOnce(&TomlTable<'_>) -> T) -> Result<T, Vec<Mistake>> {
    let shared = Rc::new(File { name: file.into(), text: text.into(), mistakes: RefCell::default() });
    let document = Document::parse(text).map_err(|e| {
        let message = e.message().trim_end_matches('\n').replace('\n', ", ");
        vec![Mistake { file: file.into(), line: shared.line(e.span()), message }]
    })?;
    let reader = TomlTable { table: document.as_table(), file: Rc::clone(&shared), line: 1, asked: RefCell::default() };
    let made = read(&reader);
    drop(reader);
    let mut mistakes = shared.mistakes.take();
    mistakes.sort();
    mistakes.dedup();
    if mistakes.is_empty() { Ok(made) } else { Err(mistakes) }
}

/// One table of the file.
pub struct TomlTable<'a> {
    table: &'a dyn TableLike,
    file: Rc<File>,
    /// Line it starts at.
    pub line: u32,
    asked: RefCell<Vec<&'static str>>,
}

impl Drop for TomlTable<'_> {
    fn drop(&mut self) {
        let asked = self.asked.take();
        for (key, item) in self.table.iter() {
            if asked.contains(&key) {
                continue;
            }
            let span = self.table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
            let line = self.file.line(span);
            self.add_mistake(line, format!("unknown key `{key}`{}", nearest(key, asked.iter().copied())));
        }
    }
}

impl<'a> TomlTable<'a> {
    fn add_mistake(&self, line: u32, message: String) {
        self.file.mistakes.borrow_mut().push(Mistake { file: self.file.name.clone(), line, message });
    }

    /// Reports a mistake at a key of this table, or at the table when it has no such key.
    pub fn mistake(&self, key: &str, message: impl Into<String>) {
        self.add_mistake(self.line_of(key), message.into());
    }

    /// Reports a mistake at a line.
    pub fn mistake_at(&self, line: u32, message: impl Into<String>) {
        self.add_mistake(line, message.into());
    }

    /// The line of a key, or of the table when it has no such key.
    pub fn line_of(&self, key: &str) -> u32 {
        let span = self.table.key(key).and_then(toml_edit::Key::span);
        span.map_or(self.line, |span| self.file.line(Some(span)))
    }

    /// True when the key is there.
    pub fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    fn get(&self, key: &'static str) -> Option<&'a Item> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    fn convert<T>(&self, key: &'static str, wanted: &str, convert: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        let item = self.get(key)?;
        let value = item.as_value().and_then(convert);
        if value.is_none() {
            self.mistake(key, format!("`{key}` must be {wanted}"));
        }
        value
    }

    fn required<T>(&self, key: &'static str, wanted: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && self.table.get(key).is_none() {
            self.add_mistake(self.line, format!("`{key}` is missing; it must be {wanted}"));
        }
        value
    }

    /// An optional text.
    pub fn text_if(&self, key: &'static str) -> Option<String> {
        self.convert(key, "a text", |v| v.as_str().map(str::to_owned))
    }

    /// A text; empty is a mistake.
    pub fn text(&self, key: &'static str) -> String {
        let text = self.text_if(key);
        if text.as_deref().is_some_and(|t| t.trim().is_empty()) {
            self.mistake(key, format!("`{key}` is empty"));
        }
        self.required(key, "a text", text).unwrap_or_default()
    }

    /// An id: small letters, digits, `-` and `_`, at most 64, starting with a letter or digit.
    pub fn id(&self, key: &'static str) -> String {
        let id = self.text(key);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if !id.is_empty() && (id.len() > 64 || !id.chars().all(plain) || id.starts_with(['-', '_'])) {
            self.mistake(key, format!("`{key}` must be small letters, digits, `-` and `_`, at most 64: `{id}`"));
        }
        id
    }

    /// An optional list of texts; a missing key is an empty list.
    pub fn texts(&self, key: &'static str) -> Vec<String> {
        let list = self.convert(key, "a list of texts, such as [\"a\"] or [\"a\", \"b\"]", |v| {
            v.as_array()?.iter().map(|v| v.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        list.unwrap_or_default()
    }

    /// A whole number in a range, or `default` when the key is missing.
    pub fn integer(&self, key: &'static str, range: std::ops::RangeInclusive<i64>, default: i64) -> i64 {
        self.integer_if(key, range).unwrap_or(default)
    }

    /// An optional whole number in a range.
    pub fn integer_if(&self, key: &'static str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        self.convert(key, &wanted, |v| v.as_integer().filter(|n| range.contains(n)))
    }

    /// An optional switch, off when missing.
    pub fn switch(&self, key: &'static str) -> bool {
        self.convert(key, "true or false", Value::as_bool).unwrap_or_default()
    }

    /// An optional exact decimal, taken as it is written.
    pub fn exact_if(&self, key: &'static str) -> Option<Exact> {
        self.convert(key, "a decimal number such as 13.6", |v| match v {
            Value::Integer(n) => Some(exact::whole(*n.value())),
            Value::Float(_) => exact::parse(self.file.text.get(v.span()?)?),
            Value::String(s) => exact::parse(s.value()),
            _ => None,
        })
    }

    /// An optional date, as a text `2019-04-01` or a bare TOML date.
    pub fn date_if(&self, key: &'static str) -> Option<Date> {
        self.convert(key, "a date such as 2019-04-01", |v| match v {
            Value::String(s) => parse_date(s.value()),
            Value::Datetime(d) => parse_date(&d.value().to_string()),
            _ => None,
        })
    }

    /// A list of dates; a missing key is an empty list.
    pub fn dates(&self, key: &'static str) -> Vec<Date> {
        let read = |text: &String| {
            let date = parse_date(text);
            if date.is_none() {
                self.mistake(key, format!("`{text}` is no date such as 2019-04-01"));
            }
            date
        };
        self.texts(key).iter().filter_map(read).collect()
    }

    /// An optional fiscal year such as `FY2019`, as the year it starts in.
    pub fn fiscal_year_if(&self, key: &'static str) -> Option<i32> {
        self.convert(key, "a fiscal year such as FY2019", |v| {
            Period::parse(v.as_str()?).filter(|p| p.grain == crate::period::Grain::FiscalYear).map(|p| p.index)
        })
    }

    /// A fiscal year; missing is a mistake.
    pub fn fiscal_year(&self, key: &'static str) -> i32 {
        let year = self.fiscal_year_if(key);
        self.required(key, "a fiscal year such as FY2019", year).unwrap_or(2019)
    }

    /// An optional moment asked: a date, a month or a fiscal year.
    pub fn period_if(&self, key: &'static str) -> Option<Period> {
        self.convert(key, "a date, a month or a fiscal year (2020-03-31, 2020-03, FY2019)", |v| {
            Period::parse(v.as_str()?)
        })
    }

    /// A list of moments asked; a missing key is an empty list.
    pub fn periods(&self, key: &'static str) -> Vec<Period> {
        let texts = self.texts(key);
        let read = |text: &String| {
            let period = Period::parse(text);
            if period.is_none() {
                self.mistake(key, format!("`{text}` is no date, month or fiscal year (2020-03-31, 2020-03, FY2019)"));
            }
            period
        };
        texts.iter().filter_map(read).collect()
    }

    /// One of the given words, or `None` when the key is missing or the word is wrong.
    pub fn word_if<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let word = self.text_if(key)?;
        let found = words.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
        if found.is_none() {
            self.mistake(key, format!("unknown {key} `{word}`{}", nearest(&word, words.iter().map(|(n, _)| *n))));
        }
        found
    }

    /// One of the given words; missing is a mistake, and the first word stands in.
    pub fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> T {
        let list: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let found = self.word_if(key, words);
        self.required(key, &format!("one of: {}", list.join(", ")), found).unwrap_or(words[0].1)
    }

    /// A table inside this one.
    pub fn table(&self, key: &'static str) -> Option<TomlTable<'a>> {
        let item = self.get(key)?;
        let line = self.line_of(key);
        let table = item.as_table_like();
        if table.is_none() {
            self.mistake(key, format!("`{key}` must be a table, such as {{ .. = \"..\", .. = \"..\" }}"));
        }
        table.map(|table| self.inner(table, line))
    }

    /// The tables of an array of tables (`[[key]]` or `key = [{..}]`); a missing key is an empty list.
    pub fn tables(&self, key: &'static str) -> Vec<TomlTable<'a>> {
        let Some(item) = self.get(key) else { return Vec::new() };
        if let Some(tables) = item.as_array_of_tables() {
            return tables.iter().map(|t| self.inner(t, self.file.line(t.span()))).collect();
        }
        let inline = item.as_array().map(|array| {
            let table = |v: &'a Value| Some(self.inner(v.as_inline_table()?, self.file.line(v.span())));
            array.iter().map(table).collect::<Option<Vec<_>>>()
        });
        let tables = inline.flatten();
        if tables.is_none() {
            self.mistake(key, format!("`{key}` must be a list of tables"));
        }
        tables.unwrap_or_default()
    }

    fn inner(&self, table: &'a dyn TableLike, line: u32) -> TomlTable<'a> {
        TomlTable { table, file: Rc::clone(&self.file), line, asked: RefCell::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_at_once_with_line_and_nearest_word() {
        let text = "nam = 'x'\nkind = 'levle'\n[inner]\nn = 'a'\n[[list]]\nday = '2020-02-30'\n";
        let result = read("a.toml", text, |r| {
            r.text("name");
            r.word("kind", &[("level", 1), ("ratio", 2)]);
            r.table("inner").unwrap().integer("n", 1..=3, 1);
            r.tables("list")[0].date_if("day")
        });
        let lines: Vec<String> = result.unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "a.toml:1: `name` is missing; it must be a text",
                "a.toml:1: unknown key `nam`; did you mean `name`?",
                "a.toml:2: unknown kind `levle`; did you mean `level`?",
                "a.toml:4: `n` must be a whole number from 1 to 3",
                "a.toml:6: `day` must be a date such as 2019-04-01",
            ]
        );
    }

    #[test]
    fn decimals_are_taken_as_written_and_syntax_has_a_line() {
        let value = read("a", "x = 13.60", |r| r.exact_if("x")).unwrap();
        assert_eq!(value, exact::parse("13.6"));
        assert_eq!(read("a", "a = 1\nb = = 2", |_| ()).unwrap_err()[0].line, 2);
    }
}
