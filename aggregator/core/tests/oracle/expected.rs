//! What each month of a fiscal year expects: seasons.

use super::Cut;
use super::figures::{first_year, rolled};
use super::path::{self, ratio};
use super::standing::Standing;
use contract::catalogue::{Kpi, KpiKind, SeriesRef};
use contract::exact::{self, Exact, whole};
use contract::period::{Grain, Period};
use num_traits::{Signed, Zero};
use std::rc::Rc;

/// Most years that seasons are taken from.
const YEARS: usize = 5;

/// The months of one fiscal year, April first.
#[derive(Clone, Debug)]
pub struct Expected {
    /// What month k adds to the year's sum.
    monthly: Vec<Exact>,
    /// Its part of the year, for the tolerance.
    part: Vec<Exact>,
    /// How many past years the seasons come from; 0 is none.
    pub seasons: usize,
    /// How many there were before the limit.
    pub found: usize,
    pub flat: bool,
}

impl Expected {
    /// The sum that months (April = 1) expect.
    pub fn sum(&self, months: &[i32]) -> Exact {
        months.iter().map(|k| &self.monthly[*k as usize - 1]).sum()
    }

    /// The mean that months expect, as a monthly figure of the KPI: "for a monthly mean 12 times that".
    pub fn mean(&self, months: &[i32]) -> Exact {
        self.sum(months) * whole(12) / whole(months.len() as i64)
    }

    /// Those months' part of the year.
    pub fn part(&self, months: &[i32]) -> Exact {
        months.iter().map(|k| &self.part[*k as usize - 1]).sum()
    }
}

pub fn of(st: &Standing, kpi: &Kpi, r: SeriesRef, year: i32) -> Rc<Expected> {
    let key = (kpi.id.clone(), year);
    if let Some(found) = st.memo.expected.borrow().get(&key) {
        return found.clone();
    }
    let found = Rc::new(work_out(st, kpi, r, year));
    st.memo.expected.borrow_mut().insert(key, found.clone());
    found
}

fn work_out(st: &Standing, kpi: &Kpi, r: SeriesRef, year: i32) -> Expected {
    let plan = &st.catalogue.plan;
    let e: Vec<Exact> = (1..=12).map(|k| path::rate(plan, kpi, year, k)).collect();
    let past = past_years(st, r, year);
    if past.is_empty() {
        // "Without any: e_k"
        let monthly = e.iter().map(|e| e / whole(12)).collect();
        return Expected { monthly, part: vec![ratio(1, 12); 12], seasons: 0, found: 0, flat: false };
    }
    let used = &past[..past.len().min(YEARS)];
    let s: Vec<Exact> = (0..12)
        .map(|k| {
            let mean = used.iter().map(|shares| &shares[k]).sum::<Exact>() / whole(used.len() as i64);
            exact::round_to(&mean, &ratio(1, 1_000_000_000))
        })
        .collect();
    // E_k = g s_k e_k / sum_j(s_j e_j); "where any e_k is not above 0, E_k = g s_k / sum_j(s_j)"
    let flat = e.iter().any(|e| !e.is_positive());
    let weight: Vec<Exact> = s.iter().zip(&e).map(|(s, e)| if flat { s.clone() } else { s * e }).collect();
    let all: Exact = weight.iter().sum();
    if all.is_zero() {
        st.note("seasons that cancel out");
    }
    let part: Vec<Exact> = weight.iter().map(|w| w / &all).collect();
    // CHOICE (g of the baseline year and before): b.
    let g = path::goal(plan, kpi, year).unwrap_or_else(|| kpi.origin().unwrap().value.clone());
    let monthly = part.iter().map(|p| &g * p).collect();
    Expected { monthly, part, seasons: used.len(), found: past.len(), flat }
}

/// The twelve shares of each complete fiscal year before `year` with a sum above 0, the latest first.
fn past_years(st: &Standing, r: SeriesRef, year: i32) -> Vec<Vec<Exact>> {
    let Some(first) = first_year(st, r) else { return Vec::new() };
    (first..year).rev().filter_map(|past| shares(st, r, past)).collect()
}

fn shares(st: &Standing, r: SeriesRef, year: i32) -> Option<Vec<Exact>> {
    let year = Period::fiscal_year(year);
    let all = Cut::through(year.end());
    let sum = rolled(st, r, year, all).complete_value().filter(|sum| *sum > 0)?;
    let mut out = Vec::new();
    for quarter in year.parts(Grain::Quarter) {
        let months: Option<Vec<i128>> =
            quarter.parts(Grain::Month).map(|month| rolled(st, r, month, all).complete_value()).collect();
        if let Some(months) = months {
            out.extend(months.into_iter().map(|n| Exact::new(n.into(), sum.into())));
        } else {
            // "a quarter's share is split in three". CHOICE (a counter's year of which a quarter is unknown, and a series
            // of fiscal-year grain): that year has no shares and is passed over.
            let n = rolled(st, r, quarter, all).complete_value()?;
            st.note("a quarter's share split in three");
            out.extend(std::iter::repeat_n(Exact::new(n.into(), (sum * 3).into()), 3));
        }
    }
    Some(out)
}

/// The distance from the expected sum or mean that is still `at_risk`.
pub fn tolerance(st: &Standing, kpi: &Kpi, expected: &Expected, months: &[i32]) -> Exact {
    let mut tolerance = path::tolerance(st, kpi);
    let is_sum = kpi.kind == KpiKind::FlowPerYear;
    if is_sum {
        // "scaled by those months' share of the year in that formula .. instead of months/12"
        tolerance *= expected.part(months);
    }
    // CHOICE ("One such year is enough, the tolerance then being at least 3 %"): then is with one such year only.
    if expected.seasons == 1 && months.len() < 12 {
        let whole = if is_sum { expected.sum(months) } else { expected.mean(months) };
        let least = whole * ratio(3, 100);
        if least > tolerance {
            st.note("a tolerance of 3 % at least");
            tolerance = least;
        }
    }
    tolerance
}
