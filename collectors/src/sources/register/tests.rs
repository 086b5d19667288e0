use crate::config::SourceConfig;
use crate::sources::{Coverage, ParseError};
use crate::table::TableError;
use crate::testing::{moment, parse, register, rejects, show, source};
use proptest::prelude::*;
use std::path::Path;

fn kept() -> SourceConfig {
    source(Path::new("."), &register("path = 'x'"))
}

/// The figures of a text of rows.
fn read(rows: &str) -> (Vec<String>, Vec<String>) {
    let parsed = parse(&kept(), format!("指標,期間,値,区分,定義\n{rows}").as_bytes()).unwrap();
    (parsed.figures.iter().map(show).collect(), rejects(&parsed))
}

#[test]
fn a_register_gives_its_figures_and_the_later_row_wins() {
    let parsed = parse(&kept(), include_bytes!("fixtures/basic.csv")).unwrap();
    let figures: Vec<String> = parsed.figures.iter().map(show).collect();
    assert_eq!(
        figures,
        [
            "applied/accepted 2019-04-01..2019-05-01 = 1240",
            "applied/accepted 2019-05-01..2019-06-01 = 1235?",
            "applied/accepted 2019-06-01..2019-07-01 = missing",
            "cost/settled 2019-04-01..2020-04-01 = 10500000000",
            "datasets/listed 2019-04-01 = 104",
        ]
    );
    assert_eq!(parsed.figures[0].place.row, Some(9));
    assert_eq!((parsed.rejects, parsed.held, parsed.covers), (vec![], vec![], Coverage::Everything));
}

#[test]
fn a_row_that_cannot_be_read_is_a_reject_and_the_rest_counts() {
    let parsed = parse(&kept(), include_bytes!("fixtures/recoverable-errors.csv")).unwrap();
    assert_eq!(parsed.figures.iter().map(show).collect::<Vec<_>>(), ["datasets/listed 2019-04-01 = 104"]);
    assert_eq!(
        rejects(&parsed),
        [
            "3 period: wrong_period",
            "4 period: month_out_of_range",
            "5 period: wrong_period",
            "6 value: bad_grouping",
            "7 period: empty",
            "8 series: empty",
            "9 series: unknown_series",
            "11 period: in_the_future",
        ]
    );
    assert_eq!(parsed.held.len(), 1);
}

#[test]
fn a_text_where_a_figure_should_be_is_a_reject_and_blocks_withdrawing() {
    for text in ["集計中です", "約百", "12（速報）", "TBD", "1O0", "#N/A"] {
        let rows = format!("指標,期間,値\n申請件数,2022年4月,100\n申請件数,2022年5月,{text}\n");
        let parsed = parse(&kept(), rows.as_bytes()).unwrap();
        assert_eq!(
            parsed.figures.iter().map(show).collect::<Vec<_>>(),
            ["applied/accepted 2022-04-01..2022-05-01 = 100"]
        );
        assert!(rejects(&parsed)[0].starts_with("3 value: "), "{text}: {:?}", rejects(&parsed));
        assert_eq!(parsed.held.len(), 1, "{text}: May is neither given nor withdrawn");
    }
}

#[test]
fn a_file_that_is_no_register_says_why() {
    assert_eq!(parse(&kept(), include_bytes!("fixtures/empty.csv")), Err(ParseError::NoRows));
    let malformed = parse(&kept(), include_bytes!("fixtures/malformed.csv"));
    assert_eq!(malformed, Err(ParseError::Table(TableError::OpenQuote { line: 1 })));
}

#[test]
fn the_series_says_what_a_period_is() {
    let rows = [
        ("データセット数,2019/4/1,1", "datasets/listed 2019-04-01 = 1"),
        ("データセット数,平成31年4月1日現在,1", "datasets/listed 2019-04-01 = 1"),
        ("データセット数,令和元年6月末日,1", "datasets/listed 2019-06-30 = 1"),
        ("データセット数,令和元年度末,1", "datasets/listed 2020-03-31 = 1"),
        ("データセット数,43831,1", "datasets/listed 2020-01-01 = 1"),
        ("datasets,2019/4/1,1", "datasets/listed 2019-04-01 = 1"),
        ("経費,H31年度,1", "cost/settled 2019-04-01..2020-04-01 = 1"),
        ("経費,2019,1", "cost/settled 2019-04-01..2020-04-01 = 1"),
        ("経費,R3,1", "cost/settled 2021-04-01..2022-04-01 = 1"),
        ("quarterly,令和元年度第4四半期,1", "quarterly/q 2020-01-01..2020-04-01 = 1"),
        ("daily,R1.5.1,0", "daily/d 2019-05-01..2019-05-02 = 0"),
        ("申請件数,H31.4,△12", "applied/accepted 2019-04-01..2019-05-01 = -12"),
        ("申請件数,H31.4,12,,sent", "applied/sent 2019-04-01..2019-05-01 = 12"),
        ("申請件数,H31.4,12,暫定値", "applied/accepted 2019-04-01..2019-05-01 = 12?"),
        ("申請件数,2022年6月,12", "applied/accepted 2022-06-01..2022-07-01 = 12"),
        ("申請件数,2022年7月,12,確定", "applied/accepted 2022-07-01..2022-08-01 = 12?"),
    ];
    for (row, figure) in rows {
        assert_eq!(read(row), (vec![figure.to_owned()], vec![]), "{row}");
    }
}

#[test]
fn a_unit_above_the_table_is_not_overlooked() {
    let text = |line: &str| format!("経費台帳,,{line}\n指標,期間,値\n経費,令和元年度,10532000\n");
    let thousands = parse(&kept(), text("（単位：千円）").as_bytes()).unwrap();
    assert_eq!((thousands.figures.len(), rejects(&thousands)), (0, vec!["3 value: unexpected_unit".to_owned()]));
    assert_eq!(parse(&kept(), text("（単位：円）").as_bytes()).unwrap().figures.len(), 1);
}

#[test]
fn a_label_of_the_register_is_no_total_and_a_spreadsheets_first_day_is_its_month() {
    let labels = register("path = 'x'").replace("\"経費\"", "\"合計\"");
    let parsed = parse(&source(Path::new("."), &labels), "指標,期間,値\n合計,R1年度,5\n".as_bytes()).unwrap();
    assert_eq!(parsed.figures.iter().map(show).collect::<Vec<_>>(), ["cost/settled 2019-04-01..2020-04-01 = 5"]);
    let (figures, _) = read("申請件数,2019/5/1,12\n※速報値,,\n");
    assert_eq!(figures, ["applied/accepted 2019-05-01..2019-06-01 = 12"]);
}

#[test]
fn what_does_not_fit_the_series_is_refused() {
    let rows = [
        ("データセット数,令和元年度,1", "2 period: wrong_period"),
        ("データセット数,2019年4月,1", "2 period: wrong_period"),
        ("経費,2019年4月,1", "2 period: wrong_period"),
        ("申請件数,2019年度,1", "2 period: wrong_period"),
        ("申請件数,H31.4,12,,べつ", "2 definition: unknown_definition"),
        ("applied,H31.4,12", "2 definition: unknown_definition"),
        ("cards,2019/4/1,12", "2 series: unknown_series"),
        ("申請件数,H31.4,12人", "2 value: unexpected_unit"),
    ];
    for (row, reject) in rows {
        assert_eq!(read(row), (vec![], vec![reject.to_owned()]), "{row}");
    }
}

#[test]
fn headings_totals_and_rows_made_ready_say_nothing() {
    let (figures, rejects) = read(
        "施策5,,\n合計,2019年度,9\n申請件数,合計,9\n申請件数,2022年7月,\n申請件数,2025年1月,－\n申請件数,2022年5月,\n",
    );
    assert_eq!(figures, ["applied/accepted 2022-05-01..2022-06-01 = missing"]);
    assert_eq!(rejects, [""; 0]);
}

#[test]
fn the_same_bytes_say_more_once_a_period_has_ended() {
    let until = |rows: &str| parse(&kept(), format!("指標,期間,値\n{rows}").as_bytes()).unwrap().until;
    assert_eq!(until("申請件数,2022年6月,1\n"), None);
    assert_eq!(until("申請件数,2022年7月,1\n"), Some(moment("2022-08-01")));
    assert_eq!(until("申請件数,2022年7月,\n申請件数,2022年12月,5\n"), Some(moment("2022-08-01")));
    assert_eq!(until("申請件数,2022年12月,5\n"), Some(moment("2022-12-01")));
}

#[test]
fn a_header_in_thousands_is_not_taken_for_yen() {
    let parsed = parse(&kept(), "指標,期間,値（千円）\n経費,2019,12\n".as_bytes()).unwrap();
    assert_eq!(rejects(&parsed), ["2 value: unexpected_unit"]);
    let parsed = parse(&kept(), "指標,期間,値（円）\n経費,2019,12\n".as_bytes()).unwrap();
    assert_eq!(parsed.figures.len(), 1);
}

#[test]
fn a_workbook_shows_months_as_days() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy年m月");
    for (column, word) in [(0, "指標"), (1, "期間"), (2, "値")] {
        sheet.write(0, column, word).unwrap();
    }
    let month = rust_xlsxwriter::ExcelDateTime::from_ymd(2019, 4, 1).unwrap();
    sheet.write(1, 0, "申請件数").unwrap();
    sheet.write_with_format(1, 1, &month, &date).unwrap();
    sheet.write(1, 2, 12).unwrap();
    let parsed = parse(&kept(), &book.save_to_buffer().unwrap()).unwrap();
    let figures: Vec<String> = parsed.figures.iter().map(show).collect();
    assert_eq!(figures, ["applied/accepted 2019-04-01..2019-05-01 = 12"]);
    assert_eq!(parsed.figures[0].place.sheet.as_deref(), Some("Sheet1"));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&kept(), &bytes);
    }

    #[test]
    fn no_cells_make_it_panic(cells in proptest::collection::vec("[0-9/年月日度末四半期第令和RH.－,a-z]{0,9}", 0..40)) {
        let mut text = "指標,期間,値\n".to_owned();
        for row in cells.chunks(2) {
            text.push_str("申請件数,");
            text.push_str(&row.join(","));
            text.push('\n');
        }
        let _ = parse(&kept(), text.as_bytes());
    }
}

#[test]
fn each_definition_of_a_register_has_its_own_decimals() {
    let keys = "kind = 'register'\npath = 'x'\n[source.series]\n'出生率' = 's'\n";
    let source = crate::testing::made_with_decimals(Path::new("."), &[("s", "人", "level", "day")], 2, keys).unwrap();
    let text = "指標,期間,値\n出生率,2021-03-31,1.08\n出生率,2022-03-31,約1.1\n出生率,2022-04-30,1.085\n";
    let parsed = parse(&source, text.as_bytes()).unwrap();
    assert_eq!(parsed.figures.iter().map(show).collect::<Vec<_>>(), ["s/d 2021-03-31 = 108", "s/d 2022-03-31 = 110"]);
    assert_eq!(rejects(&parsed), ["4 value: too_many_decimals"]);
}
