//! My Number card issuance: editions of 総務省「マイナンバーカード交付状況」, cards and population of one city.
//!
//! An edition gives levels of equal `as_of`, so that a ratio takes both parts from one edition. 交付枚数 (cards ever
//! issued) and 保有枚数 (cards in force) are two definitions: neither ever stands in for the other. The city is found
//! by its code, or by prefecture and name together: 川崎 names three municipalities.

mod as_of;
mod locate;
mod parse;
mod rate;
#[cfg(test)]
mod tests;

use super::parsed::{ParseError, ParsedFile};
use super::row::words;
use super::source::{DocumentSource, PollContext, Source, SourceKind};
use super::target::{SeriesTarget, SourceContext};
use crate::document::Document;
use crate::table::Municipality;
use crate::table::text::word;
use contract::catalogue::Shape;
use contract::reader::TomlTable;

/// The kind `mynumber`.
pub const KIND: SourceKind = SourceKind {
    name: "mynumber",
    sample: include_str!("sample.toml"),
    keys: &[
        "code",
        "prefecture",
        "municipality",
        "single_municipality",
        "sheet",
        "issued",
        "held",
        "population",
        "columns",
    ],
    read,
};

/// A configured source of editions.
#[derive(Debug)]
struct MyNumber {
    /// The city, in files with a column of codes.
    code: Option<Municipality>,
    /// The city as prefecture and municipality, in files without one.
    name: Option<(String, String)>,
    /// True when every row of a file without either is the city's.
    single: bool,
    sheet: Option<String>,
    /// Where 交付枚数 goes.
    issued: Option<SeriesTarget>,
    /// Where 保有枚数 goes.
    held: Option<SeriesTarget>,
    /// `None` after a mistake, which keeps the configuration from being used.
    population: Option<SeriesTarget>,
    columns: Vec<(&'static str, Vec<String>)>,
}

fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> Source {
    let single = r.switch("single_municipality");
    let code = r.text_if("code").and_then(|text| {
        let read = Municipality::parse(&text);
        read.map_err(|reason| r.mistake("code", format!("`{text}` is no municipality code: {reason}"))).ok()
    });
    let names = [r.text_if("prefecture"), r.text_if("municipality")].map(|name| name.map(|name| word(&name)));
    let name = names[0].clone().zip(names[1].clone());
    if name.is_none() && names.iter().any(Option::is_some) {
        r.mistake("prefecture", "`prefecture` and `municipality` belong together: a name alone means several places");
    }
    if !single && name.is_none() && !r.has("code") {
        let rest = "`prefecture` and `municipality` (for files without codes), or `single_municipality = true`";
        r.mistake("code", format!("`code` is missing: the municipality's code (団体コード), or {rest}"));
    }
    let level = |key: &'static str| {
        let target = context.target_at(r, key)?;
        if target.shape != Shape::Level {
            r.mistake(key, format!("an edition gives levels, and series `{}` is none", target.series));
        }
        Some(target)
    };
    // Either will do; without both, the missing one that most files need is named.
    let issued = if r.has("issued") || !r.has("held") { level("issued") } else { None };
    let held = if r.has("held") { level("held") } else { None };
    let population = level("population");
    let own = r.table("columns");
    let columns = locate::WORDS.map(|(role, usual)| (role, words(own.as_ref(), role, usual)));
    if let Some(own) = own.filter(|own| own.texts("issued").iter().any(|text| word(text).contains("保有"))) {
        own.mistake("issued", "保有枚数 is another definition than `issued`: set `held`");
    }
    Source::documents(MyNumber {
        code,
        name,
        single,
        sheet: r.text_if("sheet"),
        issued,
        held,
        population,
        columns: columns.into(),
    })
}

impl DocumentSource for MyNumber {
    fn parse(&self, file: &Document, seen: &PollContext) -> Result<ParsedFile, ParseError> {
        parse::parse(self, &seen.sheets(file)?, seen)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        let each = [("issued", &self.issued), ("held", &self.held), ("population", &self.population)];
        each.into_iter().filter_map(|(key, target)| Some((key, target.as_ref()?.series.as_str()))).collect()
    }

    fn is_open(&self) -> bool {
        false
    }
}
