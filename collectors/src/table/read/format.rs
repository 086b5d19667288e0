//! The format of a file, by its first bytes, its configuration and its name.

use super::super::text::Encoding;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Text, separated by commas.
    Csv,
    /// Text, separated by tabs.
    Tsv,
    /// An Office Open XML workbook.
    Xlsx,
    /// An array of objects or of arrays.
    Json,
}

/// First bytes of a zip file, and so of an xlsx workbook.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";
/// First bytes of a compound file: an .xls workbook, or an xlsx with a password.
pub(super) const COMPOUND_MAGIC: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

impl FileFormat {
    /// The format of `bytes`. The first bytes distinguish a workbook from text, whatever is configured, because a source can
    /// change its format during a year. For text the configured format decides, then the extension of the name.
    pub fn of(bytes: &[u8], configured: Option<Self>, name: Option<&str>) -> Self {
        if bytes.starts_with(ZIP_MAGIC) {
            return Self::Xlsx;
        }
        let extension = name.and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
        match configured {
            Some(text @ (Self::Csv | Self::Tsv | Self::Json)) => text,
            _ if extension.is_some_and(|e| e.eq_ignore_ascii_case("tsv") || e.eq_ignore_ascii_case("tab")) => Self::Tsv,
            _ => Self::Csv,
        }
    }
}

/// What the configuration says about a file. Every field is optional.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileLayout<'a> {
    /// The format; [`FileFormat::of`] says when it is used.
    pub format: Option<FileFormat>,
    /// The encoding of text. A byte order mark overrides it.
    pub encoding: Option<Encoding>,
    /// Name of the file. Only its extension is used.
    pub name: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_decide_on_a_workbook_and_the_configuration_on_the_kind_of_text() {
        assert_eq!(FileFormat::of(b"PK\x03\x04..", Some(FileFormat::Csv), Some("a.csv")), FileFormat::Xlsx);
        assert_eq!(FileFormat::of(b"a,b", Some(FileFormat::Xlsx), Some("a.xlsx")), FileFormat::Csv);
        assert_eq!(FileFormat::of(b"a\tb", None, Some("S_D_85.TSV")), FileFormat::Tsv);
        assert_eq!(FileFormat::of(b"a\tb", Some(FileFormat::Tsv), Some("a.txt")), FileFormat::Tsv);
        assert_eq!(FileFormat::of(b"a,b", Some(FileFormat::Csv), Some("a.tsv")), FileFormat::Csv);
        assert_eq!(FileFormat::of(b"a,b", None, None), FileFormat::Csv);
    }
}
