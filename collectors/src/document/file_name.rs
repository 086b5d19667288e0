//! The file name in an address, decoded: names contain dates, extensions, and often Japanese.

use encoding_rs::SHIFT_JIS;
use percent_encoding::percent_decode_str;
use url::Url;

/// Extensions of data files. The name of a script (`download.php?file=catalog.csv`) is not the file's name.
const DATA: [&str; 7] = [".csv", ".tsv", ".xlsx", ".xls", ".json", ".txt", ".gz"];

/// The name of the file at a path or URL.
pub(crate) fn of(address: &str) -> String {
    match Url::parse(address) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => of_url(&url),
        _ => last(address).to_owned(),
    }
}

/// The name of the file at a URL: the last part of its path, or the query value that is a file name.
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

/// Decodes `%E5..`: UTF-8, or CP932 on old servers.
fn letters(escaped: &str) -> String {
    match String::from_utf8(percent_decode_str(escaped).collect()) {
        Ok(text) => text,
        Err(other) => SHIFT_JIS.decode(other.as_bytes()).0.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_decoded() {
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
