//! The query of the first page: `?q=`, `?status=` and `?page=`, beside those of every page.

use super::error::HttpError;
use super::query::{self, PageQuery, only};
use super::query_error::QueryError;
use aggregator_core::judge::Status;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// Characters of a search: longer than any name of a plan.
const MAX_SEARCH_CHARS: usize = 100;
/// What a list takes beside the parameters of every page.
const LIST_NAMES: [&str; 3] = ["q", "status", "page"];

/// Which plans of a list are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListQuery {
    /// What their names hold; empty for all.
    pub(super) search: String,
    /// A status that one of their KPIs has.
    pub(super) status: Option<Status>,
    /// The page, from 1.
    pub(super) page: usize,
    /// The query of every page.
    pub(super) of_page: PageQuery,
}

impl<S: Sync> FromRequestParts<S> for ListQuery {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpError> {
        let pairs = query::pairs(&parts.uri).ok_or(QueryError::Unreadable);
        let parsed = pairs.and_then(|pairs| {
            let names: Vec<&str> = query::NAMES.into_iter().chain(LIST_NAMES).collect();
            Self::parse(&pairs, query::parse(&pairs, &names, &parts.headers)?)
        });
        let query = parsed.map_err(HttpError::Query)?;
        Ok(Self { of_page: PageQuery { path: parts.uri.path().to_owned(), ..query.of_page }, ..query })
    }
}

impl ListQuery {
    fn parse(pairs: &[(String, String)], of_page: PageQuery) -> Result<Self, QueryError> {
        let search = only(pairs, "q")?.unwrap_or_default().trim().to_owned();
        if search.chars().count() > MAX_SEARCH_CHARS {
            return Err(QueryError::Search);
        }
        let status =
            |word: &str| Status::ALL.into_iter().find(|status| status.name() == word).ok_or(QueryError::Status);
        // A form sends the choice of all as an empty text.
        let status = only(pairs, "status")?.filter(|word| !word.is_empty()).map(status).transpose()?;
        let page = only(pairs, "page")?.map_or(Ok(1), |text| text.parse().map_err(|_| QueryError::Page))?;
        if page == 0 {
            return Err(QueryError::Page);
        }
        Ok(Self { search, status, page, of_page })
    }
}
