//! Compares the totals that a table prints with the rows that were added.
//!
//! A total that disagrees shows that a row was added that does not belong to the sum, or that one is missing: 「前年５月」 among
//! the months, a part that is listed twice. The table can print several totals: of all rows, of blocks above or below them, of
//! some rows. So the totals together must explain the sum.

use super::total::TotalScope;

/// Most rows of a block that are added to find the rows of one total.
const MAX_BLOCK: usize = 10_000;

/// The rows of one figure in their order, with the totals among them.
#[derive(Debug, Default)]
pub struct PrintedTotals {
    added: Vec<i64>,
    totals: Vec<PrintedTotal>,
}

#[derive(Clone, Copy, Debug)]
struct PrintedTotal {
    value: i64,
    /// Its row in the file.
    row: u32,
    scope: TotalScope,
    /// Number of added rows before it.
    after: usize,
}

/// The side of a total on which its rows are.
#[derive(Clone, Copy)]
enum Side {
    Above,
    Below,
}

impl PrintedTotals {
    /// Adds a row of the sum.
    pub fn add(&mut self, value: i64) {
        self.added.push(value);
    }

    /// Adds a printed total.
    pub fn print(&mut self, value: i64, row: u32, scope: TotalScope) {
        self.totals.push(PrintedTotal { value, row, scope, after: self.added.len() });
    }

    /// The row of a total that disagrees with the rows. `step` is what each printed figure is rounded to; 0 where they are counts,
    /// which are not rounded.
    pub fn disagreement(&self, step: i64) -> Option<u32> {
        let first = self.totals.iter().find(|total| total.scope == TotalScope::Whole).or(self.totals.first())?;
        let sum = self.added.iter().fold(0, |sum: i64, value| sum.saturating_add(*value));
        if self.totals.iter().any(|total| near(total.value, sum, self.added.len(), step)) {
            return None;
        }
        if first.scope == TotalScope::Part {
            // Some rows need not be in any of them.
            let found = |total: &&PrintedTotal| {
                [Side::Above, Side::Below].iter().any(|side| self.block(total, *side, step).is_some())
            };
            return self.totals.iter().find(|total| !found(total)).map(|total| total.row);
        }
        let explained = [Side::Above, Side::Below].into_iter().any(|side| self.explains(side, step));
        (!explained).then_some(first.row)
    }

    /// True when each total is the sum of a block on that side, and each row is in a block.
    fn explains(&self, side: Side, step: i64) -> bool {
        let mut covered: Vec<bool> = self.added.iter().map(|value| *value == 0).collect();
        for total in &self.totals {
            match self.block(total, side, step) {
                Some(rows) => covered[rows].fill(true),
                None if total.scope == TotalScope::Whole => return false,
                None => {}
            }
        }
        covered.iter().all(|covered| *covered)
    }

    /// The longest block of rows next to a total that adds up to it.
    fn block(&self, total: &PrintedTotal, side: Side, step: i64) -> Option<std::ops::Range<usize>> {
        let (mut sum, mut found) = (0_i64, None);
        let most = match side {
            Side::Above => total.after,
            Side::Below => self.added.len() - total.after,
        };
        for count in 1..=most.min(MAX_BLOCK) {
            let rows = match side {
                Side::Above => total.after - count..total.after,
                Side::Below => total.after..total.after + count,
            };
            let next = match side {
                Side::Above => rows.start,
                Side::Below => rows.end - 1,
            };
            sum = sum.saturating_add(self.added[next]);
            if near(total.value, sum, count, step) {
                found = Some(rows);
            }
        }
        found
    }
}

/// True when a total is that sum, but for the rounding of `count` rows and of itself.
pub fn near(total: i64, sum: i64, count: usize, step: i64) -> bool {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let rounding = count.saturating_add(1).saturating_mul(step) / 2;
    total.abs_diff(sum) <= rounding.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `=` begins a total of all rows, `~` one of a part.
    fn disagreement(rows: &str, step: i64) -> Option<u32> {
        let mut totals = PrintedTotals::default();
        for (row, text) in (1..).zip(rows.split(' ')) {
            match (text.strip_prefix('='), text.strip_prefix('~')) {
                (Some(value), _) => totals.print(value.parse().unwrap(), row, TotalScope::Whole),
                (None, Some(value)) => totals.print(value.parse().unwrap(), row, TotalScope::Part),
                _ => totals.add(text.parse().unwrap()),
            }
        }
        totals.disagreement(step)
    }

    #[test]
    fn totals_above_below_and_of_blocks_agree() {
        for rows in [
            "1 2 3",
            "1 2 =3",
            "=3 1 2",
            "1 2 =3 4 5 =9",
            "=3 1 2 =9 4 5",
            "1 2 ~3 4 ~4 =7",
            "~3 1 2 ~4 4 =7",
            "1 2 ~3 4 ~4 =7 5 6 ~11 =11",
            "5 1 2 ~3",
            "0 1 2 =3",
            "7 =7 3 =3",
        ] {
            assert_eq!(disagreement(rows, 0), None, "{rows}");
        }
    }

    #[test]
    fn a_total_that_does_not_explain_all_rows_disagrees() {
        for (rows, row) in [
            ("30 =22 10 12", 2),
            ("10 12 =22 30", 3),
            ("10 12 30 =22", 4),
            ("=22 10 12 30", 1),
            ("=22 10 11", 1),
            ("1 2 =3 4 5 =10", 3),
            ("1 2 ~4", 3),
            ("1 2 ~3 4 =8", 5),
        ] {
            assert_eq!(disagreement(rows, 0), Some(row), "{rows}");
        }
    }

    #[test]
    fn rounded_figures_may_differ_by_their_rounding() {
        assert_eq!(disagreement("1000 2000 4000 =8000", 1000), None);
        assert_eq!(disagreement("1000 2000 =6000", 1000), Some(3));
    }
}
