//! Workbooks made to eat memory. They stand in a test program of their own, because the peak that Linux
//! tells is the whole program's.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use collectors::table::{FileLayout, TableError, TableLimits, read};
use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

/// Most memory of this program, the packed bombs included: 12 MiB the largest. Unpacked, each takes from 100 MiB
/// to 1 GiB, and several times that once it is read.
const MAX_PEAK_KIB: u64 = 64 << 10;

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

struct Bomb(ZipWriter<Cursor<Vec<u8>>>);

impl Bomb {
    /// A workbook that lists its only sheet once, and so many thousand times more.
    fn listing(thousands: usize) -> Self {
        let mut bomb = Self(ZipWriter::new(Cursor::new(Vec::new())));
        let root = format!("<Relationship Id=\"r\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/>");
        bomb.part("[Content_Types].xml", ["<Types>", "", "</Types>"], 0);
        bomb.part("_rels/.rels", ["<Relationships>", &root, "</Relationships>"], 1);
        let sheet = "<sheet name=\"a\" sheetId=\"1\" r:id=\"r\"/>";
        bomb.part("xl/workbook.xml", [&format!("<workbook><sheets>{sheet}"), sheet, "</sheets></workbook>"], thousands);
        let book = format!("<Relationship Id=\"r\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet1.xml\"/>");
        bomb.part("xl/_rels/workbook.xml.rels", [&format!("<Relationships>{book}"), "", "</Relationships>"], 0);
        bomb
    }

    fn part(&mut self, name: &str, [head, body, tail]: [&str; 3], thousands: usize) {
        let options = SimpleFileOptions::default().compression_level(Some(1));
        self.0.start_file(name, options).unwrap();
        self.0.write_all(head.as_bytes()).unwrap();
        let body = body.repeat(1000);
        for _ in 0..thousands {
            self.0.write_all(body.as_bytes()).unwrap();
        }
        self.0.write_all(tail.as_bytes()).unwrap();
    }

    fn sheet(mut self, row: &str, thousands: usize) -> Self {
        let around = ["<worksheet><sheetData>", row, "</sheetData></worksheet>"];
        self.part("xl/worksheets/sheet1.xml", around, thousands);
        self
    }

    fn merges(mut self, cell: &str, thousands: usize) -> Self {
        let around = ["<worksheet><sheetData/><mergeCells>", cell, "</mergeCells></worksheet>"];
        self.part("xl/worksheets/sheet1.xml", around, thousands);
        self
    }

    fn texts(mut self, head: &str, text: &str, thousands: usize) -> Self {
        self.part("xl/sharedStrings.xml", [head, text, "</sst>"], thousands);
        self
    }

    fn pack(self) -> Vec<u8> {
        self.0.finish().unwrap().into_inner()
    }
}

fn rows(workbook: &[u8]) -> Result<usize, TableError> {
    read(workbook, FileLayout::default(), &TableLimits::default()).map(|sheets| sheets[0].rows.len())
}

#[test]
fn a_bomb_is_a_clear_error_in_bounded_memory() {
    let row = "<row><c><v>1</v></c></row>";
    let bombs = [
        ("a sheet of a gigabyte", Bomb::listing(0).sheet(row, 42_000).pack(), "bytes unpacked"),
        ("three million sheets", Bomb::listing(3_000).sheet(row, 1).pack(), "sheets, names and parts"),
        (
            "nine million texts",
            Bomb::listing(0).sheet(row, 1).texts("<sst>", "<si><t/></si>", 9_000).pack(),
            "shared texts",
        ),
        (
            "a billion announced texts",
            Bomb::listing(0).sheet(row, 1).texts("<sst uniqueCount=\"1000000000\">", "", 0).pack(),
            "shared texts",
        ),
        (
            "a hundred thousand merged cells and more",
            Bomb::listing(0).merges("<mergeCell ref=\"A1:A2\"/>", 200).pack(),
            "merged cells",
        ),
        ("a row without end", Bomb::listing(0).sheet("<c><v>1</v></c>", 8_000).pack(), "columns"),
        (
            "a text without end",
            Bomb::listing(0).sheet(row, 1).texts("<sst><si><t>", "x", 200_000).pack(),
            "bytes unpacked",
        ),
    ];
    for (name, bomb, what) in bombs {
        let error = rows(&bomb).unwrap_err();
        assert!(matches!(error, TableError::TooLarge { what: found, .. } if found == what), "{name}: {error:?}");
        let peak = peak_kib();
        assert!(peak < MAX_PEAK_KIB, "{name}: {peak} KiB");
    }
    // The frame around the bombs is a workbook that can be read.
    let frame = Bomb::listing(0).sheet(row, 1).texts("<sst>", "<si><t>a</t></si>", 1).pack();
    assert_eq!(rows(&frame), Ok(1000));
}
