use crate::config::SourceConfig;
use crate::sources::Covers;
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
    assert_eq!((parsed.covers, parsed.until), (Covers::Instant(moment("2022-03-31")), None));
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
