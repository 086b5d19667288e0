//! Where a source is: a path below the configuration's folder, URLs, the links of a page, or a device.

pub mod snmp;

use crate::table::text::normal;
use contract::reader::TomlTable;
use glob::Pattern;
use std::path::{Path, PathBuf};
use url::Url;

/// Extensions of the files that are read in a folder, where a source names none. Old workbooks (xls) are among them so that
/// each is reported as unreadable: skipped, its month would be missing without a message.
const DEFAULT_EXTENSIONS: [&str; 6] = ["csv", "tsv", "xlsx", "xlsm", "xls", "json"];
/// Most URLs of one source.
const MAX_URLS: usize = 200;
/// Words in the name of a query parameter that make its value a secret.
const SECRET_WORDS: [&str; 7] = ["key", "token", "secret", "pass", "auth", "sig", "credential"];
/// Replaces a secret in an address.
const HIDDEN: &str = "***";

/// Where a source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file, or a folder of files.
    Path {
        /// Where it is on this machine.
        path: PathBuf,
        /// The path as configured: the same on every machine.
        text: String,
        /// Extensions of the files of a folder.
        extensions: Vec<String>,
        /// Pattern of the names of a folder's files.
        pattern: Option<Pattern>,
    },
    /// One or several URLs: of two with the same key the later wins.
    Urls(Vec<NamedUrl>),
    /// A device that is queried by SNMP.
    Snmp(snmp::SnmpConfig),
    /// The files that a page links to, whose names change with each edition.
    Index {
        /// The page.
        page: NamedUrl,
        /// Pattern of the last part of a link's address.
        pattern: Option<Pattern>,
        /// Pattern of a link's text.
        link_text: Option<Pattern>,
    },
}

/// A URL, and its name in records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedUrl {
    /// The URL.
    pub url: Url,
    /// The URL without secrets.
    pub text: String,
}

/// Reads `path`, `url`, `urls`, `index` or `snmp`.
pub(crate) fn read(r: &TomlTable<'_>, folder: &Path) -> Option<Origin> {
    let (path, url, urls, index) = (r.text_if("path"), r.text_if("url"), r.texts("urls"), r.text_if("index"));
    let (pattern, link_text) = (glob(r, "pattern"), glob(r, "link_text"));
    let mut extensions: Vec<String> = r.texts("extensions");
    if extensions.is_empty() {
        extensions = DEFAULT_EXTENSIONS.map(str::to_owned).to_vec();
    }
    if ["path", "url", "urls", "index", "snmp"].iter().filter(|key| r.has(key)).count() != 1 {
        r.mistake("path", "exactly one of `path`, `url`, `urls`, `index` and `snmp` must be there");
        return None;
    }
    if r.has("snmp") {
        return snmp::read(r, folder).map(Origin::Snmp);
    }
    if link_text.is_some() && index.is_none() {
        r.mistake("link_text", "`link_text` chooses links of a page and needs `index`");
    }
    if pattern.is_some() && path.is_none() && index.is_none() {
        r.mistake("pattern", "`pattern` chooses files of a folder or links of a page and needs `path` or `index`");
    }
    if let Some(text) = path {
        if text.trim().is_empty() {
            r.mistake("path", "`path` is empty");
        }
        return Some(Origin::Path { path: folder.join(&text), text, extensions, pattern });
    }
    if let Some(text) = index {
        if pattern.is_none() && link_text.is_none() {
            r.mistake("index", "`index` needs `pattern`, `link_text` or both, to choose the links of the page");
        }
        return Some(Origin::Index { page: link(r, "index", &text)?, pattern, link_text });
    }
    let key = if url.is_some() { "url" } else { "urls" };
    let texts: Vec<String> = url.into_iter().chain(urls).collect();
    if texts.is_empty() || texts.len() > MAX_URLS {
        r.mistake(key, format!("`{key}` must hold 1 to {MAX_URLS} addresses"));
    }
    let links: Vec<NamedUrl> = texts.iter().filter_map(|text| link(r, key, text)).collect();
    for (at, link) in links.iter().enumerate() {
        if links[..at].iter().any(|earlier| earlier.text == link.text) {
            r.mistake(key, format!("the address `{}` stands twice", link.text));
        }
    }
    Some(Origin::Urls(links))
}

/// A pattern with `*` and `?`.
fn glob(r: &TomlTable<'_>, key: &'static str) -> Option<Pattern> {
    let text = r.text_if(key)?;
    Pattern::new(&normal(&text))
        .map_err(|wrong| r.mistake(key, format!("`{key}` is no pattern of `*` and `?`: {}", wrong.msg)))
        .ok()
}

/// The hosts that may be asked: the listed ones, or else those of the URLs.
pub(crate) fn hosts(r: &TomlTable<'_>, origin: Option<&Origin>) -> Vec<String> {
    let listed = r.texts("allow_hosts");
    let links = match origin {
        Some(Origin::Urls(links)) => &links[..],
        Some(Origin::Index { page, .. }) => std::slice::from_ref(page),
        Some(Origin::Path { .. } | Origin::Snmp(_)) | None => return listed,
    };
    let host = |link: &NamedUrl| link.url.host_str().unwrap_or_default().to_ascii_lowercase();
    if listed.is_empty() {
        return links.iter().map(host).collect();
    }
    for link in links {
        if !listed.iter().any(|allowed| allowed.eq_ignore_ascii_case(&host(link))) {
            r.mistake("allow_hosts", format!("`allow_hosts` lacks `{}`, the host of the address", host(link)));
        }
    }
    listed
}

fn link(r: &TomlTable<'_>, key: &'static str, text: &str) -> Option<NamedUrl> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(url) = url else {
        r.mistake(key, format!("`{key}` must begin with https:// or http:// and name a host"));
        return None;
    };
    if !url.username().is_empty() || url.password().is_some() {
        r.mistake(key, format!("`{key}` holds a user name or password; secrets do not belong in the configuration"));
        return None;
    }
    Some(NamedUrl { text: without_secrets(&url), url })
}

/// The address without fragment, user and password, and without the values of query parameters that are secrets.
pub(crate) fn without_secrets(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_fragment(None);
    // This fails only for addresses without a host, which have no user.
    let _ = (shown.set_username(""), shown.set_password(None));
    let secret = |name: &str| SECRET_WORDS.iter().any(|word| name.to_ascii_lowercase().contains(word));
    if url.query_pairs().any(|(name, _)| secret(&name)) {
        let parts = url.query_pairs();
        let hidden = parts.map(|(name, value)| if secret(&name) { (name, HIDDEN.into()) } else { (name, value) });
        let hidden: Vec<_> = hidden.collect();
        shown.query_pairs_mut().clear().extend_pairs(hidden);
    }
    shown.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_no_secret() {
        let rows = [
            ("https://a.jp/f.csv", "https://a.jp/f.csv"),
            ("https://a.jp/f.csv?id=1#top", "https://a.jp/f.csv?id=1"),
            ("https://a.jp/f?api_key=abc&id=1", "https://a.jp/f?api_key=***&id=1"),
            ("https://a.jp/f?X-Amz-Signature=abc", "https://a.jp/f?X-Amz-Signature=***"),
            ("https://me:word@a.jp/f", "https://a.jp/f"),
        ];
        for (url, text) in rows {
            assert_eq!(without_secrets(&Url::parse(url).unwrap()), text);
        }
    }
}
