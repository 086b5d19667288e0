//! How an answer leaves: its type, its headers, and refusals in words.

use super::api::{self, Problem};
use super::query;
use crate::render::html;
use crate::render::view::PageContext;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// What a page may load and who may frame it: its own style sheet, and nobody.
pub(super) const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// The type of plain text.
pub(super) const TEXT: &str = "text/plain; charset=utf-8";
/// The type of pages.
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HttpError {
    /// The moment asked is none.
    BadMoment,
    /// The time known at is none.
    BadTime,
    /// The language is none of ours.
    BadLang,
    /// A switch is neither on nor off.
    BadSwitch,
    /// A parameter stands twice.
    Twice,
    /// The address cannot be read.
    BadAddress,
    /// There is no such page.
    NoPage,
    /// There is no such plan.
    NoPlan,
    /// The plan has no such KPI.
    NoKpi,
    /// Another aggregator keeps it.
    Elsewhere,
    /// Pages are only read.
    BadMethod,
    /// The body is larger than any of ours.
    LargeBody,
    /// The address is longer than any of ours.
    LongAddress,
    /// The headers are larger than any reader's.
    LargeHead,
    /// It took too long: too many ask at once.
    Busy,
    /// The stores cannot be read.
    Unreadable,
    /// A page could not be made: a mistake of ours, logged where it is found.
    Broken,
}

impl HttpError {
    /// The status over HTTP.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::BadMoment | Self::BadTime | Self::BadLang | Self::BadSwitch | Self::Twice | Self::BadAddress => {
                StatusCode::BAD_REQUEST
            }
            Self::NoPage | Self::NoPlan | Self::NoKpi | Self::Elsewhere => StatusCode::NOT_FOUND,
            Self::BadMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::LargeBody => StatusCode::PAYLOAD_TOO_LARGE,
            Self::LongAddress => StatusCode::URI_TOO_LONG,
            Self::LargeHead => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Busy | Self::Unreadable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What is wrong and what would be right, in Japanese and English.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::BadMoment => (
                "`on` は 2020-03-31（日）、2020-03（月）、FY2019（年度）のいずれかで指定してください。",
                "`on` must be a day (2020-03-31), a month (2020-03) or a fiscal year (FY2019)",
            ),
            Self::BadTime => (
                "`known_at` は 2020-04-01T12:00:00+09:00 のような日時で指定してください。",
                "`known_at` must be a time such as 2020-04-01T12:00:00+09:00",
            ),
            Self::BadLang => ("`lang` は ja、en、both のいずれかで指定してください。", "`lang` must be ja, en or both"),
            Self::BadSwitch => {
                ("`rollups` と `bom` は 0 か 1 で指定してください。", "`rollups` and `bom` must be 0 or 1")
            }
            Self::Twice => ("各パラメーターは一度だけ指定してください。", "each parameter may stand only once"),
            Self::BadAddress => ("アドレスを読み取れません。", "the address cannot be read"),
            Self::NoPage => ("ページがありません。", "there is no such page"),
            Self::NoPlan => ("その計画はありません。", "there is no such plan"),
            Self::NoKpi => ("その成果指標はありません。", "there is no such KPI"),
            Self::Elsewhere => (
                "その計画は別の集計機が受け持っています。そちらか Grafana で見てください。",
                "another aggregator keeps that plan, or nothing came of it yet; see there, or Grafana",
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
            Self::Broken => {
                ("ページを作れませんでした。ログを見てください。", "the page could not be made; see the log")
            }
        }
    }

    /// What such an answer means, for its heading.
    fn title(self) -> (&'static str, &'static str) {
        match self.status() {
            StatusCode::NOT_FOUND => ("見つかりません", "Not found"),
            StatusCode::SERVICE_UNAVAILABLE => ("今は表示できません", "Not available just now"),
            StatusCode::INTERNAL_SERVER_ERROR => ("表示できません", "Something went wrong"),
            _ => ("指定を確かめてください", "Please check what was asked"),
        }
    }
}

impl std::fmt::Display for HttpError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (ja, en) = self.words();
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

/// A body of a type.
pub(super) fn of_type(kind: &'static str, body: impl IntoResponse) -> Response {
    ([(CONTENT_TYPE, kind)], body).into_response()
}

/// Gives a refusal the form that its reader takes, and every answer the headers that all carry.
pub(super) async fn dressed(request: Request, next: Next) -> Response {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let response = next.run(request).await;
    harden(match refused(&response) {
        Some(refusal) => worded(refusal, response, &uri, &headers),
        None => response,
    })
}

/// Why an answer is none, also where the router or the reading of a path says so in its own words.
fn refused(response: &Response) -> Option<HttpError> {
    let kind = response.headers().get(CONTENT_TYPE);
    let said = response.extensions().get::<HttpError>().copied();
    said.or(match (response.status(), kind) {
        (StatusCode::METHOD_NOT_ALLOWED, None) => Some(HttpError::BadMethod),
        (StatusCode::BAD_REQUEST, Some(kind)) if kind.as_bytes().starts_with(b"text/plain") => {
            Some(HttpError::BadAddress)
        }
        _ => None,
    })
}

/// A problem for machines, a page for browsers, plain text for everybody else.
fn worded(refusal: HttpError, mut response: Response, uri: &Uri, headers: &HeaderMap) -> Response {
    response.extensions_mut().remove::<HttpError>();
    response.headers_mut().remove(CONTENT_LENGTH);
    let path = uri.path();
    if path == "/api" || path.starts_with("/api/") || path == api::PREFIX {
        let mut problem = Problem::from(refusal).at(path);
        if let Some(allow) = response.headers_mut().remove(axum::http::header::ALLOW) {
            problem.headers_mut().insert(axum::http::header::ALLOW, allow);
        }
        return problem;
    }
    let accepts = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let tongue = query::tongue(uri, headers);
    let view = PageContext { lang: tongue.lang, asked: tongue.asked, path: "/".to_owned(), ..PageContext::default() };
    let status = refusal.status();
    let page = accepts
        .contains("text/html")
        .then(|| html::refused(&view, &status.to_string(), refusal.title(), refusal.words()));
    let (kind, text) = match page {
        Some(Ok(page)) => (HTML, page),
        _ => (TEXT, format!("{refusal}\n")),
    };
    *response.body_mut() = text.into();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn harden(mut response: Response) -> Response {
    let headers: [(HeaderName, &'static str); 5] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        // A report is only as good as the books at this moment.
        (CACHE_CONTROL, "no-cache"),
        (VARY, "accept, accept-language"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
