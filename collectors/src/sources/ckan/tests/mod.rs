mod asking;

use crate::config::{self, SourceConfig};
use crate::document::{Document, Validators};
use crate::sources::{Coverage, ParseError, ParsedFile, PollContext};
use crate::table::TableError;
use crate::testing::{moment, parser, rejects, show};
use contract::catalogue;
use proptest::prelude::*;
use std::path::Path;

/// A plan with a level and a counter, both of the source `portal`.
fn portal_plan() -> String {
    let datasets = testkit::series("datasets", "shape = \"level\"\ngrain = \"day\"", "rule", "portal");
    let counter = "shape = \"counter\"\ngrain = \"day\"\ndecrease = \"restart\"";
    format!("{}{datasets}{}", testkit::PLAN, testkit::series("fetches", counter, "tracked", "portal"))
}
const DATASETS: &str = "datasets = { series = 'datasets' }\n";
const DOWNLOADS: &str = "downloads = { series = 'fetches' }\n";

/// A portal with these keys of its own, or what is wrong with them; a series that it does not give is none.
fn try_portal(own: &str) -> Result<SourceConfig, String> {
    let head = "[[source]]\nid = \"portal\"\nplan = \"p\"\nkind = \"ckan\"\ninterval = \"1d\"\n";
    let place = if own.contains("url = ") { "" } else { "path = 'x'\n" };
    let whole = portal_plan();
    let parts: Vec<&str> = whole.split("[[series]]").collect();
    let given = [("datasets = ", 1), ("downloads = ", 2)].into_iter().filter(|(key, _)| own.contains(key));
    let plan = given.fold(parts[0].to_owned(), |plan, (_, part)| format!("{plan}[[series]]{}", parts[part]));
    let plan = if plan.contains("[[series]]") { plan } else { whole };
    let catalogues = vec![("p.toml".to_owned(), catalogue::parse("p.toml", &plan).unwrap())];
    let files = [("a.toml".to_owned(), format!("{head}{place}{own}"))];
    let found = config::parse(Path::new("."), &files, &catalogues);
    let lines = |mistakes: Vec<contract::reader::Mistake>| {
        let ours = mistakes.into_iter().filter(|mistake| mistake.file == "a.toml");
        ours.map(|mistake| mistake.message).collect::<Vec<_>>().join("\n")
    };
    found.map(|read| SourceConfig::clone(&read.sources[0])).map_err(lines)
}

fn portal(own: &str) -> SourceConfig {
    try_portal(own).unwrap()
}

/// What several answers of one visit say, at a time.
fn visit(source: &SourceConfig, time: &str, name: &str, answers: &[&[u8]]) -> Result<ParsedFile, ParseError> {
    let seen = PollContext { time: moment(time), encoding: None, max_bytes: source.fetch.max_bytes };
    let mut fetched = Document::new(name, answers[0].to_vec(), Validators::default());
    fetched.more = answers[1..].iter().map(|bytes| bytes.to_vec()).collect();
    parser(source).parse(&fetched, &seen)
}

fn parse(source: &SourceConfig, bytes: &[u8]) -> Result<ParsedFile, ParseError> {
    visit(source, "2022-07-01T15:30:00+09:00", "a.json", &[bytes])
}

fn figures(source: &SourceConfig, bytes: &[u8]) -> Vec<String> {
    parse(source, bytes).unwrap().figures.iter().map(show).collect()
}

const BASIC: &[u8] = include_bytes!("../fixtures/basic.json");

#[test]
fn a_portal_gives_its_datasets_by_the_rule_and_for_the_day_of_the_poll() {
    let rows = [
        ("listed", "", 4),
        ("active", "", 3),
        ("with_resources", "", 2),
        ("active", "organisation = 'tokei'\n", 2),
        ("with_resources", "organisation = 'tokei'\n", 1),
    ];
    for (rule, more, count) in rows {
        let source = portal(&format!("{DATASETS}count = '{rule}'\n{more}"));
        assert_eq!(figures(&source, BASIC), [format!("datasets/rule 2022-07-01 = {count}")], "{rule} {more}");
    }
    let parsed = parse(&portal(&format!("{DATASETS}count = 'listed'")), BASIC).unwrap();
    assert_eq!(parsed.covers, Coverage::Instant(moment("2022-07-01")));
    assert_eq!(parsed.until, Some(moment("2022-07-02")));
    // Nobody is late: an instant before midnight in UTC is a day later here.
    let night = visit(&portal(&format!("{DATASETS}count = 'listed'")), "2022-07-01T20:00:00Z", "a.json", &[BASIC]);
    assert_eq!(night.unwrap().figures[0].key.span, contract::record::Span::AsOf(moment("2022-07-02")));
}

#[test]
fn downloads_are_a_total_with_a_label_an_address() {
    let source = portal(DOWNLOADS);
    let parsed = parse(&source, BASIC).unwrap();
    assert_eq!(parsed.figures.iter().map(show).collect::<Vec<_>>(), ["fetches/tracked 2022-07-01 = 150"]);
    let labels = parsed.figures[0].breakdown.clone().unwrap();
    assert_eq!(labels.values().copied().collect::<std::collections::BTreeSet<_>>(), [0, 30, 120].into());
    assert!(labels.keys().all(|label| label.len() == 16), "{labels:?}");
    // The same file in two datasets, and one that moved: the label is the address and nothing else.
    let twice = BASIC.to_vec();
    let twice = String::from_utf8(twice)
        .unwrap()
        .replace("f/jinko.csv", "f/hinanjo.csv")
        .replace("\"total\": 0,", "\"total\": 120,");
    assert_eq!(figures(&source, twice.as_bytes()), ["fetches/tracked 2022-07-01 = 150"]);
    let renamed =
        String::from_utf8(BASIC.to_vec()).unwrap().replace("bosai-hinanjo", "hinanjo").replace("11111111", "2222222");
    assert_eq!(parse(&source, renamed.as_bytes()).unwrap().figures[0].breakdown, Some(labels));
}

#[test]
fn what_is_not_counted_is_unknown_and_never_0() {
    let text = String::from_utf8(BASIC.to_vec()).unwrap();
    let without =
        |total: &str| text.replace(&format!("\"tracking_summary\": {{\"total\": {total}, "), "\"other\": {\"x\": 1, ");
    let all = without("120").replace("\"tracking_summary\"", "\"other\"");
    let zero = text.replace("\"total\": 120", "\"total\": 0").replace("\"total\": 30", "\"total\": 0");
    let rows = [
        (all, "no_tracking"),
        (without("0"), "incomplete_tracking"),
        (zero, "no_tracking"),
        (text.replace("\"total\": 30", "\"total\": -30"), "unexpected_total"),
        (text.replace("\"total\": 30", "\"total\": null"), "incomplete_tracking"),
        (text.replace("\"total\": 30", "\"total\": \"many\""), "unexpected_total"),
        (
            text.replace("\"tracking_summary\": {\"total\": 30,", "\"tracking_summary\": [], \"x\": {\"y\": 0,"),
            "incomplete_tracking",
        ),
        (r#"{"success": true, "result": ["a", "b"]}"#.to_owned(), "no_tracking"),
        (r#"{"success": true, "result": {"name": "a", "resources": [{"url": "u"}]}}"#.to_owned(), "no_tracking"),
    ];
    for (answer, reason) in rows {
        let figures = figures(&portal(DOWNLOADS), answer.as_bytes());
        assert_eq!(figures, [format!("fetches/tracked 2022-07-01 = {reason}")], "{answer}");
    }
    // However a portal writes its totals, its datasets are counted.
    let texts = text.replace("\"total\": 30", "\"total\": \"30\"");
    assert_eq!(figures(&portal(DOWNLOADS), texts.as_bytes()), ["fetches/tracked 2022-07-01 = 150"]);
    let one =
        r#"{"success": true, "result": {"name": "a", "resources": [{"url": "u", "tracking_summary": {"total": 9}}]}}"#;
    assert_eq!(figures(&portal(DOWNLOADS), one.as_bytes()), ["fetches/tracked 2022-07-01 = 9"]);
}

#[test]
fn what_is_no_whole_answer_is_a_failed_poll() {
    let source = portal(&format!("{DATASETS}count = 'active'"));
    let rows: [(&[u8], &str); 14] = [
        (b"", "empty_file"),
        (b" \n", "empty_file"),
        (b"<!DOCTYPE html><html></html>", "html"),
        (include_bytes!("../fixtures/malformed.json"), "not_json"),
        (include_bytes!("../fixtures/empty.json"), "no_datasets"),
        (b"Internal Server Error", "not_json"),
        (b"[1, 2]", "unexpected_answer"),
        (br#"{"success": false, "error": {"__type": "Authorization Error"}}"#, "api_error"),
        (br#"{"result": ["a"]}"#, "unexpected_answer"),
        (br#"{"success": true, "result": null}"#, "unexpected_answer"),
        (br#"{"success": true, "result": ["a", "b"]}"#, "no_count"),
        (br#"{"success": true, "result": {"name": "a"}}"#, "no_count"),
        (br#"{"success": true, "result": {"count": 2, "results": [{"name": "a"}]}}"#, "pages_do_not_add_up"),
        (br#"{"success": true, "result": {"count": 2, "results": [{"name": "a"}, {"name": "a"}]}}"#, "named_twice"),
    ];
    for (bytes, label) in rows {
        let error = parse(&source, bytes).unwrap_err();
        assert_eq!(error.label(), label, "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(parse(&source, b""), Err(ParseError::Table(TableError::Empty)));
    let nobody = portal(&format!("{DATASETS}count = 'active'\norganisation = 'nobody'"));
    assert_eq!(parse(&nobody, BASIC).unwrap_err().label(), "no_datasets");
}

#[test]
fn a_list_of_names_gives_their_number() {
    let source = portal(&format!("{DATASETS}count = 'listed'"));
    let figure = |answer: &str| parse(&source, answer.as_bytes()).map(|parsed| show(&parsed.figures[0]));
    assert_eq!(figure(r#"{"success": true, "result": ["a", "b"]}"#), Ok("datasets/rule 2022-07-01 = 2".into()));
    assert_eq!(figure(r#"{"success": true, "result": ["a", "a"]}"#).unwrap_err().label(), "named_twice");
    assert_eq!(figure(r#"{"success": true, "result": []}"#).unwrap_err().label(), "no_datasets");
}

const TABLE: &str = "format = 'table'\ndatasets = { series = 'datasets' }\n";
const COLUMNS: &str =
    "[source.columns]\nname = ['データセット名']\nresource = ['ファイル名']\norganisation = ['所管']\n";
const ROWS: &[u8] = include_bytes!("../fixtures/recoverable-errors.csv");

#[test]
fn a_catalogue_counts_distinct_names_and_a_row_without_one_holds_the_figure_back() {
    let source = |more: &str| portal(&format!("{TABLE}{more}{COLUMNS}"));
    let parsed = parse(&source("count = 'listed'\n"), ROWS).unwrap();
    assert_eq!((parsed.figures.len(), parsed.held.len()), (0, 1));
    assert_eq!(rejects(&parsed), ["6 name: empty"]);
    let whole = String::from_utf8(ROWS.to_vec()).unwrap().replace("\n,jinko2", "\n人口,jinko2");
    let rows = [
        ("count = 'listed'\n", 3),
        ("count = 'with_resources'\n", 2),
        ("count = 'listed'\norganisation = '統計課'\n", 2),
    ];
    for (more, count) in rows {
        assert_eq!(figures(&source(more), whole.as_bytes()), [format!("datasets/rule 2022-07-01 = {count}")], "{more}");
    }
    let regions = "地域,データセット名\n全市,人口\n全国,世帯\n北区,合計特殊出生率\n全市,合計\n合計,3件\n合計,\n";
    assert_eq!(figures(&source("count = 'listed'\n"), regions.as_bytes()), ["datasets/rule 2022-07-01 = 3"]);
    assert_eq!(
        parse(&source("count = 'listed'\n"), "データセット名,ファイル名,所管\n".as_bytes()),
        Err(ParseError::NoRows)
    );
    assert_eq!(parse(&source("count = 'listed'\n"), b"<html>").unwrap_err().label(), "html");
    assert_eq!(parse(&source("count = 'listed'\n"), b"Bad Gateway").unwrap_err().label(), "missing_column");
}

#[test]
fn a_catalogue_may_say_its_day_in_its_name() {
    let source = portal(&format!("{TABLE}count = 'listed'\nas_of = 'name'\n{COLUMNS}"));
    let rows = [
        ("https://a.jp/catalog_20220331.csv?v=20220401", Ok("2022-03-31")),
        ("https://a.jp/%E3%82%AB%E3%82%BF%E3%83%AD%E3%82%B0%E4%B8%80%E8%A6%A720220331.csv", Ok("2022-03-31")),
        ("https://a.jp/dl.php?no=2&file=catalog_20220331.csv", Ok("2022-03-31")),
        ("カタログ（令和4年3月31日現在）.csv", Ok("2022-03-31")),
        ("catalog_R040331.csv", Ok("2022-03-31")),
        ("catalog-2022-3-31.csv", Ok("2022-03-31")),
        ("catalog２０２２０３３１.csv", Ok("2022-03-31")),
        ("20220331_20220331.csv", Ok("2022-03-31")),
        ("20220331_20220401.csv", Err("no_date_in_name")),
        ("catalog_2022.csv", Err("no_date_in_name")),
        ("catalog_20221399.csv", Err("no_date_in_name")),
        ("catalog_20230331.csv", Err("in_the_future")),
    ];
    for (name, day) in rows {
        let found = visit(&source, "2022-07-01", name, &["データセット名\nあ\n".as_bytes()]);
        let found = found.map(|parsed| (show(&parsed.figures[0]), parsed.until)).map_err(|error| error.label());
        assert_eq!(found, day.map(|day| (format!("datasets/rule {day} = 1"), None)), "{name}");
    }
}

#[test]
fn the_configuration_is_checked_as_a_whole() {
    let listed = "count = 'listed'\n";
    let rows = [
        (format!("{DATASETS}{listed}"), ""),
        (format!("{DATASETS}{DOWNLOADS}{listed}"), ""),
        (DATASETS.to_owned(), "`count` is missing"),
        (listed.to_owned(), "`datasets` is missing"),
        (format!("downloads = {{ series = 'datasets' }}\n{DATASETS}{listed}"), "a counter"),
        (format!("{TABLE}{listed}"), "`columns.name` is missing"),
        (format!("{TABLE}count = 'active'\n{COLUMNS}"), "does not say what is active"),
        (format!("{TABLE}{listed}fq = 'x:y'\n{COLUMNS}"), "`fq` is for the interface"),
        (format!("{DATASETS}{listed}organisation = 'a\"b'\n"), "no quotes"),
    ];
    for (own, message) in rows {
        let said = try_portal(&own).err().unwrap_or_default();
        assert!(if message.is_empty() { said.is_empty() } else { said.contains(message) }, "{own}: {said}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0..BASIC.len()) {
        let source = portal(&format!("{DATASETS}{DOWNLOADS}count = 'active'"));
        let _ = parse(&source, &bytes);
        prop_assert!(parse(&source, &BASIC[..cut]).is_err() || cut + 2 > BASIC.len());
    }
}
