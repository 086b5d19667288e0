//! The address of the next request: all pages of the search, then, where the pages have no downloads, each dataset.
//!
//! Since CKAN 2.11 a search includes the totals; from 2.3 to 2.10 only `package_show` does, with a parameter.

use super::config::{CkanSource, PortalFormat};
use super::listing::{COUNT_CHANGED, MAX_SHOWN, NOT_WHOLE};
use super::response::{self, CkanResponse, DatasetName, Package, Resource};
use crate::sources::parsed::ParseError;
use url::Url;

/// Datasets per page: the maximum of CKAN, unless a portal configures another.
const ROWS: usize = 1_000;
/// Maximum pages per poll: a thousand datasets on a server with ten per page.
const MAX_PAGES: usize = 100;

const TOO_MANY_PAGES: ParseError =
    ParseError::Unfit { label: "too_many_pages", why: "more than 100 pages; narrow it with `organisation` or `fq`" };

/// The address of the request after these answers; `None` when they are complete.
pub(super) fn next(source: &CkanSource, address: &str, answers: &[Vec<u8>]) -> Result<Option<String>, ParseError> {
    let Some(base) = base(source, address) else { return Ok(answers.is_empty().then(|| address.to_owned())) };
    let Some(last) = answers.last() else { return Ok(search(source, &base, 0)) };
    let Some(page) = response::head(last)? else { return next_shown(source, &base, answers) };
    let (mut received, mut pages) = (0, 0);
    for bytes in answers {
        let head = response::head(bytes)?.ok_or(NOT_WHOLE)?;
        if head.count != page.count {
            return Err(COUNT_CHANGED);
        }
        received += head.results.len();
        pages += 1;
    }
    if received > page.count || (received < page.count && page.results.is_empty()) {
        return Err(NOT_WHOLE);
    }
    if received < page.count {
        // A server can send fewer rows than requested, so the next page begins after the rows received.
        return if pages < MAX_PAGES { Ok(search(source, &base, received)) } else { Err(TOO_MANY_PAGES) };
    }
    if source.downloads.is_none() || page.count > MAX_SHOWN || !lack_totals(answers)? {
        return Ok(None);
    }
    Ok(name(answers, 0)?.and_then(|name| show(&base, &name)))
}

/// The address of the next dataset; `None` when a dataset shows that the portal does not count downloads.
fn next_shown(source: &CkanSource, base: &Url, answers: &[Vec<u8>]) -> Result<Option<String>, ParseError> {
    if source.downloads.is_none() {
        return Ok(None);
    }
    let mut shown = 0;
    for bytes in answers.iter().rev() {
        match response::read(bytes)? {
            CkanResponse::Package(package) if package.files().all(Resource::is_tracked) => shown += 1,
            CkanResponse::Package(_) => return Ok(None),
            _ => break,
        }
    }
    let pages = &answers[..answers.len() - shown];
    Ok(name(pages, shown)?.and_then(|name| show(base, &name)))
}

/// True when a file of the pages has no total.
fn lack_totals(pages: &[Vec<u8>]) -> Result<bool, ParseError> {
    for bytes in pages {
        let page = response::page::<Package>(bytes)?.ok_or(NOT_WHOLE)?;
        if !page.results.iter().flat_map(Package::files).all(Resource::is_tracked) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The name of the dataset at an index over all pages.
fn name(pages: &[Vec<u8>], mut at: usize) -> Result<Option<String>, ParseError> {
    for bytes in pages {
        let mut page = response::page::<DatasetName>(bytes)?.ok_or(NOT_WHOLE)?;
        if at < page.results.len() {
            return Ok(Some(page.results.swap_remove(at).name));
        }
        at -= page.results.len();
    }
    Ok(None)
}

/// The address of the actions. `None` for a file and for the address of an action, which are requested unchanged.
fn base(source: &CkanSource, address: &str) -> Option<Url> {
    if source.format == PortalFormat::Table {
        return None;
    }
    let mut url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let path = url.path().trim_end_matches('/').to_owned();
    if !path.ends_with("/action") {
        return None;
    }
    url.set_path(&format!("{path}/"));
    Some(url)
}

fn search(source: &CkanSource, base: &Url, start: usize) -> Option<String> {
    let mut url = base.join("package_search").ok()?;
    let mut query = url.query_pairs_mut();
    query.append_pair("q", "*:*").append_pair("rows", &ROWS.to_string()).append_pair("start", &start.to_string());
    // Without a fixed order the pages can contain a dataset twice and another not at all.
    query.append_pair("sort", "name asc");
    let organisation = source.organisation.as_ref().map(|name| format!("organization:\"{name}\""));
    let filter = match (organisation, source.fq.clone()) {
        (Some(one), Some(other)) => Some(format!("+({one}) +({other})")),
        (one, other) => one.or(other),
    };
    if let Some(filter) = filter {
        query.append_pair("fq", &filter);
    }
    drop(query);
    Some(url.into())
}

fn show(base: &Url, name: &str) -> Option<String> {
    let mut url = base.join("package_show").ok()?;
    url.query_pairs_mut().append_pair("id", name).append_pair("include_tracking", "true");
    Some(url.into())
}
