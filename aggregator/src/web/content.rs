//! The content types of answers.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// Plain text.
pub(super) const TEXT: &str = "text/plain; charset=utf-8";
/// Pages.
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// A body of a content type.
pub(super) fn of_type(content_type: &'static str, body: impl IntoResponse) -> Response {
    ([(CONTENT_TYPE, content_type)], body).into_response()
}
