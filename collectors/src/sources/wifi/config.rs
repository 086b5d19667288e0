//! The configuration of an inventory of public Wi-Fi.

use crate::sources::columns::ColumnWords;
use crate::sources::source::Source;
use crate::sources::target::{SeriesTarget, SourceContext};
use crate::table::Municipality;
use contract::catalogue::Shape;
use contract::reader::TomlTable;
use contract::time::Moment;

/// Words above the names of the sites: of the national list, then of cities.
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
/// Words above the number of access points in lists of cities; the national list has no such column.
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
/// Words of a closed site in the column of states.
const CLOSED: [&str; 7] = ["廃止", "休止", "撤去", "停止", "終了", "閉鎖", "closed"];

/// The figure that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WifiCountRule {
    /// The number of rows.
    Sites,
    /// The sum of a column.
    AccessPoints,
}

/// The place of the date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InventoryDate {
    /// None: the day of the poll.
    DayOfPoll,
    /// In the file's name.
    Name,
    /// In a title above the table.
    Title,
    /// In the configuration.
    Fixed(Moment),
}

/// A configured inventory.
#[derive(Debug)]
pub(super) struct WifiSource {
    pub(super) count: WifiCountRule,
    /// `None` after a mistake, and then the configuration is not used.
    pub(super) points: Option<SeriesTarget>,
    /// Only rows of this municipality.
    pub(super) code: Option<Municipality>,
    pub(super) as_of: InventoryDate,
    pub(super) sheet: Option<String>,
    pub(super) breakdown: bool,
    pub(super) wards: Vec<String>,
    pub(super) closed: Vec<String>,
    /// Values in a controller's answer that count as up; empty for all values.
    pub(super) up: Vec<i64>,
    pub(super) columns: ColumnWords,
}

pub(super) fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> Source {
    let points = context.target_at(r, "points");
    if let Some(target) = points.as_ref().filter(|target| target.shape != Shape::Level) {
        r.mistake("points", format!("an inventory gives a level, and series `{}` is none", target.series));
    }
    let code = r.text_if("code").and_then(|text| {
        let read = Municipality::configured(&text);
        read.map_err(|reason| r.mistake("code", format!("`{text}` is no municipality code: {reason}"))).ok()
    });
    let fixed = r.date_if("as_of").map(|date| InventoryDate::Fixed(Moment::midnight(date)));
    let from = r.word_if(
        "as_of_from",
        &[("visit", InventoryDate::DayOfPoll), ("name", InventoryDate::Name), ("title", InventoryDate::Title)],
    );
    if fixed.is_some() && from.is_some() {
        r.mistake("as_of", "`as_of` and `as_of_from` exclude each other");
    }
    let closed = r.texts("closed");
    let codes = ["全国地方公共団体コード", "都道府県コード又は市区町村コード", "市区町村コード", "prefCode"];
    Source::documents(WifiSource {
        count: r.word("count", &[("sites", WifiCountRule::Sites), ("access_points", WifiCountRule::AccessPoints)]),
        points,
        code,
        as_of: fixed.or(from).unwrap_or(InventoryDate::DayOfPoll),
        sheet: r.text_if("sheet"),
        breakdown: r.switch("breakdown"),
        wards: r.texts("wards"),
        closed: if closed.is_empty() { CLOSED.map(str::to_owned).to_vec() } else { closed },
        up: r.texts("up").iter().filter_map(|text| up(r, text)).collect(),
        columns: ColumnWords::read(
            r.table("columns").as_ref(),
            &[
                ("name", &NAMES),
                ("address", &["所在地_連結表記", "住所", "所在地", "address"]),
                ("points", &POINTS),
                ("code", &codes),
                ("ward", &["行政区", "区名", "区", "ward"]),
                ("status", &["状態", "ステータス", "status"]),
            ],
        ),
    })
}

fn up(r: &TomlTable<'_>, text: &str) -> Option<i64> {
    text.parse()
        .map_err(|_| r.mistake("up", format!("`up` holds whole numbers in quotes, such as \"1\": `{text}`")))
        .ok()
}
