//! One answer of CKAN's action interface, and the errors of answers.
//!
//! Only names, states and totals of downloads are read.

use crate::sources::parsed::ParseError;
use crate::table::TableError;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

const NOT_JSON: ParseError =
    ParseError::Unfit { label: "not_json", why: "the answer is no JSON, or was cut short; see `url`" };
const API_ERROR: ParseError = ParseError::Unfit {
    label: "api_error",
    why: "the interface says that it did not succeed; see `url`, `organisation` and `fq`",
};
pub(super) const UNEXPECTED: ParseError = ParseError::Unfit {
    label: "unexpected_answer",
    why: "the answer is none of package_search, package_list and package_show",
};

/// An answer of the interface.
pub(super) enum CkanResponse {
    /// `package_list`.
    Names(Vec<String>),
    /// `package_search`.
    Page(SearchPage<Package>),
    /// `package_show`.
    Package(Package),
}

/// A page of a search.
#[derive(Deserialize)]
pub(super) struct SearchPage<T> {
    /// Datasets of all pages, as the portal counts them.
    pub(super) count: usize,
    pub(super) results: Vec<T>,
}

/// A dataset.
#[derive(Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    #[serde(default)]
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) private: Option<bool>,
    #[serde(default)]
    pub(super) organization: Option<Organisation>,
    #[serde(default)]
    pub(super) resources: Option<Vec<Resource>>,
}

#[derive(Deserialize)]
pub(super) struct Organisation {
    #[serde(default)]
    pub(super) name: Option<String>,
}

/// A file of a dataset.
#[derive(Deserialize)]
pub(super) struct Resource {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    state: Option<String>,
    /// Its downloads: users per day, added up over all days. Any JSON is accepted, so that the number of datasets does not
    /// depend on it.
    #[serde(default)]
    tracking_summary: Value,
}

/// The name of a dataset.
#[derive(Deserialize)]
pub(super) struct DatasetName {
    pub(super) name: String,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    success: Option<bool>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Probe {
    #[serde(default)]
    results: Option<IgnoredAny>,
}

impl Package {
    /// False for a deleted, draft or private dataset.
    pub(super) fn is_active(&self) -> bool {
        self.state.as_deref().is_none_or(|state| state == "active") && self.private != Some(true)
    }

    /// Its files that are not deleted.
    pub(super) fn files(&self) -> impl Iterator<Item = &Resource> {
        let active = |resource: &&Resource| resource.state.as_deref().is_none_or(|state| state == "active");
        self.resources.iter().flatten().filter(active)
    }
}

impl Resource {
    /// Its address and downloads; `None` when the portal does not give them.
    pub(super) fn total(&self) -> Option<(&str, i64)> {
        let address = self.url.as_deref().filter(|url| !url.is_empty())?;
        let total = self.tracking_summary.get("total").filter(|total| !total.is_null())?;
        // A total that is not a number is unexpected, like a negative one.
        Some((address, total.as_i64().or_else(|| total.as_str()?.parse().ok()).unwrap_or(-1)))
    }

    /// True when it has a total, or no address to count by.
    pub(super) fn is_tracked(&self) -> bool {
        self.total().is_some() || self.url.as_deref().is_none_or(str::is_empty)
    }
}

/// Reads an answer.
pub(super) fn read(bytes: &[u8]) -> Result<CkanResponse, ParseError> {
    let result = result(bytes)?;
    let answer = if result.starts_with('[') {
        serde_json::from_str(result).map(CkanResponse::Names)
    } else if is_page(result) {
        serde_json::from_str(result).map(CkanResponse::Page)
    } else {
        serde_json::from_str(result).map(CkanResponse::Package)
    };
    answer.map_err(|_| UNEXPECTED)
}

/// Reads an answer as a page whose datasets have the fields of `T`; `None` for another answer.
pub(super) fn page<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<Option<SearchPage<T>>, ParseError> {
    let result = result(bytes)?;
    if is_page(result) { serde_json::from_str(result).map(Some).map_err(|_| UNEXPECTED) } else { Ok(None) }
}

/// Reads a page and only counts its datasets.
pub(super) fn head(bytes: &[u8]) -> Result<Option<SearchPage<IgnoredAny>>, ParseError> {
    page(bytes)
}

fn is_page(result: &str) -> bool {
    serde_json::from_str::<Probe>(result).is_ok_and(|probe| probe.results.is_some())
}

/// The result of a successful answer.
fn result(bytes: &[u8]) -> Result<&str, ParseError> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii();
    match text.first() {
        None => return Err(TableError::Empty.into()),
        Some(b'<') => return Err(TableError::Html.into()),
        _ => {}
    }
    let envelope: Envelope<'_> =
        serde_json::from_slice(text).map_err(|error| if error.is_data() { UNEXPECTED } else { NOT_JSON })?;
    match (envelope.success, envelope.result) {
        (Some(true), Some(result)) => Ok(result.get()),
        (Some(false), _) => Err(API_ERROR),
        _ => Err(UNEXPECTED),
    }
}
