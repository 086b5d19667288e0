//! A request of the interface, read: its path, its parameters, its token.

use super::problem::Problem;
use super::routes::Route;
use crate::render::view::encoded;
use crate::store::{self, StoreReader};
use crate::vintage::PlanVintage;
use crate::web::{Site, Writing, lookup, query};
use aggregator_core::plan_state::PlanState;
use axum::extract::{Query, RawPathParams};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Uri};
use bus::Partition;
use contract::period::Period;
use contract::time::Micros;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Items of a page unless it is said.
pub(super) const LIMIT: usize = 100;
/// Items of a page.
pub(super) const MAX_LIMIT: usize = 1_000;

/// A request.
pub(super) struct ApiRequest {
    pub(super) site: Site,
    pub(super) headers: HeaderMap,
    path: String,
    params: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
}

impl ApiRequest {
    pub(super) fn read(site: Site, params: &RawPathParams, uri: &Uri, headers: HeaderMap) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Problem::parameter("?", "must be `name=value`, joined with `&`, percent-encoded"))?;
        let mut query = BTreeMap::new();
        for (name, value) in pairs.0 {
            if query.insert(name.clone(), value).is_some() {
                return Err(Problem::parameter(&name, "may stand only once"));
            }
        }
        let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Self { site, headers, path: uri.path().to_owned(), params, query })
    }

    /// Refuses a parameter that the route does not have: a typing mistake would else change the answer unseen.
    pub(super) fn only(&self, route: &Route) -> Result<(), Problem> {
        match self.query.keys().find(|name| !route.query.iter().any(|known| known.name == name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let known: Vec<&str> = route.query.iter().map(|known| known.name).collect();
                let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
                Err(Problem::parameter(name, format!("is not asked here; this address knows {known}")))
            }
        }
    }

    /// A part of the path.
    pub(super) fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// A parameter.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// How many items a page may have.
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.text("limit") else { return Ok(LIMIT) };
        let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        limit.ok_or_else(|| Problem::parameter("limit", format!("must be a number from 1 to {MAX_LIMIT}")))
    }

    /// The moment asked of a plan: `on`, else the plan's own, else today.
    pub(super) fn on(&self, book: &PlanState) -> Result<Period, Problem> {
        let needs = "must be a day (2020-03-31), a month (2020-03) or a fiscal year (FY2019)";
        match self.text("on") {
            Some(text) => Period::parse(text).ok_or_else(|| Problem::parameter("on", needs)),
            None => Ok(book.catalogue.plan.default_on.unwrap_or_else(|| self.site.today())),
        }
    }

    /// Looks into the books of all plans shown here.
    pub(super) fn books<T>(
        &self,
        look: impl FnOnce(&BTreeMap<String, PlanState>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        look(&*self.site.books.read().map_err(Problem::broken)?)
    }

    /// Looks into the book of the plan that the path names, as known now or by the time asked.
    pub(super) fn book<T>(&self, look: impl FnOnce(&PlanState) -> Result<T, Problem>) -> Result<T, Problem> {
        self.known(|book, _| look(book))
    }

    /// The same, with what is known of that time.
    pub(super) fn known<T>(
        &self,
        look: impl FnOnce(&PlanState, Option<&PlanVintage>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        lookup::book(&self.site, self.param("plan"), self.known_at()?, look)
    }

    /// The time asked.
    fn known_at(&self) -> Result<Option<Micros>, Problem> {
        let needs = "must be a time with its offset, such as 2020-04-01T12:00:00+09:00 (in an address `+` is %2B)";
        let read = |text: &str| query::time(text).ok_or_else(|| Problem::parameter("known_at", needs));
        self.text("known_at").map(read).transpose()
    }

    /// The stores, by partition.
    pub(super) fn stores(&self) -> Result<Vec<(i32, StoreReader)>, Problem> {
        let Some(folder) = self.site.store.as_deref() else { return Ok(Vec::new()) };
        let open = |of: Partition| Ok((of.0, store::open_reader(folder, of)?));
        store::partitions(folder)?.into_iter().map(open).collect()
    }

    /// What may be wished of the pipeline, once the token is the right one.
    pub(super) fn allowed(&self) -> Result<&Writing, Problem> {
        let writing = self.site.writing.as_deref().ok_or(Problem::NoWriting)?;
        let given = self.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = given.and_then(|given| given.strip_prefix("Bearer ")).ok_or(Problem::NoToken)?;
        if <[u8; 32]>::from(Sha256::digest(token)) == writing.token { Ok(writing) } else { Err(Problem::NoToken) }
    }

    /// The address of the page after a cursor.
    pub(super) fn page_after(&self, next: &str) -> String {
        let others = self.query.iter().filter(|(name, _)| *name != "after");
        let all = others.map(|(name, value)| (name.as_str(), value.as_str())).chain([("after", next)]);
        let pairs: Vec<String> = all.map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        format!("{}?{}", self.path, pairs.join("&"))
    }
}
