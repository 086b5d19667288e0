//! The query of a page: `?on=`, `?known_at=`, `?lang=`, `?rollups=`, `?bom=`, and the language that the browser prefers.

use super::error::HttpError;
use super::query_error::QueryError;
use crate::render::lang::Language;
use axum::extract::{FromRequestParts, Query};
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use contract::period::Period;
use contract::time::Micros;

/// The parameters of pages and exports.
pub(super) const NAMES: [&str; 5] = ["on", "known_at", "lang", "rollups", "bom"];

/// A parsed query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PageQuery {
    /// The period of the report; `None` for the default of each plan.
    pub on: Option<Period>,
    /// Only what was known by then; `None` for everything.
    pub known_at: Option<Micros>,
    /// Adds every rollup to the canonical JSON.
    pub rollups: bool,
    /// Starts a CSV with a byte order mark.
    pub bom: bool,
    /// The language.
    pub language: LanguageChoice,
    /// The path of the request.
    pub path: String,
}

/// The language of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LanguageChoice {
    /// As the address names it; links keep it.
    pub asked: Option<Language>,
    /// As the page is shown.
    pub lang: Language,
}

impl<S: Sync> FromRequestParts<S> for PageQuery {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpError> {
        let pairs = pairs(&parts.uri).ok_or(QueryError::Unreadable);
        let query = pairs.and_then(|pairs| parse(&pairs, &NAMES, &parts.headers)).map_err(HttpError::Query)?;
        Ok(Self { path: parts.uri.path().to_owned(), ..query })
    }
}

pub(super) fn pairs(uri: &Uri) -> Option<Vec<(String, String)>> {
    Query::<Vec<(String, String)>>::try_from_uri(uri).ok().map(|Query(pairs)| pairs)
}

/// The query of a page that takes parameters of these names.
pub(super) fn parse(pairs: &[(String, String)], names: &[&str], headers: &HeaderMap) -> Result<PageQuery, QueryError> {
    if let Some(unknown) = QueryError::unknown(pairs.iter().map(|(name, _)| name.as_str()), names) {
        return Err(unknown);
    }
    let on = only(pairs, "on")?.map(|text| Period::parse(text).ok_or(QueryError::Moment)).transpose()?;
    let known_at = only(pairs, "known_at")?.map(|text| parse_time(text).ok_or(QueryError::Time)).transpose()?;
    let asked = only(pairs, "lang")?.map(|name| Language::from_name(name).ok_or(QueryError::Language)).transpose()?;
    let switch = |name| match only(pairs, name)? {
        None | Some("0") => Ok(false),
        Some("1") => Ok(true),
        Some(_) => Err(QueryError::Switch(name)),
    };
    let (rollups, bom) = (switch("rollups")?, switch("bom")?);
    let language = LanguageChoice { asked, lang: asked.unwrap_or_else(|| preferred(headers)) };
    Ok(PageQuery { on, known_at, rollups, bom, language, path: String::new() })
}

/// A time with its offset, or as a browser's field gives it, in the plan's zone.
pub(super) fn parse_time(text: &str) -> Option<Micros> {
    let in_zone = || {
        let seconds = if text.len() == 16 { ":00" } else { "" };
        (text.len() >= 16).then(|| Micros::parse(&format!("{text}{seconds}+09:00"))).flatten()
    };
    Micros::parse(text).or_else(in_zone)
}

pub(super) fn only<'a>(pairs: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, QueryError> {
    let mut found = pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let first = found.next();
    if found.next().is_some() { Err(QueryError::Repeated(name.to_owned())) } else { Ok(first) }
}

/// The language of an error page: as far as the query can be read.
pub(super) fn language_choice(uri: &Uri, headers: &HeaderMap) -> LanguageChoice {
    let pairs = pairs(uri).unwrap_or_default();
    let asked = pairs.iter().find(|(name, _)| name == "lang").and_then(|(_, value)| Language::from_name(value));
    LanguageChoice { asked, lang: asked.unwrap_or_else(|| preferred(headers)) }
}

/// Japanese alone for a browser that prefers it. All others get both, since much of a city's plan is Japanese.
fn preferred(headers: &HeaderMap) -> Language {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let weighed = accepted.split(',').filter_map(|item| {
        let mut parts = item.trim().split(';');
        let (tag, weight) = (parts.next()?, parts.next());
        let weight = weight.map_or(Some(1.0), |weight| weight.trim().strip_prefix("q=")?.parse::<f64>().ok())?;
        Some((tag, weight))
    });
    // Of equal weights the first.
    let first = weighed.reduce(|best, next| if next.1 > best.1 { next } else { best });
    let japanese =
        first.is_some_and(|(tag, _)| tag.split('-').next().is_some_and(|tag| tag.eq_ignore_ascii_case("ja")));
    if japanese { Language::Ja } else { Language::Both }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_that_prefers_japanese_gets_it_alone() {
        for (accepted, lang) in [
            ("ja,en-US;q=0.9,en;q=0.8", Language::Ja),
            ("JA-jp", Language::Ja),
            ("en;q=0.5, ja;q=0.7", Language::Ja),
            ("en-US,ja;q=0.9", Language::Both),
            ("jam", Language::Both),
            ("", Language::Both),
            (";q=x,,", Language::Both),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, accepted.parse().unwrap())]);
            assert_eq!(preferred(&headers), lang, "{accepted}");
        }
        assert_eq!(preferred(&HeaderMap::new()), Language::Both);
    }

    #[test]
    fn a_time_without_offset_is_in_the_plans_zone() {
        let noon = Micros::parse("2020-04-01T12:00:00+09:00");
        for text in ["2020-04-01T12:00", "2020-04-01T12:00:00", "2020-04-01T03:00:00Z"] {
            assert_eq!(parse_time(text), noon, "{text}");
        }
        assert_eq!(parse_time("yesterday at sixteen"), None);
        assert_eq!(parse_time("2020-04-01"), None);
    }
}
