//! One partition's sink: plans the writes, does them piece by piece, and notes how far it is.
//!
//! Work in hand stays in memory until it is done, and only then the cursor moves: a failed step is repeated with the
//! same lines, a killed process starts at the cursor. The sink remembers which points of KPIs it has written, since a
//! KPI is planned as a whole whenever one of its figures changes.

use super::landed::WrittenLandings;
use super::line::LineBuffer;
use super::plan::{PlannedWrites, WriteStep};
use super::schema::{self, ObsoleteShape};
use super::send::{SendOutcome, send};
use super::settings::{BATCH, InfluxSettings, NAME};
use super::writer::{PointWriter, WriteError};
use crate::plan_states::{PlanStates, SharedPlanStates, read};
use crate::sinks::sink::{Sink, SinkError, Step, StepOutcome};
use aggregator_core::plan_state::PlanState;
use aggregator_core::points::{FigureCursor, KpiPoint, figure};
use contract::catalogue::Kpi;
use contract::time::date_of;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, VecDeque};
use tokio_util::sync::CancellationToken;
use xxhash_rust::xxh3::xxh3_64;

/// Changes that are read at once.
const CHANGES: usize = BATCH;
/// Days of a KPI that are judged under one lock: those with confirmation take some hundred microseconds each.
const DAYS: usize = 50;
/// Lines of a request that are left free for points that come together: the figures of a bucket, or some days.
const RESERVE: usize = 64;
/// Removals of one step; each takes about three milliseconds.
const REMOVALS: usize = 100;

/// Writes one partition's figures to one bucket.
pub(super) struct InfluxSink {
    settings: InfluxSettings,
    make: fn(&InfluxSettings) -> Result<Box<dyn PointWriter>, WriteError>,
    writer: Option<Box<dyn PointWriter>>,
    /// Points of a request.
    size: usize,
    /// The civil day on which the bucket was checked, and its retention in days.
    checked: Option<(i32, Option<i64>)>,
    /// The civil day up to which KPIs are written.
    written_to: Option<i32>,
    /// Hashes of the lines that are dead letters.
    dead: Option<FxHashSet<u64>>,
    /// Hashes of the lines written of a KPI (plan, id), by day.
    written: FxHashMap<(String, String), FxHashMap<i32, u64>>,
    landed: WrittenLandings,
    /// KPIs to write once no more changes wait, and whether to remove their points first.
    due: BTreeMap<(String, usize), bool>,
    steps: VecDeque<WriteStep>,
    lines: LineBuffer,
    /// Points that line protocol cannot carry, each with the reason.
    unwritable: Vec<(String, String)>,
    /// The cursor once steps and lines are done.
    upto: Option<i64>,
}

impl Sink for InfluxSink {
    fn step(&mut self, step: &mut Step<'_>) -> Result<StepOutcome, SinkError> {
        let today = step.now.moment().day();
        self.check_bucket(step, today)?;
        let idle = self.steps.is_empty() && self.lines.is_empty() && self.upto.is_none();
        if idle && !self.plan_work(step, today)? {
            return Ok(StepOutcome::Nothing);
        }
        let mut dead = self.remove(step)?;
        if self.lines.is_empty() {
            self.fill(step.plans);
        }
        let (written, refused) = self.send(step)?;
        dead += refused;
        if let Some(upto) = self.upto.filter(|_| self.steps.is_empty() && self.lines.is_empty()) {
            step.store.put_cursor(NAME, upto)?;
            self.upto = None;
        }
        Ok(StepOutcome::Some { written, dead })
    }

    fn probe(&mut self, stop: &CancellationToken) -> Result<&'static str, SinkError> {
        let writer = self.writer().map_err(failed)?;
        // A comment writes nothing, but is refused where a point would be.
        writer.write("# may we write here?\n".to_owned(), stop).map_err(failed)?;
        Ok("would take what is written")
    }
}

impl InfluxSink {
    pub(super) fn new(
        settings: InfluxSettings,
        make: fn(&InfluxSettings) -> Result<Box<dyn PointWriter>, WriteError>,
    ) -> Self {
        Self {
            settings,
            make,
            writer: None,
            size: BATCH,
            checked: None,
            written_to: None,
            dead: None,
            written: FxHashMap::default(),
            landed: WrittenLandings::default(),
            due: BTreeMap::new(),
            steps: VecDeque::new(),
            lines: LineBuffer::default(),
            unwritable: Vec::new(),
            upto: None,
        }
    }

    fn writer(&mut self) -> Result<&mut Box<dyn PointWriter>, WriteError> {
        let made = match self.writer.take() {
            Some(made) => made,
            None => (self.make)(&self.settings)?,
        };
        Ok(self.writer.insert(made))
    }

    /// Once a day: whether the token may write there, and how long points are kept.
    fn check_bucket(&mut self, step: &Step<'_>, today: i32) -> Result<(), SinkError> {
        if self.dead.is_none() {
            let letters = step.store.dead_letters(NAME)?;
            self.dead = Some(letters.iter().map(|(line, _)| xxh3_64(line.as_bytes())).collect());
        }
        if self.checked.is_some_and(|(day, _)| day == today) {
            return Ok(());
        }
        self.probe(step.stop)?;
        let writer = self.writer().map_err(failed)?;
        // A token that may write need not be one that may read buckets; then the retention stays unknown.
        let retention = match writer.retention(step.stop) {
            Err(WriteError::Stopped) => return Err(SinkError::Stopped),
            found => found.unwrap_or(None),
        };
        self.checked = Some((today, retention));
        Ok(())
    }

    /// A bucket whose retention is too short for a plan is a mistake of the bucket, not of the points.
    fn check_retention<'a>(
        &mut self,
        states: &PlanStates,
        plans: impl Iterator<Item = &'a String>,
    ) -> Result<(), SinkError> {
        let Some((today, Some(days))) = self.checked else { return Ok(()) };
        for plan in plans.filter_map(|plan| Some(&states.get(plan)?.catalogue.plan)) {
            if i64::from(plan.start().day()) < i64::from(today) - days {
                let (settings, id, start) = (&self.settings, &plan.id, date_of(plan.start().day()));
                // The next step reads it again.
                self.checked = None;
                let what = format!(
                    "{settings} keeps points for {days} days only, and the plan {id} starts on {start}; lengthen that: \
                     influx bucket update --id ID --retention 0"
                );
                return Err(SinkError::Refused { what, after: None, source: None });
            }
        }
        Ok(())
    }

    /// Plans the next writes; false when there is nothing to do.
    fn plan_work(&mut self, step: &Step<'_>, today: i32) -> Result<bool, SinkError> {
        match step.store.cursor(NAME)? {
            None => self.plan_everything(step, today).map(|()| true),
            Some(cursor) => self.plan_changes(step, today, cursor),
        }
    }

    fn plan_everything(&mut self, step: &Step<'_>, today: i32) -> Result<(), SinkError> {
        let store = step.store.read();
        let last = store.last_change()?;
        let plans = store.plans_judged()?;
        // All figures are written anyway; only obsolete points are found in the changes alone.
        let (mut planned, mut after) = (PlannedWrites::default(), 0);
        while after < last {
            let changes = store.changes(after, CHANGES)?;
            let Some(end) = changes.last() else { break };
            after = end.seq;
            let states = read(step.plans);
            for change in &changes {
                planned.add(states.get(&change.plan), change);
            }
            planned.figures.clear();
        }
        let states = read(step.plans);
        self.check_retention(&states, plans.iter())?;
        self.steps.extend(obsolete(&planned, &states).into_iter().map(WriteStep::Remove));
        self.steps.extend(plans.iter().map(|plan| WriteStep::Figures(plan.clone(), FigureCursor::default())));
        self.due = all_kpis(&states, &plans);
        for (kpi, anew) in &mut self.due {
            *anew = planned.kpis.get(kpi).copied().unwrap_or(false);
        }
        self.plan_kpis(&states);
        self.written.clear();
        (self.upto, self.written_to) = (Some(last), Some(today));
        Ok(())
    }

    fn plan_changes(&mut self, step: &Step<'_>, today: i32, cursor: i64) -> Result<bool, SinkError> {
        let store = step.store.read();
        let changes = store.changes(cursor, CHANGES)?;
        let plans = if self.written_to == Some(today) { Vec::new() } else { store.plans_judged()? };
        for kpi in self.landed.changed(&read(step.plans)) {
            self.due.entry(kpi).or_default();
        }
        if changes.is_empty() && plans.is_empty() && self.due.is_empty() {
            self.written_to = Some(today);
            return Ok(false);
        }
        let (mut planned, states) = (PlannedWrites::default(), read(step.plans));
        for change in &changes {
            planned.add(states.get(&change.plan), change);
        }
        self.check_retention(&states, planned.figures.keys().chain(&plans))?;
        for (plan, keys) in &planned.figures {
            let Some(state) = states.get(plan) else { continue };
            keys.iter().filter_map(|key| state.figure_point(*key)).for_each(|point| self.add_figure(state, &point));
        }
        self.steps.extend(obsolete(&planned, &states).into_iter().map(WriteStep::Remove));
        self.steps.extend(planned.whole.into_iter().map(|plan| WriteStep::Figures(plan, FigureCursor::default())));
        for (kpi, anew) in planned.kpis {
            *self.due.entry(kpi).or_default() |= anew;
        }
        self.upto = changes.last().map(|change| change.seq);
        // A KPI that is written now would be written again after the changes that wait.
        if changes.len() < CHANGES {
            for (kpi, anew) in all_kpis(&states, &plans) {
                *self.due.entry(kpi).or_default() |= anew;
            }
            self.plan_kpis(&states);
            self.written_to = Some(today);
        }
        Ok(true)
    }

    fn plan_kpis(&mut self, states: &PlanStates) {
        for ((plan, kpi), anew) in std::mem::take(&mut self.due) {
            let found = states.get(&plan).and_then(|state| state.catalogue.kpis.get(kpi));
            let Some(id) = found.map(|kpi| kpi.id.clone()) else { continue };
            if anew {
                self.steps.push_back(WriteStep::Remove(ObsoleteShape::Kpi(plan.clone(), id)));
            }
            self.steps.push_back(WriteStep::Kpi(plan, kpi, None));
        }
    }

    /// Does the removals that come next; returns how many will never be done.
    fn remove(&mut self, step: &mut Step<'_>) -> Result<u64, SinkError> {
        let mut dead = 0;
        for _ in 0..REMOVALS {
            let Some(WriteStep::Remove(obsolete)) = self.steps.front().filter(|_| self.lines.is_empty()) else { break };
            let obsolete = obsolete.clone();
            for (predicate, from, to) in obsolete.deletes() {
                match self.writer().and_then(|writer| writer.delete(from, to, &predicate, step.stop)) {
                    Ok(()) => {}
                    Err(WriteError::Never(reason)) => {
                        let body = format!("delete {predicate} from {from} to {to}");
                        dead += u64::from(step.store.put_dead_letter(NAME, &body, &reason, step.now)?);
                    }
                    Err(refusal) => return Err(failed(refusal)),
                }
            }
            match obsolete {
                ObsoleteShape::Kpi(plan, kpi) => drop(self.written.remove(&(plan, kpi))),
                ObsoleteShape::Plan(plan) => self.written.retain(|(of, _), _| *of != plan),
                ObsoleteShape::Rule(..) | ObsoleteShape::Figures(..) => {}
            }
            self.steps.pop_front();
        }
        Ok(dead)
    }

    /// Makes the lines of the next write steps, until there are enough for a request.
    fn fill(&mut self, plans: &SharedPlanStates) {
        while self.lines.len() + RESERVE < BATCH {
            match self.steps.pop_front() {
                Some(WriteStep::Figures(plan, place)) => {
                    let states = read(plans);
                    let Some(state) = states.get(&plan) else { continue };
                    let (points, next) = state.figure_points(place, BATCH - RESERVE - self.lines.len());
                    for point in &points {
                        self.add_figure(state, point);
                    }
                    if let Some(place) = next {
                        self.steps.push_front(WriteStep::Figures(plan, place));
                    }
                }
                Some(WriteStep::Kpi(plan, index, walk)) => {
                    let (states, today) = (read(plans), self.written_to.unwrap_or_default());
                    let Some((state, kpi)) = states.get(&plan).and_then(|b| Some((b, b.catalogue.kpis.get(index)?)))
                    else {
                        continue;
                    };
                    let mut walk = walk.unwrap_or_else(|| {
                        self.landed.note(&plan, index, state);
                        state.kpi_walk(index, today)
                    });
                    state.kpi_points(&mut walk, DAYS).iter().for_each(|point| self.add_kpi(state, kpi, point));
                    if !walk.is_over() {
                        self.steps.push_front(WriteStep::Kpi(plan, index, Some(walk)));
                    }
                }
                Some(remove @ WriteStep::Remove(_)) => {
                    self.steps.push_front(remove);
                    return;
                }
                None => return,
            }
        }
    }

    fn is_dead(&self, hash: u64) -> bool {
        self.dead.as_ref().is_some_and(|dead| dead.contains(&hash))
    }

    fn add_figure(&mut self, state: &PlanState, point: &figure::FigurePoint) {
        if let Err(error) = schema::figure(&mut self.lines, &state.catalogue, point) {
            self.unwritable.push((format!("{} {point:?}", state.catalogue.plan.id), error.to_string()));
        } else if self.is_dead(xxh3_64(self.lines.last().as_bytes())) {
            self.lines.pop();
        }
    }

    fn add_kpi(&mut self, state: &PlanState, kpi: &Kpi, point: &KpiPoint) {
        let plan = &state.catalogue.plan.id;
        if let Err(error) = schema::kpi(&mut self.lines, &state.catalogue, kpi, point) {
            self.unwritable.push((format!("{plan} {:?} {point:?}", kpi.id), error.to_string()));
            return;
        }
        let hash = xxh3_64(self.lines.last().as_bytes());
        let written = self.written.entry((plan.clone(), kpi.id.clone())).or_default();
        // The lines in hand are written before any others, so their points count as written.
        if written.insert(point.day, hash) == Some(hash) || self.is_dead(hash) {
            self.lines.pop();
        }
    }

    /// Sends the lines in hand; returns how many were written and how many never will be.
    fn send(&mut self, step: &mut Step<'_>) -> Result<(u64, u64), SinkError> {
        let mut dead = 0;
        while let Some((body, reason)) = self.unwritable.last() {
            dead += u64::from(step.store.put_dead_letter(NAME, body, reason, step.now)?);
            self.unwritable.pop();
        }
        if self.lines.is_empty() {
            return Ok((0, dead));
        }
        self.writer().map_err(failed)?;
        let Some(writer) = self.writer.as_deref_mut() else { return Ok((0, dead)) };
        let SendOutcome { written, bad, rest } = send(writer, &self.lines, &mut self.size, step.stop);
        for (at, reason) in &bad {
            let line = self.lines.text(*at..at + 1).trim_end();
            dead += u64::from(step.store.put_dead_letter(NAME, line, reason, step.now)?);
            self.dead.get_or_insert_default().insert(xxh3_64(line.as_bytes()));
        }
        match rest {
            Ok(()) => {
                self.lines = LineBuffer::default();
                Ok((written, dead))
            }
            Err(refusal) => {
                bad.iter().rev().for_each(|(at, _)| self.lines.remove(*at));
                Err(failed(refusal))
            }
        }
    }
}

fn all_kpis(states: &PlanStates, plans: &[String]) -> BTreeMap<(String, usize), bool> {
    let of = |plan: &String| {
        let count = states.get(plan).map_or(0, |state| state.catalogue.kpis.len());
        (0..count).map(|kpi| ((plan.clone(), kpi), false)).collect::<Vec<_>>()
    };
    plans.iter().flat_map(of).collect()
}

fn obsolete(planned: &PlannedWrites, plans: &PlanStates) -> Vec<ObsoleteShape> {
    planned.obsolete(|plan, series, period| {
        let (_, series) = plans.get(plan)?.catalogue.series_named(series)?;
        Some(figure::moment(series, period))
    })
}

fn failed(refusal: WriteError) -> SinkError {
    let refused = |what, after, source| SinkError::Refused { what, after, source };
    match refusal {
        WriteError::ForNow { what, after, source } => refused(what, after, source),
        WriteError::Never(reason) => refused(format!("InfluxDB refused the request as a whole: {reason}"), None, None),
        WriteError::TooLarge => refused("InfluxDB found a small request too large".to_owned(), None, None),
        WriteError::Stopped => SinkError::Stopped,
    }
}
