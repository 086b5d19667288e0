//! A local file is read only when it is at rest: a copy that is under way looks like a smaller file.

use super::error::FetchError;
use contract::time::{Clock, Micros};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::DirEntry;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// Pause before a file that changed while it was read is looked at again.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);

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
struct FileStamp {
    device: u64,
    inode: u64,
    bytes: u64,
    /// In microseconds since 1970.
    modified: i64,
    /// Seconds and nanoseconds; a program that writes can set the time above back, but not this one.
    changed: (i64, i64),
}

impl FileStamp {
    fn of(path: &Path) -> Result<Self, FetchError> {
        let metadata = path.metadata().map_err(FetchError::of_file)?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: metadata.mtime().saturating_mul(1_000_000).saturating_add(metadata.mtime_nsec() / 1_000),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Time since the last change by the machine's clock, which also wrote the modification time; zero when that is ahead.
    fn age(&self, now: Micros) -> Duration {
        Duration::from_micros(u64::try_from(now.0.saturating_sub(self.modified)).unwrap_or_default())
    }
}

/// What is watched, and since when it is unchanged.
struct RestObserver<S> {
    stamp: S,
    started: Instant,
    unchanged_since: Instant,
    /// The modification time says how old a file is until the file is seen to change: some programs write under an old time.
    age: Duration,
}

impl<S: PartialEq> RestObserver<S> {
    fn new(stamp: S, age: Duration) -> Self {
        let started = Instant::now();
        Self { stamp, started, unchanged_since: started, age }
    }

    fn quiet(&self) -> Duration {
        self.age.max(self.unchanged_since.elapsed())
    }

    /// Waits for a while and looks again.
    ///
    /// Errors: [`FetchError::StillWritten`] when the longest wait is over.
    async fn pause<F>(&mut self, policy: RestPolicy, look: impl Fn() -> F) -> Result<(), FetchError>
    where
        F: Future<Output = Result<S, FetchError>>,
    {
        let left = policy.longest.saturating_sub(self.started.elapsed());
        if left.is_zero() {
            return Err(FetchError::StillWritten(policy.longest));
        }
        tokio::time::sleep(policy.quiet.saturating_sub(self.quiet()).max(SHORTEST_PAUSE).min(left)).await;
        let now = look().await?;
        if now != self.stamp {
            (self.stamp, self.unchanged_since, self.age) = (now, Instant::now(), Duration::ZERO);
        }
        Ok(())
    }
}

/// Waits until a file is at rest, and returns what `read` gives when the file did not change meanwhile.
///
/// Errors: [`FetchError::StillWritten`] when it changes for longer than a poll waits.
pub(super) async fn read<T, F>(
    path: &Path,
    policy: RestPolicy,
    clock: &dyn Clock,
    read: impl Fn() -> F,
) -> Result<T, FetchError>
where
    F: Future<Output = Result<T, FetchError>>,
{
    let stamp = FileStamp::of(path)?;
    let mut observer = RestObserver::new(stamp, stamp.age(clock.now()));
    loop {
        if observer.quiet() >= policy.quiet {
            let content = read().await?;
            if FileStamp::of(path)? == observer.stamp {
                return Ok(content);
            }
        }
        observer.pause(policy, || async { FileStamp::of(path) }).await?;
    }
}

/// Waits until all files of a folder are at rest.
///
/// Errors: [`FetchError::StillWritten`] when one changes for longer than a poll waits.
pub(super) async fn folder(path: &Path, policy: RestPolicy, clock: &dyn Clock) -> Result<(), FetchError> {
    let look = || async {
        let path = path.to_owned();
        let joined = tokio::task::spawn_blocking(move || stamps(&path)).await;
        joined.map_err(|stopped| FetchError::Io(std::io::Error::other(stopped)))
    };
    let (stamps, now) = (look().await?, clock.now());
    let age = stamps.values().map(|stamp| stamp.age(now)).min().unwrap_or(policy.quiet);
    let mut observer = RestObserver::new(stamps, age);
    while observer.quiet() < policy.quiet {
        observer.pause(policy, look).await?;
    }
    Ok(())
}

/// The files of a folder that are not hidden or temporary; what is wrong with the folder is found when it is read.
fn stamps(folder: &Path) -> BTreeMap<OsString, FileStamp> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let stamp = |entry: DirEntry| {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        let counts = !text.starts_with('.') && entry.path().extension().is_none_or(|ending| ending != "tmp");
        Some((name.clone(), FileStamp::of(&entry.path()).ok().filter(|_| counts)?))
    };
    entries.filter_map(stamp).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestClock;
    use std::io::Write;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::SystemTime;

    const POLICY: RestPolicy = RestPolicy { quiet: Duration::from_millis(200), longest: Duration::from_millis(1_500) };

    async fn text(path: &Path) -> Result<String, FetchError> {
        // Behind all times of files: they are watched.
        let clock = TestClock::at("2001-01-01");
        read(path, POLICY, &*clock, || async { std::fs::read_to_string(path).map_err(FetchError::of_file) }).await
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
        let content = || async { std::fs::read_to_string(&path).map_err(FetchError::of_file) };
        assert_eq!(read(&path, POLICY, &*TestClock::at("2022-07-01"), content).await.unwrap(), "a");
        assert!(started.elapsed() < POLICY.quiet);
        // By the clock that is handed in, and by no other.
        let young = FileStamp::of(&path).unwrap().age(Micros(1_600_000_001_000_000));
        assert_eq!(young, Duration::from_secs(1));
        assert_eq!(text(&path).await.unwrap(), "a");
        assert!(started.elapsed() >= POLICY.quiet);
    }

    #[tokio::test]
    async fn a_file_that_changes_under_an_old_time_is_not_read_without_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let (old, writes) = (SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000), AtomicU32::new(0));
        let write = |text: &str| {
            std::fs::write(&path, text).unwrap();
            std::fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        };
        write("a");
        let clock = TestClock::at("2022-07-01");
        let policy = RestPolicy { quiet: Duration::from_millis(20), longest: Duration::from_millis(300) };
        let growing = || async {
            write(&"a".repeat(usize::try_from(writes.fetch_add(1, Ordering::SeqCst)).unwrap() + 2));
            Ok(())
        };
        let started = Instant::now();
        assert_eq!(read(&path, policy, &*clock, growing).await.unwrap_err().label(), "still_written");
        assert!(started.elapsed() < Duration::from_secs(5));
        assert!(writes.load(Ordering::SeqCst) <= 20, "it is watched between two tries");
        // The same length and time, but other bytes.
        let replaced = || async {
            write(if writes.fetch_add(1, Ordering::SeqCst) % 2 == 0 { "b" } else { "c" });
            Ok(())
        };
        assert_eq!(read(&path, policy, &*clock, replaced).await.unwrap_err().label(), "still_written");
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

    #[tokio::test]
    async fn a_folder_is_at_rest_when_all_its_files_are() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().to_owned();
        let policy = RestPolicy { quiet: Duration::from_millis(100), longest: Duration::from_secs(2) };
        let clock = TestClock::at("2001-01-01");
        folder(&path.join("none"), policy, &*clock).await.unwrap();
        let started = Instant::now();
        let writer = std::thread::spawn(move || {
            for n in 0..10 {
                std::fs::write(path.join(format!("{}.log", n % 2)), "a".repeat(n)).unwrap();
                std::thread::sleep(Duration::from_millis(40));
            }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        folder(parent.path(), policy, &*clock).await.unwrap();
        assert!(started.elapsed() >= Duration::from_millis(400));
        writer.join().unwrap();
    }
}
