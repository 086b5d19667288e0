//! A file that is not whole withdraws nothing.

use super::{BIRTHS, source};
use crate::sources::Coverage;
use crate::testing::{figures, parse_named, rejects, show};

const MONTHS: &str =
    "[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = { series = 'births' }\ncolumn = ['件数']";

#[test]
fn an_export_that_ends_in_an_error_message_is_no_table() {
    let source = source(&BIRTHS[..1], MONTHS);
    for end in [
        "Fatal error: Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in /e.php on line 9\n",
        "<br />\n<b>Fatal error</b>: Maximum execution time of 30 seconds exceeded in <b>/e.php</b> on line <b>9</b><br />\n",
        "2021年6月,Fatal error: Allowed memory size",
    ] {
        let text = format!("月,件数\n2021年5月,12\n{end}");
        assert_eq!(figures(&source, "a.csv", text.as_bytes()), Err("error_message"), "{end}");
    }
}

#[test]
fn a_row_of_an_unreadable_key_or_figure_withdraws_nothing() {
    let source = source(&BIRTHS[..1], MONTHS);
    let read = |row: &str| parse_named(&source, "a.csv", format!("月,件数\n2021年5月,12\n{row}\n").as_bytes()).unwrap();
    let figure = read("2021年6月,集計中です");
    assert_eq!((rejects(&figure), figure.held.len()), (vec!["3 value_1: not_a_number".to_owned()], 1));
    assert_eq!(figure.covers, Coverage::Everything);
    let key = read("2021年13月,4");
    assert_eq!((rejects(&key), key.covers), (vec!["3 period: month_out_of_range".to_owned()], Coverage::Nothing));
    assert_eq!(key.figures.iter().map(show).collect::<Vec<_>>(), ["births/d 2021-05-01..2021-06-01 = 12"]);
    assert_eq!(read("2021年6月,4").covers, Coverage::Everything);
}

#[test]
fn rows_are_counted_without_a_column() {
    let systems = [("systems", "件", "level", "day")];
    let source = source(
        &systems,
        "rows = 'count'\n[source.period]\nfrom = 'name'\n[[source.figure]]\nof = { series = 'systems' }",
    );
    let text = "システム一覧,\n名称,状況\n住民記録,稼働中\n税,廃止\n※廃止を含む,\n";
    assert_eq!(figures(&source, "20220331.csv", text.as_bytes()).unwrap(), ["systems/d 2022-03-31 = 2"]);
    assert_eq!(figures(&source, "20220331.csv", "名称,状況\n".as_bytes()), Err("no_rows"));
}

#[test]
fn a_column_without_a_heading_is_named_by_its_place() {
    let source = source(
        &BIRTHS,
        "label = ['#1']\n[source.period]\nacross = true\n[[source.figure]]\n[source.series]\n'出生' = 'births'\n'死亡' = 'deaths'",
    );
    let text = "動態,,\n,2022年4月,2022年5月\n出生,5,6\n死亡,7,8\n";
    let right = [
        "births/d 2022-04-01..2022-05-01 = 5",
        "births/d 2022-05-01..2022-06-01 = 6",
        "deaths/d 2022-04-01..2022-05-01 = 7",
        "deaths/d 2022-05-01..2022-06-01 = 8",
    ];
    assert_eq!(figures(&source, "a.csv", text.as_bytes()).unwrap(), right);
    let named = text.replace("\n,2022", "\n区,2022").replace("動態,,\n", "");
    assert_eq!(figures(&source, "a.csv", named.as_bytes()), Err("missing_column"));
}
