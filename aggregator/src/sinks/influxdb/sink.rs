//! One partition's sink: looks for what is to be done, does it piece by piece, and notes how far it is.
//!
//! What is under way stays in memory until it is done, and only then the cursor moves: a failed turn is taken
//! again with the same lines, a killed process starts at the cursor. Which points of KPIs this worker has written
//! is remembered, since a KPI is shown again whole whenever one of its figures changes.

use super::line::LineBuffer;
use super::plan::{PlannedWrites, WriteStep};
use super::schema::{self, ObsoleteShape};
use super::send::{SendOutcome, send};
use super::writer::{PointWriter, WriteError};
use super::{BATCH, InfluxSettings, NAME};
use crate::plan_states::{PlanStates, SharedPlanStates, read};
use crate::sinks::{Sink, SinkError, Step, StepOutcome};
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
/// Lines of a request that are left free for what comes in one piece: the figures of a bucket, or some days.
const ROOM: usize = 64;
/// Removals of one turn; each takes about three milliseconds.
const REMOVALS: usize = 100;

/// A sink that writes one partition's books to one bucket.
pub(super) struct InfluxSink {
    to: InfluxSettings,
    make: fn(&InfluxSettings) -> Result<Box<dyn PointWriter>, WriteError>,
    writer: Option<Box<dyn PointWriter>>,
    /// Points of a request.
    size: usize,
    /// The civil day on which the bucket was looked at, and what was found of its retention in days.
    looked: Option<(i32, Option<i64>)>,
    /// The civil day up to which KPIs are shown.
    shown_to: Option<i32>,
    /// Hashes of the lines that are dead letters.
    dead: Option<FxHashSet<u64>>,
    /// Hashes of the lines shown of a KPI (plan, id), by day.
    shown: FxHashMap<(String, String), FxHashMap<i32, u64>>,
    /// KPIs to be shown once no more changes wait, and whether to remove them first.
    due: BTreeMap<(String, usize), bool>,
    steps: VecDeque<WriteStep>,
    lines: LineBuffer,
    /// Points that cannot even be written down, and why.
    unwritable: Vec<(String, String)>,
    /// The cursor once steps and lines are done.
    upto: Option<i64>,
}

impl Sink for InfluxSink {
    fn turn(&mut self, turn: &mut Step<'_>) -> Result<StepOutcome, SinkError> {
        let today = turn.now.moment().day();
        self.look_at_the_bucket(turn, today)?;
        let idle = self.steps.is_empty() && self.lines.is_empty() && self.upto.is_none();
        if idle && !self.look_for_work(turn, today)? {
            return Ok(StepOutcome::Nothing);
        }
        let mut dead = self.remove(turn)?;
        if self.lines.is_empty() {
            self.fill(turn.books);
        }
        let sent = self.send(turn)?;
        dead += sent.1;
        if let Some(upto) = self.upto.filter(|_| self.steps.is_empty() && self.lines.is_empty()) {
            turn.desk.put_cursor(NAME, upto)?;
            self.upto = None;
        }
        Ok(StepOutcome::Some { written: sent.0, dead })
    }

    fn ask(&mut self, stop: &CancellationToken) -> Result<bool, SinkError> {
        let writer = self.writer().map_err(failed)?;
        // A comment writes nothing, but is refused like a point where points would be.
        writer.write("# may we write here?\n".to_owned(), stop).map_err(failed)?;
        Ok(true)
    }
}

impl InfluxSink {
    pub(super) fn new(
        to: InfluxSettings,
        make: fn(&InfluxSettings) -> Result<Box<dyn PointWriter>, WriteError>,
    ) -> Self {
        Self {
            to,
            make,
            writer: None,
            size: BATCH,
            looked: None,
            shown_to: None,
            dead: None,
            shown: FxHashMap::default(),
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
            None => (self.make)(&self.to)?,
        };
        Ok(self.writer.insert(made))
    }

    /// Once a day: whether we may write there, and how long points are kept.
    fn look_at_the_bucket(&mut self, turn: &Step<'_>, today: i32) -> Result<(), SinkError> {
        if self.dead.is_none() {
            let letters = turn.desk.dead_letters(NAME)?;
            self.dead = Some(letters.iter().map(|(line, _)| xxh3_64(line.as_bytes())).collect());
        }
        if self.looked.is_some_and(|(day, _)| day == today) {
            return Ok(());
        }
        self.ask(turn.stop)?;
        let writer = self.writer().map_err(failed)?;
        // A token that may write need not be one that may look at buckets; then the retention stays unknown.
        let retention = match writer.retention(turn.stop) {
            Err(WriteError::Stopped) => return Err(SinkError::Stopped),
            found => found.unwrap_or(None),
        };
        self.looked = Some((today, retention));
        Ok(())
    }

    /// A bucket that forgets a plan's beginning is a mistake of whoever made it, not of its points.
    fn check_retention<'a>(
        &mut self,
        books: &PlanStates,
        plans: impl Iterator<Item = &'a String>,
    ) -> Result<(), SinkError> {
        let Some((today, Some(days))) = self.looked else { return Ok(()) };
        for plan in plans.filter_map(|plan| Some(&books.get(plan)?.catalogue.plan)) {
            if i64::from(plan.start().day()) < i64::from(today) - days {
                let (to, id, start) = (&self.to, &plan.id, date_of(plan.start().day()));
                // The next turn finds out whether it was lengthened.
                self.looked = None;
                let what = format!(
                    "{to} keeps points for {days} days only, and the plan {id} starts on {start}; lengthen that: \
                     influx bucket update --id ID --retention 0"
                );
                return Err(SinkError::Refused { what, after: None, source: None });
            }
        }
        Ok(())
    }

    /// Plans the steps of what is to be done; false when there is nothing.
    fn look_for_work(&mut self, turn: &Step<'_>, today: i32) -> Result<bool, SinkError> {
        match turn.desk.cursor(NAME)? {
            None => self.plan_everything(turn, today).map(|()| true),
            Some(cursor) => self.plan_changes(turn, today, cursor),
        }
    }

    fn plan_everything(&mut self, turn: &Step<'_>, today: i32) -> Result<(), SinkError> {
        let store = turn.desk.read();
        let last = store.last_change()?;
        let plans = store.plans_judged()?;
        // What changed needs no look: all is written. What is gone is said by changes alone.
        let (mut found, mut after) = (PlannedWrites::default(), 0);
        while after < last {
            let changes = store.changes(after, CHANGES)?;
            let Some(end) = changes.last() else { break };
            after = end.seq;
            let books = read(turn.books);
            for change in &changes {
                found.add(books.get(&change.plan), change);
            }
            found.figures.clear();
        }
        let books = read(turn.books);
        self.check_retention(&books, plans.iter())?;
        self.steps.extend(gone(&found, &books).into_iter().map(WriteStep::Remove));
        self.steps.extend(plans.iter().map(|plan| WriteStep::Figures(plan.clone(), FigureCursor::default())));
        self.due = all_kpis(&books, &plans);
        for (kpi, anew) in &mut self.due {
            *anew = found.kpis.get(kpi).copied().unwrap_or(false);
        }
        self.plan_kpis(&books);
        self.shown.clear();
        (self.upto, self.shown_to) = (Some(last), Some(today));
        Ok(())
    }

    fn plan_changes(&mut self, turn: &Step<'_>, today: i32, cursor: i64) -> Result<bool, SinkError> {
        let store = turn.desk.read();
        let changes = store.changes(cursor, CHANGES)?;
        let plans = if self.shown_to == Some(today) { Vec::new() } else { store.plans_judged()? };
        if changes.is_empty() && plans.is_empty() && self.due.is_empty() {
            self.shown_to = Some(today);
            return Ok(false);
        }
        let (mut found, books) = (PlannedWrites::default(), read(turn.books));
        for change in &changes {
            found.add(books.get(&change.plan), change);
        }
        self.check_retention(&books, found.figures.keys().chain(&plans))?;
        for (plan, keys) in &found.figures {
            let Some(book) = books.get(plan) else { continue };
            keys.iter().filter_map(|key| book.figure_point(*key)).for_each(|point| self.add_figure(book, &point));
        }
        self.steps.extend(gone(&found, &books).into_iter().map(WriteStep::Remove));
        for (kpi, anew) in found.kpis {
            *self.due.entry(kpi).or_default() |= anew;
        }
        self.upto = changes.last().map(|change| change.seq);
        // A KPI that is shown now would be shown again after the changes that wait.
        if changes.len() < CHANGES {
            for (kpi, anew) in all_kpis(&books, &plans) {
                *self.due.entry(kpi).or_default() |= anew;
            }
            self.plan_kpis(&books);
            self.shown_to = Some(today);
        }
        Ok(true)
    }

    fn plan_kpis(&mut self, books: &PlanStates) {
        for ((plan, kpi), anew) in std::mem::take(&mut self.due) {
            let found = books.get(&plan).and_then(|book| book.catalogue.kpis.get(kpi));
            let Some(id) = found.map(|kpi| kpi.id.clone()) else { continue };
            if anew {
                self.steps.push_back(WriteStep::Remove(ObsoleteShape::Kpi(plan.clone(), id)));
            }
            self.steps.push_back(WriteStep::Kpi(plan, kpi, None));
        }
    }

    /// Removes what is gone and next in turn; says how many removals will never be done.
    fn remove(&mut self, turn: &mut Step<'_>) -> Result<u64, SinkError> {
        let mut dead = 0;
        for _ in 0..REMOVALS {
            let Some(WriteStep::Remove(gone)) = self.steps.front().filter(|_| self.lines.is_empty()) else { break };
            let gone = gone.clone();
            for (predicate, from, to) in gone.deletes() {
                match self.writer().and_then(|writer| writer.delete(from, to, &predicate, turn.stop)) {
                    Ok(()) => {}
                    Err(WriteError::Never(reason)) => {
                        let body = format!("delete {predicate} from {from} to {to}");
                        dead += u64::from(turn.desk.put_dead_letter(NAME, &body, &reason, turn.now)?);
                    }
                    Err(refusal) => return Err(failed(refusal)),
                }
            }
            match gone {
                ObsoleteShape::Kpi(plan, kpi) => drop(self.shown.remove(&(plan, kpi))),
                ObsoleteShape::Plan(plan) => self.shown.retain(|(of, _), _| *of != plan),
                ObsoleteShape::Rule(..) | ObsoleteShape::Figures(..) => {}
            }
            self.steps.pop_front();
        }
        Ok(dead)
    }

    /// Makes the lines of the next steps, until there are enough for a request.
    fn fill(&mut self, books: &SharedPlanStates) {
        while self.lines.len() + ROOM < BATCH {
            match self.steps.pop_front() {
                Some(WriteStep::Figures(plan, place)) => {
                    let books = read(books);
                    let Some(book) = books.get(&plan) else { continue };
                    let (points, next) = book.figure_points(place, BATCH - ROOM - self.lines.len());
                    for point in &points {
                        self.add_figure(book, point);
                    }
                    if let Some(place) = next {
                        self.steps.push_front(WriteStep::Figures(plan, place));
                    }
                }
                Some(WriteStep::Kpi(plan, index, walk)) => {
                    let (books, today) = (read(books), self.shown_to.unwrap_or_default());
                    let Some((book, kpi)) = books.get(&plan).and_then(|b| Some((b, b.catalogue.kpis.get(index)?)))
                    else {
                        continue;
                    };
                    let mut walk = walk.unwrap_or_else(|| book.kpi_walk(index, today));
                    book.kpi_points(&mut walk, DAYS).iter().for_each(|point| self.add_kpi(book, kpi, point));
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

    fn add_figure(&mut self, book: &PlanState, point: &figure::FigurePoint) {
        if let Err(error) = schema::figure(&mut self.lines, &book.catalogue, point) {
            self.unwritable.push((format!("{} {point:?}", book.catalogue.plan.id), error.to_string()));
        } else if self.is_dead(xxh3_64(self.lines.last().as_bytes())) {
            self.lines.pop();
        }
    }

    fn add_kpi(&mut self, book: &PlanState, kpi: &Kpi, point: &KpiPoint) {
        let plan = &book.catalogue.plan.id;
        if let Err(error) = schema::kpi(&mut self.lines, &book.catalogue, kpi, point) {
            self.unwritable.push((format!("{plan} {:?} {point:?}", kpi.id), error.to_string()));
            return;
        }
        let hash = xxh3_64(self.lines.last().as_bytes());
        let shown = self.shown.entry((plan.clone(), kpi.id.clone())).or_default();
        // The lines in hand are written before any others, so what is in them counts as shown.
        if shown.insert(point.day, hash) == Some(hash) || self.is_dead(hash) {
            self.lines.pop();
        }
    }

    /// Writes the lines in hand; says how many were taken and how many never will be.
    fn send(&mut self, turn: &mut Step<'_>) -> Result<(u64, u64), SinkError> {
        let mut dead = 0;
        while let Some((body, reason)) = self.unwritable.last() {
            dead += u64::from(turn.desk.put_dead_letter(NAME, body, reason, turn.now)?);
            self.unwritable.pop();
        }
        if self.lines.is_empty() {
            return Ok((0, dead));
        }
        self.writer().map_err(failed)?;
        let Some(writer) = self.writer.as_deref_mut() else { return Ok((0, dead)) };
        let SendOutcome { taken, bad, end } = send(writer, &self.lines, &mut self.size, turn.stop);
        for (at, reason) in &bad {
            let line = self.lines.text(*at..at + 1).trim_end();
            dead += u64::from(turn.desk.put_dead_letter(NAME, line, reason, turn.now)?);
            self.dead.get_or_insert_default().insert(xxh3_64(line.as_bytes()));
        }
        match end {
            Ok(()) => {
                self.lines = LineBuffer::default();
                Ok((taken, dead))
            }
            Err(refusal) => {
                bad.iter().rev().for_each(|(at, _)| self.lines.remove(*at));
                Err(failed(refusal))
            }
        }
    }
}

fn all_kpis(books: &PlanStates, plans: &[String]) -> BTreeMap<(String, usize), bool> {
    let of = |plan: &String| {
        let count = books.get(plan).map_or(0, |book| book.catalogue.kpis.len());
        (0..count).map(|kpi| ((plan.clone(), kpi), false)).collect::<Vec<_>>()
    };
    plans.iter().flat_map(of).collect()
}

fn gone(found: &PlannedWrites, books: &PlanStates) -> Vec<ObsoleteShape> {
    found.gone(|plan, series, period| {
        let (_, series) = books.get(plan)?.catalogue.series_named(series)?;
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
