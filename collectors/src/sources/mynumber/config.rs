//! The configuration of editions of 「マイナンバーカード交付状況」.

use crate::sources::columns::ColumnWords;
use crate::sources::source::Source;
use crate::sources::target::{SeriesTarget, SourceContext};
use crate::table::Municipality;
use crate::table::text::word;
use contract::catalogue::Shape;
use contract::reader::TomlTable;

/// The usual words above each column: those of the ministry in the editions of 2017 to 2025; 「交付率」 is of 2017.
pub(super) const WORDS: [(&str, &[&str]); 9] = [
    ("as_of", &["算出基準日", "交付件数基準日", "交付枚数基準日", "基準日"]),
    ("code", &["団体コード", "市区町村コード", "全国地方公共団体コード", "自治体コード"]),
    ("prefecture", &["都道府県名", "都道府県"]),
    ("municipality", &["市区町村名", "市区町村", "市町村名", "団体名"]),
    ("population", &["総数（人口）", "人口"]),
    ("issued", &["交付枚数", "交付件数", "累計交付枚数"]),
    ("held", &["保有枚数"]),
    ("issued_rate", &["人口に対する交付枚数率", "交付枚数率", "交付率", "人口に対する累計交付枚数率"]),
    ("held_rate", &["人口に対する保有枚数率", "保有枚数率"]),
];

/// A configured source of editions.
#[derive(Debug)]
pub(super) struct MyNumberSource {
    /// The city, in files with a column of codes.
    pub(super) code: Option<Municipality>,
    /// The city as prefecture and municipality, in files without one.
    pub(super) name: Option<(String, String)>,
    /// True when every row of a file without codes and names is of the city.
    pub(super) single: bool,
    pub(super) sheet: Option<String>,
    /// Series of 交付枚数.
    pub(super) issued: Option<SeriesTarget>,
    /// Series of 保有枚数.
    pub(super) held: Option<SeriesTarget>,
    /// `None` after a mistake, and then the configuration is not used.
    pub(super) population: Option<SeriesTarget>,
    pub(super) columns: ColumnWords,
}

pub(super) fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> Source {
    let single = r.switch("single_municipality");
    let code = r.text_if("code").and_then(|text| {
        let read = Municipality::configured(&text);
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
    let columns = ColumnWords::read(own.as_ref(), &WORDS);
    if let Some(own) = own.filter(|own| own.texts("issued").iter().any(|text| word(text).contains("保有"))) {
        own.mistake("issued", "保有枚数 is another definition than `issued`: set `held`");
    }
    Source::documents(MyNumberSource {
        code,
        name,
        single,
        sheet: r.text_if("sheet"),
        issued,
        held,
        population,
        columns,
    })
}
