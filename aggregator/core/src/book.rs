//! The book of one plan: its catalogue, what it admits, its figures and its rollups.

use crate::admit::{Admission, Admitted, Refusal};
use crate::ask::{Ask, Cut};
use crate::ledger::{Key, Ledger, READ_AHEAD, Stored};
use crate::report::{self, PlanReport};
use crate::rollup::{Change, Rollups, Touched, View};
use contract::catalogue::Catalogue;
use contract::record::Observation;

/// Everything known of one plan.
#[derive(Debug)]
pub struct Book {
    /// The plan as the city wrote it.
    pub catalogue: Catalogue,
    admission: Admission,
    ledger: Ledger,
    rollups: Rollups,
    touched: Vec<Touched>,
}

impl Book {
    /// An empty book.
    pub fn new(catalogue: Catalogue) -> Self {
        let (admission, ledger) = (Admission::new(&catalogue), Ledger::new(&catalogue));
        Self { catalogue, admission, ledger, rollups: Rollups::default(), touched: Vec::new() }
    }

    /// Enters an observation, or says why it is quarantined.
    pub fn enter(&mut self, observation: &Observation) -> Result<(Key, Stored), Refusal> {
        let admitted = self.admission.admit(observation)?;
        Ok(self.insert(admitted))
    }

    /// [`Book::enter`] for many, and much faster when they lie at random in time; answers in their order.
    pub fn enter_all(&mut self, observations: &[Observation]) -> Vec<Result<(Key, Stored), Refusal>> {
        let mut answers = Vec::with_capacity(observations.len());
        for ahead in observations.chunks(READ_AHEAD) {
            let admitted: Vec<_> = ahead.iter().map(|o| self.admission.admit(o)).collect();
            self.ledger.read_ahead(admitted.iter().flatten().map(|a| a.key));
            answers.extend(admitted.into_iter().map(|admitted| Ok(self.insert(admitted?))));
        }
        answers
    }

    fn insert(&mut self, admitted: Admitted) -> (Key, Stored) {
        let key = admitted.key;
        let (stored, bucket) = self.ledger.insert(key, admitted.figure, admitted.revision);
        // A revision that does not stand can still show that a final figure was changed.
        if stored != Stored::Duplicate {
            self.touched.push(Touched::by(key, bucket));
        }
        (key, stored)
    }

    /// True when the observation would be admitted.
    pub fn admits(&self, observation: &Observation) -> Result<Key, Refusal> {
        self.admission.admit(observation).map(|admitted| admitted.key)
    }

    /// Brings the rollups up to what was entered and to the moment `cut`, and says which rows changed.
    pub fn settle(&mut self, cut: Cut) -> Vec<Change> {
        self.rollups.refresh(&self.catalogue, &self.ledger, &mut self.touched, cut)
    }

    /// The figures.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The kept rollups.
    pub fn rollups(&self) -> &Rollups {
        &self.rollups
    }

    /// The figures as seen at a moment.
    pub fn view(&self, cut: Cut) -> View<'_> {
        View::over(&self.catalogue, &self.ledger, cut, &self.rollups)
    }

    /// The report at a moment asked; kept rollups answer only when nothing waits to be settled.
    pub fn report(&self, ask: Ask, rollups: bool) -> PlanReport {
        let kept = self.touched.is_empty().then_some(&self.rollups);
        report::plan(&self.catalogue, &self.ledger, kept, ask, rollups)
    }
}
