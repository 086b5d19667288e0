//! One partition's sink: plans the writes, does them piece by piece, and notes how far it is.
//!
//! Work in hand stays in memory until it is done, and only then the cursor moves: a failed step is repeated with the
//! same lines, a killed process starts at the cursor. The sink remembers which points of KPIs it has written, since a
//! KPI is planned as a whole whenever one of its figures changes.

use super::fill::Fill;
use super::landed::WrittenLandings;
use super::line::LineBuffer;
use super::pending_lines::PendingLines;
use super::plan::{PlannedWrites, WriteStep, all_kpis, obsolete, remove_kpi};
use super::schema::ObsoleteShape;
use super::send::{SendOutcome, send};
use super::settings::{BATCH, InfluxSettings, NAME};
use super::writer::{PointWriter, WriteError};
use crate::plan_states::{PlanStates, SharedPlanStates, read};
use crate::sinks::sink::{FillProgress, Sink, SinkError, Step, StepOutcome};
use aggregator_core::points::FigureCursor;
use contract::time::date_of;
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
    landed: WrittenLandings,
    /// KPIs to write once no more changes wait, and whether to remove their points first.
    due: BTreeMap<(String, usize), bool>,
    steps: VecDeque<WriteStep>,
    lines: PendingLines,
    /// The cursor once steps and lines are done.
    upto: Option<i64>,
    /// Removals that will never be done, since the last step.
    kept: u64,
    /// What is left of the first fill; `None` before the store was asked, and when nothing is.
    fill: Option<Fill>,
    /// Whether the store was asked for it.
    asked: bool,
    /// Whether it comes next: it and the changes take turns, so that neither waits for the other.
    fill_next: bool,
}

impl Sink for InfluxSink {
    fn step(&mut self, step: &mut Step<'_>) -> Result<StepOutcome, SinkError> {
        let today = step.now.moment().day();
        self.check_bucket(step, today)?;
        let idle = self.steps.is_empty() && self.lines.buffer.is_empty() && self.upto.is_none();
        if idle && !self.plan_work(step, today)? {
            return Ok(StepOutcome::Nothing);
        }
        self.remove(step)?;
        if self.lines.buffer.is_empty() {
            self.make_lines(step.plans, today);
        }
        let (written, refused) = self.send(step)?;
        self.move_cursor(step)?;
        Ok(StepOutcome::Some { written, dead: refused + std::mem::take(&mut self.kept) })
    }

    fn fill_progress(&self) -> Option<FillProgress> {
        self.fill.as_ref().map(Fill::progress)
    }

    fn probe(&mut self, stop: &CancellationToken) -> Result<&'static str, SinkError> {
        let writer = self.writer()?;
        // A comment writes nothing, but is refused where a point would be.
        writer.write("# may we write here?\n".to_owned(), stop)?;
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
            landed: WrittenLandings::default(),
            due: BTreeMap::new(),
            steps: VecDeque::new(),
            lines: PendingLines::default(),
            upto: None,
            kept: 0,
            fill: None,
            asked: false,
            fill_next: false,
        }
    }

    /// Notes what is written, once nothing of it is in hand.
    fn move_cursor(&mut self, step: &mut Step<'_>) -> Result<(), SinkError> {
        if let Some(upto) = self.upto.filter(|_| self.steps.is_empty() && self.lines.buffer.is_empty()) {
            if step.store.cursor(NAME)?.is_none() {
                step.store.begin_fill(NAME)?;
            }
            step.store.put_cursor(NAME, upto)?;
            self.upto = None;
        }
        Ok(())
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
        if self.lines.dead.is_none() {
            let letters = step.store.dead_letters(NAME)?;
            self.lines.dead = Some(letters.iter().map(|(line, _)| xxh3_64(line.as_bytes())).collect());
        }
        if self.checked.is_some_and(|(day, _)| day == today) {
            return Ok(());
        }
        self.probe(step.stop)?;
        let writer = self.writer()?;
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
    fn plan_work(&mut self, step: &mut Step<'_>, today: i32) -> Result<bool, SinkError> {
        if step.store.cursor(NAME)?.is_none() {
            self.plan_everything(step)?;
            self.move_cursor(step)?;
        }
        // Not before what is obsolete is removed.
        let Some(cursor) = step.store.cursor(NAME)? else { return Ok(true) };
        if !self.asked {
            let plans = step.store.read().plans_judged()?;
            self.fill = step.store.fill(NAME)?.map(|place| Fill::behind(plans, &place, None));
            self.asked = true;
        }
        let fill_first = self.fill_next;
        self.fill_next = !fill_first;
        let planned = fill_first && self.plan_fill(step, today)?;
        Ok(planned || self.plan_changes(step, today, cursor)? || (!fill_first && self.plan_fill(step, today)?))
    }

    /// Makes the lines of the next piece of the first fill; false when nothing of it is left.
    fn plan_fill(&mut self, step: &mut Step<'_>, today: i32) -> Result<bool, SinkError> {
        let Some(fill) = &mut self.fill else { return Ok(false) };
        if let Some(plan) = fill.finish_plan() {
            step.store.put_fill(NAME, &plan)?;
        }
        if !fill.begin_plan(&read(step.plans)) {
            step.store.end_fill(NAME)?;
            self.fill = None;
            return Ok(false);
        }
        self.steps = std::mem::take(&mut fill.steps);
        let removed = self.remove(step);
        if removed.is_ok() {
            self.make_lines(step.plans, today);
        }
        let left = std::mem::take(&mut self.steps);
        if let Some(fill) = &mut self.fill {
            fill.steps = left;
        }
        removed.map(|()| true)
    }

    /// Plans the first fill: now what is obsolete is removed, what there is follows beside later changes.
    fn plan_everything(&mut self, step: &Step<'_>) -> Result<(), SinkError> {
        let store = step.store.read();
        let last = store.last_change()?;
        let plans = store.plans_judged()?;
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
        let anew = planned.kpis.into_iter().filter_map(|(kpi, anew)| anew.then_some(kpi)).collect();
        self.lines.written.clear();
        self.due.clear();
        (self.upto, self.asked, self.fill_next) = (Some(last), true, false);
        self.fill = Some(Fill::behind(plans, "", Some(anew)));
        Ok(())
    }

    fn plan_changes(&mut self, step: &Step<'_>, today: i32, cursor: i64) -> Result<bool, SinkError> {
        let store = step.store.read();
        let changes = store.changes(cursor, CHANGES)?;
        let mut plans = if self.written_to == Some(today) { Vec::new() } else { store.plans_judged()? };
        plans.retain(|plan| self.fill.as_ref().is_none_or(|fill| !fill.is_due(plan)));
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
            keys.iter()
                .filter_map(|key| state.figure_point(*key))
                .for_each(|point| self.lines.add_figure(state, &point));
        }
        self.steps.extend(obsolete(&planned, &states).into_iter().map(WriteStep::Remove));
        self.steps.extend(planned.whole.into_iter().map(|plan| WriteStep::Figures(plan, FigureCursor::default())));
        for (kpi, anew) in planned.kpis {
            if let Some(fill) = self.fill.as_mut().filter(|_| anew) {
                fill.begin_again(&kpi.0);
            }
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
            let Some(remove) = remove_kpi(states, &(plan.clone(), kpi)) else { continue };
            if anew {
                self.steps.push_back(remove);
            }
            self.steps.push_back(WriteStep::Kpi(plan, kpi, None));
        }
    }

    /// Does the removals that come next.
    fn remove(&mut self, step: &mut Step<'_>) -> Result<(), SinkError> {
        for _ in 0..REMOVALS {
            let Some(WriteStep::Remove(obsolete)) = self.steps.front().filter(|_| self.lines.buffer.is_empty()) else {
                break;
            };
            let obsolete = obsolete.clone();
            for (predicate, from, to) in obsolete.deletes() {
                match self.writer().and_then(|writer| writer.delete(from, to, &predicate, step.stop)) {
                    Ok(()) => {}
                    Err(WriteError::Never(reason)) => {
                        let body = format!("delete {predicate} from {from} to {to}");
                        self.kept += u64::from(step.store.put_dead_letter(NAME, &body, &reason, step.now)?);
                    }
                    Err(refusal) => return Err(refusal.into()),
                }
            }
            match obsolete {
                ObsoleteShape::Kpi(plan, kpi) => self.lines.written.forget_kpi(&plan, &kpi),
                ObsoleteShape::Plan(plan) => self.lines.written.forget_plan(&plan),
                ObsoleteShape::Rule(..) | ObsoleteShape::Figures(..) => {}
            }
            self.steps.pop_front();
        }
        Ok(())
    }

    /// Makes the lines of the next write steps, until there are enough for a request.
    fn make_lines(&mut self, plans: &SharedPlanStates, today: i32) {
        let today = self.written_to.unwrap_or(today);
        while self.lines.buffer.len() + RESERVE < BATCH {
            match self.steps.pop_front() {
                Some(WriteStep::Figures(plan, place)) => {
                    let states = read(plans);
                    let Some(state) = states.get(&plan) else { continue };
                    let (points, next) = state.figure_points(place, BATCH - RESERVE - self.lines.buffer.len());
                    for point in &points {
                        self.lines.add_figure(state, point);
                    }
                    if let Some(place) = next {
                        self.steps.push_front(WriteStep::Figures(plan, place));
                    }
                }
                Some(WriteStep::Kpi(plan, index, walk)) => {
                    let states = read(plans);
                    let Some((state, kpi)) = states.get(&plan).and_then(|b| Some((b, b.catalogue.kpis.get(index)?)))
                    else {
                        continue;
                    };
                    let mut walk = walk.unwrap_or_else(|| {
                        self.landed.note(&plan, index, state);
                        state.kpi_walk(index, today)
                    });
                    state.kpi_points(&mut walk, DAYS).iter().for_each(|point| self.lines.add_kpi(state, kpi, point));
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

    /// Sends the lines in hand; returns how many were written and how many never will be.
    fn send(&mut self, step: &mut Step<'_>) -> Result<(u64, u64), SinkError> {
        let mut dead = 0;
        while let Some((body, reason)) = self.lines.unwritable.last() {
            dead += u64::from(step.store.put_dead_letter(NAME, body, reason, step.now)?);
            self.lines.unwritable.pop();
        }
        if self.lines.buffer.is_empty() {
            return Ok((0, dead));
        }
        self.writer()?;
        let Some(writer) = self.writer.as_deref_mut() else { return Ok((0, dead)) };
        let SendOutcome { written, bad, rest } = send(writer, &self.lines.buffer, &mut self.size, step.stop);
        for (at, reason) in &bad {
            let line = self.lines.buffer.text(*at..at + 1).trim_end();
            dead += u64::from(step.store.put_dead_letter(NAME, line, reason, step.now)?);
            self.lines.dead.get_or_insert_default().insert(xxh3_64(line.as_bytes()));
        }
        match rest {
            Ok(()) => {
                self.lines.buffer = LineBuffer::default();
                Ok((written, dead))
            }
            Err(refusal) => {
                bad.iter().rev().for_each(|(at, _)| self.lines.buffer.remove(*at));
                Err(refusal.into())
            }
        }
    }
}
