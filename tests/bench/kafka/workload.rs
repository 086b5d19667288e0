//! The figures of the benchmark, the same on every machine: their lines, their plans, and the right answers.

use anyhow::Context;
use contract::period::{Grain, Period};
use contract::record::{Finality, Observation, Place, Record, Span, Value};
use contract::time::Micros;
use contract::wire;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// Plans. Their ids are chosen so that Kafka's murmur2 puts as many into each of four partitions; the bare loop
/// proves it.
pub(crate) const PLANS: [&str; 12] = [
    "city-a", "city-b", "city-c", "city-d", "city-e", "city-f", "city-g", "city-h", "city-i", "city-j", "city-m",
    "city-n",
];
/// Series of each plan.
const SERIES: usize = 40;
/// Of those, series with a KPI.
const KPIS: usize = 14;
/// One figure in so many is corrected, one in so many comes twice: with nine tenths of figures, 5 % of all each.
const EVERY: usize = 18;
/// When the figures were seen, in 2023: behind the last of their days.
const SEEN: i64 = 1_690_000_000_000_000;

/// A benchmark of that many records.
#[derive(Clone, Copy)]
pub(crate) struct Workload {
    pub(crate) records: usize,
}

/// What is right.
#[derive(Default)]
pub(crate) struct Answers {
    /// Records, corrections and duplicates included.
    pub(crate) records: u64,
    /// Bytes of their bodies.
    pub(crate) bytes: u64,
    /// The sum of the values of all records.
    pub(crate) total: i64,
    /// `plan|series|month` and the sum of the newest figures.
    pub(crate) months: BTreeMap<String, i64>,
}

impl Workload {
    fn figures(self) -> usize {
        self.records / 20 * 18
    }

    /// The record at a place of the order in which they are made: all figures, then corrections, then duplicates,
    /// half of them of corrections.
    fn record(self, place: usize) -> Observation {
        let figures = self.figures();
        let changed = figures / EVERY;
        match place {
            figure if figure < figures => observation(figure, false),
            one if one < figures + changed => observation(corrected(one - figures), true),
            one => match one - figures - changed {
                again if again.is_multiple_of(2) => observation(corrected(again), true),
                again => observation(EVERY * again + (again + 7) % EVERY, false),
            },
        }
    }

    /// Writes all records in random order, a line each, its key before a tab; returns the right answers.
    pub(crate) fn write(self, lines: &Path) -> anyhow::Result<Answers> {
        let file = std::fs::File::create(lines).with_context(|| format!("{} cannot be made", lines.display()))?;
        let mut file = BufWriter::with_capacity(1 << 20, file);
        let mut answers = Answers::default();
        for place in self.shuffled() {
            let observation = self.record(place);
            let plan = observation.plan.clone();
            answers.total += known(&observation);
            let body = wire::encode(&Record::Observation(observation));
            (answers.records, answers.bytes) = (answers.records + 1, answers.bytes + body.len() as u64);
            file.write_all(plan.as_bytes())?;
            file.write_all(b"\t")?;
            file.write_all(&body)?;
            file.write_all(b"\n")?;
        }
        file.flush()?;
        for figure in 0..self.figures() {
            let newest = observation(figure, figure == corrected(figure / EVERY));
            let month = day(figure).within(Grain::Month);
            let key = format!("{}|{}|{month}", newest.plan, newest.series);
            *answers.months.entry(key).or_default() += known(&newest);
        }
        Ok(answers)
    }

    fn shuffled(self) -> Vec<usize> {
        let figures = self.figures();
        let mut places: Vec<usize> = (0..figures + figures / EVERY * 2).collect();
        let mut random = Random(7);
        for i in (1..places.len()).rev() {
            places.swap(i, random.below(i + 1));
        }
        places
    }
}

/// Writes the folder of a configuration that knows the plans.
pub(crate) fn configure(folder: &Path) -> anyhow::Result<()> {
    for part in ["plans", "sources.d"] {
        std::fs::create_dir_all(folder.join(part))?;
    }
    for plan in PLANS {
        std::fs::write(folder.join(format!("plans/{plan}.toml")), catalogue(plan))?;
        std::fs::write(folder.join(format!("sources.d/{plan}.toml")), sources(plan))?;
    }
    Ok(())
}

fn catalogue(plan: &str) -> String {
    let text = "{ ja = \"x\", en = \"x\" }";
    let mut toml = format!(
        "[plan]\nid = \"{plan}\"\nname = {text}\ncity = {text}\nfirst_year = \"FY2019\"\nlast_year = \"FY2021\"\n\
         citation = \"b\"\n[[policy]]\nid = \"policy\"\nname = {text}\nowner = {text}\n"
    );
    for i in 0..SERIES {
        let _ = write!(
            toml,
            "[[series]]\nid = \"series-{i:02}\"\nname = {text}\nunit = {text}\nshape = \"flow\"\ngrain = \"day\"\n\
             [[series.definition]]\nid = \"d\"\ntext = {text}\n[[series.source]]\nid = \"desk\"\n"
        );
    }
    for i in 0..KPIS {
        let _ = write!(
            toml,
            "[[kpi]]\nid = \"kpi-{i}\"\npolicy = \"policy\"\nname = {text}\nunit = {text}\nkind = \"flow_per_year\"\n\
             series = \"series-{i:02}\"\nbaseline = {{ year = \"FY2017\", value = 1 }}\ntarget = {{ at_least = 9 }}\n\
             citation = \"b\"\n"
        );
    }
    toml
}

/// Never polled: the benchmark publishes in the place of collectors.
fn sources(plan: &str) -> String {
    format!(
        "[[source]]\nid = \"desk\"\nplan = \"{plan}\"\nkind = \"register\"\ninterval = \"1d\"\npath = \"register.csv\"\n\
         [source.columns]\nseries = [\"series\"]\nperiod = [\"period\"]\nvalue = [\"value\"]\n"
    )
}

/// The one figure that is corrected of those of a number, another place each time so that every plan and series has some.
fn corrected(number: usize) -> usize {
    EVERY * number + number % EVERY
}

/// The day of a figure: each day has one of every series of every plan.
fn day(figure: usize) -> Period {
    let first = Period::holding(Grain::Day, Period::fiscal_year(2017).start());
    first.plus(i32::try_from(figure / (PLANS.len() * SERIES)).unwrap_or(0))
}

fn observation(figure: usize, corrected: bool) -> Observation {
    let later = i64::from(corrected);
    Observation {
        plan: PLANS[figure % PLANS.len()].into(),
        series: format!("series-{:02}", figure / PLANS.len() % SERIES),
        definition: "d".into(),
        source: "desk".into(),
        period: Span::of(day(figure)),
        value: Value::Known(i64::try_from(figure * 31 % 977).unwrap_or(0) + later * 5),
        breakdown: None,
        finality: Finality::Final,
        revision: Micros(SEEN + later * 1_000_000),
        visit: format!("c1/desk/{}", figure / 1000),
        place: Some(Place { sheet: None, row: u32::try_from(figure % 1000).ok() }),
    }
}

fn known(observation: &Observation) -> i64 {
    match observation.value {
        Value::Known(value) => value,
        Value::Unknown(_) => 0,
    }
}

/// A small generator, so that every run and every machine sees the same order.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % n
    }
}
