//! The state of one plan: its catalogue, its figures and its rollups.

use crate::admit::{AdmissionError, AdmittedObservation, CatalogueIds, ResolvedIds};
use crate::judge::sources_due;
use crate::landing::{KnownLandings, TargetChance};
use crate::ledger::{FigureKey, InsertOutcome, Ledger, READ_AHEAD};
use crate::plan_summary::{PlanSummary, SummaryMemo};
use crate::report::{self, PlanReport};
use crate::report_period::{Cutoff, ReportPeriod};
use crate::retractions::Retractions;
use crate::rollup::{LedgerView, PlanRollups, RollupChange, TouchedBucket};
use crate::target_change::TargetHistory;
use contract::borrowed::BorrowedObservation;
use contract::catalogue::Catalogue;
use contract::record::{CatalogueText, Observation, Retraction};
use std::sync::Arc;

/// The key of an inserted observation and the outcome, or the reason for which it must be quarantined.
pub type InsertResult = Result<(FigureKey, InsertOutcome), AdmissionError>;

/// The state of one plan in memory.
///
/// ```
/// use aggregator_core::ledger::InsertOutcome;
/// use aggregator_core::plan_state::PlanState;
/// use aggregator_core::report_period::ReportPeriod;
/// use contract::period::Period;
/// use contract::record::{Finality, Observation, Span, Value};
/// use contract::time::{Micros, Moment};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let catalogue = testkit::catalogue(r#"
///     [[policy]]
///     id = "open"
///     name = { ja = "公開", en = "Open data" }
///     owner = { ja = "課", en = "Section" }
///     [[series]]
///     id = "datasets"
///     name = { ja = "件数", en = "Data sets" }
///     unit = { ja = "件", en = "sets" }
///     shape = "level"
///     grain = "day"
///     [[series.definition]]
///     id = "listed"
///     text = { ja = "掲載数", en = "listed" }
///     [[series.source]]
///     id = "portal"
///     [[kpi]]
///     id = "datasets"
///     name = { ja = "件数", en = "Data sets" }
///     policy = "open"
///     kind = "level"
///     series = "datasets"
///     unit = { ja = "件", en = "sets" }
///     baseline = { year = "FY2018", value = 100 }
///     target = { at_least = 400 }
///     citation = "p. 2"
/// "#);
/// let mut state = PlanState::new(catalogue);
///
/// let observation = Observation {
///     plan: "p".into(),
///     series: "datasets".into(),
///     definition: "listed".into(),
///     source: "portal".into(),
///     period: Span::AsOf(Moment::parse("2020-04-01T00:00:00+09:00").ok_or("no moment")?),
///     value: Value::Known(200),
///     breakdown: None,
///     finality: Finality::Final,
///     revision: Micros::parse("2020-04-02T09:00:00+09:00").ok_or("no time")?,
///     visit: "poll-1".into(),
///     place: None,
/// };
/// assert_eq!(state.insert(&observation)?.1, InsertOutcome::Stands);
/// assert_eq!(state.insert(&observation)?.1, InsertOutcome::Duplicate);
///
/// let day = ReportPeriod(Period::parse("2020-04-30").ok_or("no period")?);
/// let changed = state.settle(day.cutoff());
/// assert!(!changed.is_empty());
/// let report = state.report(day, false);
/// assert_eq!(report.kpis[0].status, Some("on_track"));
/// assert_eq!(report.kpis[0].value_text.as_deref(), Some("200 件"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PlanState {
    /// The plan as the city wrote it.
    pub catalogue: Arc<Catalogue>,
    ids: CatalogueIds,
    retractions: Retractions,
    targets: TargetHistory,
    ledger: Ledger,
    rollups: PlanRollups,
    /// Buckets with a new revision since the rollups were brought up to date.
    touched: Vec<TouchedBucket>,
    /// Where the KPIs are expected to land, as far as that is known.
    pub landings: KnownLandings,
    /// How often settling changed anything.
    settlings: u64,
    /// Counts what may change a status: revisions of figures.
    changes: u64,
    summary: SummaryMemo,
}

impl PlanState {
    /// A state without observations.
    pub fn new(catalogue: impl Into<Arc<Catalogue>>) -> Self {
        let catalogue = catalogue.into();
        let (ids, ledger) = (CatalogueIds::new(&catalogue), Ledger::new(&catalogue));
        let (retractions, targets) = (Retractions::default(), TargetHistory::new(Arc::clone(&catalogue)));
        Self {
            catalogue,
            ids,
            retractions,
            targets,
            ledger,
            rollups: PlanRollups::default(),
            touched: Vec::new(),
            landings: KnownLandings::default(),
            settlings: 0,
            changes: 0,
            summary: SummaryMemo::default(),
        }
    }

    /// A state that admits what this one admits, and has no figures.
    #[must_use]
    pub fn without_figures(&self) -> Self {
        Self { retractions: self.retractions.clone(), ..Self::new(self.catalogue.clone()) }
    }

    /// Inserts an observation; gives its key and the outcome, or the reason for which it must be quarantined.
    pub fn insert(&mut self, observation: &Observation) -> InsertResult {
        let admitted = self.admitted(observation)?;
        Ok(self.insert_admitted(admitted))
    }

    /// [`PlanState::insert_resolved`] of observations whose ids are not looked up yet.
    pub fn insert_all(&mut self, observations: &[Observation]) -> Vec<InsertResult> {
        let observations = observations.iter().map(Observation::borrowed);
        let resolved: Vec<_> = observations.map(|one| (self.resolve(ids(&one)), one)).collect();
        self.insert_resolved(resolved)
    }

    /// [`PlanState::insert`] for many observations, much faster when they lie at random in time. The results have the
    /// order of the observations.
    pub fn insert_resolved<'a>(
        &mut self,
        observations: impl IntoIterator<Item = (Result<ResolvedIds, AdmissionError>, BorrowedObservation<'a>)>,
    ) -> Vec<InsertResult> {
        let mut observations = observations.into_iter();
        let mut outcomes = Vec::with_capacity(observations.size_hint().0);
        loop {
            let ahead = observations.by_ref().take(READ_AHEAD);
            let admitted: Vec<_> = ahead.map(|(ids, observation)| self.admitted_as(ids, &observation)).collect();
            if admitted.is_empty() {
                return outcomes;
            }
            self.ledger.read_ahead(admitted.iter().flatten().map(|a| a.key));
            outcomes.extend(admitted.into_iter().map(|admitted| Ok(self.insert_admitted(admitted?))));
        }
    }

    /// Looks up the ids of an observation: plan, series, definition and source.
    pub fn resolve(&self, ids: (&str, &str, &str, &str)) -> Result<ResolvedIds, AdmissionError> {
        self.ids.resolve(ids)
    }

    fn insert_admitted(&mut self, admitted: AdmittedObservation) -> (FigureKey, InsertOutcome) {
        let key = admitted.key;
        let (outcome, bucket) = self.ledger.insert(key, admitted.figure, admitted.revision);
        // A revision that does not stand can still show that a final figure was changed.
        if outcome != InsertOutcome::Duplicate {
            self.changes += 1;
            self.touched.push(TouchedBucket::by(key, bucket));
        }
        (key, outcome)
    }

    /// Checks an observation against the catalogue and inserts nothing: its key, or the reason for which it would be
    /// quarantined.
    pub fn admit(&self, observation: &Observation) -> Result<FigureKey, AdmissionError> {
        self.admitted(observation).map(|admitted| admitted.key)
    }

    fn admitted(&self, observation: &Observation) -> Result<AdmittedObservation, AdmissionError> {
        let observation = observation.borrowed();
        self.admitted_as(self.resolve(ids(&observation)), &observation)
    }

    fn admitted_as(
        &self,
        ids: Result<ResolvedIds, AdmissionError>,
        observation: &BorrowedObservation<'_>,
    ) -> Result<AdmittedObservation, AdmissionError> {
        if self.retractions.hold(observation.source, observation.revision) {
            return Err(AdmissionError::Retracted);
        }
        ids?.admit(observation)
    }

    /// Takes back what a source reported at some revisions, for every observation that is inserted from now on. Figures
    /// that were inserted before stay: the caller builds a new state when this gives true.
    pub fn retract(&mut self, retraction: &Retraction) -> bool {
        self.retractions.add(retraction)
    }

    /// Takes note of a recorded catalogue of the plan. It changes no status: [`PlanState::catalogue`] judges, and what it changed
    /// of the recorded ones is shown beside it.
    pub fn publish(&mut self, text: &CatalogueText) -> bool {
        self.targets.add(text)
    }

    /// What was changed of the targets.
    pub fn targets(&self) -> &TargetHistory {
        &self.targets
    }

    /// Computes the rollups for a cutoff, as far as new observations or the cutoff change them; gives the rows that
    /// differ.
    pub fn settle(&mut self, cutoff: Cutoff) -> Vec<RollupChange> {
        let changes = self.rollups.refresh(&self.catalogue, &self.ledger, &mut self.touched, cutoff);
        self.settlings += u64::from(!changes.is_empty());
        changes
    }

    /// Another number than before says that figures or the day may have changed rollups.
    pub fn settlings(&self) -> u64 {
        self.settlings
    }

    /// How likely the target of a KPI was, by evidence date; empty while that is not known, and where there is no landing.
    pub fn chances(&self, kpi: usize) -> &[TargetChance] {
        self.landings.of(kpi).map_or(&[], |landings| &landings.chances)
    }

    /// The figures.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The rollups of the last [`PlanState::settle`].
    pub fn rollups(&self) -> &PlanRollups {
        &self.rollups
    }

    /// The figures and rollups at a cutoff.
    pub fn view(&self, cutoff: Cutoff) -> LedgerView<'_> {
        LedgerView::with_rollups(&self.catalogue, &self.ledger, cutoff, &self.rollups)
    }

    /// How the plan stands at a period; computed where no figure and no other period came since it was last asked.
    pub fn summary(&self, period: ReportPeriod) -> PlanSummary {
        if let Some(known) = self.known_summary(period) {
            return known;
        }
        let view = if self.touched.is_empty() {
            self.view(period.cutoff())
        } else {
            LedgerView::new(&self.catalogue, &self.ledger, period.cutoff())
        };
        let (judged, sources) = (report::judgements(&view, period), sources_due(&view, period));
        let summary = PlanSummary::new(&judged, &sources, period);
        self.summary.set((self.changes, period), summary);
        summary
    }

    /// The same where nothing must be computed for it.
    pub fn known_summary(&self, period: ReportPeriod) -> Option<PlanSummary> {
        self.summary.get((self.changes, period)).filter(|(_, is_current)| *is_current).map(|(summary, _)| summary)
    }

    /// The last summary, whatever has come since.
    pub fn last_summary(&self, period: ReportPeriod) -> Option<PlanSummary> {
        self.summary.get((self.changes, period)).map(|(summary, _)| summary)
    }

    /// The report of a period, with every rollup when `rollups` is set; without landings.
    pub fn report(&self, period: ReportPeriod, rollups: bool) -> PlanReport {
        self.report_from(period, rollups, None)
    }

    /// The same with the landings that are known.
    pub fn report_with_landings(&self, period: ReportPeriod, rollups: bool) -> PlanReport {
        self.report_from(period, rollups, Some(&self.landings))
    }

    fn report_from(&self, period: ReportPeriod, rollups: bool, landings: Option<&KnownLandings>) -> PlanReport {
        let settled = self.touched.is_empty().then_some(&self.rollups);
        report::plan((self.catalogue.as_ref(), &self.targets), &self.ledger, settled, period, rollups, landings)
    }
}

fn ids<'a>(observation: &BorrowedObservation<'a>) -> (&'a str, &'a str, &'a str, &'a str) {
    (observation.plan, observation.series, observation.definition, observation.source)
}
