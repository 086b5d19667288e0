//! Random plans and records for the agreement test: every kind, shape and grain, and every rule often enough.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::format_push_string, reason = "a test may stop at what is wrong")]

mod figures;

use contract::catalogue::{self, Catalogue};
use contract::exact;
use contract::period::{Grain, Period};
use std::fmt::Write;

pub use figures::records;

pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

/// What the records of a series are like.
pub struct Spec {
    pub id: String,
    pub shape: &'static str,
    pub grain: Grain,
    pub signed: bool,
    pub decimals: i32,
}

/// Questions that every plan is asked now and then: borders of the plan, its years, months, and after its end.
const BORDERS: [&str; 22] = [
    "2018-05-01",
    "2019-03",
    "FY2018",
    "2019-03-31",
    "2019-04-01",
    "FY2019",
    "2020-02",
    "2020-04-01",
    "FY2020",
    "2021-03-31",
    "2021-10",
    "2022-02",
    "2022-03-31",
    "2022-04-01",
    "2022-04-02",
    "2022-04-20",
    "2022-05-20",
    "2022-03",
    "FY2021",
    "2022-06",
    "FY2022",
    "2023-01-01",
];

/// What one plan is asked.
pub fn questions(r: &mut Random) -> Vec<Period> {
    let first = Period::parse("2019-04-01").unwrap();
    let mut out: Vec<Period> = (0..3).map(|_| first.plus(i32::try_from(r.below(365 * 3)).unwrap())).collect();
    // Soon after a quarter or a year, when its figures are due.
    let quarter = Period::parse("FY2019").unwrap().parts(Grain::Quarter).next().unwrap();
    for _ in 0..3 {
        let ended = quarter.plus(i32::try_from(r.below(12)).unwrap());
        out.push(Period::holding(Grain::Day, ended.start()).plus(i32::try_from(r.below(30)).unwrap()));
    }
    out.extend((0..3).map(|_| Period::parse(r.pick(&BORDERS)).unwrap()));
    out.push(first.plus(1096 + i32::try_from(r.below(120)).unwrap()));
    out.push(Period::month(2019, 4).plus(i32::try_from(r.below(36)).unwrap()));
    out
}

const NAMES: &str = "name = { ja = 'a', en = 'a' }\nunit = { ja = 'a', en = 'a' }\n";

/// A number of tenths, divided by a power of ten.
fn number(tenths: u64, digits: i32) -> String {
    let ten = |n: i32| exact::whole(10).pow(n);
    let text = exact::fixed(&(exact::whole(tenths) / ten(digits + 1)), 12);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn series(r: &mut Random, spec: &Spec) -> String {
    let (id, shape, grain) = (&spec.id, spec.shape, spec.grain.name());
    let mut text = format!("[[series]]\nid = '{id}'\n{NAMES}shape = '{shape}'\ngrain = '{grain}'\n");
    if spec.signed {
        text += "signed = true\n";
    }
    if r.one_in(4) {
        text += "combine = 'sum'\n";
    }
    if shape == "counter" && r.one_in(2) {
        text += "decrease = 'restart'\n";
    }
    for definition in ["d", "e"] {
        let decimals = if definition == "d" { spec.decimals } else { 0 };
        text += &format!(
            "[[series.definition]]\nid = '{definition}'\ndecimals = {decimals}\ntext = {{ ja = 'a', en = 'a' }}\n"
        );
    }
    for source in ["a", "b"] {
        if source == "b" && r.one_in(2) {
            continue;
        }
        writeln!(text, "[[series.source]]\nid = '{source}'").unwrap();
        if r.one_in(8) {
            let from = r.pick(&["2018-04-01", "2019-04-01", "2019-10-01", "2020-04-01", "2020-04-15"]);
            writeln!(text, "from = '{from}'").unwrap();
        }
        if r.one_in(8) {
            let until = r.pick(&["2021-04-01", "2021-10-01", "2022-02-11", "2022-04-01"]);
            writeln!(text, "until = '{until}'").unwrap();
        }
        let ranges: [&[&str]; 7] = [
            &[],
            &[""],
            &[""],
            &["until = '2020-10-01'"],
            &["until = '2020-10-01'", "from = '2020-10-01'"],
            &["until = '2019-07-01'", "from = '2019-07-01'\nuntil = '2021-01-15'", "from = '2021-01-15'"],
            &["until = '2022-01-01'", "from = '2022-01-01'"],
        ];
        for range in r.pick(&ranges) {
            let every = r.pick(&["day", "month", "month", "quarter", "fiscal_year"]);
            let (due, grace) = (1 + r.below(90), r.below(20));
            let due_in = if r.one_in(4) { "business_days" } else { "days" };
            let grace_in = if r.one_in(6) { "business_days" } else { "days" };
            text += &format!(
                "[[series.source.rhythm]]\n{range}\nevery = '{every}'\nexpected_by_{due_in} = {due}\ngrace_{grace_in} = {grace}\n"
            );
        }
    }
    text
}

/// A KPI whose numbers are divided by a power of ten, as its figures are.
fn kpi(r: &mut Random, id: &str, kind: &str, measure: &str, (scale, digits): (u64, i32)) -> String {
    let down = kind == "ceiling" || (kind != "maintain" && r.one_in(3));
    let (b, t) = if down { (2 * scale, scale) } else { (scale, 2 * scale) };
    let (b, t) = if r.one_in(12) { (t, t) } else { (b, t) };
    // A goal of 0 or near it makes expected rates that are not above 0.
    let t = if down && kind != "ceiling" && r.one_in(2) { 0 } else { t };
    let side = if down { "at_most" } else { "at_least" };
    let mut text = format!("[[kpi]]\nid = '{id}'\npolicy = 'p'\n{NAMES}kind = '{kind}'\n{measure}\ncitation = 'c'\n");
    writeln!(text, "target = {{ {side} = {} }}\nconfirm = {}", number(t * 10, digits), r.pick(&[1, 1, 2, 3])).unwrap();
    let year = r.pick(&[2016, 2017, 2017, 2018, 2019, 2020]);
    if r.one_in(4) {
        let on = year.max(2018) + 1;
        let b = number(b * 10, digits);
        writeln!(text, "start = {{ on = '{on}-04-01', value = {b}, reason = {{ ja = 'a', en = 'a' }} }}").unwrap();
    } else {
        writeln!(text, "baseline = {{ year = 'FY{year}', value = {} }}", number(b * 10, digits)).unwrap();
        let (low, high) = (b.min(t), b.max(t));
        if r.one_in(3) && year < 2019 && low + 1 < high && !matches!(kind, "ceiling" | "maintain") {
            let middle = number(low.midpoint(high) * 10 + 5, digits);
            writeln!(text, "milestone = [{{ year = 'FY2019', value = {middle} }}]").unwrap();
        }
    }
    if r.one_in(4) {
        writeln!(text, "tolerance = {}", number(r.below(scale / 4 + 2) * 10, digits)).unwrap();
    }
    if kind == "ceiling" && r.one_in(3) {
        writeln!(text, "round_to = 20").unwrap();
    }
    text
}

/// A plan of five random series and every KPI kind that fits them.
pub fn plan(r: &mut Random) -> (Catalogue, Vec<Spec>) {
    let mut text = String::from(
        "[plan]\nid='p'\nname={ja='a',en='a'}\ncity={ja='a',en='a'}\nfirst_year='FY2019'\nlast_year='FY2021'\n\
         citation='c'\n[[policy]]\nid='p'\nname={ja='a',en='a'}\nowner={ja='a',en='a'}\n",
    );
    // A stream of its own, so that the rest of a plan does not depend on it.
    let mut digits = Random(r.0 ^ 0x5851_f42d);
    let (mut kpis, mut specs) = (String::new(), Vec::<Spec>::new());
    for i in 0..5 {
        let shape = if i < 2 { "level" } else { r.pick(&["flow", "flow", "counter"]) };
        let grain = match shape {
            "level" => r.pick(&["day", "day", "day", "hour"]),
            // A year of hours is long to go through.
            _ if r.one_in(40) => "hour",
            "counter" => r.pick(&["day", "day", "month", "quarter"]),
            _ => r.pick(&["day", "day", "month", "month", "month", "month", "quarter", "quarter", "fiscal_year"]),
        };
        let signed = r.one_in(7);
        let id = format!("s{i}");
        let decimals = if i == 1 { digits.pick(&[0, 0, 1, 2]) } else { digits.pick(&[0, 0, 0, 1, 2, 6]) };
        let spec = Spec { id, shape, grain: Grain::named(grain).unwrap(), signed, decimals };
        text += &series(r, &spec);
        let kinds: &[&str] = match (shape, grain) {
            ("level", _) => &["level", "cumulative", "maintain"],
            ("flow", "fiscal_year") => &["cumulative", "flow_per_year", "monthly_mean", "ceiling", "maintain"],
            _ => &["cumulative", "flow_per_year", "monthly_mean", "ceiling"],
        };
        for kind in kinds {
            let scale = match *kind {
                "cumulative" if shape != "level" => r.pick(&[100, 250, 500]),
                "flow_per_year" => r.pick(&[40, 75, 90, 120]),
                "ceiling" => r.pick(&[80, 150, 180]),
                "monthly_mean" => r.pick(&[8, 15]),
                _ => 100,
            };
            let measure = format!("series = '{}'\ndefinition = 'd'", spec.id);
            kpis += &kpi(r, &format!("{kind}-{i}"), kind, &measure, (scale, spec.decimals));
        }
        specs.push(spec);
    }
    let least = (r.pick(&[20, 20, 250]) / 10_i64.pow(u32::try_from(specs[1].decimals).unwrap())).max(1);
    let part = |id| format!("{{ series = '{id}', definition = 'd' }}");
    let ratio = format!("numerator = {}\ndenominator = {}\nmin_denominator = {least}", part("s0"), part("s1"));
    kpis += &kpi(r, "ratio", "ratio", &ratio, (60, specs[0].decimals - specs[1].decimals));
    let catalogue = catalogue::parse("random", &(text + &kpis)).unwrap_or_else(|m| panic!("{m:#?}"));
    (catalogue, specs)
}
