//! The links of a page: ministries and cities give each edition a new file name, and one page lists them all.
//!
//! Pure. Links are taken in the order of their addresses, so that a page that is merely sorted anew changes nothing.

use super::FetchError;
use crate::table::text::{decode, normal};
use glob::Pattern;
use html5gum::{Token, Tokenizer};
use reqwest::Url;

/// Files of one page: a monthly edition for twenty years.
const MAX_LINKS: usize = 300;

/// The addresses that a page links to and that fit: the last part of the path by `pattern`, the words of the
/// link, normalised, by `words`.
pub(super) fn links(
    page: &[u8],
    base: &Url,
    pattern: Option<&Pattern>,
    words: Option<&Pattern>,
) -> Result<Vec<Url>, FetchError> {
    let (text, _) = decode(page, None).map_err(|_| FetchError::BadPage)?;
    let mut found: Vec<Url> = Vec::new();
    for (address, said) in anchors(&text) {
        let Ok(mut url) = base.join(address.trim()) else { continue };
        url.set_fragment(None);
        let fits = matches!(url.scheme(), "http" | "https")
            && pattern.is_none_or(|pattern| pattern.matches(&file_name(&url)))
            && words.is_none_or(|words| words.matches(&said));
        if fits && !found.contains(&url) {
            found.push(url);
        }
        if found.len() > MAX_LINKS {
            return Err(FetchError::TooMany(MAX_LINKS, "links of the page fit"));
        }
    }
    found.sort();
    if found.is_empty() { Err(FetchError::NoLinks) } else { Ok(found) }
}

/// The last part of the path, with the letters that stand behind `%E5..`.
fn file_name(url: &Url) -> String {
    let last = url.path_segments().and_then(Iterator::last).unwrap_or_default();
    // Form encoding would also make a blank of `+`, so only the escapes are read.
    let escaped = last.replace('+', "%2B");
    let pair = format!("n={escaped}");
    let read = Url::parse("http://h/").ok().and_then(|mut url| {
        url.set_query(Some(&pair));
        url.query_pairs().next().map(|(_, value)| value.into_owned())
    });
    read.unwrap_or_else(|| last.to_owned())
}

/// Each link's address and words.
fn anchors(page: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for token in Tokenizer::new(page) {
        match token {
            Ok(Token::StartTag(tag)) if tag.name.as_slice() == b"a" => {
                let address = tag.attributes.iter().find(|(name, _)| name.as_slice() == b"href");
                open = address.is_some();
                all.extend(address.map(|(_, value)| (String::from_utf8_lossy(value).into_owned(), String::new())));
            }
            Ok(Token::EndTag(tag)) if tag.name.as_slice() == b"a" => open = false,
            Ok(Token::String(text)) if open => {
                if let Some((_, words)) = all.last_mut() {
                    words.push_str(&String::from_utf8_lossy(&text));
                }
            }
            _ => {}
        }
    }
    for (_, words) in &mut all {
        *words = normal(&words.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!DOCTYPE html><html><body><ul>
        <li><a href="/main_content/000815231.xlsx"><b>全国</b>（令和4年６月末日時点）</a>
        <LI><A HREF='000789.xlsx#top'>全国（令和4年4月1日時点）
        <li><a href=000789.xlsx>また同じ</a>
        <li><a href="000111.pdf">全国（令和4年4月1日時点）</a>
        <a name="x">全国</a> <!-- <a href="000999.xlsx">全国</a> -->
        <a href="javascript:void(0)">全国</a>
        <a href="%E4%BA%A4%E4%BB%98%E7%8A%B6%E6%B3%81%2B1.csv">交付状況 &amp; 一覧</a>
    "#;

    fn found(page: &[u8], pattern: Option<&str>, words: Option<&str>) -> Result<Vec<String>, &'static str> {
        let base = Url::parse("https://www.example.jp/kojin/kofu.html").unwrap();
        let [pattern, words] = [pattern, words].map(|text| text.map(|text| Pattern::new(text).unwrap()));
        let links = links(page, &base, pattern.as_ref(), words.as_ref());
        links.map(|urls| urls.iter().map(Url::to_string).collect()).map_err(|error| error.label())
    }

    /// File pattern, words, and the links found or the failure.
    type Row<'a> = (Option<&'a str>, Option<&'a str>, Result<Vec<&'a str>, &'a str>);

    #[test]
    fn links_are_chosen_by_the_file_and_by_the_words() {
        let (april, june) =
            ("https://www.example.jp/kojin/000789.xlsx", "https://www.example.jp/main_content/000815231.xlsx");
        let rows: [Row<'_>; 6] = [
            (Some("*.xlsx"), None, Ok(vec![april, june])),
            (Some("*.xlsx"), Some("*(令和4年6月末日時点)"), Ok(vec![june])),
            (Some("000???.xlsx"), Some("全国*"), Ok(vec![april])),
            (
                Some("交付状況+*.csv"),
                Some("交付状況 & *"),
                Ok(vec!["https://www.example.jp/kojin/%E4%BA%A4%E4%BB%98%E7%8A%B6%E6%B3%81%2B1.csv"]),
            ),
            (None, Some("全国*4月*"), Ok(vec!["https://www.example.jp/kojin/000111.pdf", april])),
            (Some("*.ods"), None, Err("no_links")),
        ];
        let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode(PAGE);
        for (pattern, words, right) in rows {
            let right = right.map(|urls| urls.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(found(PAGE.as_bytes(), pattern, words), right, "{pattern:?} {words:?}");
            assert_eq!(found(&sjis, pattern, words), right, "{pattern:?} {words:?} in CP932");
        }
    }

    #[test]
    fn a_page_without_end_is_refused() {
        let page: Vec<String> = (0..=MAX_LINKS).map(|n| format!("<a href='{n}.csv'>x</a>")).collect();
        assert_eq!(found(page.concat().as_bytes(), Some("*.csv"), None), Err("too_many_answers"));
    }
}
