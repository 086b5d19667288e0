//! The name of a bundle's file: `<collector>-<sequence, 8 digits>.jsonl`.

use std::fmt;

/// How every name ends.
const ENDING: &str = ".jsonl";
/// Digits of a sequence: a bundle a minute for 190 years.
const DIGITS: usize = 8;
/// The last sequence that has a name.
pub(super) const LAST_SEQUENCE: u32 = 99_999_999;
/// Most bytes of a collector's id, as in the settings.
const MAX_COLLECTOR_BYTES: usize = 64;

/// Whose bundle it is, and which.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BundleName {
    /// Id of the collector.
    pub collector: String,
    /// Counted from 1, without gaps.
    pub sequence: u32,
}

impl BundleName {
    /// Reads a file's name; `None` when no bundle is called so.
    pub fn parse(file: &str) -> Option<Self> {
        let (collector, digits) = file.strip_suffix(ENDING)?.rsplit_once('-')?;
        let plain = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        let sequence = digits.parse().ok().filter(|sequence| *sequence > 0 && plain)?;
        is_collector(collector).then(|| Self { collector: collector.to_owned(), sequence })
    }
}

impl fmt::Display for BundleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:0DIGITS$}{ENDING}", self.collector, self.sequence)
    }
}

/// True when files can be named after it on every medium: some know no capital letters, some no Japanese.
pub(super) fn is_collector(id: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    !id.is_empty() && id.len() <= MAX_COLLECTOR_BYTES && id.bytes().all(plain) && !id.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written_and_no_other_is_taken() {
        for (collector, sequence, file) in
            [("lgwan", 1, "lgwan-00000001.jsonl"), ("my-number_2", LAST_SEQUENCE, "my-number_2-99999999.jsonl")]
        {
            let name = BundleName { collector: collector.into(), sequence };
            assert_eq!(name.to_string(), file);
            assert_eq!(BundleName::parse(file), Some(name));
        }
        for file in [
            "lgwan-00000000.jsonl",
            "lgwan-1.jsonl",
            "lgwan-000000001.jsonl",
            "lgwan-+0000001.jsonl",
            "lgwan-00000001.json",
            "LGWAN-00000001.jsonl",
            "-00000001.jsonl",
            "00000001.jsonl",
            "../x-00000001.jsonl",
            ".lgwan-00000001.jsonl",
            "lgwan-00000001 (1).jsonl",
            ".lgwan-00000001.jsonl.partial",
            "中間-00000001.jsonl",
        ] {
            assert_eq!(BundleName::parse(file), None, "{file}");
        }
    }
}
