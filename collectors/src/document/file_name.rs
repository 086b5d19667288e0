//! What the file behind an address is called, in letters: names hold dates, extensions, and often Japanese.

use encoding_rs::SHIFT_JIS;
use url::Url;

/// Ends of the names of files that are data. A script's name (`download.php?file=catalog.csv`) is not the file's.
const DATA: [&str; 7] = [".csv", ".tsv", ".xlsx", ".xls", ".json", ".txt", ".gz"];

/// The name of the file at an address, be it a path or a URL.
pub(crate) fn of(address: &str) -> String {
    match Url::parse(address) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => of_url(&url),
        _ => last(address).to_owned(),
    }
}

/// The name of the file at a URL: the last part of its path, or the value in its query that names one.
pub(crate) fn of_url(url: &Url) -> String {
    let name = letters(url.path_segments().and_then(Iterator::last).unwrap_or_default());
    if is_data(&name) {
        return name;
    }
    let values = url.query().unwrap_or_default().split('&').filter_map(|part| part.split_once('='));
    let named = values.map(|(_, value)| last(&letters(value)).to_owned()).find(|value| is_data(value));
    named.unwrap_or(name)
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn is_data(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    DATA.iter().any(|ending| name.ends_with(ending))
}

/// The letters that stand behind `%E5..`: UTF-8, or CP932 on old servers.
fn letters(escaped: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(escaped.len()), escaped.as_bytes());
    while let Some((byte, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| *byte == b'%').and_then(|two| std::str::from_utf8(two).ok());
        let escape = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        bytes.push(escape.unwrap_or(*byte));
        rest = if escape.is_some() { &behind[2..] } else { behind };
    }
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(other) => SHIFT_JIS.decode(other.as_bytes()).0.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_what_its_address_says_in_letters() {
        let rows = [
            ("mihon/ckan/100%.csv", "100%.csv"),
            ("https://a.jp/d/catalog_20230331.csv?v=3#top", "catalog_20230331.csv"),
            ("https://a.jp/%E4%B8%80%E8%A6%A720230331.csv", "一覧20230331.csv"),
            ("https://a.jp/%88%EA%97%9720230331.csv", "一覧20230331.csv"),
            ("https://a.jp/a+b%2Bc%.csv", "a+b+c%.csv"),
            ("https://a.jp/dl.php?id=7&file=/data/%E4%B8%80%E8%A6%A7.CSV", "一覧.CSV"),
            ("https://a.jp/list.csv?from=old.csv", "list.csv"),
            ("https://a.jp/dl?id=7", "dl"),
            ("https://a.jp/", ""),
        ];
        for (address, name) in rows {
            assert_eq!(of(address), name, "{address}");
        }
    }
}
