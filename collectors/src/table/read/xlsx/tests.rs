//! Workbooks made on the spot, and parts of them damaged on purpose.

use super::super::{FileLayout, TableLimits};
use super::*;
use jiff::civil::date;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use std::io::Write;
use zip::write::{SimpleFileOptions, ZipWriter};

fn sheets(workbook: &mut Workbook) -> Vec<Sheet> {
    let bytes = workbook.save_to_buffer().unwrap();
    super::super::read(&bytes, FileLayout::default(), &TableLimits::default()).unwrap()
}

#[test]
fn cells_keep_their_types_and_rows_their_numbers() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("公表用").unwrap();
    let day = Format::new().set_num_format("yyyy/m/d");
    sheet.write(0, 0, "件数　").unwrap();
    sheet.write(6, 1, 12).unwrap();
    sheet.write(6, 2, true).unwrap();
    sheet.write_with_format(6, 3, ExcelDateTime::parse_from_str("2019-04-01").unwrap(), &day).unwrap();
    sheet.write_formula(6, 4, Formula::new("=1+1").set_result("2")).unwrap();
    let sheets = sheets(&mut workbook);
    assert_eq!(sheets[0].name.as_deref(), Some("公表用"));
    assert_eq!(sheets[0].rows[0], SheetRow { number: 1, cells: vec![Cell::Text("件数".into())] });
    let april = Cell::Date(date(2019, 4, 1).at(0, 0, 0, 0));
    assert_eq!(sheets[0].rows[1].number, 7);
    assert_eq!(sheets[0].rows[1].cells, [Cell::Empty, Cell::Number(12.0), Cell::Bool(true), april, Cell::Number(2.0)]);
    assert_eq!(sheets[0].rows.len(), 2);
}

#[test]
fn a_declared_range_and_formatted_blanks_make_no_rows() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let bold = Format::new().set_bold();
    sheet.write(0, 0, "月").unwrap();
    sheet.write_blank(999, 26, &bold).unwrap();
    sheet.write(1000, 1, "　").unwrap();
    let sheets = sheets(&mut workbook);
    assert_eq!(sheets[0].rows, [SheetRow { number: 1, cells: vec![Cell::Text("月".into())] }]);
}

#[test]
fn hidden_sheets_are_marked() {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().write(0, 0, "a").unwrap();
    workbook.add_worksheet().set_hidden(true).write(0, 0, "b").unwrap();
    assert_eq!(sheets(&mut workbook).iter().map(|sheet| sheet.hidden).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_cell_in_the_last_corner_is_rejected_without_allocating_a_sheet() {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().write(1_048_575, 16_383, "x").unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    let error = read(&bytes, &TableLimits::default()).unwrap_err();
    assert_eq!(error, TableError::TooLarge { what: "columns", limit: 2_000 });
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for row in 0..3 {
        sheet.write(row * 1000, 0, "long text").unwrap();
    }
    let bytes = workbook.save_to_buffer().unwrap();
    let limits = TableLimits::default();
    let rows = [
        (TableLimits { rows: 2, ..limits }, "rows"),
        (TableLimits { cells: 2, ..limits }, "cells"),
        (TableLimits { text_bytes: 20, ..limits }, "bytes of text in cells"),
        (TableLimits { cell_chars: 8, ..limits }, "characters in a cell"),
        (TableLimits { sheets: 0, ..limits }, "sheets"),
        (TableLimits { unpacked_bytes: 1000, ..limits }, "bytes unpacked"),
    ];
    for (limits, what) in rows {
        let error = read(&bytes, &limits).unwrap_err();
        assert!(matches!(error, TableError::TooLarge { what: found, .. } if found == what), "{what}: {error:?}");
    }
}

/// A workbook whose only sheet has this content instead of its own.
pub(in crate::table) fn workbook_with(sheet_data: &str) -> Vec<u8> {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().write(0, 0, "x").unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let name = part.name().unwrap().into_owned();
        writer.start_file(&name, SimpleFileOptions::default()).unwrap();
        if name.ends_with("sheet1.xml") {
            write!(writer, "<worksheet><sheetData>{sheet_data}</sheetData></worksheet>").unwrap();
        } else {
            std::io::copy(&mut part, &mut writer).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn strange_cell_references_are_errors_and_never_panics() {
    for data in [
        "<row r=\"1\"><c r=\"A99999999999\"><v>1</v></c></row>",
        "<row r=\"4294967294\"/><row><c><v>1</v></c></row>",
        "<row><c r=\"ZZZZZZZZZZ1\"><v>1</v></c></row>",
        "<row><c t=\"s\"><v>9</v></c></row>",
    ] {
        assert!(read(&workbook_with(data), &TableLimits::default()).is_err(), "{data}");
    }
}

#[test]
fn a_failed_formula_and_a_number_beyond_floats_are_errors_and_not_missing() {
    let data = "<row><c t=\"e\"><v>#N/A</v></c><c><v>1e400</v></c><c t=\"str\"><v>a</v></c></row>";
    let sheets = read(&workbook_with(data), &TableLimits::default()).unwrap();
    assert_eq!(sheets[0].rows[0].cells, [Cell::Error, Cell::Error, Cell::Text("a".into())]);
    let unknown = workbook_with("<row><c t=\"e\"><v>090-1234</v></c></row>");
    let error = read(&unknown, &TableLimits::default()).unwrap_err();
    assert_eq!(error, TableError::Workbook("a formula failed in a way the reader does not know"));
}
