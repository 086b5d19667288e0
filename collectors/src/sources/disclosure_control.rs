//! Suppression of small cells of a breakdown: two applicants for a procedure in a small town may be identifiable.

use contract::record::Breakdown;

/// Label of the sum of small cells.
pub(super) const OTHERS: &str = "その他";
/// Counts below this are suppressed, where the configuration names no other bound. National statistics suppress one and two,
/// many cities all counts below ten.
pub(super) const DEFAULT_BOUND: i64 = 10;

/// Adds up cells below `bound` under [`OTHERS`], so that the sum stays. A single small cell could be derived from the sum, so the
/// next smallest is added to it. Zeros identify no person and stay.
pub(super) fn suppressed(cells: Breakdown, bound: i64) -> Breakdown {
    let is_small = |count: i64| (1..bound).contains(&count);
    let mut small: Vec<String> = cells.iter().filter(|(_, count)| is_small(**count)).map(|(l, _)| l.clone()).collect();
    if small.is_empty() {
        return cells;
    }
    let hidden: i64 = small.iter().filter_map(|label| cells.get(label)).sum();
    // One cell, or several with a small sum, need another cell to hide them.
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
    fn small_cells_cannot_be_derived_from_the_rest() {
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
