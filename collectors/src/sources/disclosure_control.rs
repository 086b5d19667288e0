//! Small cells of a breakdown: a procedure with two applicants in a small town may name them.

use contract::record::Breakdown;

/// What small cells are added up under.
pub(super) const OTHERS: &str = "その他";
/// Counts below this are not shown by themselves, where the configuration names no other bound; the national
/// statistics keep back counts of one and two, and many cities all below ten.
pub(super) const USUAL_BOUND: i64 = 10;

/// Adds cells below `bound` up under [`OTHERS`], so that the sum stays. When only one is small it would be known as
/// the difference between the sum and the rest, so the next smallest goes with it. Zeros tell of nobody and stay.
pub(super) fn suppressed(cells: Breakdown, bound: i64) -> Breakdown {
    let is_small = |count: i64| (1..bound).contains(&count);
    let mut small: Vec<String> = cells.iter().filter(|(_, count)| is_small(**count)).map(|(l, _)| l.clone()).collect();
    if small.is_empty() {
        return cells;
    }
    let hidden: i64 = small.iter().filter_map(|label| cells.get(label)).sum();
    // With one alone, or several that together are still small, another must hide them.
    if small.len() == 1 || hidden < bound {
        let rest = cells.iter().filter(|(label, count)| **count >= bound && *label != OTHERS);
        small.extend(rest.min_by_key(|(label, count)| (**count, (*label).clone())).map(|(label, _)| label.clone()));
    }
    let mut shown = Breakdown::new();
    for (label, count) in cells {
        let label = if small.contains(&label) { OTHERS.to_owned() } else { label };
        *shown.entry(label).or_insert(0) += count;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(cells: &[(&str, i64)]) -> String {
        let cells = cells.iter().map(|(label, count)| ((*label).to_owned(), *count)).collect();
        let shown: Vec<String> =
            suppressed(cells, 10).iter().map(|(label, count)| format!("{label}={count}")).collect();
        shown.join(" ")
    }

    #[test]
    fn small_cells_cannot_be_told_from_the_rest() {
        let rows: [(&[(&str, i64)], &str); 7] = [
            (&[("a", 10), ("b", 20)], "a=10 b=20"),
            (&[("a", 0), ("b", 20)], "a=0 b=20"),
            (&[("a", 9), ("b", 8), ("c", 20)], "c=20 その他=17"),
            (&[("a", 9), ("b", 20), ("c", 30)], "c=30 その他=29"),
            (&[("a", 1), ("b", 2), ("c", 30), ("d", 40)], "d=40 その他=33"),
            (&[("a", 9), ("その他", 30), ("c", 40)], "その他=79"),
            (&[("a", 3)], "その他=3"),
        ];
        for (cells, right) in rows {
            assert_eq!(shown(cells), right);
        }
    }
}
