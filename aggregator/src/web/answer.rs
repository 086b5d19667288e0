//! How an answer leaves: its type, its headers, and refusals in words.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// What a page may load and who may frame it: its own style sheet, and nobody.
pub(super) const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// The type of plain text.
pub(super) const TEXT: &str = "text/plain; charset=utf-8";
/// The type of pages.
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// The moment asked is none.
    #[error(
        "`on` は 2020-03-31（日）、2020-03（月）、FY2019（年度）のいずれかで指定してください。\n\
         `on` must be a day (2020-03-31), a month (2020-03) or a fiscal year (FY2019)"
    )]
    BadMoment,
    /// A switch is neither on nor off.
    #[error("`rollups` と `bom` は 0 か 1 で指定してください。\n`rollups` and `bom` must be 0 or 1")]
    BadSwitch,
    /// A parameter stands twice.
    #[error("各パラメーターは一度だけ指定してください。\neach parameter may stand only once")]
    Twice,
    /// There is no such page.
    #[error("ページがありません。\nthere is no such page")]
    NoPage,
    /// There is no such plan.
    #[error("その計画はありません。\nthere is no such plan")]
    NoPlan,
    /// The plan has no such KPI.
    #[error("その成果指標はありません。\nthere is no such KPI")]
    NoKpi,
    /// Another aggregator keeps it.
    #[error(
        "その計画は別の集計機が受け持っています。そちらか Grafana で見てください。\n\
         another aggregator keeps that plan, or nothing came of it yet; see there, or Grafana"
    )]
    Elsewhere,
    /// A page could not be made: a mistake of ours, logged where it is found.
    #[error("ページを作れませんでした。ログを見てください。\nthe page could not be made; see the log")]
    Broken,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::BadMoment | Self::BadSwitch | Self::Twice => StatusCode::BAD_REQUEST,
            Self::NoPage | Self::NoPlan | Self::NoKpi | Self::Elsewhere => StatusCode::NOT_FOUND,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, [(CONTENT_TYPE, TEXT)], format!("{self}\n")).into_response()
    }
}

/// A body of a type.
pub(super) fn of_type(kind: &'static str, body: impl IntoResponse) -> Response {
    ([(CONTENT_TYPE, kind)], body).into_response()
}

/// The headers that every answer carries.
pub(super) async fn harden(mut response: Response) -> Response {
    let headers: [(HeaderName, &'static str); 4] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        // A report is only as good as the books at this moment.
        (CACHE_CONTROL, "no-cache"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
