//! What was published of a plan. Its files are at `/plans/{plan}/publications/{publication}/{file}`.

use super::problem::Problem;
use super::request::ApiRequest;
use super::response::{ApiResponse, one, page};
use crate::publication::{Publication, PublicationFolder};
use crate::web::publications::{folder, unreadable};
use schemars::JsonSchema;
use serde::Serialize;

/// A publication, and whether its files are what was published.
#[derive(Serialize, JsonSchema)]
pub(super) struct PublicationItem {
    #[serde(flatten)]
    publication: Publication,
    /// The path of its files, each below it by its name.
    path: String,
    /// Names of files that are not what was published.
    damaged: Vec<String>,
}

fn item(folder: &PublicationFolder, publication: Publication) -> PublicationItem {
    let is_damaged = |file: &&crate::publication::PublishedFile| folder.read(&publication, file).is_err();
    let damaged = publication.files.iter().filter(is_damaged).map(|file| file.name.clone()).collect();
    let path = format!("/plans/{}/publications/{}/", publication.plan, publication.id);
    PublicationItem { publication, path, damaged }
}

pub(super) fn list(request: &ApiRequest) -> ApiResponse {
    let mut items = Vec::new();
    if let Some(folder) = folder(&request.site) {
        for publication in folder.list(request.param("plan")).map_err(unreadable)? {
            let publication = publication.map_err(unreadable)?;
            items.push((publication.id.clone(), item(&folder, publication)));
        }
    }
    page(request, items)
}

pub(super) fn show(request: &ApiRequest) -> ApiResponse {
    let no_such = Problem::NoSuch("publication");
    let folder = folder(&request.site).ok_or(no_such.clone())?;
    let found = folder.find(request.param("plan"), request.param("publication")).map_err(unreadable)?;
    one(&item(&folder, found.ok_or(no_such)?))
}
