//! The book of one plan: its catalogue, what it admits, its figures and its rollups.

use crate::admit::{AdmissionError, AdmittedObservation, CatalogueIds};
use crate::ledger::{FigureKey, InsertOutcome, Ledger, READ_AHEAD};
use crate::report::{self, PlanReport};
use crate::report_period::{Cutoff, ReportPeriod};
use crate::rollup::{LedgerView, PlanRollups, RollupChange, TouchedBucket};
use contract::catalogue::Catalogue;
use contract::record::Observation;

/// Everything known of one plan.
#[derive(Debug)]
pub struct PlanState {
    /// The plan as the city wrote it.
    pub catalogue: Catalogue,
    admission: CatalogueIds,
    ledger: Ledger,
    rollups: PlanRollups,
    touched: Vec<TouchedBucket>,
}

impl PlanState {
    /// An empty book.
    pub fn new(catalogue: Catalogue) -> Self {
        let (admission, ledger) = (CatalogueIds::new(&catalogue), Ledger::new(&catalogue));
        Self { catalogue, admission, ledger, rollups: PlanRollups::default(), touched: Vec::new() }
    }

    /// Enters an observation, or says why it is quarantined.
    pub fn enter(&mut self, observation: &Observation) -> Result<(FigureKey, InsertOutcome), AdmissionError> {
        let admitted = self.admission.admit(observation)?;
        Ok(self.insert(admitted))
    }

    /// [`Book::enter`] for many, and much faster when they lie at random in time; answers in their order.
    pub fn enter_all(
        &mut self,
        observations: &[Observation],
    ) -> Vec<Result<(FigureKey, InsertOutcome), AdmissionError>> {
        let mut answers = Vec::with_capacity(observations.len());
        for ahead in observations.chunks(READ_AHEAD) {
            let admitted: Vec<_> = ahead.iter().map(|o| self.admission.admit(o)).collect();
            self.ledger.read_ahead(admitted.iter().flatten().map(|a| a.key));
            answers.extend(admitted.into_iter().map(|admitted| Ok(self.insert(admitted?))));
        }
        answers
    }

    fn insert(&mut self, admitted: AdmittedObservation) -> (FigureKey, InsertOutcome) {
        let key = admitted.key;
        let (stored, bucket) = self.ledger.insert(key, admitted.figure, admitted.revision);
        // A revision that does not stand can still show that a final figure was changed.
        if stored != InsertOutcome::Duplicate {
            self.touched.push(TouchedBucket::by(key, bucket));
        }
        (key, stored)
    }

    /// True when the observation would be admitted.
    pub fn admits(&self, observation: &Observation) -> Result<FigureKey, AdmissionError> {
        self.admission.admit(observation).map(|admitted| admitted.key)
    }

    /// Brings the rollups up to what was entered and to the moment `cut`, and says which rows changed.
    pub fn settle(&mut self, cut: Cutoff) -> Vec<RollupChange> {
        self.rollups.refresh(&self.catalogue, &self.ledger, &mut self.touched, cut)
    }

    /// The figures.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The kept rollups.
    pub fn rollups(&self) -> &PlanRollups {
        &self.rollups
    }

    /// The figures as seen at a moment.
    pub fn view(&self, cut: Cutoff) -> LedgerView<'_> {
        LedgerView::over(&self.catalogue, &self.ledger, cut, &self.rollups)
    }

    /// The report at a moment asked; kept rollups answer only when nothing waits to be settled.
    pub fn report(&self, ask: ReportPeriod, rollups: bool) -> PlanReport {
        let kept = self.touched.is_empty().then_some(&self.rollups);
        report::plan(&self.catalogue, &self.ledger, kept, ask, rollups)
    }
}
