//! Decoding of bytes, and normalisation of texts.
//!
//! City files come in five encodings and rarely declare which. Decoding is strict: a replacement character in a header or a
//! name would silently match nothing.

use super::error::TableError;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{EUC_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, is_nfkc};

/// The character encoding of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, little endian (the app stores' reports).
    Utf16Le,
    /// UTF-16, big endian; detected by its byte order mark.
    Utf16Be,
    /// Shift_JIS with Microsoft's and NEC's additions.
    Cp932,
    /// EUC-JP.
    EucJp,
}

impl Encoding {
    /// The encoding of a configured name (`cp932`, `Shift_JIS`, `utf-8`, ..); `None` for another name.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
            "utf8" | "utf8bom" | "utf8sig" => Some(Self::Utf8),
            "utf16" | "utf16le" => Some(Self::Utf16Le),
            "utf16be" => Some(Self::Utf16Be),
            "cp932" | "ms932" | "sjis" | "shiftjis" | "windows31j" => Some(Self::Cp932),
            "eucjp" => Some(Self::EucJp),
            _ => None,
        }
    }

    fn codec(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Utf8 => UTF_8,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Cp932 => SHIFT_JIS,
            Self::EucJp => EUC_JP,
        }
    }
}

/// The text of `bytes`, without its byte order mark.
///
/// A byte order mark decides, else `configured`, else valid UTF-8, else the one of CP932 and EUC-JP that decodes without an
/// error; chardetng chooses when both do.
///
/// Errors: [`TableError::Undecodable`] when a byte fits no encoding, [`TableError::Nul`] for a NUL
/// (UTF-16 without its mark, or not text).
pub fn decode(bytes: &[u8], configured: Option<Encoding>) -> Result<(String, Encoding), TableError> {
    let (text, encoding) = match (marked(bytes), configured) {
        (Some((encoding, mark)), _) => (strict(&bytes[mark..], encoding), encoding),
        (None, Some(encoding)) => (strict(bytes, encoding), encoding),
        (None, None) => detect(bytes),
    };
    let text = text.ok_or(TableError::Undecodable)?;
    if text.contains('\0') {
        return Err(TableError::Nul);
    }
    Ok((text.into_owned(), encoding))
}

fn marked(bytes: &[u8]) -> Option<(Encoding, usize)> {
    let (codec, length) = encoding_rs::Encoding::for_bom(bytes)?;
    let encoding = [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be].into_iter().find(|e| e.codec() == codec)?;
    Some((encoding, length))
}

fn detect(bytes: &[u8]) -> (Option<Cow<'_, str>>, Encoding) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Some(Cow::Borrowed(text)), Encoding::Utf8);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let euc = detector.guess(Some(b"jp"), Utf8Detection::Deny) == EUC_JP;
    let order = if euc { [Encoding::EucJp, Encoding::Cp932] } else { [Encoding::Cp932, Encoding::EucJp] };
    match strict(bytes, order[0]) {
        Some(text) => (Some(text), order[0]),
        None => (strict(bytes, order[1]), order[1]),
    }
}

fn strict(bytes: &[u8], encoding: Encoding) -> Option<Cow<'_, str>> {
    encoding.codec().decode_without_bom_handling_and_without_replacement(bytes)
}

/// CJK radicals that PDFs contain instead of characters. NFKC maps the Kangxi block, but not these.
const RADICALS: [(char, char); 15] = [
    ('⺠', '民'),
    ('⻁', '虎'),
    ('⻄', '西'),
    ('⻆', '角'),
    ('⻑', '長'),
    ('⻘', '青'),
    ('⻝', '食'),
    ('⻣', '骨'),
    ('⻤', '鬼'),
    ('⻨', '麦'),
    ('⻩', '黄'),
    ('⻫', '斉'),
    ('⻭', '歯'),
    ('⻯', '竜'),
    ('⻲', '亀'),
];

/// Characters that one encoding table writes for another's: `9時〜17時` is one label, whichever program made the file. NFKC keeps them.
fn look_alike(c: char) -> char {
    match c {
        '\u{301C}' | '\u{223C}' => '~',
        '\u{2010}' | '\u{2012}' | '\u{2013}' | '\u{2212}' => '-',
        '\u{2014}' => '\u{2015}',
        '\u{2016}' => '\u{2225}',
        c => c,
    }
}

/// True for white space of any width, and for invisible characters.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

/// `text` without blanks at its ends, ideographic spaces included.
pub fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// `text` in NFKC, with characters for radicals, trimmed: the form in which texts are shown and compared.
pub fn normal(text: &str) -> String {
    let character =
        |c: char| RADICALS.iter().find(|(radical, _)| *radical == c).map_or(look_alike(c), |&(_, character)| character);
    let plain: String =
        if is_nfkc(text) { text.chars().map(character).collect() } else { text.nfkc().map(character).collect() };
    trim(&plain).to_owned()
}

/// `text` as a search word: [`normal`], without blanks, ASCII in lower case.
pub fn word(text: &str) -> String {
    let mut word = normal(text);
    word.retain(|c| !is_blank(c));
    word.make_ascii_lowercase();
    word
}

/// True when NFKC would change a character that is not a digit (`²`, `①`, `½`) into one: `102²` is not 1022.
pub fn has_false_digit(text: &str) -> bool {
    text.chars().any(|c| c.is_numeric() && !c.is_ascii_digit() && !('０'..='９').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "団体コード,市区町村名,世帯数［世帯］\r\n141305,川崎市,①㈱髙﨑～\r\n";

    #[test]
    fn every_encoding_of_a_line_decodes_to_the_same_text() {
        let utf16 = |order: fn(u16) -> [u8; 2]| LINE.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let rows = [
            (LINE.as_bytes().to_vec(), Encoding::Utf8),
            ([b"\xEF\xBB\xBF", LINE.as_bytes()].concat(), Encoding::Utf8),
            ([&b"\xFF\xFE"[..], &utf16(u16::to_le_bytes)].concat(), Encoding::Utf16Le),
            ([&b"\xFE\xFF"[..], &utf16(u16::to_be_bytes)].concat(), Encoding::Utf16Be),
            (SHIFT_JIS.encode(LINE).0.into_owned(), Encoding::Cp932),
        ];
        for (bytes, encoding) in rows {
            assert_eq!(decode(&bytes, None), Ok((LINE.to_owned(), encoding)));
        }
        let plain = "年度,市区町村名,件数\n令和元年度,川崎市,12\n";
        let bytes = EUC_JP.encode(plain).0.into_owned();
        assert_eq!(decode(&bytes, None), Ok((plain.to_owned(), Encoding::EucJp)));
        assert_eq!(decode(&bytes, Encoding::named("EUC-JP")), Ok((plain.to_owned(), Encoding::EucJp)));
    }

    #[test]
    fn a_byte_order_mark_overrides_the_configuration_and_half_a_character_is_an_error() {
        let marked = [b"\xEF\xBB\xBF", LINE.as_bytes()].concat();
        assert_eq!(decode(&marked, Some(Encoding::Cp932)), Ok((LINE.to_owned(), Encoding::Utf8)));
        assert_eq!(
            decode("川崎".as_bytes().split_last().unwrap().1, Some(Encoding::Utf8)),
            Err(TableError::Undecodable)
        );
        assert_eq!(decode(b"a,\xFF\xFF\xFF\n", None), Err(TableError::Undecodable));
        assert_eq!(decode(b"a\0b", None), Err(TableError::Nul));
        assert_eq!(decode(b"a\0b\0,\0", Some(Encoding::Cp932)), Err(TableError::Nul));
    }

    #[test]
    fn utf_16_without_its_mark_is_read_when_it_is_configured() {
        let bytes: Vec<u8> = LINE.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&bytes, Encoding::named("utf-16le")), Ok((LINE.to_owned(), Encoding::Utf16Le)));
        // It cannot be distinguished from other encodings, so it is not guessed.
        assert!(decode(&bytes, None).is_err());
        assert_eq!(decode(&bytes[1..], Encoding::named("utf-16le")), Err(TableError::Undecodable));
    }

    #[test]
    fn euc_jp_and_cp932_are_distinguished_in_small_tables() {
        for line in ["年月,件数\n", "施設名,利用者数\n中央図書館,12\n", "町丁名,人口\n本町,1\n", "合計\n"]
        {
            let euc = EUC_JP.encode(line).0.into_owned();
            assert_eq!(decode(&euc, None), Ok((line.to_owned(), Encoding::EucJp)), "{line}");
            let cp932 = SHIFT_JIS.encode(line).0.into_owned();
            assert_eq!(decode(&cp932, None), Ok((line.to_owned(), Encoding::Cp932)), "{line}");
        }
    }

    #[test]
    fn names_of_encodings() {
        assert_eq!(Encoding::named("Shift_JIS"), Some(Encoding::Cp932));
        assert_eq!(Encoding::named("UTF-8"), Some(Encoding::Utf8));
        assert_eq!(Encoding::named("utf-16le"), Some(Encoding::Utf16Le));
        assert_eq!(Encoding::named("latin1"), None);
    }

    #[test]
    fn radicals_widths_and_blanks_become_one_form() {
        assert_eq!(normal("　⾼松市⺠⻑ "), "高松市民長");
        assert_eq!(normal("ﾏｲﾅﾝﾊﾞｰ１２％"), "マイナンバー12%");
        assert_eq!(normal("9時\u{301C}17時"), normal("9時\u{FF5E}17時"));
        assert_eq!(normal("A\u{2212}1"), normal("A\u{FF0D}1"));
        assert_eq!(normal("東\u{2014}西"), normal("東\u{2015}西"));
        assert_eq!(word("合　計\u{200B}"), "合計");
        assert_eq!(word("ＮＯ"), "no");
        assert!(has_false_digit("102²") && has_false_digit("①") && !has_false_digit("１2億"));
    }
}
