//! Files on disk: one, or those of a folder and the folders in it.

use super::{Document, FetchError, FileAddress, Place, Validators};
use crate::table::text::normal;
use glob::Pattern;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Files of one folder: a monthly file for a hundred years and some.
const MAX_FILES: usize = 2_000;
/// Folders within folders: `editions/2022/06/a.csv` and one more.
const MAX_DEPTH: u32 = 3;

/// The files at `path`: itself, or those in the folder and the folders in it with one of the extensions, sorted by name.
pub(super) async fn list(
    path: &Path,
    text: &str,
    extensions: &[String],
    pattern: Option<&Pattern>,
) -> Result<Vec<FileAddress>, FetchError> {
    let (path, text, wanted) = (path.to_owned(), text.to_owned(), Wanted::of(extensions, pattern));
    blocking(move || list_now(&path, &text, &wanted)).await
}

/// What is looked for in a folder.
struct Wanted {
    extensions: Vec<String>,
    pattern: Option<Pattern>,
}

impl Wanted {
    fn of(extensions: &[String], pattern: Option<&Pattern>) -> Self {
        Self { extensions: extensions.to_owned(), pattern: pattern.cloned() }
    }

    /// True for a file with one of the extensions and a fitting name; hidden files and the locks of Office (`~$`)
    /// are none.
    fn is(&self, file: &Path) -> bool {
        let Some((name, extension)) = file.file_name().zip(file.extension()) else { return false };
        let (name, extension) = (name.to_string_lossy(), extension.to_string_lossy());
        let fits = self.extensions.iter().any(|wanted| wanted.eq_ignore_ascii_case(&extension))
            && self.pattern.as_ref().is_none_or(|pattern| pattern.matches(&normal(&name)));
        fits && !name.starts_with('.') && !name.starts_with("~$")
    }
}

/// Reads a file, no further than `max_bytes`.
pub(super) async fn read(path: &Path, text: &str, max_bytes: u64) -> Result<Document, FetchError> {
    let (path, text) = (path.to_owned(), text.to_owned());
    let bytes = blocking(move || read_now(&path, max_bytes)).await?;
    Ok(Document::new(text, bytes, Validators::default()))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FetchError> + Send + 'static,
) -> Result<T, FetchError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|stopped| Err(FetchError::Io(io::Error::other(stopped))))
}

fn list_now(path: &Path, text: &str, wanted: &Wanted) -> Result<Vec<FileAddress>, FetchError> {
    if !path.metadata().map_err(failed)?.is_dir() {
        return Ok(vec![FileAddress { text: text.to_owned(), place: Place::File(path.to_owned()) }]);
    }
    let mut files = Vec::new();
    gather(path, text.trim_end_matches('/'), wanted, MAX_DEPTH, &mut files)?;
    if files.is_empty() {
        return Err(FetchError::NoFiles(wanted.extensions.clone()));
    }
    files.sort_by(|a, b| a.text.cmp(&b.text));
    Ok(files)
}

/// Adds the files of a folder and of the folders in it; a link to a folder is not followed, as it may lead back.
fn gather(
    folder: &Path,
    text: &str,
    wanted: &Wanted,
    depth: u32,
    files: &mut Vec<FileAddress>,
) -> Result<(), FetchError> {
    for entry in folder.read_dir().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let inside = format!("{text}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(failed)?.is_dir() {
            if depth > 0 {
                gather(&path, &inside, wanted, depth - 1, files)?;
            }
        } else if wanted.is(&path) && !path.is_dir() {
            files.push(FileAddress { text: inside, place: Place::File(path) });
        }
        if files.len() > MAX_FILES {
            return Err(FetchError::TooManyFiles(MAX_FILES));
        }
    }
    Ok(())
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

pub(super) fn failed(error: io::Error) -> FetchError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => FetchError::NotFound,
        ErrorKind::PermissionDenied => FetchError::Permission,
        _ => FetchError::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_in_folders_within_folders_down_to_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        };
        for path in
            ["20220630/all.csv", "20180301/all.csv", "a.CSV", "~$a.csv", ".b.csv", "note.txt", "1/2/3/4/deep.csv"]
        {
            put(path);
        }
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        let names = |pattern: Option<&str>| {
            let pattern = pattern.map(|pattern| Pattern::new(pattern).unwrap());
            let wanted = Wanted::of(&["csv".to_owned()], pattern.as_ref());
            let files = list_now(folder.path(), "editions/", &wanted);
            files.map(|files| files.into_iter().map(|file| file.text).collect::<Vec<_>>()).map_err(|e| e.label())
        };
        assert_eq!(names(None).unwrap(), ["editions/20180301/all.csv", "editions/20220630/all.csv", "editions/a.CSV"]);
        assert_eq!(names(Some("a.*")).unwrap(), ["editions/a.CSV"]);
        assert_eq!(names(Some("b*")), Err("no_files"));
    }
}
