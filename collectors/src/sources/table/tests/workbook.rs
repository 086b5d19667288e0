//! What a workbook shows is what its figure says.

use super::source;
use crate::testing::{figures, parse_named, rejects, show};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};

const MONTHS: &str = "[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = { series = 's' }\ncolumn = ['値']";

/// A workbook of one sheet with the heading 月, 値, written by `write`.
fn book(write: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "月").unwrap();
    sheet.write(0, 1, "値").unwrap();
    write(sheet);
    book.save_to_buffer().unwrap()
}

/// The figures and rejects of one value of May 2021, shown by this format, for a series of this unit.
fn shown(value: f64, format: &str, unit: &str, keys: &str) -> (Vec<String>, Vec<String>) {
    let source = source(&[("s", unit, "flow", "month")], &format!("{keys}{MONTHS}"));
    let bytes = book(|sheet| {
        sheet.write(1, 0, "2021年5月").unwrap();
        sheet.write_with_format(1, 1, value, &Format::new().set_num_format(format)).unwrap();
    });
    let parsed = parse_named(&source, "a.xlsx", &bytes).unwrap();
    let values = parsed.figures.iter().map(show).map(|line| line.rsplit_once("= ").unwrap().1.to_owned());
    (values.collect(), rejects(&parsed))
}

#[test]
fn a_number_format_that_changes_the_meaning_is_applied_or_refused() {
    let right = [
        (0.45, "0%", "%", "", "45"),
        (1.0, "0%", "%", "", "100"),
        (0.29, "0.0%", "%", "", "29"),
        (0.07, "0%", "%", "", "7"),
        (1.0 - 0.55, "0%", "%", "", "45"),
        (0.45, "0%", "%", "scale = 100\n", "45"),
        (45.0, "0\"%\"", "%", "", "45"),
        (1_234_567.0, "#,##0,", "円", "scale = 1000\n", "1234567"),
        (1_234_567.0, "#,##0,,", "円", "scale = 1000000\n", "1234567"),
        (1_234_567.0, "#,##0,\"千円\"", "円", "", "1234567"),
        (12.0, "0\"万\"", "円", "", "120000"),
        (12.0, "0\"千円\"", "円", "scale = 1000\n", "12000"),
        (1.0, "[h]:mm", "時間", "", "24"),
        (1.5, "[h]:mm", "分", "", "2160"),
        (12.0, "#,##0\"件\"", "件", "", "12"),
        (0.0, "0;-0;\"-\"", "件", "", "0"),
    ];
    for (value, format, unit, keys, figure) in right {
        assert_eq!(shown(value, format, unit, keys), (vec![figure.to_owned()], vec![]), "{value} {format} {unit}");
    }
    let refused = [
        (1.0, "0%", "件", "", "unexpected_unit"),
        (0.45, "0%", "%", "scale = 10\n", "unexpected_unit"),
        (1_234_000.0, "#,##0,", "円", "", "unexpected_unit"),
        (1_234_567.0, "#,##0,", "円", "scale = 1000000\n", "unexpected_unit"),
        (1.0, "[h]:mm", "件", "", "unexpected_unit"),
        (0.0, "[h]:mm", "件", "", "unexpected_unit"),
        (0.5, "h:mm", "件", "", "wrong_type"),
        (3.0, ";;;", "件", "", "wrong_type"),
        (12.0, "0\"万\"", "円", "scale = 1000\n", "unexpected_unit"),
    ];
    for (value, format, unit, keys, reason) in refused {
        let reject = format!("2 value_1: {reason}");
        assert_eq!(shown(value, format, unit, keys), (vec![], vec![reject]), "{value} {format} {unit}");
    }
}

#[test]
fn a_heading_that_hides_its_year_is_in_the_configured_year() {
    let months = |keys: &str, format: &str, start: &str| {
        let source = source(
            &[("s", "件", "flow", "month")],
            &format!(
                "[source.period]\nacross = true\n{keys}[[source.figure]]\nof = {{ series = 's' }}\n[[source.only]]\ncolumn = ['項目']\nis = ['出生']"
            ),
        );
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write(0, 0, "項目").unwrap();
        sheet.write(1, 0, "出生").unwrap();
        let format = Format::new().set_num_format(format);
        sheet.write_with_format(0, 1, ExcelDateTime::parse_from_str(start).unwrap(), &format).unwrap();
        sheet.write_with_format(0, 2, ExcelDateTime::parse_from_str("2021-05-01").unwrap(), &format).unwrap();
        sheet.write(1, 1, 10).unwrap();
        sheet.write(1, 2, 11).unwrap();
        figures(&source, "a.xlsx", &book.save_to_buffer().unwrap())
    };
    let right = |years: [&str; 2]| -> Result<Vec<String>, &'static str> { Ok(years.map(str::to_owned).to_vec()) };
    let of_2022 = ["s/d 2022-04-01..2022-05-01 = 10", "s/d 2022-05-01..2022-06-01 = 11"];
    let of_2021 = ["s/d 2021-04-01..2021-05-01 = 10", "s/d 2021-05-01..2021-06-01 = 11"];
    assert_eq!(months("year = 2022\n", "m\"月\"", "2021-04-01"), right(of_2022));
    assert_eq!(months("", "m\"月\"", "2021-04-01"), right(of_2021));
    assert_eq!(months("year = 2022\n", "yyyy\"年\"m\"月\"", "2021-04-01"), right(of_2021));
    let january = ["s/d 2021-05-01..2021-06-01 = 11", "s/d 2022-01-01..2022-02-01 = 10"];
    assert_eq!(months("year = 2021\nfiscal = true\n", "m\"月\"", "2021-01-01"), right(january));
}

#[test]
fn a_serial_number_counts_from_the_workbooks_epoch() {
    let source = source(
        &[("s", "件", "level", "day")],
        "[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = { series = 's' }\ncolumn = ['値']",
    );
    let bytes = book(|sheet| {
        sheet.write(1, 0, 43_831 - 1_462).unwrap();
        sheet.write(1, 1, 7).unwrap();
    });
    let bytes = replaced(&bytes, "workbook.xml", "<workbookPr", "<workbookPr date1904=\"1\"");
    assert_eq!(figures(&source, "a.xlsx", &bytes).unwrap(), ["s/d 2020-01-01 = 7"]);
}

#[test]
fn a_formula_without_its_value_holds_the_figure() {
    let source = source(&[("s", "件", "flow", "month")], MONTHS);
    let bytes = book(|sheet| {
        sheet.write(1, 0, "2021年5月").unwrap();
        sheet.write_formula(1, 1, Formula::new("=B3+C3").set_result("7")).unwrap();
        sheet.write(2, 0, "2021年6月").unwrap();
        sheet.write(2, 1, 8).unwrap();
    });
    for saved in ["", "<v/>", "<v></v>"] {
        let bytes = replaced(&bytes, "sheet1.xml", "<v>7</v>", saved);
        let parsed = parse_named(&source, "a.xlsx", &bytes).unwrap();
        assert_eq!(parsed.figures.iter().map(show).collect::<Vec<_>>(), ["s/d 2021-06-01..2021-07-01 = 8"]);
        assert_eq!((rejects(&parsed), parsed.held.len()), (vec!["2 value_1: formula_error".to_owned()], 1), "{saved}");
    }
    assert_eq!(figures(&source, "a.xlsx", &bytes).unwrap().len(), 2);
}

/// The workbook with a text of one part replaced.
fn replaced(bytes: &[u8], part: &str, from: &str, to: &str) -> Vec<u8> {
    use std::io::{Cursor, Read, Write};
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut writer = zip::write::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut content = String::new();
        entry.read_to_string(&mut content).unwrap();
        if name.ends_with(part) {
            assert!(content.contains(from), "{content}");
            content = content.replace(from, to);
        }
        writer.start_file(&name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
