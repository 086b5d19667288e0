//! The same work on many plans, side by side on the machine's cores: at a start and at a change of day every plan is settled
//! and judged, and no plan's figures depend on another's.

use std::num::NonZero;
use std::thread;

/// Threads at most.
const MAX_THREADS: usize = 8;
/// Items of one thread at least: fewer are done sooner than a thread starts.
const LEAST: usize = 8;

/// Does `work` with each item; gives the results in the order of the items.
pub(super) fn side_by_side<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS);
    let share = items.len().div_ceil(cores).max(LEAST);
    if items.len() <= share {
        return items.into_iter().map(work).collect();
    }
    let (mut rest, work) = (items.into_iter(), &work);
    thread::scope(|scope| {
        let shares: Vec<Vec<T>> = std::iter::from_fn(|| Some(rest.by_ref().take(share).collect()))
            .take_while(|share: &Vec<T>| !share.is_empty())
            .collect();
        let threads: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(move || share.into_iter().map(work).collect::<Vec<R>>()))
            .collect();
        let results = threads.into_iter().map(thread::ScopedJoinHandle::join);
        results.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_the_order_of_the_items_however_many_there_are() {
        for count in [0, 1, LEAST, LEAST + 1, 1741] {
            let expected: Vec<usize> = (0..count).map(|item| item * 2).collect();
            assert_eq!(side_by_side((0..count).collect(), |item| item * 2), expected);
        }
    }

    #[test]
    #[should_panic(expected = "item 99")]
    fn a_panic_in_one_share_is_one_of_the_caller() {
        side_by_side((0..100).collect(), |item: usize| assert!(item != 99, "item {item}"));
    }
}
