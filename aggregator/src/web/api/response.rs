//! How an answer leaves: JSON with an ETag, and where its next page is.

use super::problem::Problem;
use super::request::ApiRequest;
use super::routes::Route;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The type of answers.
pub(super) const JSON: &str = "application/json";
/// The type of errors.
pub(super) const PROBLEM: &str = "application/problem+json";

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ListPage<T> {
    /// In a stable order.
    pub(super) items: Vec<T>,
    /// What to give as `after` for the next page; `null` on the last.
    pub(super) next: Option<String>,
}

/// A body, and the cursor of the page after it.
pub(super) struct Body {
    text: String,
    next: Option<String>,
}

/// What a route answers.
pub(super) type ApiResponse = Result<Body, Problem>;

/// One thing.
pub(super) fn one(body: &impl Serialize) -> ApiResponse {
    Ok(Body { text: serde_json::to_string(body).map_err(Problem::broken)?, next: None })
}

/// A text that is JSON already.
pub(super) fn ready(text: String) -> Body {
    Body { text, next: None }
}

/// A page of what `items` gives, each with its cursor, once those up to `after` are left out.
pub(super) fn page<T: Serialize>(call: &ApiRequest, items: impl IntoIterator<Item = (String, T)>) -> ApiResponse {
    let (after, limit) = (call.text("after"), call.limit()?);
    let mut items = items.into_iter();
    if let Some(after) = after {
        // Gone since, or never there: either way nobody can say what comes after it.
        items.by_ref().find(|(cursor, _)| cursor == after).ok_or_else(|| lost(after))?;
    }
    let mut found: Vec<(String, T)> = items.take(limit + 1).collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(cursor, _)| cursor.clone());
    paged(ListPage { items: found.into_iter().map(|(_, item)| item).collect(), next })
}

/// A page that was cut where it was read.
pub(super) fn paged<T: Serialize>(page: ListPage<T>) -> ApiResponse {
    let made = one(&page)?;
    Ok(Body { next: page.next, ..made })
}

fn lost(after: &str) -> Problem {
    Problem::parameter(
        "after",
        format!("must be the `next` of a page before; `{after}` is not, or no longer: begin again"),
    )
}

/// The response: 304 where the reader has just that.
pub(super) fn answer(route: &Route, call: &ApiRequest, made: Body) -> Response {
    let mut response = tagged(route.status(), &call.headers, made.text);
    if let Some(next) = made.next
        && let Ok(link) = HeaderValue::from_str(&format!("<{}>; rel=\"next\"", call.page_after(&next)))
    {
        response.headers_mut().insert(LINK, link);
    }
    response
}

/// JSON with its tag.
pub(super) fn tagged(status: StatusCode, headers: &HeaderMap, text: String) -> Response {
    let digest = Sha256::digest(&text);
    let tag = digest[..16].iter().fold(String::from("\""), |mut tag, byte| {
        let _ = write!(tag, "{byte:02x}");
        tag
    }) + "\"";
    let held = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let same = held.flat_map(|tags| tags.split(',')).map(str::trim);
    let mut same = same.map(|held| held.strip_prefix("W/").unwrap_or(held));
    // Only what is read can be held already: what was done is told each time.
    let mut response = if status == StatusCode::OK && same.any(|held| held == tag || held == "*") {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (status, [(CONTENT_TYPE, JSON)], text).into_response()
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
