//! Figures with decimals, in every form of file.

use crate::config::SourceConfig;
use crate::testing::{figures, made_with_decimals, parse_named, rejects};
use rust_xlsxwriter::{Format, Workbook};
use std::path::Path;

const SURVEY: [crate::testing::MadeSeries<'static>; 1] = [("s", "%", "level", "day")];
const YEARS: &str =
    "[source.period]\ncolumn = ['年度末']\n[[source.figure]]\nof = { series = 's' }\ncolumn = ['割合']\n";
const RIGHT: [&str; 3] = ["s/d 2021-03-31 = 549", "s/d 2022-03-31 = 540", "s/d 2022-06-30 = -5"];

fn source(series: &[crate::testing::MadeSeries<'_>], digits: u32, keys: &str) -> SourceConfig {
    made_with_decimals(Path::new("."), series, digits, &format!("kind = 'table'\npath = 'x'\n{keys}")).unwrap()
}

#[test]
fn a_survey_is_read_exactly_from_csv_tsv_json_and_a_workbook() {
    let source = source(&SURVEY, 1, YEARS);
    let csv = "年度末,割合（％）\n2021-03-31,５４．９％\n2022-03-31,54\n2022-06-30,▲0.5\n";
    assert_eq!(figures(&source, "a.csv", csv.as_bytes()).unwrap(), RIGHT);
    assert_eq!(figures(&source, "a.tsv", csv.replace(',', "\t").as_bytes()).unwrap(), RIGHT);
    let json = r#"[{"年度末":"2021-03-31","割合":54.9},{"年度末":"2022-03-31","割合":5.4e1},{"年度末":"2022-06-30","割合":"-0.50"}]"#;
    assert_eq!(figures(&source, "a.json", json.as_bytes()).unwrap(), RIGHT);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (at, (day, value)) in
        [("2021-03-31", 54.6 + 0.3), ("2022-03-31", 54.0), ("2022-06-30", 0.3 - 0.8)].into_iter().enumerate()
    {
        let row = u32::try_from(at + 1).unwrap();
        sheet.write(0, 0, "年度末").unwrap().write(0, 1, "割合").unwrap();
        sheet.write(row, 0, day).unwrap().write(row, 1, value).unwrap();
    }
    sheet.write(4, 0, "2022-05-31").unwrap();
    sheet.write_with_format(4, 1, 0.551, &Format::new().set_num_format("0.0%")).unwrap();
    let mut read = figures(&source, "a.xlsx", &book.save_to_buffer().unwrap()).unwrap();
    read.retain(|line| line != "s/d 2022-05-31 = 551");
    assert_eq!(read, RIGHT);
}

#[test]
fn a_finer_figure_is_a_reject_of_its_row_and_column_and_the_rest_counts() {
    let source = source(&SURVEY, 1, YEARS);
    let parsed = parse_named(&source, "a.csv", "年度末,割合\n2021-03-31,54.95\n2022-03-31,54.0\n".as_bytes()).unwrap();
    assert_eq!(rejects(&parsed), ["2 value_1: too_many_decimals"]);
    assert_eq!((parsed.figures.len(), parsed.held.len()), (1, 1), "what was published of the other row stays");
}

#[test]
fn rows_columns_and_labels_are_added_up_in_steps() {
    let tons = [("s", "t", "flow", "month")];
    let keys = "rows = 'sum'\nbreakdown = ['区']\nsuppress_below = 2\n[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = { series = 's' }\nadd = ['可燃', '不燃']\n";
    let source = source(&tons, 1, keys);
    let text = "月,区,可燃,不燃\n2022年4月,東,10.3,0.2\n2022年4月,西,20.4,1\n2022年4月,南,1.5,0\n合計,,32.2,1.3\n";
    let parsed = parse_named(&source, "a.csv", text.as_bytes()).unwrap();
    assert_eq!(rejects(&parsed), [""; 0], "printed totals are rounded to the step: 32.2 is 32.3 before rounding");
    assert_eq!(crate::testing::show(&parsed.figures[0]), "s/d 2022-04-01..2022-05-01 = 334");
    let parts: Vec<(String, i64)> = parsed.figures[0].breakdown.clone().unwrap().into_iter().collect();
    assert_eq!(
        parts,
        [("その他".to_owned(), 120), ("西".to_owned(), 214)],
        "1.5 t is below 2, and is hidden by the next"
    );
    let wrong = text.replace("32.2", "34.5");
    assert_eq!(rejects(&parse_named(&source, "a.csv", wrong.as_bytes()).unwrap()), ["5 value_1: total_disagrees"]);
}

#[test]
fn counted_rows_are_whole_and_a_scale_and_the_step_are_both_applied() {
    let level = [("s", "円", "flow", "month")];
    let counted = source(
        &level,
        2,
        "rows = 'count'\n[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = { series = 's' }\n",
    );
    assert_eq!(
        figures(&counted, "a.csv", "月,名\n2022年4月,a\n2022年4月,b\n".as_bytes()).unwrap(),
        ["s/d 2022-04-01..2022-05-01 = 200"]
    );
    let keys =
        "scale = 1000\n[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = { series = 's' }\ncolumn = ['額']\n";
    let scaled = source(&level, 2, keys);
    let text = "（単位：千円）,\n月,額\n2022年4月,1.23456\n2022年5月,1.234567\n";
    let parsed = parse_named(&scaled, "a.csv", text.as_bytes()).unwrap();
    assert_eq!(crate::testing::show(&parsed.figures[0]), "s/d 2022-04-01..2022-05-01 = 123456");
    assert_eq!(rejects(&parsed), ["4 value_1: too_many_decimals"]);
}

#[test]
fn a_sum_beyond_64_bits_is_a_reject() {
    let keys =
        "rows = 'sum'\n[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = { series = 's' }\ncolumn = ['額']\n";
    let source = source(&[("s", "円", "flow", "month")], 6, keys);
    let text = "月,額\n2022年4月,9000000000000.5\n2022年4月,9000000000000.5\n2022年5月,9300000000000\n";
    let parsed = parse_named(&source, "a.csv", text.as_bytes()).unwrap();
    assert_eq!(
        (parsed.figures.len(), rejects(&parsed)),
        (0, vec!["3 value_1: too_large".into(), "4 value_1: too_large".into()])
    );
}

#[test]
fn kinds_that_count_feed_no_definition_with_decimals() {
    let keys = "kind = 'ckan'\nurl = 'https://portal.example/'\ncount = 'listed'\ndatasets = { series = 's' }\n";
    let mistakes = made_with_decimals(Path::new("."), &[("s", "件", "level", "day")], 1, keys).unwrap_err();
    assert!(mistakes.concat().contains("count whole things: the definition must have no `decimals`"), "{mistakes:?}");
    assert!(made_with_decimals(Path::new("."), &[("s", "件", "level", "day")], 0, keys).is_ok());
}
