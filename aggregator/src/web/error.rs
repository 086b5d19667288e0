//! Why a request has no answer: each reason with its HTTP status and its text in Japanese and English.

use super::content::TEXT;
use super::query_error::QueryError;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// Why there is no page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HttpError {
    /// The query is wrong.
    Query(QueryError),
    /// The address cannot be read.
    BadAddress,
    /// There is no such page.
    NoPage,
    /// There is no such plan.
    NoPlan,
    /// The plan has no such KPI.
    NoKpi,
    /// Another aggregator processes the plan.
    Elsewhere,
    /// The address does not take the method.
    BadMethod,
    /// The body is larger than allowed.
    LargeBody,
    /// The address is longer than allowed.
    LongAddress,
    /// The headers are larger than allowed.
    LargeHead,
    /// The figures are not released; the holder of the token may see them.
    Embargo,
    /// Too many wrong tokens.
    TooManyTokens,
    /// The answer took too long: too many requests at once.
    Busy,
    /// The stores cannot be read.
    Unreadable,
    /// A fault of the program; the log has it.
    Internal,
}

impl HttpError {
    /// The HTTP status.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Query(_) | Self::BadAddress => StatusCode::BAD_REQUEST,
            Self::NoPage | Self::NoPlan | Self::NoKpi | Self::Elsewhere => StatusCode::NOT_FOUND,
            Self::Embargo => StatusCode::UNAUTHORIZED,
            Self::TooManyTokens => StatusCode::TOO_MANY_REQUESTS,
            Self::BadMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::LargeBody => StatusCode::PAYLOAD_TOO_LARGE,
            Self::LongAddress => StatusCode::URI_TOO_LONG,
            Self::LargeHead => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Busy | Self::Unreadable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What is wrong and how to correct it, in Japanese and English.
    pub(super) fn text(&self) -> (String, String) {
        let (ja, en) = match self {
            Self::Query(error) => return error.text(),
            Self::BadAddress => ("アドレスを読み取れません。", "the address cannot be read"),
            Self::NoPage => ("ページがありません。", "there is no such page"),
            Self::NoPlan => ("その計画はありません。", "there is no such plan"),
            Self::NoKpi => ("その成果指標はありません。", "there is no such KPI"),
            Self::Elsewhere => (
                "その計画は別の集計機が受け持っています。そちらか Grafana で見てください。",
                "another aggregator keeps that plan, or nothing came of it yet; see there, or Grafana",
            ),
            Self::Embargo => (
                "まだ公表していない内容です。公表した報告は「公表した報告」(/publications) にあります。職員は合言葉で見られます。",
                "this is not released yet; what was published is at /publications, and staff see the rest with the token",
            ),
            Self::TooManyTokens => (
                "合言葉の間違いが続きました。1分待ってから正しい合言葉で開いてください。",
                "too many wrong tokens from this address; wait a minute, then ask with the right one",
            ),
            Self::BadMethod => ("ページは見るだけのものです。", "pages can only be read"),
            Self::LargeBody => ("送られた内容が大きすぎます。", "the request's body is too large"),
            Self::LongAddress => ("アドレスが長すぎます。", "the address is too long"),
            Self::LargeHead => ("要求のヘッダーが大きすぎます。", "the request's headers are too large"),
            Self::Busy => {
                ("混み合っています。少し待ってもう一度開いてください。", "too many readers just now, ask again")
            }
            Self::Unreadable => (
                "保管ファイルを今は読めません。少し待ってもう一度開いてください。",
                "the store cannot be read just now, ask again; the log says why",
            ),
            Self::Internal => {
                ("ページを作れませんでした。ログを見てください。", "the page could not be made; see the log")
            }
        };
        (ja.to_owned(), en.to_owned())
    }

    /// The heading of the page, in Japanese and English.
    pub(super) fn title(&self) -> (&'static str, &'static str) {
        match self.status() {
            StatusCode::UNAUTHORIZED => ("まだ公表していません", "Not released yet"),
            StatusCode::NOT_FOUND => ("見つかりません", "Not found"),
            StatusCode::SERVICE_UNAVAILABLE => ("今は表示できません", "Not available just now"),
            StatusCode::INTERNAL_SERVER_ERROR => ("表示できません", "Something went wrong"),
            _ => ("指定を確かめてください", "Please check what was asked"),
        }
    }
}

impl std::fmt::Display for HttpError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (ja, en) = self.text();
        write!(f, "{ja}\n{en}")
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = (self.status(), [(CONTENT_TYPE, TEXT)], format!("{self}\n")).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Logs a fault of the program; the reader learns only that there was one.
pub(super) fn internal(error: impl std::fmt::Display) -> HttpError {
    tracing::error!(%error, "an answer could not be made");
    HttpError::Internal
}
