use crate::config::SourceConfig;
use crate::sources::Coverage;
use crate::testing::{figures, made, moment, parse_named, rejects};
use std::io::Write;
use std::path::Path;

fn source(store: &str, grain: &str) -> SourceConfig {
    let app = if store == "google" { "jp.example.app" } else { "1234567890" };
    let keys =
        format!("kind = 'appstore'\npath = 'x'\nstore = '{store}'\napp = '{app}'\ndownloads = {{ series = 'first' }}");
    made(Path::new("."), &[("first", "件", "flow", grain)], &keys).unwrap()
}

/// As Google writes it: UTF-16LE with a byte order mark.
fn utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

const GOOGLE: &str = "Date,Package Name,Daily Device Installs,Daily User Installs,Total User Installs\n";

fn month(month: u32, days: std::ops::RangeInclusive<u32>) -> String {
    days.fold(GOOGLE.to_owned(), |text, day| format!("{text}2022-{month:02}-{day:02},jp.example.app,99,{day},1000\n"))
}

#[test]
fn google_gives_a_figure_a_day_and_a_sum_a_month() {
    let basic = include_bytes!("fixtures/basic.csv");
    let days = ["first/d 2022-04-01..2022-04-02 = 12", "first/d 2022-04-02..2022-04-03 = 0"];
    assert_eq!(figures(&source("google", "day"), "a.csv", basic).unwrap(), days);
    let april = utf16(&month(4, 1..=30));
    assert_eq!(figures(&source("google", "month"), "a.csv", &april).unwrap(), ["first/d 2022-04-01..2022-05-01 = 465"]);
    let parsed = parse_named(&source("google", "month"), "a.csv", &april).unwrap();
    assert_eq!(parsed.covers, Coverage::Within(moment("2022-04-01"), moment("2022-05-01")));
}

#[test]
fn a_month_that_is_over_needs_all_its_days_and_one_that_runs_is_provisional() {
    let source = source("google", "month");
    let short = utf16(&month(6, 1..=29));
    assert_eq!(figures(&source, "a.csv", &short).unwrap(), ["first/d 2022-06-01..2022-07-01 = missing_days"]);
    let running = utf16(&month(7, 1..=1));
    assert_eq!(figures(&source, "a.csv", &running).unwrap(), ["first/d 2022-07-01..2022-08-01 = 1?"]);
    assert_eq!(parse_named(&source, "a.csv", &running).unwrap().until, Some(moment("2022-08-01")));
}

#[test]
fn a_report_of_another_app_is_refused() {
    let other = utf16(&month(4, 1..=30).replace("jp.example.app", "jp.example.other"));
    assert_eq!(figures(&source("google", "month"), "a.csv", &other), Err("no_such_app"));
    let by_country = utf16(&(month(4, 1..=30) + "2022-04-30,jp.example.app,1,1,1\n"));
    assert_eq!(figures(&source("google", "month"), "a.csv", &by_country), Err("no_overview"));
}

#[test]
fn a_day_that_cannot_be_read_holds_itself_or_its_month() {
    let text = include_bytes!("fixtures/recoverable-errors.csv");
    let daily = parse_named(&source("google", "day"), "a.csv", text).unwrap();
    let faults = ["3 count: not_a_number", "4 date: not_a_date", "5 count: negative", "7 date: in_the_future"];
    assert_eq!(rejects(&daily), faults);
    assert_eq!((daily.figures.len(), daily.held.len()), (2, 2), "the first day and one of another month stand");
    let monthly = parse_named(&source("google", "month"), "a.csv", text).unwrap();
    assert_eq!((monthly.figures.len(), monthly.held.len()), (1, 1));
}

const APPLE: &str = "Provider\tSKU\tTitle\tProduct Type Identifier\tUnits\tBegin Date\tEnd Date\tApple Identifier\n";

#[test]
fn apple_counts_first_downloads_of_the_app_and_nothing_else() {
    let rows = [
        "1F\t10\t04/01/2022\t04/01/2022\t1234567890",
        "1\t-1\t04/01/2022\t04/01/2022\t1234567890",
        "7F\t500\t04/01/2022\t04/01/2022\t1234567890",
        "3F\t40\t04/01/2022\t04/01/2022\t1234567890",
        "IA1\t3\t04/01/2022\t04/01/2022\t1234567890",
        "1F\t900\t04/01/2022\t04/01/2022\t999",
        "1F\t900\t04/02/2022\t04/02/2022\t999",
        "F1\t2\t04/03/2022\t04/03/2022\t1234567890",
    ];
    let text = rows.iter().fold(APPLE.to_owned(), |text, row| format!("{text}APPLE\tmihon\t見本アプリ\t{row}\n"));
    let days = [
        "first/d 2022-04-01..2022-04-02 = 9",
        "first/d 2022-04-02..2022-04-03 = 0",
        "first/d 2022-04-03..2022-04-04 = 2",
    ];
    assert_eq!(figures(&source("apple", "day"), "S_D_85_20220401.txt", text.as_bytes()).unwrap(), days);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    assert_eq!(figures(&source("apple", "day"), "S_D_85_20220401.txt.gz", &packed.finish().unwrap()).unwrap(), days);
    assert_eq!(figures(&source("apple", "month"), "a.txt", text.as_bytes()), Err("daily_report"));
}

#[test]
fn apples_monthly_report_feeds_months_and_a_weekly_one_nothing() {
    let row = |from: &str, to: &str| format!("{APPLE}APPLE\tmihon\tx\t1F\t77\t{from}\t{to}\t1234567890\n");
    let source = source("apple", "month");
    let april = row("04/01/2022", "04/30/2022");
    assert_eq!(figures(&source, "a.txt", april.as_bytes()).unwrap(), ["first/d 2022-04-01..2022-05-01 = 77"]);
    let week = parse_named(&source, "a.txt", row("04/04/2022", "04/10/2022").as_bytes()).unwrap();
    assert_eq!((rejects(&week), week.figures.len()), (vec!["2 until: wrong_period".to_owned()], 0));
}

#[test]
fn what_is_no_report_is_refused() {
    let source = source("google", "day");
    assert_eq!(figures(&source, "a.csv", include_bytes!("fixtures/empty.csv")), Err("no_rows"));
    assert_eq!(figures(&source, "a.csv", include_bytes!("fixtures/malformed.csv")), Err("missing_column"));
    let bomb = {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::copy(&mut std::io::Read::take(std::io::repeat(b'a'), 64 << 20), &mut packed).unwrap();
        packed.finish().unwrap()
    };
    assert_eq!(figures(&source, "a.gz", &bomb), Err("too_large"));
    assert_eq!(figures(&source, "a.gz", &bomb[..bomb.len() / 2]), Err("packing"));
    assert_eq!(figures(&source, "a.gz", &[0x1F, 0x8B, 8, 0]), Err("packing"));
}

#[test]
fn a_series_that_no_store_can_feed_is_a_mistake() {
    let keys = "kind = 'appstore'\npath = 'x'\nstore = 'google'\napp = 'a'\ndownloads = { series = 'first' }";
    let found = made(Path::new("."), &[("first", "件", "level", "day")], keys).unwrap_err();
    assert_eq!(found, ["a store counts by day or month, and series `first` does not"]);
}
