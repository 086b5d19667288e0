//! Files on disk: one, or those of a folder.

use super::{Address, FetchError, Fetched, Place, Validators};
use std::ffi::OsStr;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Files of one folder: a monthly file for a hundred years and some.
const MAX_FILES: usize = 2_000;

/// The files at `path`: itself, or those in the folder with one of the extensions, sorted by name.
pub(super) async fn list(path: &Path, text: &str, extensions: &[String]) -> Result<Vec<Address>, FetchError> {
    let (path, text, extensions) = (path.to_owned(), text.to_owned(), extensions.to_owned());
    blocking(move || list_now(&path, &text, &extensions)).await
}

/// Reads a file, no further than `max_bytes`.
pub(super) async fn read(path: &Path, text: &str, max_bytes: u64) -> Result<Fetched, FetchError> {
    let (path, text) = (path.to_owned(), text.to_owned());
    let bytes = blocking(move || read_now(&path, max_bytes)).await?;
    Ok(Fetched::new(text, bytes, Validators::default()))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FetchError> + Send + 'static,
) -> Result<T, FetchError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|stopped| Err(FetchError::Io(io::Error::other(stopped))))
}

fn list_now(path: &Path, text: &str, extensions: &[String]) -> Result<Vec<Address>, FetchError> {
    if !path.metadata().map_err(failed)?.is_dir() {
        return Ok(vec![Address { text: text.to_owned(), place: Place::File(path.to_owned()) }]);
    }
    let mut files = Vec::new();
    for entry in path.read_dir().map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        if let Some(name) = wanted(&file, extensions)
            && !file.is_dir()
        {
            files.push(Address { text: format!("{}/{name}", text.trim_end_matches('/')), place: Place::File(file) });
        }
        if files.len() > MAX_FILES {
            return Err(FetchError::TooManyFiles(MAX_FILES));
        }
    }
    if files.is_empty() {
        return Err(FetchError::NoFiles(extensions.to_vec()));
    }
    files.sort_by(|a, b| a.text.cmp(&b.text));
    Ok(files)
}

/// The name of a file with one of the extensions; hidden files and the locks of Office (`~$`) are none.
fn wanted(file: &Path, extensions: &[String]) -> Option<String> {
    let name = file.file_name()?.to_string_lossy().into_owned();
    let extension = file.extension().map(OsStr::to_string_lossy)?;
    let fits = extensions.iter().any(|wanted| wanted.eq_ignore_ascii_case(&extension));
    (fits && !name.starts_with('.') && !name.starts_with("~$")).then_some(name)
}

fn read_now(path: &PathBuf, max_bytes: u64) -> Result<Vec<u8>, FetchError> {
    // Asked before it is opened: opening a pipe would wait for its writer.
    if !path.metadata().map_err(failed)?.is_file() {
        return Err(FetchError::NotAFile);
    }
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > max_bytes { Err(FetchError::TooLarge(max_bytes)) } else { Ok(bytes) }
}

fn failed(error: io::Error) -> FetchError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => FetchError::NotFound,
        ErrorKind::PermissionDenied => FetchError::Permission,
        _ => FetchError::Io(error),
    }
}
