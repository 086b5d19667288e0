//! What a reader asks for: `?on=`, `?rollups=`, `?bom=`.

use super::answer::Refusal;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use contract::period::Period;

/// A question, read and checked. Parameters that nobody knows are ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Question {
    /// The moment asked; `None` when each plan shows its own.
    pub on: Option<Period>,
    /// Adds every rollup to the canonical JSON.
    pub rollups: bool,
    /// Starts a CSV with a byte order mark.
    pub bom: bool,
}

impl<S: Sync> FromRequestParts<S> for Question {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(|_| Refusal::BadMoment)?;
        read(&pairs)
    }
}

fn read(pairs: &[(String, String)]) -> Result<Question, Refusal> {
    let on = only(pairs, "on")?.map(|text| Period::parse(text).ok_or(Refusal::BadMoment)).transpose()?;
    let switch = |name| match only(pairs, name)? {
        None | Some("0") => Ok(false),
        Some("1") => Ok(true),
        Some(_) => Err(Refusal::BadSwitch),
    };
    Ok(Question { on, rollups: switch("rollups")?, bom: switch("bom")? })
}

fn only<'a>(pairs: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut found = pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let first = found.next();
    if found.next().is_some() { Err(Refusal::Twice) } else { Ok(first) }
}
