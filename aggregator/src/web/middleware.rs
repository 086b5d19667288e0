//! What every answer goes through on its way out: the form of errors, and the common headers.

use super::api::problem::Problem;
use super::api::routes::PREFIX;
use super::content::{HTML, TEXT};
use super::content_policy::{FrozenPolicy, POLICY};
use super::embargo::StaffAnswer;
use super::error::HttpError;
use super::query::language_choice;
use crate::render::html;
use crate::render::view::PageContext;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    RETRY_AFTER, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;

/// Seconds after which a client may ask again for an answer that could not be made.
const RETRY_SECONDS: &str = "5";

/// Seconds after which an address that gave many wrong tokens is treated as any other.
const BRAKE_SECONDS: &str = "60";

/// Gives an error the form that its reader accepts, and every answer the common headers.
pub(super) async fn finish(request: Request, next: Next) -> Response {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let response = next.run(request).await;
    add_headers(match error_of(&response) {
        Some(error) => error_response(error, response, &uri, &headers),
        None => response,
    })
}

/// The error of an answer, also where the router or a path extractor made it.
fn error_of(response: &Response) -> Option<HttpError> {
    let content_type = response.headers().get(CONTENT_TYPE);
    let error = response.extensions().get::<HttpError>().cloned();
    error.or(match (response.status(), content_type) {
        (StatusCode::METHOD_NOT_ALLOWED, None) => Some(HttpError::BadMethod),
        (StatusCode::BAD_REQUEST, Some(content_type)) if content_type.as_bytes().starts_with(b"text/plain") => {
            Some(HttpError::BadAddress)
        }
        _ => None,
    })
}

/// A problem for the API and clients that accept JSON, a page for browsers, plain text for other clients.
fn error_response(error: HttpError, mut response: Response, uri: &Uri, headers: &HeaderMap) -> Response {
    response.extensions_mut().remove::<HttpError>();
    response.headers_mut().remove(CONTENT_LENGTH);
    let path = uri.path();
    let accepts = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let wants_json = accepts.contains("json") && !accepts.contains("text/html");
    if wants_json || path == "/api" || path.starts_with("/api/") || path == PREFIX {
        let mut problem = Problem::from(error).at(path);
        if let Some(allow) = response.headers_mut().remove(axum::http::header::ALLOW) {
            problem.headers_mut().insert(axum::http::header::ALLOW, allow);
        }
        return problem;
    }
    let language = language_choice(uri, headers);
    let view =
        PageContext { lang: language.lang, asked: language.asked, path: "/".to_owned(), ..PageContext::default() };
    let (status, (ja, en)) = (error.status(), error.text());
    let page =
        accepts.contains("text/html").then(|| html::error(&view, &status.to_string(), error.title(), (&ja, &en)));
    let (content_type, text) = match page {
        Some(Ok(page)) => (HTML, page),
        _ => (TEXT, format!("{error}\n")),
    };
    *response.body_mut() = text.into();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn add_headers(mut response: Response) -> Response {
    // What staff may see must not stay in a cache that others share.
    let cached = if response.extensions().get::<StaffAnswer>().is_some() { "private, no-store" } else { "no-cache" };
    let policy = response.extensions_mut().remove::<FrozenPolicy>();
    let headers: [(HeaderName, &'static str); 5] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        // The next answer may have newer figures.
        (CACHE_CONTROL, cached),
        (VARY, "accept, accept-language, authorization"),
    ];
    let retry = match response.status() {
        StatusCode::SERVICE_UNAVAILABLE => Some(RETRY_SECONDS),
        StatusCode::TOO_MANY_REQUESTS => Some(BRAKE_SECONDS),
        _ => None,
    };
    if let Some(seconds) = retry {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(seconds));
    }
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if let Some(policy) = policy.and_then(|policy| HeaderValue::from_str(&policy.0).ok()) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    // A browser then asks for the token; a program is told by the API's own challenge.
    if response.status() == StatusCode::UNAUTHORIZED && !response.headers().contains_key(WWW_AUTHENTICATE) {
        let challenge = HeaderValue::from_static("Basic realm=\"shihyo\", charset=\"UTF-8\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}
