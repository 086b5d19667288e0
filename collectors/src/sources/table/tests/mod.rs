use crate::config::SourceConfig;
use crate::sources::Coverage;
use crate::testing::{figures, made, moment, parse_named, rejects};
use std::path::Path;

mod decimals;
mod totals;
mod whole;
mod workbook;

fn source(series: &[crate::testing::MadeSeries<'_>], keys: &str) -> SourceConfig {
    made(Path::new("."), series, &format!("kind = 'table'\npath = 'x'\n{keys}")).unwrap()
}

const BIRTHS: [crate::testing::MadeSeries<'static>; 2] =
    [("births", "人", "flow", "month"), ("deaths", "人", "flow", "month")];
const TWO: &str = "[[source.figure]]\nof = { series = 'births' }\ncolumn = ['birthTotal', '出生計']\n\
                   [[source.figure]]\nof = { series = 'deaths' }\ncolumn = ['deathTotal', '死亡計']\n";

#[test]
fn a_month_in_a_column_and_its_year_in_the_name() {
    let source = source(&BIRTHS, &format!("[source.period]\nmonth = ['month', '月']\nfrom = 'name'\n{TWO}"));
    let basic = include_bytes!("../fixtures/basic.csv");
    let expected = [
        "births/d 2021-01-01..2021-02-01 = 7",
        "births/d 2021-02-01..2021-03-01 = 5",
        "deaths/d 2021-01-01..2021-02-01 = 11",
        "deaths/d 2021-02-01..2021-03-01 = 9",
    ];
    assert_eq!(figures(&source, "0091_births_deaths_2021.csv", basic).unwrap(), expected);
    assert_eq!(figures(&source, "births.csv", basic), Err("no_period"));
    let merged = "令和3年の動態,,,,\n月,出生,,死亡,\n,計,男,計,男\n1月,7,3,11,6\n";
    assert_eq!(figures(&source, "2021.csv", merged.as_bytes()).unwrap(), [expected[0], expected[2]]);
}

#[test]
fn a_fiscal_year_begins_in_april() {
    let source = source(
        &BIRTHS[..1],
        "[source.period]\nmonth = ['月']\nyear_column = ['年度']\nfiscal = true\n[[source.figure]]\nof = { series = 'births' }\ncolumn = ['件数']",
    );
    let text = "年度,月,件数\n令和2年度,4,1\nR2,3,2\n";
    let expected = ["births/d 2020-04-01..2020-05-01 = 1", "births/d 2021-03-01..2021-04-01 = 2"];
    assert_eq!(figures(&source, "a.csv", text.as_bytes()).unwrap(), expected);
}

#[test]
fn columns_are_added_up_and_a_gap_makes_the_sum_unknown() {
    let source = source(
        &BIRTHS[..1],
        "[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = { series = 'births' }\nadd = ['県内男', '県内女', '県外']",
    );
    let text = "月,県内男,県内女,県外\n2022年4月,\"1,000\",２,30\n2022年5月,1,－,3\n";
    let expected = ["births/d 2022-04-01..2022-05-01 = 1032", "births/d 2022-05-01..2022-06-01 = missing"];
    assert_eq!(figures(&source, "a.csv", text.as_bytes()).unwrap(), expected);
}

const TAX: [crate::testing::MadeSeries<'static>; 1] = [("tax", "円", "flow", "fiscal_year")];

#[test]
fn rows_are_added_up_without_totals_or_a_total_is_taken_by_name() {
    let sum = source(
        &TAX,
        "rows = 'sum'\nbreakdown = ['税目']\nsuppress_below = 0\n[source.period]\ncolumn = ['年度']\n[[source.figure]]\nof = { series = 'tax' }\ncolumn = ['収入額']",
    );
    let text = "年度,税目,区分,収入額\n令和2年度,市民税,現年,100\n令和2年度,市民税,滞納,20\n令和2年度,入湯税,現年,3\n令和2年度,全税目,現年,103\n令和2年度,全税目,全部,123\n";
    let parsed = parse_named(&sum, "a.csv", text.as_bytes()).unwrap();
    assert_eq!(crate::testing::show(&parsed.figures[0]), "tax/d 2020-04-01..2021-04-01 = 123");
    let parts: Vec<(String, i64)> = parsed.figures[0].breakdown.clone().unwrap().into_iter().collect();
    assert_eq!(parts, [("入湯税".to_owned(), 3), ("市民税".to_owned(), 120)]);
    let total = source(
        &TAX,
        "[source.period]\ncolumn = ['年度']\n[[source.figure]]\nof = { series = 'tax' }\ncolumn = ['収入額']\n[[source.only]]\ncolumn = ['税目']\nis = ['全税目']\n[[source.only]]\ncolumn = ['区分']\nis = ['全部']",
    );
    assert_eq!(figures(&total, "a.csv", text.as_bytes()).unwrap(), ["tax/d 2020-04-01..2021-04-01 = 123"]);
}

#[test]
fn thousands_of_yen_are_yen_only_when_it_is_configured() {
    let keys = |scale: &str| {
        format!(
            "{scale}[source.period]\ncolumn = ['年度']\n[[source.figure]]\nof = {{ series = 'tax' }}\ncolumn = ['収入額']"
        )
    };
    let text = "年度,収入額（千円）\n令和2年度,123\n";
    let unsaid = parse_named(&source(&TAX, &keys("")), "a.csv", text.as_bytes()).unwrap();
    assert_eq!((unsaid.figures.len(), rejects(&unsaid)), (0, vec!["2 value_1: unexpected_unit".to_owned()]));
    let said = source(&TAX, &keys("scale = 1000\n"));
    assert_eq!(figures(&said, "a.csv", text.as_bytes()).unwrap(), ["tax/d 2020-04-01..2021-04-01 = 123000"]);
}

#[test]
fn rows_are_counted_as_of_the_date_in_the_name() {
    let systems = [("systems", "件", "level", "day")];
    let count = source(
        &systems,
        "rows = 'count'\ncovers = 'periods'\n[source.period]\nfrom = 'name'\n[[source.figure]]\nof = { series = 'systems' }\n[[source.only]]\ncolumn = ['状況']\nis = ['稼働中', '運用']",
    );
    let text = "名称,状況\n住民記録,稼働中\n税,廃止\n財務,運用\n";
    assert_eq!(figures(&count, "systems_20220331.csv", text.as_bytes()).unwrap(), ["systems/d 2022-03-31 = 2"]);
    let covers = parse_named(&count, "20220331.csv", text.as_bytes()).unwrap().covers;
    assert_eq!(covers, Coverage::Within(moment("2022-03-31"), moment("2022-03-31")));
}

#[test]
fn labels_say_which_series_a_row_is_of_and_others_are_passed_over() {
    let source = source(
        &BIRTHS,
        "label = ['項目']\n[source.period]\nis = '2022年4月'\n[[source.figure]]\ncolumn = ['値']\n[source.series]\n'出生' = 'births'\n'死亡' = 'deaths'",
    );
    let text = "項目,値\n出生,5\n婚姻,9\n死亡,6\n";
    let expected = ["births/d 2022-04-01..2022-05-01 = 5", "deaths/d 2022-04-01..2022-05-01 = 6"];
    assert_eq!(figures(&source, "a.csv", text.as_bytes()).unwrap(), expected);
}

#[test]
fn rows_that_cannot_be_read_hold_their_figure() {
    let keys = |rows: &str| {
        format!(
            "rows = '{rows}'\n[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = {{ series = 'births' }}\ncolumn = ['件数']"
        )
    };
    let text = include_bytes!("../fixtures/recoverable-errors.csv");
    let last = parse_named(&source(&BIRTHS[..1], &keys("last")), "a.csv", text).unwrap();
    assert_eq!(rejects(&last), ["3 value_1: not_a_number", "4 period: not_a_date", "6 period: in_the_future"]);
    let shown: Vec<String> = last.figures.iter().map(crate::testing::show).collect();
    assert_eq!(shown, ["births/d 2022-04-01..2022-05-01 = 4", "births/d 2022-06-01..2022-07-01 = 6"]);
    let sum = parse_named(&source(&BIRTHS[..1], &keys("sum")), "a.csv", text).unwrap();
    assert_eq!((sum.figures.len(), sum.held.len()), (0, 3), "the row without a month may belong to any");
}

#[test]
fn two_rows_of_one_figure_are_in_dispute_until_it_is_configured_what_they_mean() {
    let keys = "[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = { series = 'births' }\ncolumn = ['件数']";
    let text = "月,件数\n2022年4月,1\n2022年4月,2\n2022年4月,1\n2022年5月,3\n2022年5月,3\n";
    let one = parse_named(&source(&BIRTHS[..1], keys), "a.csv", text.as_bytes()).unwrap();
    assert_eq!(rejects(&one), ["3 period: stands_twice", "4 period: stands_twice"]);
    let shown: Vec<String> = one.figures.iter().map(crate::testing::show).collect();
    assert_eq!((shown, one.held.len()), (vec!["births/d 2022-05-01..2022-06-01 = 3".to_owned()], 1));
    let last = source(&BIRTHS[..1], &format!("rows = 'last'\n{keys}"));
    assert_eq!(figures(&last, "a.csv", text.as_bytes()).unwrap()[0], "births/d 2022-04-01..2022-05-01 = 1");
}

#[test]
fn a_month_or_a_year_that_is_not_repeated_goes_on_from_the_row_before() {
    let figure = "[[source.figure]]\nof = { series = 'births' }\ncolumn = ['件数']";
    let months = source(&BIRTHS[..1], &format!("[source.period]\ncolumn = ['月']\n{figure}"));
    let text = "月,件数\n令和3年11月,1\n12月,2\n令和4年1月分,3\n２月,4\n1月,5\n2月,6\n2022/4/1,7\n※速報値,\n";
    let parsed = parse_named(&months, "a.csv", text.as_bytes()).unwrap();
    let shown: Vec<String> = parsed.figures.iter().map(crate::testing::show).collect();
    let right = [
        "births/d 2021-11-01..2021-12-01 = 1",
        "births/d 2021-12-01..2022-01-01 = 2",
        "births/d 2022-01-01..2022-02-01 = 3",
        "births/d 2022-02-01..2022-03-01 = 4",
        "births/d 2022-04-01..2022-05-01 = 7",
    ];
    assert_eq!(shown, right);
    assert_eq!(rejects(&parsed), ["6 period: no_year", "7 period: no_year"], "after a gap nothing goes on");
    let years = format!("[source.period]\nmonth = ['月']\nyear_column = ['年']\n{figure}");
    let text = "年,月,件数\n令和3年,11月,1\n,12月,2\n令和4年,1月,3\n,2月,4\n,4月分,7\n";
    assert_eq!(figures(&source(&BIRTHS[..1], &years), "a.csv", text.as_bytes()).unwrap(), right);
    let fiscal = source(&BIRTHS[..1], &years.replace("month =", "fiscal = true\nmonth ="));
    let text = "年,月,件数\n令和3年度,11,1\n,12,2\n,1,3\n,2,4\n令和4年度,4,7\n";
    assert_eq!(figures(&fiscal, "a.csv", text.as_bytes()).unwrap(), right);
}

#[test]
fn a_total_is_taken_where_a_label_asks_for_it_and_else_the_table_says_it_has_only_totals() {
    let keys = "[source.period]\ncolumn = ['年度']\n[[source.figure]]\n";
    let text = "年度,区分,税額\n令和2年度,総数,100\n令和2年度,現年,60\n";
    let labelled = source(&TAX, &format!("label = ['区分']\n{keys}column = ['税額']\n[source.series]\n'総数' = 'tax'"));
    assert_eq!(figures(&labelled, "a.csv", text.as_bytes()).unwrap(), ["tax/d 2020-04-01..2021-04-01 = 100"]);
    let plain = source(&TAX, &format!("{keys}of = {{ series = 'tax' }}\ncolumn = ['税額']"));
    assert_eq!(figures(&plain, "a.csv", "年度,区分,税額\n令和2年度,総数,100\n".as_bytes()), Err("only_totals"));
}

#[test]
fn rows_added_up_leave_out_decorated_totals_and_miss_what_is_not_given() {
    let sum = source(
        &BIRTHS[..1],
        "rows = 'sum'\n[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = { series = 'births' }\ncolumn = ['件数']",
    );
    let text = "区,月,件数\n【東部】,,\n東区,2022年4月,1\n東区（再掲）,2022年4月,1\n東部 小計,2022年4月,1\n西区,2022年4月,2\n\
                令和4年度合計,2022年4月,3\n東区,2022年5月,4\n西区,2022年5月,\n東区,2024年4月,\n";
    let expected = ["births/d 2022-04-01..2022-05-01 = 3", "births/d 2022-05-01..2022-06-01 = missing"];
    assert_eq!(figures(&sum, "a.csv", text.as_bytes()).unwrap(), expected);
}

#[test]
fn periods_stand_side_by_side() {
    let chosen = "[[source.figure]]\nof = { series = 'births' }\n[[source.only]]\ncolumn = ['項目']\nis = ['出生']";
    let months =
        source(&BIRTHS[..1], &format!("[source.period]\nacross = true\nfrom = 'name'\nfiscal = true\n{chosen}"));
    let text = "動態,,,,\n項目,4月,12月,1月(人),合計\n出生,10,\"1,100\",１２,1122\n死亡,1,2,x,3\n";
    let right = [
        "births/d 2021-04-01..2021-05-01 = 10",
        "births/d 2021-12-01..2022-01-01 = 1100",
        "births/d 2022-01-01..2022-02-01 = 12",
    ];
    assert_eq!(figures(&months, "動態_令和3年度.csv", text.as_bytes()).unwrap(), right);
    assert_eq!(figures(&months, "a.csv", text.as_bytes()), Err("no_period"));
    let said = source(&BIRTHS[..1], &format!("[source.period]\nacross = true\n{chosen}"));
    let grouped = "項目,令和3年,,令和4年,\n,4月,12月,1月,計\n出生,10,1100,12,1122\n";
    assert_eq!(figures(&said, "a.csv", grouped.as_bytes()).unwrap(), right);
    assert_eq!(figures(&said, "a.csv", text.as_bytes()), Err("no_period"));
    let days = "項目,2021/4/1,2021/12/1,2022/1/1\n出生,10,1100,12\n";
    assert_eq!(figures(&said, "a.csv", days.as_bytes()).unwrap(), right);
    let faulty = "項目,2022年4月,2022年5月,2022年6月,2030年1月\n出生,１,約多数,－,\n";
    let parsed = parse_named(&said, "a.csv", faulty.as_bytes()).unwrap();
    assert_eq!((rejects(&parsed), parsed.held.len()), (vec!["2 column 3: not_a_number".to_owned()], 1));
    let sum = source(
        &BIRTHS[..1],
        "rows = 'sum'\nbreakdown = ['区']\nsuppress_below = 0\n[source.period]\nacross = true\n[[source.figure]]\nof = { series = 'births' }",
    );
    let wards = "区,2022年4月,2022年5月\n東区,1,2\n西区,3,\n合計,4,2\n";
    let expected = ["births/d 2022-04-01..2022-05-01 = 4", "births/d 2022-05-01..2022-06-01 = missing"];
    assert_eq!(figures(&sum, "a.csv", wards.as_bytes()).unwrap(), expected);
    let labelled = source(
        &BIRTHS,
        "label = ['項目']\n[source.period]\nacross = true\nyear = 2022\n[[source.figure]]\n[source.series]\n'出生' = 'births'\n'死亡' = 'deaths'",
    );
    let both = "項目,4月\n出生,5\n婚姻,9\n死亡,6\n";
    let expected = ["births/d 2022-04-01..2022-05-01 = 5", "deaths/d 2022-04-01..2022-05-01 = 6"];
    assert_eq!(figures(&labelled, "a.csv", both.as_bytes()).unwrap(), expected);
}

#[test]
fn the_city_among_its_wards_is_doubted() {
    let keys = "[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = { series = 'births' }\ncolumn = ['件数']";
    let text = "区,月,件数\n見本市,2022年4月,300\n東区,2022年4月,100\n西区,2022年4月,200\n東区,2022年5月,100\n西区,2022年5月,200\n";
    let sum = parse_named(&source(&BIRTHS[..1], &format!("rows = 'sum'\n{keys}")), "a.csv", text.as_bytes()).unwrap();
    assert_eq!(rejects(&sum), ["2 value_1: sum_of_the_others"]);
    let shown: Vec<String> = sum.figures.iter().map(crate::testing::show).collect();
    assert_eq!((shown, sum.held.len()), (vec!["births/d 2022-05-01..2022-06-01 = 300".to_owned()], 1));
    let kept = source(&BIRTHS[..1], &format!("rows = 'sum'\ntotal_rows = 'keep'\n{keys}"));
    assert_eq!(figures(&kept, "a.csv", text.as_bytes()).unwrap()[0], "births/d 2022-04-01..2022-05-01 = 600");
}

#[test]
fn the_unit_above_the_table_and_decimals_of_a_scale_are_heeded() {
    let keys = |scale: &str| {
        format!(
            "{scale}[source.period]\ncolumn = ['年度']\n[[source.figure]]\nof = {{ series = 'tax' }}\ncolumn = ['収入額']"
        )
    };
    let text = "決算,（単位：億円）\n年度,収入額\n令和2年度,105.3\n";
    let unsaid = parse_named(&source(&TAX, &keys("")), "a.csv", text.as_bytes()).unwrap();
    assert_eq!((unsaid.figures.len(), rejects(&unsaid)), (0, vec!["3 value_1: unexpected_unit".to_owned()]));
    let said = source(&TAX, &keys("scale = 100000000\n"));
    assert_eq!(figures(&said, "a.csv", text.as_bytes()).unwrap(), ["tax/d 2020-04-01..2021-04-01 = 10530000000"]);
}

#[test]
fn a_header_of_three_rows_is_read_by_its_words_joined() {
    let source = source(
        &BIRTHS,
        "[source.period]\ncolumn = ['年月']\n[[source.figure]]\nof = { series = 'births' }\nadd = ['出生男', '出生女']\n\
         [[source.figure]]\nof = { series = 'deaths' }\ncolumn = ['自然動態死亡男']",
    );
    let text =
        "人口動態,,,,,\n年月,自然動態,,,,社会動態\n,出生,,死亡,,転入\n,男,女,男,女,男\n2022年4月,10,11,5,6,100\n";
    let expected = ["births/d 2022-04-01..2022-05-01 = 21", "deaths/d 2022-04-01..2022-05-01 = 5"];
    assert_eq!(figures(&source, "a.csv", text.as_bytes()).unwrap(), expected);
}

#[test]
fn what_is_no_such_table_is_refused() {
    let source = source(
        &BIRTHS[..1],
        "[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = { series = 'births' }\ncolumn = ['件数']",
    );
    assert_eq!(figures(&source, "a.csv", include_bytes!("../fixtures/empty.csv")), Err("no_rows"));
    assert_eq!(figures(&source, "a.csv", include_bytes!("../fixtures/malformed.csv")), Err("missing_column"));
}

#[test]
fn mistakes_in_the_configuration_are_named() {
    let keys = "label = ['x']\nbreakdown = ['y']\n[source.period]\nmonth = ['月']\n[[source.figure]]\nof = { series = 'births' }\ncolumn = ['a']\nadd = ['b']\n[[source.only]]\ncolumn = ['z']";
    let found = made(Path::new("."), &BIRTHS[..1], &format!("kind = 'table'\npath = 'x'\n{keys}")).unwrap_err();
    for message in [
        "`label` (the words over the column of labels) and [source.series] go together",
        "exactly one of `column` (its words) and `add` (columns that are added up) must be there",
        "`month` needs its year: one of `year_column`, `year`, or `from = \"name\"`",
        "`breakdown` needs several rows a figure: `rows = \"sum\"` or \"count\"",
        "`column` and `is` must be there: the words over the column, and what must stand in it",
    ] {
        assert!(found.iter().any(|mistake| mistake == message), "{message}: {found:?}");
    }
}
