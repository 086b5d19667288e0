//! The last record of a text table, which may be cut.
//!
//! `件,2021年5月,12` can be the first bytes of `件,2021年5月,1200`. Only a line end shows that a record is whole.

/// First bytes of files that are whole or damaged as such: zip, gzip, a compound file.
const CONTAINERS: [&[u8]; 3] = [b"PK", b"\x1F\x8B", b"\xD0\xCF\x11\xE0"];
/// What may follow the last line end: the end mark of old systems, blanks, and the second byte of UTF-16.
const PADDING: [u8; 3] = [0, 0x1A, b' '];

/// True when the last record of a text table has its line end; `None` for another file, which shows itself that it is whole: a
/// workbook, JSON.
pub fn has_end(bytes: &[u8]) -> Option<bool> {
    let begins = bytes.iter().find(|byte| !byte.is_ascii_whitespace() && !MARKS.contains(byte))?;
    if CONTAINERS.iter().any(|magic| bytes.starts_with(magic)) || matches!(begins, b'{' | b'[' | b'<') {
        return None;
    }
    let last = bytes.iter().rev().find(|byte| !PADDING.contains(byte))?;
    Some(matches!(last, b'\n' | b'\r'))
}

/// Bytes of byte order marks, and of UTF-16 beside ASCII.
const MARKS: [u8; 6] = [0xEF, 0xBB, 0xBF, 0xFF, 0xFE, 0];

/// The bytes before the last record, and the number of its line from 1.
pub fn before_last(bytes: &[u8]) -> (&[u8], u32) {
    let wide: Option<[u8; 2]> = match bytes {
        [0xFF, 0xFE, ..] => Some([b'\n', 0]),
        [0xFE, 0xFF, ..] => Some([0, b'\n']),
        _ => None,
    };
    let (end, lines) = if let Some(wide) = wide {
        let mut ends = bytes.chunks_exact(2).enumerate().filter(|(_, unit)| *unit == wide).map(|(at, _)| at);
        let last = ends.next_back();
        (last.map_or(0, |at| 2 * at + 2), last.map_or(0, |_| ends.count() + 1))
    } else {
        let end = if memchr::memchr(b'\n', bytes).is_some() { b'\n' } else { b'\r' };
        (memchr::memrchr(end, bytes).map_or(0, |at| at + 1), memchr::memchr_iter(end, bytes).count())
    };
    (&bytes[..end], u32::try_from(lines).unwrap_or(u32::MAX).saturating_add(1))
}

/// 16 bits that tell the last record from others: too few to find out what is in it.
pub fn digest(bytes: &[u8]) -> u16 {
    let is_end = |byte: &u8| PADDING.contains(byte) || matches!(byte, b'\n' | b'\r');
    let used = bytes.iter().rposition(|byte| !is_end(byte)).map_or(0, |at| at + 1);
    let last = &bytes[before_last(&bytes[..used]).0.len()..used];
    u16::try_from(crc32fast::hash(last) >> 16).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_ends_with_its_line_end_in_every_encoding() {
        let utf16 = |text: &str, little: bool| -> Vec<u8> {
            let units = format!("\u{FEFF}{text}");
            units.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
        };
        for (text, right, row) in
            [("月,件\n5月,12", false, 2), ("月,件\n5月,12\n", true, 3), ("月,件\r\n\r\n5月,1", false, 3)]
        {
            for bytes in [text.as_bytes().to_vec(), utf16(text, true), utf16(text, false)] {
                assert_eq!(has_end(&bytes), Some(right), "{text} {bytes:?}");
                let (before, line) = before_last(&bytes);
                assert_eq!((line, has_end(before)), (row, Some(true)), "{text} {bytes:?}");
            }
        }
        for wide in [false, true] {
            let of = |text: &str| if wide { digest(&utf16(text, true)) } else { digest(text.as_bytes()) };
            assert_eq!(of("月,件\r\n5月,12\r\n"), of("4月,1\r\n5月,12"), "with and without its line end");
            assert_ne!(of("月,件\r\n5月,12\r\n"), of("月,件\r\n5月,1"));
        }
        assert_eq!(has_end("月,件\n5月,12\n\u{1A}".as_bytes()), Some(true));
        assert_eq!(before_last(b"a\rb"), (&b"a\r"[..], 2));
        assert_eq!(before_last(b"a"), (&b""[..], 1));
    }

    #[test]
    fn a_file_that_shows_its_own_end_is_not_asked() {
        for bytes in [&b"PK\x03\x04"[..], b"\x1F\x8B\x08", b"[1]", b"\xEF\xBB\xBF {\"a\":1}", b"<html>", b""] {
            assert_eq!(has_end(bytes), None, "{bytes:?}");
        }
    }
}
