//! Printed totals, and rows that are left out by word.

use super::{BIRTHS, source};
use crate::testing::{figures, made, parse_named, rejects, show};
use std::path::Path;

const SUM: &str = "rows = 'sum'\n[source.period]\nis = '2022年5月'\n[[source.figure]]\nof = { series = 'births' }\ncolumn = ['件数']\n";
const SUM_BY_MONTH: &str = "rows = 'sum'\n[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = { series = 'births' }\ncolumn = ['件数']\n";
const MAY: &str = "births/d 2022-05-01..2022-06-01 = 22";

/// The figures and the rejects of a table.
fn read(keys: &str, text: &str) -> (Vec<String>, Vec<String>, usize) {
    let parsed = parse_named(&source(&BIRTHS[..1], keys), "a.csv", text.as_bytes()).unwrap();
    (parsed.figures.iter().map(show).collect(), rejects(&parsed), parsed.held.len())
}

#[test]
fn a_printed_total_that_is_not_the_sum_of_the_rows_is_a_reject_and_holds_the_figure() {
    for (rows, at) in [
        ("前年５月,30\n合計,22\n窓口,10\n郵送,12\n", 3),
        ("合計,22\n窓口,10\n郵送,12\n前年５月,30\n", 2),
        ("窓口,10\n郵送,12\n計,22\n前年５月,30\n", 4),
        ("窓口,10\n郵送,12\n前年５月,30\nTotal,22\n", 5),
        ("窓口,10\n郵送,12\n総計,23\n", 4),
        ("窓口,10\n郵送,12\n小計,23\n", 4),
        ("窓口,10\n郵送,12\n5月合計,23\n", 4),
    ] {
        let (shown, rejects, held) = read(SUM, &format!("区分,件数\n{rows}"));
        assert_eq!(shown, [""; 0], "{rows}");
        assert_eq!((rejects, held), (vec![format!("{at} value_1: total_disagrees")], 1), "{rows}");
    }
}

#[test]
fn totals_above_below_and_of_blocks_agree() {
    for rows in [
        "窓口,10\n郵送,12\n",
        "窓口,10\n郵送,12\n合計,22\n",
        "合計,22\n窓口,10\n郵送,12\n",
        "東1,4\n東2,6\n東区 計,10\n西,12\n西区 計,12\n合計,22\n累計,130\n平均,7\n",
        "東区 計,10\n東1,4\n東2,6\n西区 計,12\n西,12\n",
        "本庁,12\n東1,4\n東2,6\n小計,10\n",
        "東1,4\n東2,6\n計,10\n西1,5\n西2,7\n計,12\n",
        "窓口,10\nうち郵送,3\n郵送,12\n合計,－\n",
    ] {
        assert_eq!(read(SUM, &format!("区分,件数\n{rows}")), (vec![MAY.to_owned()], vec![], 0), "{rows}");
    }
}

#[test]
fn totals_are_compared_by_period_and_over_all_periods() {
    let months = "区分,月,件数\n東,2022年4月,1\n西,2022年4月,2\n東,2022年5月,10\n西,2022年5月,12\n";
    let april = "births/d 2022-04-01..2022-05-01 = 3";
    let both = (vec![april.to_owned(), MAY.to_owned()], vec![], 0);
    for totals in [
        "",
        "合計,2022年4月,3\n合計,2022年5月,22\n",
        "年計,,25\n",
        "合計,令和4年度,25\n",
        "合計,2022年4月,3\n合計,2022年5月,22\n総計,,25\n",
    ] {
        assert_eq!(read(SUM_BY_MONTH, &format!("{months}{totals}")), both, "{totals}");
    }
    let wrong = read(SUM_BY_MONTH, &format!("{months}合計,2022年4月,4\n合計,2022年5月,22\n"));
    assert_eq!(wrong, (vec![MAY.to_owned()], vec!["6 value_1: total_disagrees".to_owned()], 1), "April alone");
    let wrong = read(SUM_BY_MONTH, &format!("{months}総計,,26\n"));
    assert_eq!(wrong, (vec![], vec!["6 value_1: total_disagrees".to_owned()], 2));
    let kept = SUM_BY_MONTH.replace("rows", "total_rows = 'keep'\nrows");
    assert_eq!(read(&kept, &format!("{months}合計,2022年4月,3\n")).0[0], "births/d 2022-04-01..2022-05-01 = 6");
}

#[test]
fn totals_of_columns_side_by_side_and_rounded_ones_are_compared() {
    let across = "rows = 'sum'\nbreakdown = ['区']\n[source.period]\nacross = true\n[[source.figure]]\nof = { series = 'births' }";
    let (shown, rejected, held) = read(across, "区,2022年4月,2022年5月\n東区,1,10\n西区,3,12\n合計,5,22\n");
    assert_eq!((shown, rejected, held), (vec![MAY.to_owned()], vec!["4 -: total_disagrees".to_owned()], 1));
    let rounded = format!("scale = 1000\n{SUM}");
    let text = "区分,件数\n東,1\n西,2\n南,4\n合計,8\n";
    assert_eq!(read(&rounded, text).0, ["births/d 2022-05-01..2022-06-01 = 7000"], "千単位の四捨五入");
    assert_eq!(read(&rounded, &text.replace(",8", ",11")).2, 1);
}

#[test]
fn a_total_beside_the_columns_that_are_added_up_is_compared() {
    let keys = "[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = { series = 'births' }\nadd = ['男', '女']\n";
    for table in [
        "月,男,女,計\n2022年5月,10,12,22\n",
        "月,計,男,女\n2022年5月,22,10,12\n",
        "月,計,男,女,不詳\n2022年5月,23,10,12,1\n",
        "月,不詳,男,女,合計\n2022年5月,1,10,12,23\n",
        "月,男,女,計\n2022年5月,10,12,－\n",
        "月,男,女,世帯,計\n2022年5月,10,12,9,40\n",
    ] {
        assert_eq!(read(keys, table), (vec![MAY.to_owned()], vec![], 0), "{table}");
    }
    let wrong = read(keys, "月,男,女,計\n2022年4月,10,120,22\n2022年5月,10,12,22\n");
    assert_eq!(wrong, (vec![MAY.to_owned()], vec!["2 value_1: total_disagrees".to_owned()], 1));
    let wrong = read(keys, "月,総数,男,女\n2022年5月,22,10,120\n");
    assert_eq!((wrong.0.len(), wrong.2), (0, 1));
}

#[test]
fn rows_are_left_out_by_word() {
    let text = "区分,件数\n前年５月,30\n合計,22\n窓口,10\n郵送,12\n";
    for words in ["['前年5月']", "['前年*']", "['*5月', 'その他']", "['前*５月']"] {
        let keys = format!("{SUM}[[source.except]]\ncolumn = ['区分']\nis = {words}\n");
        assert_eq!(read(&keys, text), (vec![MAY.to_owned()], vec![], 0), "{words}");
    }
    let keys = format!("{SUM}[[source.except]]\ncolumn = ['区分']\nis = ['前年']\n");
    assert_eq!(read(&keys, text).2, 1, "a word is the whole text");
    let one = "[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = { series = 'births' }\ncolumn = ['件数']\n[[source.except]]\ncolumn = ['備考']\nis = ['速報', '訂正前']\n";
    let rows = "月,件数,備考\n2022年5月,20,訂正前\n2022年5月,22,確報\n2022年6月,9,速報\n";
    assert_eq!(figures(&source(&BIRTHS[..1], one), "a.csv", rows.as_bytes()).unwrap(), [MAY]);
    let missing = figures(&source(&BIRTHS[..1], one), "a.csv", "月,件数\n2022年5月,22\n".as_bytes());
    assert_eq!(missing, Err("missing_column"), "a condition that cannot be checked is no condition");
}

#[test]
fn check_refuses_an_exception_without_words_and_one_that_leaves_nothing() {
    for (keys, message) in [
        ("[[source.except]]\ncolumn = ['区分']\n", "`column` and `is` must be there"),
        ("[[source.except]]\nis = ['前年']\n", "`column` and `is` must be there"),
        (
            "[[source.only]]\ncolumn = ['区分']\nis = ['窓口']\n[[source.except]]\ncolumn = ['区分']\nis = ['窓*']\n",
            "[[source.except]] leaves out \"窓口\"",
        ),
    ] {
        let text = format!("kind = 'table'\npath = 'x'\n{SUM}{keys}");
        let mistakes = made(Path::new("."), &BIRTHS[..1], &text).unwrap_err();
        assert!(mistakes.iter().any(|one| one.contains(message)), "{mistakes:?}");
    }
}
