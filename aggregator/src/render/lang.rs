//! The language of a page: Japanese, English, or both side by side.
//!
//! Every text for readers is written in both languages at one place, so that no language can lack it. The reader chooses;
//! texts in both languages carry their `lang`, so that a screen reader pronounces each correctly.

use askama::filters::{Escaper, Html, HtmlSafe};
use contract::catalogue::Bilingual;
use std::borrow::Cow;
use std::fmt;

/// The language of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Japanese with English beside.
    #[default]
    Both,
    /// Japanese alone.
    Ja,
    /// English alone.
    En,
}

impl Language {
    /// All of them, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::Ja, Self::En, Self::Both];

    /// The name in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Ja => "ja",
            Self::En => "en",
        }
    }

    /// The language of a name in addresses.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.word() == name)
    }

    /// The language of the page as a whole: that of its headings.
    pub fn main(self) -> &'static str {
        if self == Self::En { "en" } else { "ja" }
    }

    /// A text of a page.
    pub fn t<'a>(self, ja: &'a str, en: &'a str) -> LocalizedText<'a> {
        LocalizedText { lang: self, ja, en, named: false }
    }

    /// A text of the catalogue, marked so that the style sheet can set its second language apart.
    pub fn of(self, text: &Bilingual) -> LocalizedText<'_> {
        LocalizedText { lang: self, ja: &text.ja, en: &text.en, named: true }
    }

    /// Plain text, for attributes and titles, which cannot change language in the middle.
    pub fn plain(self, ja: &str, en: &str) -> String {
        match self {
            Self::Both => format!("{ja} {en}"),
            Self::Ja | Self::En => self.one(ja, en).to_owned(),
        }
    }

    /// A text of the catalogue in an attribute or a title.
    pub fn name(self, text: &Bilingual) -> String {
        inert(self.one(&text.ja, &text.en)).into_owned()
    }

    /// One text where two would be in the way: that of the page's headings.
    pub fn one<'a>(self, ja: &'a str, en: &'a str) -> &'a str {
        if self == Self::En { en } else { ja }
    }

    /// The unit that stands behind a number.
    pub fn unit(self, unit: &Bilingual) -> &str {
        self.one(&unit.ja, &unit.en)
    }
}

/// Without invisible characters that reverse, hide or break the text around them, so that a name cannot change what a page
/// says.
pub(super) fn inert(text: &str) -> Cow<'_, str> {
    let turns = |c: char| is_invisible(c) || c.is_control();
    if text.contains(turns) { text.replace(turns, "\u{fffd}").into() } else { text.into() }
}

/// A finished document without invisible characters, wherever in it a text of the catalogue stands.
pub(super) fn inert_document(text: String) -> String {
    if text.contains(is_invisible) { text.replace(is_invisible, "\u{fffd}") } else { text }
}

/// True for a character that reverses or hides the text around it.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A text in the page's language or in both, escaped.
#[derive(Clone, Copy, Debug)]
pub struct LocalizedText<'a> {
    lang: Language,
    ja: &'a str,
    en: &'a str,
    named: bool,
}

impl fmt::Display for LocalizedText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let piece = |f: &mut fmt::Formatter<'_>, before: &str, text: &str, after: &str| {
            f.write_str(before)?;
            Html.write_escaped_str(&mut *f, &inert(text))?;
            f.write_str(after)
        };
        match (self.lang, self.named) {
            (Language::Both, true) => {
                piece(f, "<span class=\"say\">", self.ja, "</span> ")?;
                piece(f, "<span class=\"en\" lang=\"en\">", self.en, "</span>")
            }
            (Language::Both, false) => {
                piece(f, "", self.ja, " ")?;
                piece(f, "<span lang=\"en\">", self.en, "</span>")
            }
            (lang, true) => piece(f, "<span class=\"say\">", lang.one(self.ja, self.en), "</span>"),
            (lang, false) => piece(f, "", lang.one(self.ja, self.en), ""),
        }
    }
}

/// Its own [`fmt::Display`] escapes.
impl HtmlSafe for LocalizedText<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_in_one_language_or_both_and_cannot_carry_markup() {
        let text = |lang: Language| lang.t("状態<b>", "Status & \"x\"").to_string();
        assert_eq!(text(Language::Ja), "状態&#60;b&#62;");
        assert_eq!(text(Language::En), "Status &#38; &#34;x&#34;");
        assert_eq!(text(Language::Both), "状態&#60;b&#62; <span lang=\"en\">Status &#38; &#34;x&#34;</span>");
        let city = Bilingual { ja: "市".into(), en: "City".into() };
        assert_eq!(Language::En.of(&city).to_string(), "<span class=\"say\">City</span>");
        assert_eq!(
            Language::Both.of(&city).to_string(),
            "<span class=\"say\">市</span> <span class=\"en\" lang=\"en\">City</span>"
        );
        assert_eq!(Language::ALL.map(|lang| Language::from_name(lang.word())), Language::ALL.map(Some));
        assert_eq!(Language::from_name("fr"), None);
        let hostile = Bilingual { ja: "\u{202e}<script>\u{7}".into(), en: "a\u{2066}b".into() };
        assert_eq!(
            Language::Ja.of(&hostile).to_string(),
            "<span class=\"say\">\u{fffd}&#60;script&#62;\u{fffd}</span>"
        );
        assert_eq!(Language::En.name(&hostile), "a\u{fffd}b");
    }
}
