//! Checks the zip file of a workbook before the workbook reader opens it.
//!
//! A workbook can decompress to a thousand times its size, can declare a wrong size, and can declare a billion texts, for which
//! the reader would allocate memory. Every part is decompressed once here, in pieces that are counted and dropped. This costs a
//! second decompression and bounds the memory of everything after it.

use super::super::error::TableError;
use super::super::limits::TableLimits;
use memchr::memmem;
use std::io::{Cursor, Read};

/// Maximum parts (files) of a workbook.
const MAX_PARTS: usize = 4_096;
/// Maximum elements of the style part: Excel stores 65,490 cell formats of about five elements each.
const MAX_STYLE_ELEMENTS: u64 = 400_000;
/// Maximum elements of the lists of sheets, names and parts. Each takes five times its bytes in the reader.
const MAX_LISTED: u64 = 100_000;
/// Maximum shared texts of a workbook: one for every second cell of the largest table.
const MAX_SHARED_TEXTS: u64 = 2_000_000;
/// Bytes that are decompressed at a time.
const PIECE: usize = 64 << 10;
/// The zip file cannot be decompressed.
const CORRUPT: TableError = TableError::Workbook("a part is damaged, encrypted or packed in an unknown way");

/// Decompresses every part of the workbook once and drops it. True when a part may hold a formula.
///
/// Errors: [`TableError::TooLarge`] as soon as a limit is exceeded, [`TableError::Workbook`] for a damaged zip file.
pub(super) fn inspect(bytes: &[u8], limits: &TableLimits) -> Result<bool, TableError> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| TableError::Workbook("not a zip file, or cut short"))?;
    if archive.len() > MAX_PARTS {
        return Err(TableError::too_large("parts in a workbook", MAX_PARTS));
    }
    let mut unpacked = 0;
    let mut formulas = FormulaSearch::default();
    let mut piece = vec![0; PIECE];
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|_| CORRUPT)?;
        let name = String::from_utf8_lossy(part.name_raw()).into_owned();
        let mut scan = PartScan::of(&name);
        // These have other elements whose names begin with `f`.
        let cells = matches!(scan, PartScan::Nothing)
            && !["theme", "drawing", "docProps"].iter().any(|other| name.contains(other));
        loop {
            let length = part.read(&mut piece).map_err(|_| CORRUPT)?;
            if length == 0 {
                break;
            }
            unpacked += length as u64;
            within(unpacked, "bytes unpacked", limits.unpacked_bytes)?;
            scan.count(&piece[..length])?;
            if cells {
                formulas.search(&piece[..length]);
            }
        }
        scan.end()?;
    }
    Ok(formulas.found)
}

/// Looks for the beginning of an element whose name begins with `f`, as that of a formula does.
#[derive(Default)]
struct FormulaSearch {
    found: bool,
    last: u8,
}

impl FormulaSearch {
    fn search(&mut self, piece: &[u8]) {
        if self.found {
            return;
        }
        let [Some(first), Some(last)] = [piece.first(), piece.last()] else { return };
        let across = *first == b'f' && matches!(self.last, b'<' | b':');
        self.found = across || memmem::find(piece, b"<f").is_some() || memmem::find(piece, b":f").is_some();
        self.last = *last;
    }
}

fn within(count: u64, what: &'static str, limit: u64) -> Result<(), TableError> {
    if count > limit { Err(TableError::TooLarge { what, limit }) } else { Ok(()) }
}

/// The counts of a part, by its name.
enum PartScan {
    /// The shared texts: their declared count, for which the reader allocates memory at once, and the texts.
    Texts(DeclaredCount, SharedTexts),
    /// Elements, each of which takes much more than its bytes in the reader: their name, count and limit.
    Elements(&'static str, u64, u64),
    Nothing,
}

impl PartScan {
    fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        if name.contains("sharedstrings") {
            Self::Texts(DeclaredCount::default(), SharedTexts::default())
        } else if name.contains("styles") {
            Self::Elements("style elements", 0, MAX_STYLE_ELEMENTS)
        } else if ["workbook.xml", ".rels", "[content_types].xml"].iter().any(|end| name.ends_with(end)) {
            Self::Elements("sheets, names and parts", 0, MAX_LISTED)
        } else {
            Self::Nothing
        }
    }

    fn count(&mut self, piece: &[u8]) -> Result<(), TableError> {
        match self {
            Self::Texts(declared, texts) => piece.iter().try_for_each(|&byte| {
                declared.push(byte)?;
                texts.push(byte)
            }),
            Self::Elements(what, elements, limit) => {
                *elements += piece.iter().map(|&byte| u64::from(byte == b'<')).sum::<u64>();
                within(*elements, what, *limit)
            }
            Self::Nothing => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), TableError> {
        match self {
            Self::Texts(declared, _) => declared.check(),
            _ => Ok(()),
        }
    }
}

/// Counts the elements `si` byte by byte, independently of the declared count.
#[derive(Default)]
struct SharedTexts {
    /// The last four bytes.
    last: [u8; 4],
    count: u64,
}

impl SharedTexts {
    fn push(&mut self, byte: u8) -> Result<(), TableError> {
        self.last.rotate_left(1);
        self.last[3] = byte;
        // `<si>`, `<si/>`, `<si x="..">`, or with a prefix `<x:si>`.
        if matches!(self.last, [b'<' | b':', b's', b'i', b'>' | b'/' | b' ' | b'\t' | b'\n' | b'\r']) {
            self.count += 1;
        }
        within(self.count, "shared texts", MAX_SHARED_TEXTS)
    }
}

/// The attribute with the count of the texts.
const ATTRIBUTE: &[u8] = b"uniqueCount";

/// Reads every `uniqueCount="123"` byte by byte, because a piece can end anywhere.
#[derive(Default)]
struct DeclaredCount {
    /// Matched bytes of [`ATTRIBUTE`]. After the last, blanks, `=` and a quote can precede the digits.
    matched: usize,
    number: u64,
}

impl DeclaredCount {
    fn push(&mut self, byte: u8) -> Result<(), TableError> {
        // XML allows no other control bytes. Without them the attribute cannot be written in another encoding (UTF-16,
        // ISO-2022-JP).
        if byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r') {
            return Err(TableError::Workbook("the shared texts are not UTF-8"));
        }
        if self.matched < ATTRIBUTE.len() {
            // A name begins after a blank or a colon, so after a wrong byte the match starts again.
            self.matched =
                if byte == ATTRIBUTE[self.matched] { self.matched + 1 } else { usize::from(byte == ATTRIBUTE[0]) };
            return Ok(());
        }
        match byte {
            b'0'..=b'9' => self.number = self.number.saturating_mul(10).saturating_add(u64::from(byte - b'0')),
            b' ' | b'\t' | b'\n' | b'\r' | b'=' | b'"' | b'\'' | b'+' if self.number == 0 => {}
            _ => {
                self.check()?;
                *self = Self { matched: usize::from(byte == ATTRIBUTE[0]), number: 0 };
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), TableError> {
        within(self.number, "shared texts", MAX_SHARED_TEXTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::{SimpleFileOptions, ZipWriter};

    fn pack(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn too_large(what: &'static str, limit: u64) -> Result<bool, TableError> {
        Err(TableError::TooLarge { what, limit })
    }

    #[test]
    fn a_bomb_is_rejected_by_its_decompressed_size_and_not_by_its_declared_size() {
        let mut bomb = pack(&[("xl/worksheets/sheet1.xml", &vec![b' '; 20 << 20])]);
        assert!(bomb.len() < 100_000);
        let limits = TableLimits { unpacked_bytes: 1 << 20, ..TableLimits::default() };
        assert_eq!(inspect(&bomb, &limits), too_large("bytes unpacked", 1 << 20));
        // The central directory declares a size of one byte.
        let directory = bomb.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
        bomb[directory + 24..directory + 28].copy_from_slice(&1_u32.to_le_bytes());
        assert!(inspect(&bomb, &limits).is_err());
    }

    #[test]
    fn a_billion_declared_texts_are_rejected_before_memory_is_allocated() {
        let limits = TableLimits::default();
        for text in
            ["<sst uniqueCount=\"1000000000000\">", "<sst uniqueuniqueCount\n=\n'99999999'", "uniqueCount='00005000000"]
        {
            let bytes = pack(&[("XL\\SharedStrings.xml", text.as_bytes())]);
            assert_eq!(inspect(&bytes, &limits), too_large("shared texts", MAX_SHARED_TEXTS), "{text}");
        }
        let fine =
            pack(&[("xl/sharedStrings.xml", b"<sst count=\"99999999\" uniqueCount=\"12\"><si><t>99999999</t></si>")]);
        assert_eq!(inspect(&fine, &limits), Ok(false));
        let wide: Vec<u8> = "<sst uniqueCount='1'>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let wide = pack(&[("xl/sharedStrings.xml", &wide)]);
        assert_eq!(inspect(&wide, &limits), Err(TableError::Workbook("the shared texts are not UTF-8")));
    }

    #[test]
    fn undeclared_texts_are_counted() {
        let texts = |text: &str, times| pack(&[("xl/sharedStrings.xml", text.repeat(times).as_bytes())]);
        let rejected = too_large("shared texts", MAX_SHARED_TEXTS);
        for text in ["<si/>", "<si>", "<x:si/>", "<si\n/>"] {
            assert_eq!(inspect(&texts(text, 2_000_001), &TableLimits::default()), rejected, "{text}");
        }
        assert_eq!(inspect(&texts("<si></si>", 2_000_000), &TableLimits::default()), Ok(false));
        assert_eq!(inspect(&texts("<size>", 2_000_001), &TableLimits::default()), Ok(false));
    }

    #[test]
    fn endless_lists_are_rejected() {
        let rows = [
            ("xl/styles.xml", "style elements", MAX_STYLE_ELEMENTS),
            ("xl/workbook.xml", "sheets, names and parts", MAX_LISTED),
            ("xl/_rels/workbook.xml.rels", "sheets, names and parts", MAX_LISTED),
        ];
        for (part, what, limit) in rows {
            let elements = |times| pack(&[(part, "<xf/>".repeat(times).as_bytes())]);
            let most = usize::try_from(limit).unwrap();
            assert_eq!(inspect(&elements(most + 1), &TableLimits::default()), too_large(what, limit), "{part}");
            assert_eq!(inspect(&elements(most), &TableLimits::default()), Ok(false), "{part}");
        }
    }

    #[test]
    fn a_damaged_part_is_an_error() {
        let mut bytes = pack(&[("xl/workbook.xml", &vec![b'a'; 1000])]);
        bytes[45] ^= 0xFF;
        assert_eq!(inspect(&bytes, &TableLimits::default()), Err(CORRUPT));
    }
}
