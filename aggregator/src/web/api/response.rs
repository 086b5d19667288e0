//! Responses: JSON with an ETag, and the link to the next page.

use super::parameter::Parameter;
use super::problem::Problem;
use super::request::ApiRequest;
use crate::web::error::internal;
use aggregator_core::report::RULES_VERSION;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The content type of answers.
pub(super) const JSON: &str = "application/json";

/// Names the rules of judging that an answer was made by.
const RULES_VERSION_HEADER: &str = "rules-version";

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

/// A body that is no list.
pub(super) fn one(body: &impl Serialize) -> ApiResponse {
    Ok(Body { text: serde_json::to_string(body).map_err(internal)?, next: None })
}

/// A text that is JSON already.
pub(super) fn ready(text: String) -> Body {
    Body { text, next: None }
}

/// A page of the items, each with its cursor, that follow `after`.
pub(super) fn page<T: Serialize>(request: &ApiRequest, items: impl IntoIterator<Item = (String, T)>) -> ApiResponse {
    let (after, limit) = (request.text(Parameter::After), request.limit()?);
    let mut items = items.into_iter();
    if let Some(after) = after {
        // Removed since, or never there: either way its successor is unknown.
        items.by_ref().find(|(cursor, _)| cursor == after).ok_or_else(|| unknown_cursor(after))?;
    }
    let mut found: Vec<(String, T)> = items.take(limit + 1).collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(cursor, _)| cursor.clone());
    paged(ListPage { items: found.into_iter().map(|(_, item)| item).collect(), next })
}

/// A page that was limited where it was read.
pub(super) fn paged<T: Serialize>(page: ListPage<T>) -> ApiResponse {
    let body = one(&page)?;
    Ok(Body { next: page.next, ..body })
}

fn unknown_cursor(after: &str) -> Problem {
    Problem::parameter(
        "after",
        format!("must be the `next` of a page before; `{after}` is not, or no longer: begin again"),
    )
}

/// The response: 304 where the reader has the same answer.
pub(super) fn respond(status: StatusCode, request: &ApiRequest, body: Body) -> Response {
    let mut response = tagged(status, &request.headers, body.text);
    if let Some(next) = body.next
        && let Ok(link) = HeaderValue::from_str(&format!("<{}>; rel=\"next\"", request.page_after(&next)))
    {
        response.headers_mut().insert(LINK, link);
    }
    response
}

/// JSON with its ETag.
pub(super) fn tagged(status: StatusCode, headers: &HeaderMap, text: String) -> Response {
    let digest = Sha256::digest(&text);
    let tag = digest[..16].iter().fold(String::from("\""), |mut tag, byte| {
        let _ = write!(tag, "{byte:02x}");
        tag
    }) + "\"";
    let cached = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let same = cached.flat_map(|tags| tags.split(',')).map(str::trim);
    let mut same = same.map(|cached| cached.strip_prefix("W/").unwrap_or(cached));
    // Only an answer to GET can be cached.
    let mut response = if status == StatusCode::OK && same.any(|cached| cached == tag || cached == "*") {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (status, [(CONTENT_TYPE, JSON)], text).into_response()
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response.headers_mut().insert(RULES_VERSION_HEADER, HeaderValue::from(RULES_VERSION));
    response
}
