use crate::config::SourceConfig;
use crate::sources::Coverage;
use crate::testing::{figures, made, moment, parse_named, rejects};
use std::path::Path;

fn source(keys: &str) -> SourceConfig {
    let own = "kind = 'wifi'\npath = 'x'\npoints = { series = 'ap' }\n";
    made(Path::new("."), &[("ap", "件", "level", "day")], &format!("{own}{keys}")).unwrap()
}

#[test]
fn rows_are_sites_and_a_column_gives_access_points() {
    let basic = include_bytes!("fixtures/basic.csv");
    let sites = source("count = 'sites'\nas_of_from = 'name'");
    assert_eq!(figures(&sites, "wifi_R4.3.31.csv", basic).unwrap(), ["ap/d 2022-03-31 = 4"]);
    let points = source("count = 'access_points'\nas_of_from = 'name'");
    assert_eq!(figures(&points, "wifi_20220331.csv", basic).unwrap(), ["ap/d 2022-03-31 = 41"]);
    assert_eq!(figures(&points, "wifi.csv", basic), Err("no_period"));
    let parsed = parse_named(&points, "20220331.csv", basic).unwrap();
    assert_eq!((parsed.covers, parsed.until), (Coverage::Instant(moment("2022-03-31")), None));
}

#[test]
fn wards_come_from_the_address_and_add_up() {
    let source = source("count = 'access_points'\nas_of = '2022-03-31'\nbreakdown = true\nwards = ['東区', '西区']");
    let parsed = parse_named(&source, "a.csv", include_bytes!("fixtures/basic.csv")).unwrap();
    let wards = parsed.figures[0].breakdown.as_ref().unwrap();
    let shown: Vec<String> = wards.iter().map(|(ward, count)| format!("{ward}={count}")).collect();
    assert_eq!(shown, ["その他=1", "東区=28", "西区=12"]);
}

#[test]
fn the_newer_form_and_english_headers_are_known() {
    let newer = "全国地方公共団体コード,ID,名称,所在地_連結表記,緯度,経度,SSID\n472905,1,市役所,見本県見本市東区1,35,139,MIHON\n472913,2,よその館,よその市,35,139,X\n";
    let ours = source("count = 'sites'\nas_of_from = 'visit'\ncode = '472905'");
    assert_eq!(figures(&ours, "a.csv", newer.as_bytes()).unwrap(), ["ap/d 2022-07-01 = 1"]);
    let english = "#property,latitude,longitude,name,address,ssid\n1,35,139,City Hall,East 1,MIHON\n2,35,139,Library,East 1,MIHON\n";
    let all = source("count = 'sites'");
    assert_eq!(figures(&all, "a.csv", english.as_bytes()).unwrap(), ["ap/d 2022-07-01 = 2"]);
    let parsed = parse_named(&all, "a.csv", english.as_bytes()).unwrap();
    assert_eq!(parsed.until, Some(moment("2022-07-02")), "the same list is a figure again tomorrow");
}

#[test]
fn a_row_that_cannot_be_read_holds_the_count() {
    let parsed =
        parse_named(&source("count = 'access_points'"), "a.csv", include_bytes!("fixtures/recoverable-errors.csv"));
    let parsed = parsed.unwrap();
    assert_eq!(rejects(&parsed), ["3 points: not_a_number", "4 points: negative"]);
    assert_eq!((parsed.figures.len(), parsed.held.len()), (0, 1));
    let missing = "名称,台数\nあ,3\nい,－\n";
    let source = source("count = 'access_points'");
    assert_eq!(figures(&source, "a.csv", missing.as_bytes()).unwrap(), ["ap/d 2022-07-01 = missing"]);
}

#[test]
fn sites_never_stand_in_for_access_points() {
    let source = source("count = 'access_points'");
    assert_eq!(figures(&source, "a.csv", "名称,住所\nあ,1\n".as_bytes()), Err("missing_column"));
    assert_eq!(figures(&source, "a.csv", include_bytes!("fixtures/empty.csv")), Err("no_rows"));
    assert_eq!(figures(&source, "a.csv", include_bytes!("fixtures/malformed.csv")), Err("missing_column"));
}

#[test]
fn totals_notes_and_headings_are_no_sites() {
    let points = source("count = 'access_points'");
    let sites = source("count = 'sites'");
    let list = "区,名称,住所,SSID,AP数\n○,◎,◎,○,○\n任意,必須,必須,任意,任意\n東区,市役所,a,M,3\n東区,東区 小計,,,3\n【西区】,,,,\n西区,図書館,b,M,2台\n,合計（2施設）,,,5\n,,,総計,5\n\
                ,※令和4年3月31日現在,,,\n注1,休館日を除く,,,\n";
    assert_eq!(figures(&points, "a.csv", list.as_bytes()).unwrap(), ["ap/d 2022-07-01 = 5"]);
    assert_eq!(figures(&sites, "a.csv", list.as_bytes()).unwrap(), ["ap/d 2022-07-01 = 2"]);
    let doubtful = "名称,住所,SSID,AP数\n市役所,a,M,3\n,,,3\n公園通り,,,\n";
    let parsed = parse_named(&points, "a.csv", doubtful.as_bytes()).unwrap();
    assert_eq!(
        (parsed.figures.len(), rejects(&parsed)),
        (0, vec!["3 name: empty".into(), "4 name: only_a_name".into()])
    );
}

#[test]
fn a_site_that_is_closed_in_other_words_is_not_counted() {
    let list = "名称,状態,設置数\n市役所,稼働中,3\n図書館,廃止済,2\n公園,休止中,4\n駅,廃止予定,5\n";
    let points = source("count = 'access_points'");
    assert_eq!(figures(&points, "a.csv", list.as_bytes()).unwrap(), ["ap/d 2022-07-01 = 8"]);
}

#[test]
fn merged_cells_of_a_workbook_are_one_site() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let plain = rust_xlsxwriter::Format::new();
    for (column, text) in (0..).zip(["施設名", "階", "AP数", "区"]) {
        sheet.write(0, column, text).unwrap();
    }
    for (row, number) in (1..).zip([3, 2, 4]) {
        sheet.write(row, 1, "階").unwrap().write(row, 2, number).unwrap();
    }
    sheet.write(3, 0, "図書館").unwrap().write(3, 3, "西区").unwrap();
    sheet.merge_range(1, 0, 2, 0, "市役所", &plain).unwrap();
    sheet.merge_range(1, 3, 2, 3, "東区", &plain).unwrap();
    sheet.merge_range(4, 0, 4, 1, "駅", &plain).unwrap().write(4, 3, "西区").unwrap();
    sheet.merge_range(5, 0, 5, 1, "駅前", &plain).unwrap().write(5, 3, "西区").unwrap();
    sheet.merge_range(4, 2, 5, 2, "6", &plain).unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let points = source("count = 'access_points'\nbreakdown = true");
    let parsed = parse_named(&points, "a.xlsx", &bytes).unwrap();
    assert_eq!(crate::testing::show(&parsed.figures[0]), "ap/d 2022-07-01 = 15");
    let wards: Vec<(String, i64)> = parsed.figures[0].breakdown.clone().unwrap().into_iter().collect();
    assert_eq!(wards, [("東区".to_owned(), 5), ("西区".to_owned(), 10)]);
    assert_eq!(figures(&source("count = 'sites'"), "a.xlsx", &bytes).unwrap(), ["ap/d 2022-07-01 = 4"]);
}

#[test]
fn a_controllers_answer_is_a_number_or_a_table_of_states() {
    let source = source("count = 'access_points'\nup = ['1']");
    let table = ".1.3.6.1.9.1 = 1\n.1.3.6.1.9.2 = 2\n.1.3.6.1.9.3 = 1\n";
    assert_eq!(figures(&source, "snmp://wlc:161/1.3.6.1.9.*", table.as_bytes()).unwrap(), ["ap/d 2022-07-01 = 2"]);
    let all = self::source("count = 'access_points'");
    assert_eq!(figures(&all, "snmp://wlc:161/1.3.6.1.9.*", table.as_bytes()).unwrap(), ["ap/d 2022-07-01 = 3"]);
    assert_eq!(
        figures(&all, "snmp://wlc:161/1.3.6.1.9.0", b".1.3.6.1.9.0 = 122\n").unwrap(),
        ["ap/d 2022-07-01 = 122"]
    );
    assert_eq!(figures(&all, "snmp://wlc:161/1.3.6.1.9.*", b".1.3.6.1.9.1 = 7\n").unwrap(), ["ap/d 2022-07-01 = 1"]);
    let odd = parse_named(&all, "snmp://wlc:161/1.3.6.1.9.*", b".1 = 1\n.2 = \"up\"\n").unwrap();
    assert_eq!((odd.figures.len(), rejects(&odd)), (0, vec!["2 -: not_a_number".to_owned()]));
}

#[test]
fn mistakes_in_the_configuration_are_named() {
    let keys = "kind = 'wifi'\npath = 'x'\ncount = 'points'\nas_of = '2022-03-31'\nas_of_from = 'name'\nup = ['x']\npoints = { series = 'ap' }";
    let found = made(Path::new("."), &[("ap", "件", "flow", "month")], keys).unwrap_err();
    for message in [
        "an inventory gives a level, and series `ap` is none",
        "`as_of` and `as_of_from` exclude each other",
        "`up` holds whole numbers in quotes, such as \"1\": `x`",
    ] {
        assert!(found.iter().any(|mistake| mistake == message), "{message}: {found:?}");
    }
    assert!(found.iter().any(|mistake| mistake.starts_with("unknown count `points`")), "{found:?}");
}

#[test]
fn a_printed_total_that_is_not_the_sum_of_the_access_points_holds_the_count() {
    let points = source("count = 'access_points'\nas_of = '2022-03-31'");
    let text = |total: &str| format!("名称,アクセスポイント数\n市役所,3\n図書館,4\n合計,{total}\n");
    assert_eq!(figures(&points, "a.csv", text("7").as_bytes()).unwrap(), ["ap/d 2022-03-31 = 7"]);
    let parsed = parse_named(&points, "a.csv", text("8").as_bytes()).unwrap();
    assert_eq!(rejects(&parsed), ["4 points: total_disagrees"]);
    assert_eq!((parsed.figures.len(), parsed.held.len()), (0, 1));
}
