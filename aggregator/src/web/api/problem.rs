//! Why there is no answer, as a problem of RFC 9457.

use super::response::PROBLEM;
use crate::store::StoreError;
use crate::web::answer::HttpError;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::web) enum Problem {
    #[error("there is no such address; see /api/v1/openapi.json")]
    NoSuchAddress,
    #[error("this address does not take that method; see /api/v1/openapi.json")]
    NoSuchMethod,
    #[error("there is no such {0}")]
    NoSuch(&'static str),
    #[error("another aggregator keeps that plan, or nothing came of it yet")]
    Elsewhere,
    #[error("`{name}` {needs}")]
    BadParameter { name: String, needs: String },
    #[error("this needs `Authorization: Bearer TOKEN` with the token of `http.token_file`")]
    NoToken,
    #[error("no token is configured: name one with `http.token_file` in shihyo.toml, then ask with it")]
    NoWriting,
    #[error("{}", .0.words().1)]
    Refused(HttpError),
    #[error("the answer could not be made; see the log")]
    Broken,
}

/// A problem as it is sent.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct ProblemBody {
    /// `about:blank`: `code` tells the kinds apart.
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
    /// Logs what went wrong, once; who asked is told only that it did.
    pub(super) fn broken(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "an answer could not be made");
        Self::Broken
    }

    pub(super) fn parameter(name: &str, needs: impl Into<String>) -> Self {
        Self::BadParameter { name: name.to_owned(), needs: needs.into() }
    }

    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoSuchAddress => (StatusCode::NOT_FOUND, "no_such_address"),
            Self::NoSuchMethod => (StatusCode::METHOD_NOT_ALLOWED, "no_such_method"),
            Self::NoSuch(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::Elsewhere => (StatusCode::NOT_FOUND, "elsewhere"),
            Self::BadParameter { .. } => (StatusCode::BAD_REQUEST, "bad_parameter"),
            Self::NoToken => (StatusCode::UNAUTHORIZED, "no_token"),
            Self::NoWriting => (StatusCode::FORBIDDEN, "no_writing"),
            Self::Refused(refusal) => (refusal.status(), refused(*refusal)),
            Self::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "broken"),
        }
    }

    /// The answer to a request of that address.
    pub(in crate::web) fn at(&self, instance: &str) -> Response {
        let (status, code) = self.kind();
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

impl From<HttpError> for Problem {
    fn from(refusal: HttpError) -> Self {
        match refusal {
            HttpError::NoPlan => Self::NoSuch("plan"),
            HttpError::NoKpi => Self::NoSuch("KPI"),
            HttpError::Elsewhere => Self::Elsewhere,
            HttpError::NoPage => Self::NoSuchAddress,
            HttpError::BadMethod => Self::NoSuchMethod,
            HttpError::Broken => Self::Broken,
            other => Self::Refused(other),
        }
    }
}

/// The word for programs.
fn refused(refusal: HttpError) -> &'static str {
    match refusal {
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
            return Self::Refused(HttpError::Unreadable);
        }
        Self::broken(error)
    }
}
