//! What the benches run on: a plan of forty daily series and fourteen KPIs, and its observations.

use aggregator::pipeline::ConfiguredPlans;
use contract::catalogue;
use contract::period::{Grain, Period};
use contract::record::{Finality, Observation, Place, Record, Span, Value};
use contract::time::{Clock, Micros};
use contract::wire;
use std::fmt::Write as _;

/// How many series the plan has.
pub(crate) const SERIES: usize = 40;

/// A clock that stands still.
pub(crate) struct Then;

impl Clock for Then {
    fn now(&self) -> Micros {
        Micros(1_700_000_000_000_000)
    }
}

/// The plan.
pub(crate) fn configured() -> ConfiguredPlans {
    let text = "{ ja = \"x\", en = \"x\" }";
    let mut toml = format!(
        "[plan]\nid = \"p\"\nname = {text}\ncity = {text}\nfirst_year = \"FY2019\"\nlast_year = \"FY2021\"\ncitation = \"b\"\n\
         [[policy]]\nid = \"policy\"\nname = {text}\nowner = {text}\n"
    );
    for i in 0..SERIES {
        let _ = write!(
            toml,
            "[[series]]\nid = \"series-{i}\"\nname = {text}\nunit = {text}\nshape = \"flow\"\ngrain = \"day\"\n"
        );
        let _ =
            write!(toml, "[[series.definition]]\nid = \"d\"\ntext = {text}\n[[series.source]]\nid = \"register\"\n");
    }
    for i in 0..14 {
        let _ = write!(
            toml,
            "[[kpi]]\nid = \"kpi-{i}\"\npolicy = \"policy\"\nname = {text}\nunit = {text}\nkind = \"flow_per_year\"\n\
             series = \"series-{i}\"\nbaseline = {{ year = \"FY2017\", value = 1 }}\ntarget = {{ at_least = 9 }}\ncitation = \"b\"\n"
        );
    }
    let mut configured = ConfiguredPlans::default();
    configured.add(catalogue::parse("bench", &toml).expect("the bench catalogue reads"), &toml);
    configured
}

/// The observation of day `i / SERIES` since April 2005 of series `i % SERIES`; a correction is one more, and later.
pub(crate) fn observation(i: usize, correction: i64) -> Observation {
    let first = Period::holding(Grain::Day, Period::fiscal_year(2005).start());
    let period = first.plus(i32::try_from(i / SERIES).unwrap_or(0));
    Observation {
        plan: "p".into(),
        series: format!("series-{}", i % SERIES),
        definition: "d".into(),
        source: "register".into(),
        period: Span::of(period),
        value: Value::Known(i64::try_from(i % 977).unwrap_or(0) + correction),
        breakdown: None,
        finality: Finality::Final,
        revision: Micros(1_690_000_000_000_000 + correction),
        visit: format!("collector-1/register/{}", i / 1000),
        place: Some(Place { sheet: None, row: u32::try_from(i % 1000).ok() }),
    }
}

/// A small generator, so that every run and every machine sees the same records.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % n
    }
}

/// An observation as it travels.
pub(crate) fn body(observation: Observation) -> Vec<u8> {
    wire::encode(&Record::Observation(observation))
}
