//! The ledger at a cutoff.

use super::counter_readings::CounterReadings;
use super::key::{self, narrow};
use super::plan_rollups::PlanRollups;
use crate::ledger::{Ledger, LedgerEntry};
use crate::report_period::Cutoff;
use contract::catalogue::{Catalogue, Series, SeriesRef, Shape};
use contract::exact::Exact;
use contract::period::Period;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The ledger at a cutoff: what lies after it is left out.
pub struct LedgerView<'a> {
    /// The catalogue of the ledger.
    pub catalogue: &'a Catalogue,
    /// The figures.
    pub ledger: &'a Ledger,
    /// What the view includes.
    pub cutoff: Cutoff,
    pub(super) rollups: Option<&'a PlanRollups>,
    pub(super) totals: RefCell<HashMap<(SeriesPair, u8), Rc<CounterReadings>>>,
}

/// A series and definition as a hashable pair.
type SeriesPair = (usize, usize);

impl<'a> LedgerView<'a> {
    /// A view that computes everything from the ledger.
    pub fn new(catalogue: &'a Catalogue, ledger: &'a Ledger, cutoff: Cutoff) -> Self {
        Self { catalogue, ledger, cutoff, rollups: None, totals: RefCell::default() }
    }

    /// A view that reads what it can from rollups computed before.
    pub fn with_rollups(
        catalogue: &'a Catalogue,
        ledger: &'a Ledger,
        cutoff: Cutoff,
        rollups: &'a PlanRollups,
    ) -> Self {
        Self { rollups: Some(rollups), ..Self::new(catalogue, ledger, cutoff) }
    }

    /// The same figures at another moment.
    #[must_use]
    pub fn at(&self, cutoff: Cutoff) -> LedgerView<'a> {
        LedgerView { rollups: self.rollups, ..LedgerView::new(self.catalogue, self.ledger, cutoff) }
    }

    /// The series of a reference.
    pub fn series(&self, of: SeriesRef) -> &'a Series {
        &self.catalogue.series[of.series]
    }

    /// A figure, in the unit of its series.
    pub fn in_unit(&self, of: SeriesRef, steps: i128) -> Exact {
        self.catalogue.decimals(of).in_unit(steps)
    }

    /// True when a period of a series has ended at the cutoff.
    pub fn has_ended(&self, series: &Series, period: Period) -> bool {
        key::has_ended(self.cutoff, series, period)
    }

    /// True when the view includes a figure.
    pub fn sees(&self, of: SeriesRef, entry: &LedgerEntry) -> bool {
        let period = self.period(of, entry);
        match self.series(of).shape {
            Shape::Flow => self.cutoff.sees_flow(period.end()),
            Shape::Level | Shape::Counter => self.cutoff.sees_instant(period.start()),
        }
    }

    /// The period of a figure (of an instant: the hour or day that starts at it).
    pub fn period(&self, of: SeriesRef, entry: &LedgerEntry) -> Period {
        self.ledger.period(narrow(of).0, entry.index)
    }
}
