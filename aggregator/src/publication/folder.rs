//! The folder of publications: `publications/PLAN/NUMBER-HASH/`, each with `manifest.json` and its files.
//!
//! A publication appears by one rename of a folder whose files are on the disk, so a crash leaves all of it or nothing. The folder's name
//! begins the hash of the manifest, and the manifest has the hash of every file: no byte can change unseen.

use super::error::PublicationError;
use super::manifest::{Publication, PublishedFile};
use super::report_files::ReportDraft;
use contract::time::Micros;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

const MANIFEST: &str = "manifest.json";
/// Hexadecimal digits of the manifest's hash in the name of its folder.
const ID_DIGITS: usize = 16;
/// Begins the name of a folder that is not complete.
const UNFINISHED: &str = ".new";

/// The publications of all plans.
#[derive(Clone, Debug)]
pub struct PublicationFolder(PathBuf);

/// What came of publishing a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishOutcome {
    /// It is published.
    Published(Publication),
    /// The latest publication of the plan has the same bytes.
    Same(Publication),
}

impl PublicationFolder {
    /// The folder beside the stores of a data folder.
    pub fn beside_stores(data: &Path) -> Self {
        Self(data.join("publications"))
    }

    /// The publications of a plan in order; each that cannot be read is an error of its own.
    pub fn list(&self, plan: &str) -> Result<Vec<Result<Publication, PublicationError>>, PublicationError> {
        if !is_plain(plan) {
            return Ok(Vec::new());
        }
        let ids = ids(&self.0.join(plan))?;
        Ok(ids.iter().map(|id| self.open(plan, id)).collect())
    }

    /// The latest publication of a plan. One that is damaged is an error: an older one must not stand in for it.
    pub fn latest(&self, plan: &str) -> Result<Option<Publication>, PublicationError> {
        self.list(plan)?.pop().transpose()
    }

    /// The plans that have any.
    pub fn plans(&self) -> Result<Vec<String>, PublicationError> {
        let mut plans = names(&self.0)?;
        plans.retain(|name| is_plain(name));
        plans.sort();
        Ok(plans)
    }

    /// A publication by its id; `None` when there is none.
    pub fn find(&self, plan: &str, id: &str) -> Result<Option<Publication>, PublicationError> {
        if !is_plain(plan) || !ids(&self.0.join(plan))?.iter().any(|one| one == id) {
            return Ok(None);
        }
        self.open(plan, id).map(Some)
    }

    /// The bytes of a file, as they were published.
    pub fn read(&self, of: &Publication, file: &PublishedFile) -> Result<Vec<u8>, PublicationError> {
        read_proved(&self.0.join(&of.plan).join(&of.id).join(&file.name), &file.sha256)
    }

    /// What is damaged of a publication.
    pub fn damage(&self, of: &Publication) -> Vec<PublicationError> {
        of.files.iter().filter_map(|file| self.read(of, file).err()).collect()
    }

    /// Publishes a report, unless the latest publication of its plan has the same bytes.
    pub fn publish(&self, draft: &ReportDraft, now: Micros, program: &str) -> Result<PublishOutcome, PublicationError> {
        let parent = self.0.join(&draft.plan);
        fs::create_dir_all(&parent).map_err(PublicationError::at(&parent))?;
        // Two that publish at once would take the same number.
        let lock_path = self.0.join(".lock");
        let lock = File::create(&lock_path).map_err(PublicationError::at(&lock_path))?;
        lock.lock().map_err(PublicationError::at(&lock_path))?;
        remove_unfinished(&parent)?;
        let latest = self.latest(&draft.plan)?;
        let file = |(name, media_type, bytes): &(&str, &str, Vec<u8>)| PublishedFile {
            name: (*name).to_owned(),
            media_type: (*media_type).to_owned(),
            bytes: bytes.len() as u64,
            sha256: sha256(bytes),
        };
        let files: Vec<PublishedFile> = draft.files.iter().map(file).collect();
        if let Some(latest) = latest.as_ref().filter(|latest| latest.files == files && latest.on == draft.on) {
            return Ok(PublishOutcome::Same(latest.clone()));
        }
        let publication = Publication {
            id: String::new(),
            plan: draft.plan.clone(),
            name_ja: draft.name.0.clone(),
            name_en: draft.name.1.clone(),
            number: latest.map_or(1, |latest| latest.number + 1),
            on: draft.on.clone(),
            published_at: now.to_string(),
            known_at: draft.known_at.as_ref().map(Micros::to_string),
            rules_version: draft.rules_version,
            program: program.to_owned(),
            files,
        };
        write(&parent, publication, draft).map(PublishOutcome::Published)
    }

    fn open(&self, plan: &str, id: &str) -> Result<Publication, PublicationError> {
        let path = self.0.join(plan).join(id).join(MANIFEST);
        let expected = id.split_once('-').map_or("", |(_, hash)| hash);
        let bytes = read_proved(&path, expected)?;
        let read = serde_json::from_slice(&bytes).map_err(|_| PublicationError::LaterVersion(path))?;
        Ok(Publication { id: id.to_owned(), ..read })
    }
}

/// Writes the files, then the manifest, then gives their folder its name.
fn write(parent: &Path, publication: Publication, draft: &ReportDraft) -> Result<Publication, PublicationError> {
    let folder = parent.join(UNFINISHED);
    fs::create_dir(&folder).map_err(PublicationError::at(&folder))?;
    let mut manifest = serde_json::to_value(&publication).unwrap_or_default();
    manifest.as_object_mut().map(|fields| fields.remove("id"));
    let manifest = format!("{manifest:#}\n").into_bytes();
    let id = format!("{:04}-{}", publication.number, &sha256(&manifest)[..ID_DIGITS]);
    let files = draft.files.iter().map(|(name, _, bytes)| (*name, bytes)).chain([(MANIFEST, &manifest)]);
    for (name, bytes) in files {
        let path = folder.join(name);
        let written = File::create_new(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(PublicationError::at(&path))?;
    }
    let named = parent.join(&id);
    sync(&folder)?;
    fs::rename(&folder, &named).map_err(PublicationError::at(&named))?;
    sync(parent)?;
    Ok(Publication { id, ..publication })
}

/// Puts the entries of a folder on the disk.
fn sync(folder: &Path) -> Result<(), PublicationError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(PublicationError::at(folder))
}

/// What a crash left of a publication that never was one.
fn remove_unfinished(parent: &Path) -> Result<(), PublicationError> {
    let path = parent.join(UNFINISHED);
    match fs::remove_dir_all(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(PublicationError::at(&path)(error)),
        _ => Ok(()),
    }
}

fn read_proved(path: &Path, expected: &str) -> Result<Vec<u8>, PublicationError> {
    let bytes = fs::read(path).map_err(PublicationError::at(path))?;
    let found = sha256(&bytes);
    if !expected.is_empty() && found.starts_with(expected) {
        return Ok(bytes);
    }
    let found = found[..expected.len().clamp(ID_DIGITS, found.len())].to_owned();
    Err(PublicationError::Damaged { path: path.to_owned(), expected: expected.to_owned(), found })
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The names of a plan's publications, by number.
fn ids(parent: &Path) -> Result<Vec<String>, PublicationError> {
    let number = |name: &str| {
        let (number, hash) = name.split_once('-')?;
        let plain = hash.len() == ID_DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        number.parse::<u32>().ok().filter(|_| plain)
    };
    let mut found: Vec<(u32, String)> =
        names(parent)?.into_iter().filter_map(|name| Some((number(&name)?, name))).collect();
    found.sort();
    Ok(found.into_iter().map(|(_, name)| name).collect())
}

fn names(folder: &Path) -> Result<Vec<String>, PublicationError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(PublicationError::at(folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(PublicationError::at(folder))?;
        found.extend(entry.file_name().into_string().ok());
    }
    Ok(found)
}

/// True for an id of a plan: a name that leads nowhere else.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
