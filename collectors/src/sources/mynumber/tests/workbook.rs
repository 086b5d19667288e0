//! The ministry's workbook, made on the spot: rankings above, the table at the foot, dates only in texts.

use super::*;
use crate::sources::ParsedFile;
use rust_xlsxwriter::{Workbook, Worksheet};

const ISSUED: &str = "issued = { series = 'cards', definition = 'issued' }\n";
const HELD: &str = "held = { series = 'cards', definition = 'held' }\n";
const NAMES: &str = "prefecture = '見本県'\nmunicipality = '見本市'\n";

/// A source with these keys of its own.
fn of(own: &str) -> SourceConfig {
    let head = "[[source]]\nid = \"mynumber\"\nplan = \"p\"\nkind = \"mynumber\"\ninterval = \"1d\"\npath = 'x'\n";
    source(Path::new("."), &format!("{head}population = {{ series = 'people' }}\n{own}"))
}

/// The texts of an edition's sheet.
#[derive(Clone, Copy)]
struct Form {
    title: &'static str,
    people: &'static str,
    /// Each kind of card: the word over it, the one over its rate, and the city's count.
    cards: &'static [(&'static str, &'static str, f64)],
    codes: bool,
}

const ISSUED_FORM: Form = Form {
    title: "マイナンバーカード交付状況（令和4年6月末時点）",
    people: "人口\n（R4.1.1時点）",
    cards: &[("交付枚数\n（R4.6.30時点）", "人口に対する\n交付枚数率", 6512.0)],
    codes: false,
};
const HELD_FORM: Form = Form {
    title: "マイナンバーカード交付状況（令和7年8月末時点）",
    people: "人口（R7.1.1時点）",
    cards: &[("保有枚数（R7.8末時点）", "人口に対する保有枚数率", 6100.0)],
    codes: false,
};

fn row<const N: usize>(sheet: &mut Worksheet, at: u32, from: u16, texts: [&str; N]) {
    for (column, text) in (from..).zip(texts) {
        sheet.write(at, column, text).unwrap();
    }
}

fn figures(sheet: &mut Worksheet, at: u32, from: u16, form: Form, share: f64) {
    sheet.write(at, from, 48_901.0 * share).unwrap();
    for (column, (.., count)) in (from + 1..).step_by(2).zip(form.cards) {
        sheet.write(at, column, count * share).unwrap();
        sheet.write(at, column + 1, count / 48_901.0).unwrap();
    }
}

fn headings(sheet: &mut Worksheet, at: u32, from: u16, form: Form) {
    sheet.write(at, from, form.people).unwrap();
    for (column, (over, rate, _)) in (from + 1..).step_by(2).zip(form.cards) {
        row(sheet, at, column, [over, rate]);
    }
}

/// Fills a sheet as the ministry does: title, two rankings with the table's own words, the table, a note.
fn fill(sheet: &mut Worksheet, form: Form) {
    sheet.write(0, 0, form.title).unwrap();
    sheet.write(2, 0, "人口に対する枚数率上位（市区）").unwrap();
    for (top, over) in [(3, "団体名"), (8, "都道府県名")] {
        row(sheet, top, 0, [over, ""]);
        if form.codes {
            sheet.write(top, 1, "団体コード").unwrap();
        }
        headings(sheet, top, 2, form);
        for at in top + 1..top + 4 {
            row(sheet, at, 0, ["見本県見本市", if form.codes { "472905" } else { "" }]);
            figures(sheet, at, 2, form, 2.0);
        }
    }
    let top = 116;
    row(sheet, top, 0, if form.codes { ["団体コード", "市区町村名"] } else { ["都道府県名", "市区町村名"] });
    headings(sheet, top, 2, form);
    let places =
        [("全国", "全国", "", 90.0), ("架空県", "見本市", "122041", 3.0), ("見本県", "東見本市", "472913", 4.0)];
    let places = places.into_iter().chain([("", "見本市", "472905", 1.0), ("", "見本郡見本町", "475904", 5.0)]);
    for (at, (prefecture, name, code, share)) in (top + 1..).zip(places) {
        row(sheet, at, 0, if form.codes { [code, name] } else { [prefecture, name] });
        figures(sheet, at, 2, form, share);
    }
    sheet.write(top + 8, 0, "※ 人口は、住民基本台帳人口（令和4年1月1日現在）").unwrap();
}

/// A workbook of one such sheet, with a hidden one that is older.
fn book(form: Form) -> Vec<u8> {
    let mut book = Workbook::new();
    let old = Form { title: "マイナンバーカード交付状況（令和2年4月1日現在）", ..form };
    fill(book.add_worksheet().set_name("作業用").unwrap().set_hidden(true), old);
    let sheet = book.add_worksheet().set_name("公表用").unwrap();
    sheet.set_active(true);
    fill(sheet, form);
    book.save_to_buffer().unwrap()
}

fn read(source: &SourceConfig, bytes: &[u8]) -> Result<ParsedFile, ParseError> {
    let seen =
        crate::sources::PollContext { time: moment("2026-01-01"), encoding: None, max_bytes: source.fetch.max_bytes };
    let name = crate::document::Document::new("a.xlsx", bytes.to_vec(), crate::document::Validators::default());
    crate::testing::parser(source).parse(&name, &seen)
}

fn shown(source: &SourceConfig, form: Form) -> Vec<String> {
    let parsed = read(source, &book(form)).unwrap();
    assert_eq!(rejects(&parsed), [""; 0]);
    parsed.figures.iter().map(show).collect()
}

fn label(source: &SourceConfig, form: Form) -> &'static str {
    read(source, &book(form)).unwrap_err().label()
}

#[test]
fn the_table_at_the_foot_is_read_and_not_the_rankings_above_it() {
    let source = of(&format!("{ISSUED}{NAMES}"));
    let expected = ["cards/issued 2022-06-30 = 6512", "people/edition 2022-06-30 = 48901"];
    assert_eq!(shown(&source, ISSUED_FORM), expected);
    let parsed = read(&source, &book(ISSUED_FORM)).unwrap();
    assert_eq!((parsed.figures[0].place.sheet.as_deref(), parsed.figures[0].place.row), (Some("公表用"), Some(121)));
    assert_eq!(parsed.covers, Coverage::Instant(moment("2022-06-30")));
    let codes = of(&format!("{ISSUED}code = '472905'\n"));
    assert_eq!(shown(&codes, Form { codes: true, ..ISSUED_FORM }), expected);
}

#[test]
fn a_date_stands_in_the_heading_or_in_the_title_only() {
    let source = of(&format!("{ISSUED}{NAMES}"));
    let rows = [
        ("マイナンバーカード交付状況（令和4年6月30日現在）", "交付枚数", "人口（R4.1.1時点）", "2022-06-30"),
        (
            "マイナンバーカード交付状況について（2022年6月末日時点）",
            "交付枚数",
            "総数（人口）\n【R4.1.1時点】",
            "2022-06-30",
        ),
        ("マイナンバーカード交付状況", "交付枚数\n【R4.6.1時点】", "総数（人口）\n【R4.1.1時点】", "2022-06-01"),
        ("マイナンバーカード交付状況", "交付枚数(2022/6/1)", "人口", "2022-06-01"),
        ("令和4年5月1日時点", "交付件数", "人口", "2022-05-01"),
    ];
    for (title, over, people, date) in rows {
        let cards: &'static [_] = match over {
            "交付枚数" => &[("交付枚数", "交付率", 6512.0)],
            "交付件数" => &[("交付件数", "交付率", 6512.0)],
            "交付枚数(2022/6/1)" => &[("交付枚数(2022/6/1)", "交付率", 6512.0)],
            _ => &[("交付枚数\n【R4.6.1時点】", "人口に対する\n交付枚数率", 6512.0)],
        };
        let figures = shown(&source, Form { title, people, cards, codes: false });
        assert_eq!(figures[0], format!("cards/issued {date} = 6512"), "{title} {over}");
    }
}

#[test]
fn an_edition_without_a_date_or_with_two_is_no_edition() {
    let source = of(&format!("{ISSUED}{NAMES}"));
    let bare: &'static [_] = &[("交付枚数", "交付率", 6512.0)];
    let undated = Form { title: "交付状況（令和4年7月11日公表）", cards: bare, ..ISSUED_FORM };
    assert_eq!(label(&source, undated), "no_as_of");
    let stale = Form { title: "マイナンバーカード交付状況（令和4年7月末時点）", ..ISSUED_FORM };
    assert_eq!(label(&source, stale), "dates_disagree");
}

#[test]
fn issued_and_held_are_two_definitions_and_neither_stands_in_for_the_other() {
    let both = Form {
        cards: &[("交付枚数", "交付率", 6512.0), ("保有枚数", "保有枚数率", 6100.0)], ..HELD_FORM
    };
    let (issued, held) = (of(&format!("{ISSUED}{NAMES}")), of(&format!("{HELD}{NAMES}")));
    let all = of(&format!("{ISSUED}{HELD}{NAMES}"));
    let figures = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let of_issued = figures(&["cards/issued 2025-08-31 = 6512", "people/edition 2025-08-31 = 48901"]);
    let of_held = figures(&["cards/held 2025-08-31 = 6100", "people/edition 2025-08-31 = 48901"]);
    assert_eq!(shown(&held, HELD_FORM), of_held);
    assert_eq!(shown(&all, HELD_FORM), of_held);
    assert_eq!(shown(&issued, both), of_issued);
    assert_eq!(shown(&held, both), of_held);
    assert_eq!(shown(&all, both), [&of_held[..1], &of_issued[..]].concat());
    assert_eq!(shown(&all, ISSUED_FORM)[0], "cards/issued 2022-06-30 = 6512");
    assert_eq!(label(&issued, HELD_FORM), "only_held");
    assert_eq!(label(&held, ISSUED_FORM), "only_issued");
    assert!(read(&issued, &book(HELD_FORM)).unwrap_err().to_string().contains("set `held`"));
}

#[test]
fn a_city_is_known_by_prefecture_and_name_where_there_are_no_codes() {
    let town = of(&format!("{ISSUED}prefecture = '見本県'\nmunicipality = '見本町'\n"));
    assert_eq!(shown(&town, ISSUED_FORM)[0], "cards/issued 2022-06-30 = 32560");
    let other = of(&format!("{ISSUED}prefecture = '架空県'\nmunicipality = '見本市'\n"));
    assert_eq!(shown(&other, ISSUED_FORM)[0], "cards/issued 2022-06-30 = 19536");
    let nobody = of(&format!("{ISSUED}prefecture = '架空県'\nmunicipality = '東見本市'\n"));
    assert_eq!(label(&nobody, ISSUED_FORM), "no_such_name");
    let codes = of(&format!("{ISSUED}code = '472905'\n"));
    assert_eq!(label(&codes, ISSUED_FORM), "no_codes");
    // With both, the file decides.
    let either = of(&format!("{ISSUED}code = '472905'\n{NAMES}"));
    for codes in [true, false] {
        assert_eq!(shown(&either, Form { codes, ..ISSUED_FORM })[0], "cards/issued 2022-06-30 = 6512");
    }
}

#[test]
fn a_row_of_the_city_without_its_figures_is_a_reject() {
    let source = of(&format!("{ISSUED}{NAMES}"));
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    fill(sheet, ISSUED_FORM);
    for column in 2..5 {
        sheet.write(120, column, "　").unwrap();
    }
    let parsed = read(&source, &book.save_to_buffer().unwrap()).unwrap();
    assert_eq!((parsed.figures.len(), rejects(&parsed)), (0, vec!["121 issued: empty".to_owned()]));
    assert_eq!(parsed.held.len(), 2);
}

#[test]
fn of_several_sheets_the_ministrys_counts_unless_another_is_named() {
    let source = of(&format!("{ISSUED}{NAMES}"));
    let mut two = Workbook::new();
    fill(two.add_worksheet().set_name("Sheet1").unwrap(), ISSUED_FORM);
    fill(two.add_worksheet().set_name("前回").unwrap(), ISSUED_FORM);
    let bytes = two.save_to_buffer().unwrap();
    assert_eq!(read(&source, &bytes).unwrap_err().label(), "ambiguous_sheet");
    let named = of(&format!("{ISSUED}{NAMES}sheet = 'Sheet1'\n"));
    assert_eq!(read(&named, &bytes).unwrap().figures.len(), 2);
}
