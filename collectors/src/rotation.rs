//! What the names of rotated files prove: which file follows which, and which cannot be read.

use jiff::ToSpan;
use jiff::civil::Date;
use std::path::Path;

/// Extensions of compressed files that cannot be read.
const UNREAD: [&str; 3] = [".bz2", ".xz", ".zst"];

/// The place of a file among those of its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rotation {
    /// The growing file.
    Live,
    /// `access.log.3` or `access.log.3.gz`.
    Number(u32),
    /// `access.log-20220401`, the day of its rotation.
    Day(Date),
}

impl Rotation {
    fn of(name: &str, live: &str) -> Option<Self> {
        let rest = name.strip_prefix(live)?;
        if rest.is_empty() {
            return Some(Self::Live);
        }
        // A copy may be named in any script: what follows the log's name need not be one byte.
        let digits = rest.get(1..)?.split('.').next()?;
        match (rest.as_bytes()[0], digits.len()) {
            (b'-' | b'.', 8) => Date::strptime("%Y%m%d", digits).ok().map(Self::Day),
            (b'.', _) => digits.parse().ok().map(Self::Number),
            _ => None,
        }
    }
}

/// True when no file lies between `earlier` and `later`, the next file by the times of its lines: the next rotation number, or
/// the next day. Each day but the last has a successor with a date.
pub(crate) fn follows(earlier: &str, later: &str, live: &str) -> bool {
    match (Rotation::of(earlier, live), Rotation::of(later, live)) {
        (Some(Rotation::Number(a)), Some(Rotation::Number(b))) => a == b + 1,
        (Some(Rotation::Number(1) | Rotation::Day(_)), Some(Rotation::Live)) => true,
        (Some(Rotation::Day(a)), Some(Rotation::Day(b))) => a.checked_add(1.day()).is_ok_and(|next| next == b),
        _ => false,
    }
}

/// The names of rotated files of the log at `path` that are compressed in a form that cannot be read.
pub(crate) fn unread(path: &Path) -> Vec<String> {
    let live = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let entries = path.parent().and_then(|folder| folder.read_dir().ok()).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut unread: Vec<String> =
        names.filter(|name| name.starts_with(&live) && UNREAD.iter().any(|ending| name.ends_with(ending))).collect();
    unread.sort();
    unread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_is_the_next_number_or_the_next_day() {
        for (earlier, later, right) in [
            ("a.log.4.gz", "a.log.3.gz", true),
            ("a.log.3.gz", "a.log.1", false),
            ("a.log.1", "a.log", true),
            ("a.log.2", "a.log", false),
            ("a.log-20220331.gz", "a.log-20220401", true),
            ("a.log-20220331.gz", "a.log-20220402", false),
            ("a.log-20220402", "a.log", true),
            ("a.log", "a.log.1", false),
            ("b.log", "a.log", false),
            ("a.logの写し", "a.log", false),
            ("a.log.1", "a.logの写し", false),
        ] {
            assert_eq!(follows(earlier, later, "a.log"), right, "{earlier} {later}");
        }
    }
}
