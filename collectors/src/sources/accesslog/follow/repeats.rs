//! Lines that were counted before from another file: a part that is delivered again, a concatenation, a file that was rewritten.
//!
//! Files are recognised by their beginnings; this recognises hours. An hour of a file repeats another file's when number and digest of
//! its lines are the same, or those of several files together. Two logs can agree in a quiet hour by chance, so a file repeats others
//! only when most of the hours that it shares with them agree.

use super::super::notes::LogNotes;
use super::super::parse::HourCount;
use crate::follow::HourBlock;
use std::collections::{BTreeMap, BTreeSet};

/// Most files of one hour whose sums are tried in any combination.
const MAX_COMBINED: usize = 10;

/// The hours that a file shares with other files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Repeats {
    /// Hours whose lines were counted before.
    pub(super) known: BTreeSet<i64>,
    /// Hours with other lines than those counted before.
    pub(super) differing: BTreeSet<i64>,
}

impl Repeats {
    /// Compares the hours of a file. `open` is what it added to its last hour before; `rewritten` is the hour before which a file that
    /// was rewritten had been counted: then the number of lines decides, because what is in them may have been changed.
    pub(super) fn find(
        notes: &LogNotes,
        open: Option<&HourBlock>,
        counted: &BTreeMap<i64, HourCount>,
        rewritten: Option<i64>,
    ) -> Self {
        let mut repeats = Self::default();
        for (hour, count) in counted {
            let others = notes.blocks(*hour);
            let goes_on = open.is_some_and(|open| open.hour == *hour);
            if count.hits == 0 && rewritten.is_none() || others.is_empty() || goes_on {
                continue;
            }
            let block = (count.hits, count.digest);
            let is_known = match rewritten {
                Some(until) if *hour >= until => continue,
                Some(_) => combines(others, |hits, _| hits == count.hits),
                None => combines(others, |hits, digest| (hits, digest) == block),
            };
            let hours = if is_known { &mut repeats.known } else { &mut repeats.differing };
            hours.insert(*hour);
        }
        let is_repetition = match rewritten {
            Some(_) => true,
            None => !repeats.known.is_empty() && repeats.differing.len() <= repeats.known.len(),
        };
        if is_repetition { repeats } else { Self::default() }
    }

    /// True for an hour whose lines are not added.
    pub(super) fn holds(&self, hour: i64) -> bool {
        self.known.contains(&hour) || self.differing.contains(&hour)
    }

    /// True without any.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.differing.is_empty()
    }
}

/// True when the sums of some of the blocks fulfil a condition: of each, of all, and of any combination of a few.
fn combines(blocks: &[(i64, u32)], fits: impl Fn(i64, u32) -> bool) -> bool {
    let sum = |chosen: &mut dyn Iterator<Item = &(i64, u32)>| {
        let (hits, digest) =
            chosen.fold((0, 0_u32), |(hits, sum), (more, digest)| (hits + more, sum.wrapping_add(*digest)));
        fits(hits, digest)
    };
    if blocks.len() > MAX_COMBINED {
        return blocks.iter().any(|(hits, digest)| fits(*hits, *digest)) || sum(&mut blocks.iter());
    }
    (1_u32..1 << blocks.len()).any(|set| {
        let chosen = blocks.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
        sum(&mut chosen.map(|(_, block)| block))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(hits: i64, digest: u32) -> HourCount {
        HourCount { hits, digest, areas: Vec::new() }
    }

    /// The known and the differing hours of a file with these counts, where hours 0 to 9 hold the blocks (5, 50) and (2, 20).
    fn found(counts: &[(i64, i64, u32)], rewritten: Option<i64>) -> (Vec<i64>, Vec<i64>) {
        let mut notes = LogNotes::default();
        for hour in 0..10 {
            notes.add_block(hour, None, (5, 50));
            notes.add_block(hour, None, (2, 20));
        }
        let counted = counts.iter().map(|(hour, hits, digest)| (*hour, count(*hits, *digest))).collect();
        let Repeats { known, differing } = Repeats::find(&notes, None, &counted, rewritten);
        (known.into_iter().collect(), differing.into_iter().collect())
    }

    #[test]
    fn an_hour_repeats_one_file_or_several() {
        assert_eq!(found(&[(0, 5, 50), (1, 2, 20), (2, 7, 70), (20, 1, 1)], None), (vec![0, 1, 2], vec![]));
        assert_eq!(found(&[(0, 5, 50), (1, 2, 20), (2, 3, 30)], None), (vec![0, 1], vec![2]), "partly repeated");
        assert_eq!(
            found(&[(0, 5, 50), (1, 3, 30), (2, 3, 30)], None),
            (vec![], vec![]),
            "another log that agrees once"
        );
        assert_eq!(found(&[(0, 5, 51), (1, 0, 0)], None), (vec![], vec![]));
    }

    #[test]
    fn of_a_rewritten_file_the_number_of_lines_decides() {
        assert_eq!(found(&[(0, 5, 51), (1, 4, 40), (2, 0, 0), (3, 2, 9), (20, 1, 1)], Some(3)), (vec![0], vec![1, 2]));
    }
}
