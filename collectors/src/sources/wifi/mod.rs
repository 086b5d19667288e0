//! Public Wi-Fi: sites or access points of an inventory, or what a controller says is up.
//!
//! A row of the national list is a site, not an access point: which of the two is counted is the definition's
//! business and never guessed from the file.

mod parse;
mod snmp_answer;
#[cfg(test)]
mod tests;

use super::parsed::{ParseError, ParsedFile};
use super::row::words;
use super::source::{DocumentSource, PollContext, Source, SourceKind};
use super::target::{SeriesTarget, SourceContext};
use crate::document::Document;
use crate::table::Municipality;
use contract::catalogue::Shape;
use contract::reader::TomlTable;
use contract::time::Moment;

/// The kind `wifi`.
pub const KIND: SourceKind = SourceKind {
    name: "wifi",
    sample: include_str!("sample.toml"),
    keys: &["count", "points", "code", "as_of", "as_of_from", "sheet", "breakdown", "wards", "closed", "up", "columns"],
    read,
};

/// What stands over the names of the sites: the national list's word, then cities' own.
const NAMES: [&str; 14] = [
    "名称",
    "施設名",
    "施設名称",
    "設置施設名",
    "設置施設名称",
    "設置施設",
    "施設名等",
    "設置場所名称",
    "設置場所",
    "設置箇所",
    "スポット名",
    "拠点名",
    "場所",
    "name",
];
/// What stands over the number of access points, in cities' own lists: the national one has no such column.
const POINTS: [&str; 13] = [
    "アクセスポイント数",
    "AP数",
    "アクセスポイント設置数",
    "アクセスポイント台数",
    "AP設置数",
    "設置AP数",
    "AP台数",
    "Wi-Fiアクセスポイント数",
    "設置台数",
    "機器台数",
    "設置数",
    "台数",
    "access points",
];
/// What says, in the column of states, that a site is closed.
const CLOSED: [&str; 7] = ["廃止", "休止", "撤去", "停止", "終了", "閉鎖", "closed"];

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    /// Rows.
    Sites,
    /// What a column of numbers adds up to.
    AccessPoints,
}

/// Where the date stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AsOf {
    /// Nowhere: it is as of the day it was seen.
    Visit,
    /// In the file's name.
    Name,
    /// In a title above the table.
    Title,
    /// In the configuration.
    Fixed(Moment),
}

/// A configured inventory.
#[derive(Debug)]
struct Wifi {
    count: Count,
    /// `None` after a mistake, which keeps the configuration from being used.
    points: Option<SeriesTarget>,
    /// Only rows of this municipality.
    code: Option<Municipality>,
    as_of: AsOf,
    sheet: Option<String>,
    breakdown: bool,
    wards: Vec<String>,
    closed: Vec<String>,
    /// Values of a controller's answer that count as up; all of them when empty.
    up: Vec<i64>,
    columns: Words,
}

/// The words over each column.
#[derive(Debug)]
struct Words {
    name: Vec<String>,
    address: Vec<String>,
    points: Vec<String>,
    code: Vec<String>,
    ward: Vec<String>,
    status: Vec<String>,
}

fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> Source {
    let points = context.target_at(r, "points");
    if let Some(target) = points.as_ref().filter(|target| target.shape != Shape::Level) {
        r.mistake("points", format!("an inventory gives a level, and series `{}` is none", target.series));
    }
    let code = r.text_if("code").and_then(|text| {
        let read = Municipality::parse(&text);
        read.map_err(|reason| r.mistake("code", format!("`{text}` is no municipality code: {reason}"))).ok()
    });
    let fixed = r.date_if("as_of").map(|date| AsOf::Fixed(Moment::midnight(date)));
    let from = r.word_if("as_of_from", &[("visit", AsOf::Visit), ("name", AsOf::Name), ("title", AsOf::Title)]);
    if fixed.is_some() && from.is_some() {
        r.mistake("as_of", "`as_of` and `as_of_from` exclude each other");
    }
    let columns = r.table("columns");
    let columns = columns.as_ref();
    let closed = r.texts("closed");
    Source::documents(Wifi {
        count: r.word("count", &[("sites", Count::Sites), ("access_points", Count::AccessPoints)]),
        points,
        code,
        as_of: fixed.or(from).unwrap_or(AsOf::Visit),
        sheet: r.text_if("sheet"),
        breakdown: r.switch("breakdown"),
        wards: r.texts("wards"),
        closed: if closed.is_empty() { CLOSED.map(str::to_owned).to_vec() } else { closed },
        up: r.texts("up").iter().filter_map(|text| up(r, text)).collect(),
        columns: Words {
            name: words(columns, "name", &NAMES),
            address: words(columns, "address", &["所在地_連結表記", "住所", "所在地", "address"]),
            points: words(columns, "points", &POINTS),
            code: words(
                columns,
                "code",
                &["全国地方公共団体コード", "都道府県コード又は市区町村コード", "市区町村コード", "prefCode"],
            ),
            ward: words(columns, "ward", &["行政区", "区名", "区", "ward"]),
            status: words(columns, "status", &["状態", "ステータス", "status"]),
        },
    })
}

fn up(r: &TomlTable<'_>, text: &str) -> Option<i64> {
    text.parse()
        .map_err(|_| r.mistake("up", format!("`up` holds whole numbers in quotes, such as \"1\": `{text}`")))
        .ok()
}

impl DocumentSource for Wifi {
    fn parse(&self, file: &Document, seen: &PollContext) -> Result<ParsedFile, ParseError> {
        if snmp_answer::is_live(file) {
            return snmp_answer::parse(self, file, seen);
        }
        parse::parse(self, file.name(), &seen.sheets(file)?, seen)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        self.points.iter().map(|target| ("points", target.series.as_str())).collect()
    }

    fn is_open(&self) -> bool {
        false
    }
}
