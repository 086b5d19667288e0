//! Publications on the site: the list, each file with its hash, and what stands for a page under an embargo.

use super::base64::encode;
use super::content::{HTML, of_type};
use super::content_policy::{FrozenPolicy, POLICY};
use super::error::{HttpError, internal};
use super::lookup;
use super::query::{PageQuery, language_choice};
use super::query_error::QueryError;
use super::site::Site;
use crate::publication::{Publication, PublicationError, PublicationFolder, PublishedFile};
use crate::render::html::{self, PlanPublications, PublicationRow};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use contract::error::chain;
use sha2::{Digest, Sha256};

/// Names the publication that an answer is from.
const PUBLICATION: HeaderName = HeaderName::from_static("publication");

/// All publications of all plans.
pub(super) async fn page(State(site): State<Site>, query: PageQuery) -> Result<Response, HttpError> {
    if query != (PageQuery { language: query.language, path: query.path.clone(), ..PageQuery::default() }) {
        let name = "on, known_at, rollups, bom".to_owned();
        return Err(HttpError::Query(QueryError::Unknown { name, accepted: "lang".to_owned() }));
    }
    Ok(of_type(HTML, site.run(move |site| list(site, &query)).await?))
}

/// The same at the first page's address, for readers to whom nothing else is shown there.
pub(super) async fn index(site: Site, uri: &Uri, headers: &HeaderMap) -> Response {
    let query = PageQuery { language: language_choice(uri, headers), path: "/".to_owned(), ..PageQuery::default() };
    match site.run(move |site| list(site, &query)).await {
        Ok(page) => of_type(HTML, page),
        Err(error) => HttpError::into_response(error),
    }
}

fn list(site: &Site, query: &PageQuery) -> Result<String, HttpError> {
    let mut plans = Vec::new();
    if let Some(folder) = folder(site) {
        for plan in folder.plans().map_err(unreadable)? {
            let row = |one: Result<Publication, PublicationError>| match one {
                Ok(publication) => {
                    let damage = folder.damage(&publication);
                    damage.iter().for_each(note);
                    PublicationRow { publication: Some(publication), damaged: !damage.is_empty() }
                }
                Err(error) => {
                    note(&error);
                    PublicationRow { publication: None, damaged: true }
                }
            };
            let mut rows: Vec<PublicationRow> = folder.list(&plan).map_err(unreadable)?.into_iter().map(row).collect();
            rows.reverse();
            plans.push(PlanPublications { plan, rows });
        }
    }
    let mut view = lookup::context(site, query, None);
    if site.embargo {
        // What does not work is for staff.
        view.notices.clear();
    }
    html::publications(&view, &plans, site.embargo).map_err(internal)
}

/// A file of a publication.
pub(super) async fn file(
    State(site): State<Site>,
    Path((plan, id, name)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    site.run(move |site| {
        let folder = folder(site).ok_or(HttpError::NoPage)?;
        let publication = folder.find(&plan, &id).map_err(unreadable)?.ok_or(HttpError::NoPage)?;
        let file = publication.file(&name).ok_or(HttpError::NoPage)?;
        respond(&folder, &publication, file, &headers)
    })
    .await
}

/// A file of the latest publication of a plan.
pub(super) async fn latest(site: Site, plan: String, name: &'static str, headers: HeaderMap) -> Response {
    let answer = site.run(move |site| {
        let folder = folder(site).ok_or(HttpError::NoPlan)?;
        let publication = folder.latest(&plan).map_err(unreadable)?.ok_or(HttpError::NoPlan)?;
        let file = publication.file(name).ok_or(HttpError::NoPlan)?;
        respond(&folder, &publication, file, &headers)
    });
    answer.await.unwrap_or_else(HttpError::into_response)
}

fn respond(
    folder: &PublicationFolder,
    publication: &Publication,
    file: &PublishedFile,
    headers: &HeaderMap,
) -> Result<Response, HttpError> {
    let bytes = folder.read(publication, file).map_err(unreadable)?;
    let tag = format!("\"{}\"", file.sha256);
    let cached = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_cached = cached.flat_map(|tags| tags.split(',')).any(|one| one.trim() == tag);
    let policy = policy(&bytes);
    let mut response = if is_cached { StatusCode::NOT_MODIFIED.into_response() } else { bytes.into_response() };
    for (name, value) in [(CONTENT_TYPE, &file.media_type), (ETAG, &tag), (PUBLICATION, &publication.id)] {
        response.headers_mut().insert(name, HeaderValue::from_str(value).map_err(internal)?);
    }
    response.extensions_mut().extend(policy.into_iter().fold(axum::http::Extensions::new(), |mut all, policy| {
        all.insert(FrozenPolicy(policy));
        all
    }));
    Ok(response)
}

/// A page that was frozen has its style inside, which the policy of the site forbids: this one allows exactly that text.
fn policy(page: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(page).ok()?;
    let style = text.split_once("<style>")?.1.split_once("</style>")?.0;
    let hash = encode(&Sha256::digest(style));
    Some(POLICY.replace("style-src 'self'", &format!("style-src 'sha256-{hash}'")))
}

/// The publications of a site with stores.
pub(super) fn folder(site: &Site) -> Option<PublicationFolder> {
    site.store.as_deref().map(PublicationFolder::beside_stores)
}

fn note(error: &PublicationError) {
    tracing::error!(error = %chain(error), "a publication is not what was published");
}

/// Notes why a publication cannot be read; its reader learns only that it cannot.
#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
pub(super) fn unreadable(error: PublicationError) -> HttpError {
    note(&error);
    HttpError::Unreadable
}
