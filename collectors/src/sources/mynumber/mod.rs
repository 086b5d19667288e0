//! My Number card issuance: editions of 総務省「マイナンバーカード交付状況」, cards and population of one city.
//!
//! An edition gives two levels of equal `as_of`, so that a ratio takes both parts from one edition. The
//! city is found by its code, never by its name: 川崎 names three municipalities.

mod parse;
#[cfg(test)]
mod tests;

use super::{Context, Kind, Parsed, Seen, Source, Target, Unreadable, words};
use crate::fetch::Fetched;
use crate::table::Municipality;
use contract::catalogue::Shape;
use contract::reader::Reader;
use std::sync::Arc;

/// The kind `mynumber`.
pub const KIND: Kind = Kind {
    name: "mynumber",
    sample: include_str!("sample.toml"),
    keys: &["code", "single_municipality", "sheet", "issued", "population", "columns"],
    read,
};

/// A configured source of editions.
#[derive(Debug)]
struct MyNumber {
    /// The city; `None` only where the files hold one city and have no column of codes.
    code: Option<Municipality>,
    /// True when every row is the city's.
    single: bool,
    sheet: Option<String>,
    /// `None` after a mistake, which keeps the configuration from being used.
    issued: Option<Target>,
    population: Option<Target>,
    columns: Words,
}

/// The words over each column.
#[derive(Debug)]
struct Words {
    as_of: Vec<String>,
    population: Vec<String>,
    issued: Vec<String>,
    code: Vec<String>,
}

fn read(r: &Reader<'_>, context: &Context<'_>) -> Arc<dyn Source> {
    let single = r.switch("single_municipality");
    let code = r.text_if("code").and_then(|text| {
        let read = Municipality::parse(&text);
        read.map_err(|reason| r.mistake("code", format!("`{text}` is no municipality code: {reason}"))).ok()
    });
    if !single && !r.has("code") {
        r.mistake("code", "`code` is missing: the municipality's code (団体コード), or `single_municipality = true`");
    }
    let level = |key: &'static str| {
        let target = context.target_at(r, key)?;
        if target.shape != Shape::Level {
            r.mistake(key, format!("an edition gives levels, and series `{}` is none", target.series));
        }
        Some(target)
    };
    let (issued, population) = (level("issued"), level("population"));
    let columns = r.table("columns");
    let columns = columns.as_ref();
    Arc::new(MyNumber {
        code,
        single,
        sheet: r.text_if("sheet"),
        issued,
        population,
        columns: Words {
            as_of: words(columns, "as_of", &["算出基準日", "交付件数基準日"]),
            population: words(columns, "population", &["総数（人口）", "人口"]),
            issued: words(columns, "issued", &["交付枚数", "交付件数"]),
            code: words(columns, "code", &["団体コード", "市区町村コード", "全国地方公共団体コード"]),
        },
    })
}

impl Source for MyNumber {
    fn parse(&self, file: &Fetched, seen: &Seen) -> Result<Parsed, Unreadable> {
        parse::parse(self, &seen.sheets(file)?, seen)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        let each = [("issued", &self.issued), ("population", &self.population)];
        each.into_iter().filter_map(|(key, target)| Some((key, target.as_ref()?.series.as_str()))).collect()
    }

    fn is_open(&self) -> bool {
        false
    }
}
