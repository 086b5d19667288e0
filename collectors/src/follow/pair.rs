//! Which file is which: each file that was read before, and where it is now.

use super::file::LogFile;
use super::progress::FileProgress;
use crate::document::sha256;
use std::collections::{BTreeMap, BTreeSet};

/// Pairs each file read before with an existing one, if any; also returns the new ones. Both are indexes into `files`.
///
/// Of a growing log, files with the same beginning are one, and the one that may hold more is read. Of `finished` files each is
/// read: two that begin alike can go on differently.
pub(crate) fn pair(earlier: &[FileProgress], files: &[LogFile], finished: bool) -> (Vec<Option<usize>>, Vec<usize>) {
    let heads = Heads::of(earlier);
    if finished { heads.pair_each(earlier, files) } else { heads.pair_best(earlier, files) }
}

/// The files read before, by their first bytes.
struct Heads<'a> {
    by_head: BTreeMap<(usize, &'a str), Vec<usize>>,
    /// The lengths of these beginnings.
    lengths: BTreeSet<usize>,
}

impl<'a> Heads<'a> {
    fn of(earlier: &'a [FileProgress]) -> Self {
        let mut by_head: BTreeMap<(usize, &str), Vec<usize>> = BTreeMap::new();
        for (at, one) in earlier.iter().enumerate() {
            by_head.entry((one.head_bytes, &one.head)).or_default().push(at);
        }
        let lengths = by_head.keys().map(|(length, _)| *length).collect();
        Self { by_head, lengths }
    }

    /// The files read before that begin as this one, the longest beginning first.
    fn owners(&self, file: &LogFile) -> Vec<usize> {
        let shorter = self.lengths.iter().rev().filter(|length| **length <= file.head.len());
        let of_length = |length: &usize| {
            let hash = sha256(&file.head[..*length]);
            self.by_head.get(&(*length, hash.as_str())).into_iter().flatten().rev().copied().collect::<Vec<_>>()
        };
        shorter.flat_map(of_length).collect()
    }

    fn pair_best(&self, earlier: &[FileProgress], files: &[LogFile]) -> (Vec<Option<usize>>, Vec<usize>) {
        let (mut pairs, mut new): (Vec<Option<usize>>, Vec<usize>) = (vec![None; earlier.len()], Vec::new());
        for (at, one) in files.iter().enumerate() {
            match self.owners(one).first().copied() {
                // A copy of the log, or the compressed file beside the plain one.
                Some(owner) => match pairs[owner] {
                    Some(other) if files[other].rank() >= one.rank() => {}
                    _ => pairs[owner] = Some(at),
                },
                None => new.push(at),
            }
        }
        // Two new files may be one file and its copy.
        let mut heads: BTreeMap<&[u8], usize> = BTreeMap::new();
        for at in new {
            let best = heads.entry(&files[at].head).or_insert(at);
            if files[at].rank() > files[*best].rank() {
                *best = at;
            }
        }
        (pairs, heads.into_values().collect())
    }

    fn pair_each(&self, earlier: &[FileProgress], files: &[LogFile]) -> (Vec<Option<usize>>, Vec<usize>) {
        let mut pairs: Vec<Option<usize>> = vec![None; earlier.len()];
        let mut left = Vec::new();
        // A name that stayed is surer than the first file with the same beginning.
        for (at, one) in files.iter().enumerate() {
            match self.owners(one).into_iter().find(|owner| pairs[*owner].is_none() && earlier[*owner].name == one.name)
            {
                Some(owner) => pairs[owner] = Some(at),
                None => left.push(at),
            }
        }
        left.retain(|at| match self.owners(&files[*at]).into_iter().find(|owner| pairs[*owner].is_none()) {
            Some(owner) => {
                pairs[owner] = Some(*at);
                false
            }
            None => true,
        });
        // A part of a longer file comes before it, so that the longer one is recognised as its repetition.
        left.sort_by_key(|at| files[*at].length);
        (pairs, left)
    }
}
