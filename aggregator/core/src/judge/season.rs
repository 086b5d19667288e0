//! Seasons: how the months of a fiscal year share its sum, learnt from the complete years before it.

use super::months;
use super::path;
use super::value::YEAR;
use crate::rollup::LedgerView;
use contract::catalogue::{Kpi, SeriesRef};
use contract::exact::{Exact, round_to, whole};
use contract::period::{Grain, Period};
use num_traits::{Signed, Zero};

/// Most complete years that are learnt from.
const MOST_YEARS: usize = 5;
/// Digits after the point of a month's share.
const SHARE_DECIMALS: u32 = 9;

/// The weights of the months, April first; they add up to 1.
pub(super) struct MonthShares {
    weights: Vec<Exact>,
    /// How many years they were learnt from.
    pub(super) years: usize,
}

impl MonthShares {
    /// The share of the year that some months (April = 1) make up.
    pub(super) fn share(&self, numbers: &[i32]) -> Exact {
        let weight = |k: &i32| usize::try_from(*k - 1).ok().and_then(|k| self.weights.get(k)).cloned();
        numbers.iter().filter_map(weight).sum()
    }
}

/// The season of a judged year; `None` when no complete year before it can be learnt from.
pub(super) fn learn(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef, year: i32) -> Option<MonthShares> {
    if view.series(of).grain == Grain::FiscalYear {
        return None;
    }
    let years = (months::first_year(view, of)..year).rev();
    let learnt: Vec<Vec<Exact>> = years.filter_map(|year| shares(view, of, year)).take(MOST_YEARS).collect();
    let count = learnt.len();
    if count == 0 {
        return None;
    }
    let step = Exact::new(1.into(), num_bigint::BigInt::from(10).pow(SHARE_DECIMALS));
    let mean = |k: usize| round_to(&(learnt.iter().map(|year| &year[k]).sum::<Exact>() / whole(count)), &step);
    let shares: Vec<Exact> = (0..YEAR).map(mean).collect();
    Some(MonthShares { weights: weights(kpi, view, year, shares), years: count })
}

/// Shares weighted with the expected rates of the year, where all of these are above 0.
fn weights(kpi: &Kpi, view: &LedgerView<'_>, year: i32, shares: Vec<Exact>) -> Vec<Exact> {
    let rates: Vec<Exact> = (1..=12).map(|k| path::rate(kpi, &view.catalogue.plan, year, k)).collect();
    let weighted: Vec<Exact> = if rates.iter().all(Signed::is_positive) {
        shares.iter().zip(&rates).map(|(share, rate)| share * rate).collect()
    } else {
        shares.clone()
    };
    let (all, weighted) = match weighted.iter().sum::<Exact>() {
        // Negative figures of a signed series can cancel each other out.
        sum if sum.is_zero() => (shares.iter().sum::<Exact>(), shares),
        sum => (sum, weighted),
    };
    weighted.into_iter().map(|one| one / &all).collect()
}

/// The share of each month in a complete year with a sum above 0; a quarter's is split in three.
fn shares(view: &LedgerView<'_>, of: SeriesRef, year: i32) -> Option<Vec<Exact>> {
    let period = Period::fiscal_year(year);
    let all = view.rollup(of, period).filter(|r| r.complete)?.value.filter(|sum| *sum > 0)?;
    let mut shares = Vec::with_capacity(YEAR);
    for quarter in period.parts(Grain::Quarter) {
        let known = |part: Period| view.rollup(of, part).filter(|r| r.complete)?.value;
        let has_months = view.series(of).grain <= Grain::Month;
        let months = || quarter.parts(Grain::Month).map(known).collect::<Option<Vec<i128>>>();
        match has_months.then(months).flatten() {
            Some(months) => shares.extend(months.into_iter().map(|month| whole(month) / whole(all))),
            None => shares.extend(vec![whole(known(quarter)?) / whole(3 * all); 3]),
        }
    }
    Some(shares)
}
