//! Files on disk: one, or those of a folder and the folders in it.

use super::address::{FileAddress, FileLocation};
use super::at_rest::{self, RestPolicy};
use super::error::FetchError;
use crate::document::{Document, Validators};
use crate::table::text::normal;
use contract::time::Clock;
use glob::Pattern;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Most files of one folder: a monthly file for more than a hundred years.
const MAX_FILES: usize = 2_000;
/// Depth of nested folders: `editions/2022/06/a.csv` and one more.
const MAX_DEPTH: u32 = 3;

/// The files at `path`: itself, or those in the folder and the folders in it with one of the extensions, sorted by name.
pub(super) async fn list(
    path: &Path,
    text: &str,
    extensions: &[String],
    pattern: Option<&Pattern>,
) -> Result<Vec<FileAddress>, FetchError> {
    let (path, text, filter) = (path.to_owned(), text.to_owned(), FileFilter::of(extensions, pattern));
    blocking(move || list_now(&path, &text, &filter)).await
}

/// Which files of a folder belong to the source.
struct FileFilter {
    extensions: Vec<String>,
    pattern: Option<Pattern>,
}

impl FileFilter {
    fn of(extensions: &[String], pattern: Option<&Pattern>) -> Self {
        Self { extensions: extensions.to_owned(), pattern: pattern.cloned() }
    }

    /// True for a file with one of the extensions and a matching name, except hidden files and lock files of Office (`~$`).
    fn matches(&self, file: &Path) -> bool {
        let Some((name, extension)) = file.file_name().zip(file.extension()) else { return false };
        let (name, extension) = (name.to_string_lossy(), extension.to_string_lossy());
        let fits = self.extensions.iter().any(|listed| listed.eq_ignore_ascii_case(&extension))
            && self.pattern.as_ref().is_none_or(|pattern| pattern.matches(&normal(&name)));
        fits && !name.starts_with('.') && !name.starts_with("~$")
    }
}

/// Reads a file of at most `max_bytes`, once it is at rest.
pub(super) async fn read(
    path: &Path,
    text: &str,
    max_bytes: u64,
    rest: RestPolicy,
    clock: &dyn Clock,
) -> Result<Document, FetchError> {
    let now = || {
        let path = path.to_owned();
        blocking(move || read_now(&path, max_bytes))
    };
    let bytes = at_rest::read(path, rest, clock, now).await?;
    Ok(Document::new(text.to_owned(), bytes, Validators::default()))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FetchError> + Send + 'static,
) -> Result<T, FetchError> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.unwrap_or_else(|stopped| Err(FetchError::Io(io::Error::other(stopped))))
}

fn list_now(path: &Path, text: &str, filter: &FileFilter) -> Result<Vec<FileAddress>, FetchError> {
    if !path.metadata().map_err(FetchError::of_file)?.is_dir() {
        return Ok(vec![FileAddress { text: text.to_owned(), place: FileLocation::File(path.to_owned()) }]);
    }
    let mut files = Vec::new();
    add_files(path, text.trim_end_matches('/'), filter, MAX_DEPTH, &mut files)?;
    if files.is_empty() {
        return Err(FetchError::NoFiles(filter.extensions.clone()));
    }
    files.sort_by(|a, b| a.text.cmp(&b.text));
    Ok(files)
}

/// Adds the files of a folder and of its folders. A link to a folder is not followed, as it may lead back.
fn add_files(
    folder: &Path,
    text: &str,
    filter: &FileFilter,
    depth: u32,
    files: &mut Vec<FileAddress>,
) -> Result<(), FetchError> {
    for entry in folder.read_dir().map_err(FetchError::of_file)? {
        let entry = entry.map_err(FetchError::of_file)?;
        let path = entry.path();
        let inside = format!("{text}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(FetchError::of_file)?.is_dir() {
            if depth > 0 {
                add_files(&path, &inside, filter, depth - 1, files)?;
            }
        } else if filter.matches(&path) && !path.is_dir() {
            files.push(FileAddress { text: inside, place: FileLocation::File(path) });
        }
        if files.len() > MAX_FILES {
            return Err(FetchError::TooManyFiles(MAX_FILES));
        }
    }
    Ok(())
}

fn read_now(path: &PathBuf, max_bytes: u64) -> Result<Vec<u8>, FetchError> {
    // Checked before opening, as opening a pipe waits for its writer.
    if !path.metadata().map_err(FetchError::of_file)?.is_file() {
        return Err(FetchError::NotAFile);
    }
    let file = std::fs::File::open(path).map_err(FetchError::of_file)?;
    let mut bytes = Vec::new();
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(FetchError::of_file)?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > max_bytes { Err(FetchError::TooLarge(max_bytes)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_nested_folders_are_listed_down_to_a_depth() {
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
            let filter = FileFilter::of(&["csv".to_owned()], pattern.as_ref());
            let files = list_now(folder.path(), "editions/", &filter);
            files.map(|files| files.into_iter().map(|file| file.text).collect::<Vec<_>>()).map_err(|e| e.label())
        };
        assert_eq!(names(None).unwrap(), ["editions/20180301/all.csv", "editions/20220630/all.csv", "editions/a.CSV"]);
        assert_eq!(names(Some("a.*")).unwrap(), ["editions/a.CSV"]);
        assert_eq!(names(Some("b*")), Err("no_files"));
    }
}
