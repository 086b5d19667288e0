//! Texts of a few bytes, found and compared inline: most fields of a line end within a dozen bytes, where a call costs more than the
//! comparison.

/// Bytes of a word.
const WORD: usize = 8;
/// Bytes that are searched word by word.
const NEAR: usize = 4 * WORD;
/// One in each byte of a word.
const ONES: u64 = u64::MAX / 255;

/// The word at a place; `None` when fewer bytes are there.
#[inline]
pub(super) fn word_at(text: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(text.get(at..at + WORD)?.try_into().ok()?))
}

/// The first eight bytes; those that a shorter text lacks are 0.
#[inline]
pub(super) fn first_word(text: &[u8]) -> u64 {
    if let Some(word) = word_at(text, 0) {
        return word;
    }
    // Both ends, which may lie over each other: no loop whose length is guessed wrong.
    let placed = |at: usize| u64::from(text[at]) << (8 * at);
    match (text.len(), text.first_chunk::<4>(), text.last_chunk::<4>()) {
        (length, Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (8 * (length - 4))
        }
        (0, ..) => 0,
        (length, ..) => placed(0) | placed(length / 2) | placed(length - 1),
    }
}

/// Marks the highest bit of each byte of a word that is the one. The lowest mark is right; others may be carried from it.
#[inline]
fn marks(byte: u8, word: u64) -> u64 {
    let differing = word ^ (ONES * u64::from(byte));
    differing.wrapping_sub(ONES) & !differing & (ONES << 7)
}

/// The position of the byte of the lowest mark, in a word at a place.
#[inline]
fn lowest(at: usize, marks: u64) -> usize {
    at + usize::try_from(marks.trailing_zeros()).unwrap_or_default() / WORD
}

/// The position of a byte within two words.
#[inline]
pub(super) fn find_near(byte: u8, text: &[u8]) -> Option<usize> {
    let first = marks(byte, word_at(text, 0)?);
    if first != 0 {
        return Some(lowest(0, first));
    }
    let second = marks(byte, word_at(text, WORD)?);
    (second != 0).then(|| lowest(WORD, second))
}

/// The position of a byte.
#[inline]
pub(super) fn find(byte: u8, text: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < NEAR
        && let Some(word) = word_at(text, at)
    {
        let marks = marks(byte, word);
        if marks != 0 {
            return Some(lowest(at, marks));
        }
        at += WORD;
    }
    memchr::memchr(byte, &text[at..]).map(|more| at + more)
}

/// The position of the first of two bytes.
#[inline]
pub(super) fn find_either(one: u8, other: u8, text: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < NEAR
        && let Some(word) = word_at(text, at)
    {
        let marks = marks(one, word) | marks(other, word);
        if marks != 0 {
            return Some(lowest(at, marks));
        }
        at += WORD;
    }
    memchr::memchr2(one, other, &text[at..]).map(|more| at + more)
}

/// A text that others are compared with.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ShortText {
    /// Its first word, and the same in lower case.
    word: u64,
    lower: u64,
    /// The bits of its bytes in that word.
    mask: u64,
    text: Vec<u8>,
}

impl ShortText {
    pub(super) fn new(text: &[u8]) -> Self {
        let bits = 8 * text.len().min(WORD);
        let mask = if bits == 0 { 0 } else { u64::MAX >> (64 - bits) };
        let word = first_word(text);
        Self { word, lower: lower(word), mask, text: text.to_vec() }
    }

    /// True for a text that begins with this one; `first` is its first word.
    #[inline]
    pub(super) fn begins(&self, text: &[u8], first: u64) -> bool {
        // Both are computed: whether a line of a log agrees is hard to guess.
        let agrees = (first & self.mask == self.word) & (text.len() >= self.text.len());
        if self.text.len() <= WORD { agrees } else { agrees && self.agrees_behind(text) }
    }

    /// True when a text that is at least as long agrees behind the first word.
    fn agrees_behind(&self, text: &[u8]) -> bool {
        text[WORD..].starts_with(&self.text[WORD..])
    }
}

/// Several of them. Shown as a list of texts.
#[derive(Clone)]
pub(super) struct ShortTexts {
    texts: Vec<String>,
    each: Vec<ShortText>,
    /// Length of the longest.
    longest: usize,
}

impl ShortTexts {
    pub(super) fn new(texts: Vec<String>) -> Self {
        let each = texts.iter().map(|text| ShortText::new(text.as_bytes())).collect();
        let longest = texts.iter().map(String::len).max().unwrap_or_default();
        Self { texts, each, longest }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// True for a text that begins with one of them; `first` is its first word.
    #[inline]
    pub(super) fn begin(&self, text: &[u8], first: u64) -> bool {
        self.each.iter().fold(false, |begins, one| begins | one.begins(text, first))
    }

    /// True for one of them.
    #[inline]
    pub(super) fn hold(&self, text: &[u8]) -> bool {
        let first = first_word(text);
        let is = |one: &ShortText| (one.text.len() == text.len()) & one.begins(text, first);
        self.each.iter().fold(false, |holds, one| holds | is(one))
    }

    /// True for a text of which the last point and what follows is one of them, in any case.
    #[inline]
    pub(super) fn hold_extension(&self, text: &[u8]) -> bool {
        // An extension that begins before is longer than any of them.
        let from = text.len().saturating_sub(self.longest);
        let has_none = self.longest <= WORD
            && text.len().checked_sub(WORD).and_then(|at| word_at(text, at)).is_some_and(|word| marks(b'.', word) == 0);
        !has_none && self.hold_extension_from(text, from)
    }

    fn hold_extension_from(&self, text: &[u8], from: usize) -> bool {
        let dot = text[from..].iter().rposition(|byte| *byte == b'.');
        dot.is_some_and(|dot| self.hold_in_any_case(&text[from + dot..]))
    }

    fn hold_in_any_case(&self, text: &[u8]) -> bool {
        let word = lower(first_word(text));
        let is = |one: &ShortText| one.lower == word && one.text.eq_ignore_ascii_case(text);
        self.each.iter().any(is)
    }
}

/// Checkpoints hold a hash of rules as they are shown, so this must not change.
impl std::fmt::Debug for ShortTexts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.texts.fmt(f)
    }
}

impl std::fmt::Debug for ShortText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.text.fmt(f)
    }
}

#[inline]
fn lower(word: u64) -> u64 {
    u64::from_le_bytes(word.to_le_bytes().map(|byte| byte.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_are_found_and_compared_as_by_the_standard_library(
            byte in 0..4_u8, text in prop::collection::vec(0..4_u8, 0..50), other in prop::collection::vec(0..4_u8, 0..12), shared in 0..12_usize,
        ) {
            // Half of them begin alike.
            let other = [&text[..shared.min(text.len())], &other[..]].concat();
            for other in [&other[..], &other[..shared.min(other.len())]] {
                let short = ShortText::new(other);
                prop_assert_eq!(short.begins(&text, first_word(&text)), text.starts_with(other));
                let texts = ShortTexts::new(vec![String::from_utf8(other.to_vec()).unwrap()]);
                prop_assert_eq!(texts.hold(&text), text == other);
                prop_assert!(texts.hold(other));
            }
            prop_assert_eq!(find(byte, &text), text.iter().position(|one| *one == byte));
            prop_assert_eq!(find_either(byte, 1, &text), text.iter().position(|one| [byte, 1].contains(one)));
        }
    }

    #[test]
    fn extensions_are_the_same_in_any_case() {
        let texts = ShortTexts::new([".css", ".WOFF2", ".manifest-json"].map(str::to_owned).to_vec());
        for (text, right) in [
            (".CSS", true),
            (".cs", false),
            (".css\0", false),
            (".woff2", true),
            (".Manifest-JSON", true),
            (".manifest-jso_", false),
            ("", false),
            // `[` is not the capital of `{`.
            (".[ss", false),
        ] {
            for before in ["", "/app/a", "/.css/.b"] {
                assert_eq!(texts.hold_extension(format!("{before}{text}").as_bytes()), right, "{before}{text}");
            }
        }
    }
}
