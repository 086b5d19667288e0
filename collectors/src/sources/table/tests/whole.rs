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
