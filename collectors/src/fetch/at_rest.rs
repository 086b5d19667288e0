//! A local file is read only when it is at rest: a copy that is under way looks like a smaller file.

use super::error::FetchError;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// How long a file must be unchanged, and how long a poll waits for that.
#[derive(Clone, Copy, Debug)]
pub struct RestPolicy {
    /// Time without a change of size, modification time and inode.
    pub quiet: Duration,
    /// Longest wait for one file.
    pub longest: Duration,
}

impl Default for RestPolicy {
    fn default() -> Self {
        Self { quiet: Duration::from_secs(2), longest: Duration::from_secs(30) }
    }
}

/// What changes when a file is written or replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileStamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: Option<SystemTime>,
}

impl FileStamp {
    pub(super) fn of(path: &Path) -> Result<Self, FetchError> {
        let metadata = path.metadata().map_err(FetchError::of_file)?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }

    /// Time since the last change by the machine's own clock, which also wrote the modification time; zero when that is ahead.
    fn age(&self) -> Duration {
        self.modified.and_then(|modified| modified.elapsed().ok()).unwrap_or_default()
    }
}

/// Waits until a file is at rest, and returns what `read` gives when the file did not change meanwhile.
///
/// Errors: [`FetchError::StillWritten`] when it changes for longer than a poll waits.
pub(super) async fn read<T, F>(path: &Path, policy: RestPolicy, read: impl Fn() -> F) -> Result<T, FetchError>
where
    F: Future<Output = Result<T, FetchError>>,
{
    let started = Instant::now();
    let mut seen = (FileStamp::of(path)?, started);
    loop {
        let quiet = seen.0.age().max(seen.1.elapsed());
        if quiet >= policy.quiet {
            let content = read().await?;
            if FileStamp::of(path)? == seen.0 {
                return Ok(content);
            }
        } else {
            let rest = policy.longest.saturating_sub(started.elapsed());
            tokio::time::sleep(policy.quiet.saturating_sub(quiet).min(rest)).await;
        }
        let now = FileStamp::of(path)?;
        if now != seen.0 {
            seen = (now, Instant::now());
        }
        if started.elapsed() >= policy.longest && seen.0.age().max(seen.1.elapsed()) < policy.quiet {
            return Err(FetchError::StillWritten(policy.longest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const POLICY: RestPolicy = RestPolicy { quiet: Duration::from_millis(200), longest: Duration::from_millis(1_500) };

    async fn text(path: &Path) -> Result<String, FetchError> {
        read(path, POLICY, || async { std::fs::read_to_string(path).map_err(FetchError::of_file) }).await
    }

    #[tokio::test]
    async fn a_file_that_is_being_copied_is_read_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "件,2021年5月,12").unwrap();
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        let copy = std::thread::spawn(move || {
            for part in ["00", "\n", "件,2021年6月,7\n"] {
                std::thread::sleep(Duration::from_millis(100));
                file.write_all(part.as_bytes()).unwrap();
            }
        });
        assert_eq!(text(&path).await.unwrap(), "件,2021年5月,1200\n件,2021年6月,7\n");
        copy.join().unwrap();
    }

    #[tokio::test]
    async fn an_old_file_is_read_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "a").unwrap();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        let started = Instant::now();
        assert_eq!(text(&path).await.unwrap(), "a");
        assert!(started.elapsed() < POLICY.quiet);
    }

    #[tokio::test]
    async fn a_file_that_is_written_for_longer_than_a_poll_waits_is_a_failed_poll() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "a").unwrap();
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        let writer = std::thread::spawn(move || {
            for _ in 0..40 {
                file.write_all(b"a").unwrap();
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        assert_eq!(text(&path).await.unwrap_err().label(), "still_written");
        writer.join().unwrap();
    }
}
