//! Why there is no answer, as a problem of RFC 9457.

use crate::store::StoreError;
use crate::web::error::{HttpError, internal};
use crate::web::query_error::QueryError;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

/// The content type of problems.
pub(super) const PROBLEM: &str = "application/problem+json";

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("there is no such address; see /api/v1/openapi.json")]
    NoSuchAddress,
    #[error("this address does not take that method; see /api/v1/openapi.json")]
    NoSuchMethod,
    #[error("there is no such {0}")]
    NoSuch(&'static str),
    #[error("`{name}` {needs}")]
    BadParameter { name: String, needs: String },
    #[error("this needs `Authorization: Bearer TOKEN` with the token of `http.token_file`")]
    NoToken,
    #[error("too many wrong tokens from this address; wait a minute, then ask with the right one")]
    TooManyTokens,
    #[error("no token is configured: name one with `http.token_file` in shihyo.toml, then ask with it")]
    NoControl,
    #[error("{}", .0.text().1)]
    Http(HttpError),
    #[error("the answer could not be made; see the log")]
    Internal,
}

/// A problem as it is sent.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct ProblemBody {
    /// `about:blank`: `code` distinguishes the kinds.
    r#type: &'static str,
    /// The phrase of the status.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong, and what would be right.
    detail: String,
    /// The address asked.
    instance: String,
    /// A word for programs.
    code: &'static str,
}

impl Problem {
    pub(super) fn parameter(name: &str, needs: impl Into<String>) -> Self {
        Self::BadParameter { name: name.to_owned(), needs: needs.into() }
    }

    fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoSuchAddress => (StatusCode::NOT_FOUND, "no_such_address"),
            Self::NoSuchMethod => (StatusCode::METHOD_NOT_ALLOWED, "no_such_method"),
            Self::NoSuch(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::BadParameter { .. } => (StatusCode::BAD_REQUEST, "bad_parameter"),
            Self::NoToken => (StatusCode::UNAUTHORIZED, "no_token"),
            Self::TooManyTokens => (StatusCode::TOO_MANY_REQUESTS, "too_many_tokens"),
            Self::NoControl => (StatusCode::FORBIDDEN, "no_writing"),
            Self::Http(error) => (error.status(), code(error)),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "broken"),
        }
    }

    /// The response to a request of that address.
    pub(crate) fn at(&self, instance: &str) -> Response {
        let (status, code) = self.status_and_code();
        let title = status.canonical_reason().unwrap_or_default();
        let (detail, instance) = (self.to_string(), instance.to_owned());
        let body = ProblemBody { r#type: "about:blank", title, status: status.as_u16(), detail, instance, code };
        let text = serde_json::to_string(&body).unwrap_or_default();
        let mut response = (status, [(CONTENT_TYPE, PROBLEM)], text).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = axum::http::HeaderValue::from_static("Bearer realm=\"shihyo\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        Self::Http(HttpError::Query(error))
    }
}

impl From<HttpError> for Problem {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::NoPlan => Self::NoSuch("plan"),
            HttpError::NoKpi => Self::NoSuch("KPI"),
            HttpError::NoPage => Self::NoSuchAddress,
            HttpError::BadMethod => Self::NoSuchMethod,
            HttpError::Internal => Self::Internal,
            HttpError::TooManyTokens => Self::TooManyTokens,
            other => Self::Http(other),
        }
    }
}

fn code(error: &HttpError) -> &'static str {
    match error {
        HttpError::Elsewhere => "elsewhere",
        HttpError::Embargo => "embargo",
        HttpError::BadAddress => "bad_address",
        HttpError::LargeBody => "large_body",
        HttpError::LongAddress => "long_address",
        HttpError::LargeHead => "large_head",
        HttpError::Busy => "busy",
        HttpError::Unreadable => "store_unreadable",
        _ => "bad_parameter",
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_retriable() {
            tracing::warn!(error = %contract::error::chain(&error), "the store cannot be read for an answer");
            return Self::Http(HttpError::Unreadable);
        }
        internal(error).into()
    }
}
