//! Embargo: the public reads what was published, the holder of the token reads the rest.
//!
//! Every address says who may read it ([`Access`]); what is not public is refused before its handler runs, so that neither its text, its
//! length, its ETag nor its error tells anything. What was released is sent from its file and never computed.

use super::base64::decode;
use super::error::HttpError;
use super::publications;
use super::site::Site;
use super::token_brake::PeerAddress;
use axum::extract::{RawPathParams, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Instant;

/// Who may read an address while there is an embargo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Everyone: it shows no figure, or tells them apart itself by [`PublicReader`].
    Public,
    /// Everyone gets the list of publications, the holder of the token the current figures.
    Index,
    /// Everyone gets this file of the plan's latest publication, the holder of the token the current figures.
    Released(&'static str),
    /// The holder of the token.
    Staff,
}

/// Marks a request of a reader without the token.
#[derive(Clone, Copy, Debug)]
pub(super) struct PublicReader;

/// Marks an answer that only the holder of the token may keep.
#[derive(Clone, Copy, Debug)]
pub(super) struct StaffAnswer;

/// Lets a request pass to its handler, answers from what was released, or refuses it.
pub(super) async fn gate(
    State((site, access)): State<(Site, Access)>,
    params: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    if !site.embargo {
        return next.run(request).await;
    }
    let peer = request.extensions().get::<PeerAddress>().copied().unwrap_or_default();
    match is_staff(&site, token(request.headers()), peer).await {
        Err(error) => return error.into_response(),
        Ok(true) => {
            let mut response = next.run(request).await;
            response.extensions_mut().insert(StaffAnswer);
            return response;
        }
        Ok(false) => {}
    }
    let plan = params.iter().find(|(name, _)| *name == "plan").map(|(_, plan)| plan.to_owned());
    match access {
        Access::Public => {
            request.extensions_mut().insert(PublicReader);
            next.run(request).await
        }
        Access::Staff => HttpError::Embargo.into_response(),
        // A released file is of its own moment: another one can only be asked of the current figures.
        Access::Index | Access::Released(_) if !asks_language_only(request.uri()) => HttpError::Embargo.into_response(),
        Access::Index => publications::index(site, request.uri(), request.headers()).await,
        Access::Released(file) => {
            let headers = request.headers().clone();
            publications::latest(site, plan.unwrap_or_default(), file, headers).await
        }
    }
}

/// Whether a request has the right token; a wrong one is refused, and late where there are many.
async fn is_staff(site: &Site, given: Option<String>, peer: PeerAddress) -> Result<bool, HttpError> {
    let Some(given) = given else { return Ok(false) };
    let access = site.control.as_deref().ok_or(HttpError::Embargo)?;
    if access.accepts(&given) {
        return Ok(true);
    }
    let is_braked = access.brake.wrong(peer, Instant::now()).await;
    Err(if is_braked { HttpError::TooManyTokens } else { HttpError::Embargo })
}

/// The token of a program (Bearer), or what was typed into a browser as password (Basic). Requests that change something take no
/// Basic: a browser would send it along from a page of another site.
fn token(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(AUTHORIZATION)?.to_str().unwrap_or_default();
    if let Some(token) = given.strip_prefix("Bearer ") {
        return Some(token.to_owned());
    }
    let pair = given.strip_prefix("Basic ").and_then(decode).and_then(|bytes| String::from_utf8(bytes).ok());
    let password = pair.as_deref().and_then(|pair| pair.split_once(':')).map(|(_, password)| password.to_owned());
    Some(password.unwrap_or_default())
}

fn asks_language_only(uri: &Uri) -> bool {
    uri.query().is_none_or(|query| query.split('&').all(|pair| pair.is_empty() || pair.starts_with("lang=")))
}
