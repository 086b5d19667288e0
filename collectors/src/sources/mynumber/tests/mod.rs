mod workbook;

use crate::config::SourceConfig;
use crate::sources::{Coverage, ParseError};
use crate::table::TableError;
use crate::testing::{moment, mynumber, parse, rejects, show, source};
use proptest::prelude::*;
use std::path::Path;

fn editions() -> SourceConfig {
    source(Path::new("."), &mynumber("path = 'x'\ncode = '472905'"))
}

#[test]
fn an_edition_gives_both_figures_of_its_date() {
    let parsed = parse(&editions(), include_bytes!("../fixtures/basic.csv")).unwrap();
    let figures: Vec<String> = parsed.figures.iter().map(show).collect();
    assert_eq!(figures, ["cards/issued 2020-04-01 = 6512", "people/edition 2020-04-01 = 48901"]);
    assert_eq!(parsed.figures[0].place.row, Some(3));
    assert_eq!(parsed.covers, Coverage::Instant(moment("2020-04-01")));
    assert_eq!((parsed.rejects, parsed.held, parsed.until), (vec![], vec![], None));
}

#[test]
fn a_row_that_cannot_be_read_is_a_reject_and_the_rest_counts() {
    let parsed = parse(&editions(), include_bytes!("../fixtures/recoverable-errors.csv")).unwrap();
    let figures: Vec<String> = parsed.figures.iter().map(show).collect();
    assert_eq!(figures, ["cards/issued 2020-07-01 = missing", "people/edition 2020-07-01 = 48860"]);
    assert_eq!(
        rejects(&parsed),
        [
            "2 code: wrong_check_digit",
            "3 issued: bad_grouping",
            "4 as_of: month_out_of_range",
            "6 population: empty",
            "7 code: not_a_code",
            "8 code: wrong_check_digit",
        ]
    );
    let held: Vec<String> = parsed.held.iter().map(|key| format!("{} {:?}", key.series, key.span)).collect();
    assert_eq!(held.len(), 4, "{held:?}");
    assert_eq!(parsed.covers, Coverage::From(moment("2020-05-01")));
}

#[test]
fn a_file_that_is_no_edition_says_why() {
    assert_eq!(parse(&editions(), include_bytes!("../fixtures/empty.csv")), Err(ParseError::NoRows));
    let malformed = parse(&editions(), include_bytes!("../fixtures/malformed.csv"));
    assert_eq!(malformed, Err(ParseError::Table(TableError::OpenQuote { line: 2 })));
    let other = parse(&editions(), "日付,人数\n2020/4/1,3\n".as_bytes()).unwrap_err();
    assert_eq!(other.label(), "missing_column");
}

#[test]
fn an_edition_without_the_city_speaks_for_the_date_of_its_other_rows() {
    let text =
        "算出基準日,総数（人口）,交付枚数,団体コード\n2020/4/1,1,1,472913\n2020/4/1,1,1,475904\n2002/4/1,1,1,131016\n";
    let parsed = parse(&editions(), text.as_bytes()).unwrap();
    assert_eq!((parsed.figures.len(), parsed.covers), (0, Coverage::Instant(moment("2020-04-01"))));
}

#[test]
fn a_name_alone_never_counts_nor_does_the_future() {
    let text = "算出基準日,市区町村名,総数（人口）,交付枚数,団体コード\n2020/4/1,見本市,9,9,131016\n2032/4/1,見本市,9,9,472905\n";
    let parsed = parse(&editions(), text.as_bytes()).unwrap();
    assert_eq!(parsed.figures, []);
    assert_eq!(rejects(&parsed), ["3 as_of: in_the_future"]);
}

#[test]
fn headers_of_other_hands_are_known() {
    let text = "基準日,都道府県,市町村名,人口,累計交付枚数,自治体コード\n2020/4/1,見本県,見本市,100,9,472905\n";
    let ours = parse(&editions(), text.as_bytes()).unwrap();
    let figures: Vec<String> = ours.figures.iter().map(show).collect();
    assert_eq!(figures, ["cards/issued 2020-04-01 = 9", "people/edition 2020-04-01 = 100"]);
}

#[test]
fn a_file_of_one_city_needs_no_code() {
    let columns = "[source.columns]\nas_of = ['asof']\nissued = ['cards_issued']\npopulation = ['population']";
    let one = source(Path::new("."), &format!("{}{columns}", mynumber("path = 'x'\nsingle_municipality = true")));
    let text = "asof,population,population_asof,cards_issued\n2022-06-01,1000,2021-01-01,400\n2022-06-30,1001,2021-01-01,410\n";
    let parsed = parse(&one, text.as_bytes()).unwrap();
    let figures: Vec<String> = parsed.figures.iter().map(show).collect();
    assert_eq!(
        figures,
        [
            "cards/issued 2022-06-01 = 400",
            "cards/issued 2022-06-30 = 410",
            "people/edition 2022-06-01 = 1000",
            "people/edition 2022-06-30 = 1001",
        ]
    );
    assert_eq!(parsed.covers, Coverage::From(moment("2022-06-01")));
}

#[test]
fn the_published_rate_must_be_what_the_figures_make() {
    let header = "算出基準日,総数（人口）,交付枚数,人口に対する交付枚数率,団体コード\n";
    let rows = "2020/4/1,48901,6512,13.3,472905\n2020/5/1,48901,6521,31.3,472905\n2020/6/1,48901,6530,約13,472905\n";
    let parsed = parse(&editions(), format!("{header}{rows}").as_bytes()).unwrap();
    let figures: Vec<String> = parsed.figures.iter().map(show).collect();
    assert_eq!(figures, ["cards/issued 2020-04-01 = 6512", "people/edition 2020-04-01 = 48901"]);
    assert_eq!(rejects(&parsed), ["3 issued_rate: rate_disagrees", "4 issued_rate: not_a_number"]);
    assert_eq!(parsed.held.len(), 4);
}

#[test]
fn two_rows_of_one_date_that_differ_are_in_dispute_and_neither_counts() {
    let header = "算出基準日,総数（人口）,交付枚数,団体コード\n";
    let rows =
        |last: &str| format!("{header}2020/4/1,100,10,472905\n2020/4/1,100,{last},472905\n2020/4/1,100,10,472905\n");
    let same = parse(&editions(), rows("10").as_bytes()).unwrap();
    assert_eq!((same.figures.len(), rejects(&same)), (2, vec![]));
    let other = parse(&editions(), rows("11").as_bytes()).unwrap();
    assert_eq!((other.figures.len(), rejects(&other)), (0, vec!["3 population: stands_twice".to_owned()]));
    assert_eq!((other.held.len(), other.covers), (2, Coverage::Instant(moment("2020-04-01"))));
}

#[test]
fn the_configuration_must_say_which_cards_and_where_the_city_is() {
    let wrong = |own: &str| {
        let text = format!(
            "[[source]]\nid = \"mynumber\"\nplan = \"p\"\nkind = \"mynumber\"\ninterval = \"1d\"\npath = 'x'\n{own}"
        );
        let files = [("a.toml".to_owned(), text), ("b.toml".to_owned(), crate::testing::register("path = 'x'"))];
        let found = crate::config::parse(Path::new("."), &files, &crate::testing::catalogues());
        let mistakes = found.err().unwrap_or_default().into_iter().filter(|mistake| mistake.file == "a.toml");
        mistakes.map(|mistake| mistake.message).collect::<Vec<_>>().join("\n")
    };
    let people = "population = { series = 'people' }\n";
    let issued = "issued = { series = 'cards', definition = 'issued' }\n";
    let rows = [
        (format!("{people}{issued}code = '472905'"), ""),
        (format!("{people}{issued}prefecture = '見本県'\nmunicipality = '見本市'"), ""),
        (format!("{people}held = {{ series = 'cards', definition = 'held' }}\ncode = '472905'"), ""),
        (format!("{people}{issued}"), "`code` is missing"),
        (format!("{people}{issued}municipality = '見本市'\ncode = '472905'"), "belong together"),
        (format!("{people}code = '472905'"), "`issued` is missing"),
        (format!("{people}{issued}code = '472905'\n[source.columns]\nissued = ['保有枚数']"), "set `held`"),
    ];
    for (own, message) in rows {
        let said = wrong(&own);
        assert!(if message.is_empty() { said.is_empty() } else { said.contains(message) }, "{own}: {said}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&editions(), &bytes);
    }

    #[test]
    fn no_cells_make_it_panic(cells in proptest::collection::vec("[0-9/年月日令和RH.－,a-z]{0,9}", 0..40)) {
        let mut text = "算出基準日,総数（人口）,交付枚数,団体コード\n".to_owned();
        for row in cells.chunks(3) {
            text.push_str(&row.join(","));
            text.push_str(",472905\n");
        }
        let _ = parse(&editions(), text.as_bytes());
    }
}
