//! The complete answers of one poll: the number of datasets and the total of downloads.

use super::config::DatasetCountRule;
use super::response::{CkanResponse, Package, UNEXPECTED};
use crate::document::sha256;
use crate::sources::parsed::ParseError;
use contract::record::{Breakdown, Value};
use std::collections::BTreeSet;

/// Maximum datasets that are requested one by one in a poll, which takes some minutes.
pub(super) const MAX_SHOWN: usize = 500;
/// Maximum files of a breakdown: a label takes thirty bytes, and a record 1 MiB.
const MAX_LABELS: usize = 30_000;
/// Digits of the hash of an address: enough to distinguish the files of a portal.
const LABEL_DIGITS: usize = 16;

pub(super) const COUNT_CHANGED: ParseError = ParseError::Unfit {
    label: "count_changed",
    why: "the portal's count changed from page to page; it will be asked again at the next poll",
};
pub(super) const NOT_WHOLE: ParseError = ParseError::Unfit {
    label: "pages_do_not_add_up",
    why: "the pages do not add up to the portal's count, or one is missing",
};
const NAMED_TWICE: ParseError = ParseError::Unfit {
    label: "named_twice",
    why: "a dataset came twice: the order shifted between two pages, and another may be missing",
};
pub(super) const NO_DATASETS: ParseError = ParseError::Unfit {
    label: "no_datasets",
    why: "the portal lists no dataset at all, as while its index is rebuilt; see `organisation` and `fq`",
};
const NO_COUNT: ParseError = ParseError::Unfit {
    label: "no_count",
    why: "names alone, or a single dataset, do not say that: take package_search, or `count` = \"listed\" without `organisation`",
};

/// No file has a total above 0: CKAN before 2.11 gives 0 where it does not count.
const NO_TRACKING: &str = "no_tracking";
/// Some files have no total.
const INCOMPLETE_TRACKING: &str = "incomplete_tracking";
/// The portal gives totals for single datasets only, and has too many datasets.
const TOO_MANY_DATASETS: &str = "too_many_datasets";
/// A total is negative or too large.
const UNEXPECTED_TOTAL: &str = "unexpected_total";
/// The portal has more files than a breakdown can hold.
const TOO_MANY_FILES: &str = "too_many_files";

/// The total and its breakdown, or why the total is unknown.
pub(super) type ListingCount = (Value, Option<Breakdown>);

/// The answers of one poll.
pub(super) enum Listing {
    Names(Vec<String>),
    /// All pages, and the datasets that were then requested one by one.
    Pages(Vec<Package>, Vec<Package>),
    /// A single dataset.
    One(Package),
}

impl Listing {
    /// Combines the answers.
    ///
    /// Errors: the answers are incomplete or contradict each other.
    pub(super) fn new(answers: Vec<CkanResponse>) -> Result<Self, ParseError> {
        let (mut count, mut listed, mut shown) = (None, Vec::new(), Vec::new());
        let single = answers.len() == 1;
        for answer in answers {
            match answer {
                CkanResponse::Names(names) if single => return check_unique(&names).map(|()| Self::Names(names)),
                CkanResponse::Package(package) if single => return Ok(Self::One(package)),
                CkanResponse::Page(page) if shown.is_empty() => {
                    if *count.get_or_insert(page.count) != page.count {
                        return Err(COUNT_CHANGED);
                    }
                    listed.extend(page.results);
                }
                CkanResponse::Package(package) if count.is_some() => shown.push(package),
                _ => return Err(UNEXPECTED),
            }
        }
        if count != Some(listed.len()) {
            return Err(NOT_WHOLE);
        }
        check_unique(listed.iter().map(|package| &package.name))?;
        check_unique(shown.iter().map(|package| &package.name))?;
        Ok(Self::Pages(listed, shown))
    }

    /// The number of datasets by a rule, of one organisation or of all.
    pub(super) fn count(&self, rule: DatasetCountRule, organisation: Option<&str>) -> Result<usize, ParseError> {
        let count = match self {
            Self::Names(names) if rule == DatasetCountRule::Listed && organisation.is_none() => names.len(),
            Self::Pages(packages, _) => {
                let ours = packages.iter().filter(|package| belongs_to(package, organisation));
                let counts = |package: &&Package| match rule {
                    DatasetCountRule::Listed => true,
                    DatasetCountRule::Active => package.is_active(),
                    DatasetCountRule::WithResources => package.is_active() && package.files().next().is_some(),
                };
                ours.filter(counts).count()
            }
            Self::Names(_) | Self::One(_) => return Err(NO_COUNT),
        };
        if count == 0 { Err(NO_DATASETS) } else { Ok(count) }
    }

    /// The totals of all files, each once, by the hash of its address: the portal counts by address.
    pub(super) fn downloads(&self, organisation: Option<&str>) -> ListingCount {
        let unknown = |reason: &str| (Value::Unknown(reason.to_owned()), None);
        let (packages, partly, unasked) = match self {
            Self::Names(_) => return unknown(NO_TRACKING),
            Self::One(package) => (std::slice::from_ref(package), false, false),
            Self::Pages(listed, shown) if shown.is_empty() => (&listed[..], false, listed.len() > MAX_SHOWN),
            Self::Pages(listed, shown) => (&shown[..], shown.len() < listed.len(), false),
        };
        let ours = packages.iter().filter(|package| package.is_active() && belongs_to(package, organisation));
        let (mut labels, mut lacks) = (Breakdown::new(), false);
        for file in ours.flat_map(Package::files) {
            // The same address in two datasets is one file.
            if let Some((address, total)) = file.total() {
                labels.insert(label(address), total);
            }
            lacks |= !file.is_tracked();
        }
        let total = labels.values().try_fold(0_i64, |sum, n| sum.checked_add(*n).filter(|_| *n >= 0));
        match total {
            _ if labels.is_empty() && lacks && unasked => unknown(TOO_MANY_DATASETS),
            _ if labels.is_empty() => unknown(NO_TRACKING),
            _ if lacks || partly => unknown(INCOMPLETE_TRACKING),
            _ if labels.len() > MAX_LABELS => unknown(TOO_MANY_FILES),
            None => unknown(UNEXPECTED_TOTAL),
            Some(0) => unknown(NO_TRACKING),
            Some(total) => (Value::Known(total), Some(labels)),
        }
    }
}

fn belongs_to(package: &Package, organisation: Option<&str>) -> bool {
    organisation
        .is_none_or(|wanted| package.organization.as_ref().is_some_and(|found| found.name.as_deref() == Some(wanted)))
}

fn label(address: &str) -> String {
    let mut hash = sha256(address.as_bytes());
    hash.truncate(LABEL_DIGITS);
    hash
}

fn check_unique<'a>(names: impl IntoIterator<Item = &'a String>) -> Result<(), ParseError> {
    let mut unique = BTreeSet::new();
    if names.into_iter().all(|name| unique.insert(name)) { Ok(()) } else { Err(NAMED_TWICE) }
}
