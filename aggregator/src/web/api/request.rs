//! A request to the API: its path, its parameters, its token.

use super::parameter::{LIMIT, MAX_LIMIT, Parameter};
use super::problem::Problem;
use crate::render::view::encoded;
use crate::store::{self, StoreReader};
use crate::vintage::PlanVintage;
use crate::web::error::internal;
use crate::web::lookup;
use crate::web::query::parse_time;
use crate::web::query_error::QueryError;
use crate::web::site::{ControlAccess, Site};
use crate::web::token_brake::PeerAddress;
use aggregator_core::plan_state::PlanState;
use axum::extract::{Query, RawPathParams};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Uri};
use bus::Partition;
use contract::period::Period;
use contract::time::Micros;
use std::collections::BTreeMap;
use std::time::Instant;

/// A request.
pub(super) struct ApiRequest {
    pub(super) site: Site,
    pub(super) headers: HeaderMap,
    /// Who asks.
    peer: PeerAddress,
    path: String,
    /// The parameters that the route takes.
    accepted: &'static [Parameter],
    params: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
}

impl ApiRequest {
    pub(super) fn read(
        site: Site,
        accepted: &'static [Parameter],
        params: &RawPathParams,
        uri: &Uri,
        (headers, peer): (HeaderMap, PeerAddress),
    ) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| QueryError::Unreadable)?;
        let mut query = BTreeMap::new();
        for (name, value) in pairs.0 {
            if query.insert(name.clone(), value).is_some() {
                return Err(QueryError::Repeated(name).into());
            }
        }
        let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Self { site, headers, peer, path: uri.path().to_owned(), accepted, params, query })
    }

    /// Refuses a parameter that the route does not take: a typing mistake would otherwise change the answer silently.
    pub(super) fn check_parameters(&self) -> Result<(), Problem> {
        let names: Vec<&str> = self.accepted.iter().map(|parameter| parameter.name()).collect();
        QueryError::unknown(self.query.keys().map(String::as_str), &names).map_or(Ok(()), |unknown| Err(unknown.into()))
    }

    /// A part of the path.
    pub(super) fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// The text of a parameter that the route takes.
    pub(super) fn text(&self, parameter: Parameter) -> Option<&str> {
        debug_assert!(self.accepted.contains(&parameter), "{} does not list {parameter:?}", self.path);
        self.query.get(parameter.name()).map(String::as_str)
    }

    /// How many items a page may have.
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.text(Parameter::Limit) else { return Ok(LIMIT) };
        let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        limit.ok_or_else(|| Problem::parameter("limit", format!("must be a number from 1 to {MAX_LIMIT}")))
    }

    /// The period of a plan's report: `on`, else the plan's default, else today.
    pub(super) fn on(&self, plan: &PlanState) -> Result<Period, Problem> {
        match self.text(Parameter::On) {
            Some(text) => Period::parse(text).ok_or_else(|| QueryError::Moment.into()),
            None => Ok(plan.catalogue.plan.default_on.unwrap_or_else(|| self.site.today())),
        }
    }

    /// Looks into the states of all plans.
    pub(super) fn plans<T>(
        &self,
        look: impl FnOnce(&BTreeMap<String, PlanState>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        look(&*self.site.plans.read().map_err(internal)?)
    }

    /// Looks into the state of the plan that the path names, current or as known at a time.
    pub(super) fn plan<T>(&self, look: impl FnOnce(&PlanState) -> Result<T, Problem>) -> Result<T, Problem> {
        self.vintage(|plan, _| look(plan))
    }

    /// The same, with the vintage of that time.
    pub(super) fn vintage<T>(
        &self,
        look: impl FnOnce(&PlanState, Option<&PlanVintage>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        lookup::plan(&self.site, self.param("plan"), self.known_at()?, look)
    }

    fn known_at(&self) -> Result<Option<Micros>, Problem> {
        if !self.accepted.contains(&Parameter::KnownAt) {
            return Ok(None);
        }
        let read = |text: &str| parse_time(text).ok_or_else(|| QueryError::Time.into());
        self.text(Parameter::KnownAt).map(read).transpose()
    }

    /// The stores, by partition.
    pub(super) fn stores(&self) -> Result<Vec<(i32, StoreReader)>, Problem> {
        let Some(folder) = self.site.store.as_deref() else { return Ok(Vec::new()) };
        let open = |of: Partition| Ok((of.0, store::open_reader(folder, of)?));
        store::partitions(folder)?.into_iter().map(open).collect()
    }

    /// Refuses a request without the right token. Wrong ones are answered late, then refused by their number; the right one
    /// is always taken at once.
    pub(super) async fn check_token(&self) -> Result<(), Problem> {
        let Err(refused) = self.authorize() else { return Ok(()) };
        let access = self.site.control.as_deref().filter(|_| self.headers.contains_key(AUTHORIZATION));
        match access {
            Some(access) if access.brake.wrong(self.peer, Instant::now()).await => Err(Problem::TooManyTokens),
            _ => Err(refused),
        }
    }

    /// The access to the pipeline, where the token is right.
    pub(super) fn authorize(&self) -> Result<&ControlAccess, Problem> {
        let access = self.site.control.as_deref().ok_or(Problem::NoControl)?;
        let given = self.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = given.and_then(|given| given.strip_prefix("Bearer ")).ok_or(Problem::NoToken)?;
        if access.accepts(token) { Ok(access) } else { Err(Problem::NoToken) }
    }

    /// The address of the page after a cursor.
    pub(super) fn page_after(&self, next: &str) -> String {
        let others = self.query.iter().filter(|(name, _)| *name != "after");
        let all = others.map(|(name, value)| (name.as_str(), value.as_str())).chain([("after", next)]);
        let pairs: Vec<String> = all.map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        format!("{}?{}", self.path, pairs.join("&"))
    }
}
