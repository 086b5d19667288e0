//! The links of a page: ministries and cities give each edition a new file name, and list all on one page.
//!
//! Pure. Links are sorted by file name, which holds the edition's date, so that another order on the page changes nothing.

use super::error::FetchError;
use crate::document::file_name;
use crate::table::text::{decode, normal};
use glob::Pattern;
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use std::borrow::Cow;
use url::Url;

/// Most files of one page: a monthly edition for twenty years.
const MAX_LINKS: usize = 300;

/// The addresses of the links whose file name matches `pattern` and whose text matches `words`, both normalised. Relative
/// links start at `page_url`, unless the page names another base.
pub(super) fn links(
    page: &[u8],
    page_url: &Url,
    pattern: Option<&Pattern>,
    words: Option<&Pattern>,
) -> Result<Vec<Url>, FetchError> {
    // An invalid byte in the text must not hide the links.
    let text = decode(page, None).map_or_else(|_| String::from_utf8_lossy(page), |(text, _)| Cow::Owned(text));
    let (base, anchors) = anchors(&text);
    let base = base.and_then(|base| page_url.join(base.trim()).ok()).unwrap_or_else(|| page_url.clone());
    let mut found: Vec<(String, Url)> = Vec::new();
    for (address, link_text) in anchors {
        let Ok(mut url) = base.join(address.trim()) else { continue };
        url.set_fragment(None);
        // Pages that moved to https keep old http links; the page's own server is asked by https.
        let same = url.host() == page_url.host() && url.port().is_none();
        if same && page_url.scheme() == "https" && url.scheme() == "http" {
            // Changing between these two schemes does not fail.
            let _ = url.set_scheme("https");
        }
        let name = normal(&file_name::of_url(&url));
        let is_match = matches!(url.scheme(), "http" | "https")
            && pattern.is_none_or(|pattern| pattern.matches(&name))
            && words.is_none_or(|words| words.matches(&link_text));
        let link = (name, url);
        if is_match && !found.contains(&link) {
            found.push(link);
        }
        if found.len() > MAX_LINKS {
            return Err(FetchError::TooMany(MAX_LINKS, "matching links on the page"));
        }
    }
    found.sort();
    if found.is_empty() { Err(FetchError::NoLinks) } else { Ok(found.into_iter().map(|(_, url)| url).collect()) }
}

/// The page's base address, and each link's address and text.
fn anchors(page: &str) -> (Option<String>, Vec<(String, String)>) {
    let (mut base, mut all): (_, Vec<(String, String)>) = (None, Vec::new());
    let mut open = false;
    let mut emitter = DefaultEmitter::<()>::default();
    // Links in scripts and styles do not count.
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(page, emitter) {
        match token {
            Ok(Token::StartTag(tag)) if tag.name.as_slice() == b"base" => base = base.or_else(|| href(&tag)),
            Ok(Token::StartTag(tag)) if tag.name.as_slice() == b"a" => {
                let address = href(&tag);
                open = address.is_some();
                all.extend(address.map(|address| (address, String::new())));
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
    (base, all)
}

fn href(tag: &StartTag<()>) -> Option<String> {
    let found = tag.attributes.iter().find(|(name, _)| name.as_slice() == b"href");
    found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
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
    fn links_are_chosen_by_file_name_and_by_text() {
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
    fn links_start_at_the_base_and_scripts_have_none() {
        let page = r#"<head><BASE target="_top"><base href="/data/"><base href="/other/">
            <script>document.write("<a href='old.csv'>x</a>")</script><style>/* <a href='old.csv'> */</style></head>
            <a href="new.csv">x</a> <a href="/dl.php?no=1&amp;file=own.csv">x</a>"#;
        let right = ["https://www.example.jp/data/new.csv", "https://www.example.jp/dl.php?no=1&file=own.csv"];
        assert_eq!(found(page.as_bytes(), Some("*.csv"), None).unwrap(), right);
        // A byte that is no letter of any encoding.
        let broken = [page.as_bytes(), b"\xff\xff"].concat();
        assert_eq!(found(&broken, Some("*.csv"), None).unwrap(), right);
    }

    #[test]
    fn links_of_a_page_on_https_stay_there() {
        let page = b"<a href='http://www.example.jp/1.csv'>x</a><a href='http://other.example/2.csv'>x</a>";
        let right = ["https://www.example.jp/1.csv", "http://other.example/2.csv"];
        assert_eq!(found(page, Some("*.csv"), None).unwrap(), right);
    }

    #[test]
    fn links_are_sorted_by_file_name() {
        let page = "<a href='/z/list_20220331.csv'>x</a><a href='/a/list_20230331.csv'>x</a><a href='/b/list_20230331.csv'>x</a>";
        let right = ["/z/list_20220331.csv", "/a/list_20230331.csv", "/b/list_20230331.csv"];
        assert_eq!(
            found(page.as_bytes(), Some("*.csv"), None).unwrap(),
            right.map(|path| format!("https://www.example.jp{path}"))
        );
    }

    #[test]
    fn a_page_without_end_is_refused() {
        let page: Vec<String> = (0..=MAX_LINKS).map(|n| format!("<a href='{n}.csv'>x</a>")).collect();
        assert_eq!(found(page.concat().as_bytes(), Some("*.csv"), None), Err("too_many_answers"));
    }
}
