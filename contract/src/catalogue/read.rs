//! From TOML to the catalogue, table by table.

use super::check;
use super::grade::GradeScale;
use super::model::{
    Catalogue, Combine, Decrease, Definition, Direction, Goal, Kpi, KpiKind, Measure, Plan, Policy, Series, SeriesRef,
    SeriesSource, Shape,
};
use super::{read_grade, read_rhythm};
use crate::bilingual::Bilingual;
use crate::business_day::BusinessCalendar;
use crate::decimals::Decimals;
use crate::exact::{self, Exact};
use crate::reader::{self, Mistake, TomlTable, nearest};
use crate::time::day_number;

const DIRECTIONS: &str = "one of `at_least` or `at_most` with the target's value";
/// Most closed days of a city's own.
const MAX_CLOSED_DAYS: usize = 400;

/// Reads and checks a catalogue; `file` is the name that mistakes carry.
///
/// ```
/// use contract::catalogue;
///
/// let text = r#"
/// [plan]
/// id = "kawasaki"
/// name = { ja = "計画", en = "Plan" }
/// city = { ja = "川崎市", en = "Kawasaki" }
/// first_year = "FY2019"
/// last_year = "FY2021"
/// citation = "plan, page 1"
/// "#;
/// let catalogue = catalogue::parse("plans/kawasaki.toml", text).unwrap();
/// assert_eq!(catalogue.plan.end().to_string(), "2022-04-01T00:00:00+09:00");
///
/// let mistakes = catalogue::parse("plans/kawasaki.toml", &text.replace("FY2021", "2021")).unwrap_err();
/// assert!(mistakes[0].to_string().starts_with("plans/kawasaki.toml:7: "));
/// ```
pub fn parse(file: &str, text: &str) -> Result<Catalogue, Vec<Mistake>> {
    reader::read(file, text, |top| {
        let plan = plan(top);
        let policies: Vec<Policy> = top.tables("policy").iter().map(policy).collect();
        let series: Vec<Series> = top.tables("series").iter().map(|r| series(r, &plan)).collect();
        let kpis: Vec<Kpi> = top.tables("kpi").iter().map(|r| kpi(r, &plan, &policies, &series)).collect();
        let grades: Vec<GradeScale> = top.tables("grade").iter().map(|r| read_grade::scale(r, &plan, &kpis)).collect();
        read_grade::entered_fit(top, &grades, &kpis);
        let catalogue = Catalogue { plan, policies, series, kpis, grades };
        check::whole(top, &catalogue);
        catalogue
    })
}

fn bilingual(reader: &TomlTable<'_>, key: &'static str) -> Bilingual {
    if !reader.has(key) {
        reader.mistake(key, format!("`{key}` is missing; it must be {{ ja = \"..\", en = \"..\" }}"));
        return Bilingual::default();
    }
    bilingual_if(reader, key).unwrap_or_default()
}

fn bilingual_if(reader: &TomlTable<'_>, key: &'static str) -> Option<Bilingual> {
    let inner = reader.table(key)?;
    Some(Bilingual { ja: inner.text("ja"), en: inner.text("en") })
}

fn plan(top: &TomlTable<'_>) -> Plan {
    let Some(r) = top.table("plan") else {
        top.mistake("plan", "the table [plan] is missing");
        let none = String::new;
        return Plan {
            id: none(),
            name: Bilingual::default(),
            city: Bilingual::default(),
            kana: None,
            first_year: 2019,
            last_year: 2019,
            sample: false,
            default_on: None,
            on_dates: Vec::new(),
            calendar: BusinessCalendar::default(),
            citation: none(),
        };
    };
    if r.text_if("zone").is_some_and(|zone| zone != crate::time::ZONE) {
        r.mistake("zone", format!("`zone` must be \"{}\", the only one there is", crate::time::ZONE));
    }
    let plan = Plan {
        id: r.id("id"),
        name: bilingual(&r, "name"),
        city: bilingual(&r, "city"),
        kana: r.text_if("kana"),
        first_year: r.fiscal_year("first_year"),
        last_year: r.fiscal_year("last_year"),
        sample: r.switch("sample"),
        default_on: r.period_if("default_on"),
        on_dates: r.periods("on_dates"),
        calendar: calendar(&r),
        citation: r.text("citation"),
    };
    if plan.last_year < plan.first_year {
        r.mistake("last_year", "`last_year` lies before `first_year`");
    }
    plan
}

fn calendar(r: &TomlTable<'_>) -> BusinessCalendar {
    let closed = r.dates("closed_days");
    if closed.len() > MAX_CLOSED_DAYS {
        r.mistake("closed_days", format!("{} closed days; at most {MAX_CLOSED_DAYS}", closed.len()));
    }
    BusinessCalendar::closed_on(closed.into_iter().map(day_number))
}

fn policy(r: &TomlTable<'_>) -> Policy {
    Policy { id: r.id("id"), name: bilingual(r, "name"), owner: bilingual(r, "owner") }
}

fn series(r: &TomlTable<'_>, plan: &Plan) -> Series {
    let shape = r.word("shape", &[("level", Shape::Level), ("flow", Shape::Flow), ("counter", Shape::Counter)]);
    let combine = r.word_if("combine", &[("first", Combine::First), ("sum", Combine::Sum)]);
    let decrease = r.word_if("decrease", &[("restart", Decrease::Restart), ("break", Decrease::Break)]);
    if decrease.is_some() && shape != Shape::Counter {
        r.mistake("decrease", "only a counter has `decrease`");
    }
    let definitions: Vec<Definition> = r.tables("definition").iter().map(definition).collect();
    if definitions.is_empty() {
        r.mistake("definition", "a series needs at least one [[series.definition]]: how it counts");
    }
    Series {
        id: r.id("id"),
        name: bilingual(r, "name"),
        unit: bilingual(r, "unit"),
        shape,
        grain: r.word("grain", &read_rhythm::GRAINS),
        combine: combine.unwrap_or(Combine::First),
        decrease: decrease.unwrap_or(Decrease::Break),
        signed: r.switch("signed"),
        definitions,
        sources: r.tables("source").iter().map(|r| source(r, plan)).collect(),
        credit: bilingual_if(r, "credit"),
        line: r.line,
    }
}

fn definition(r: &TomlTable<'_>) -> Definition {
    let decimals = u32::try_from(r.integer("decimals", 0..=i64::from(Decimals::MAX), 0)).ok().and_then(Decimals::new);
    Definition {
        id: r.id("id"),
        from: r.date_if("from"),
        decimals: decimals.unwrap_or_default(),
        text: bilingual(r, "text"),
    }
}

fn source(r: &TomlTable<'_>, plan: &Plan) -> SeriesSource {
    let (from, until) = read_rhythm::range(r);
    let rhythm = r.tables("rhythm").iter().map(|r| read_rhythm::rhythm(r, plan, (from, until))).collect();
    SeriesSource { id: r.id("id"), from, until, rhythm, line: r.line }
}

fn goal(r: &TomlTable<'_>) -> Goal {
    let value = exact_or_missing(r, "value");
    Goal { year: r.fiscal_year("year"), value }
}

fn exact_or_missing(r: &TomlTable<'_>, key: &'static str) -> Exact {
    if !r.has(key) {
        r.mistake(key, format!("`{key}` is missing; it must be a number"));
    }
    r.exact_if(key).unwrap_or_else(|| exact::whole(0))
}

fn target(r: &TomlTable<'_>) -> (Exact, Direction) {
    let inner = r.table("target");
    let found = inner.as_ref().map(|t| (t.exact_if("at_least"), t.exact_if("at_most")));
    match found {
        Some((Some(value), None)) => (value, Direction::AtLeast),
        Some((None, Some(value))) => (value, Direction::AtMost),
        _ => {
            r.mistake("target", format!("`target` must have {DIRECTIONS}"));
            (exact::whole(0), Direction::AtLeast)
        }
    }
}

fn start(r: &TomlTable<'_>) -> (Option<Goal>, Option<Bilingual>) {
    let Some(inner) = r.table("start") else { return (None, None) };
    let on = inner.date_if("on");
    if on.is_none_or(|date| (date.month(), date.day()) != (4, 1)) {
        inner.mistake("on", "`on` of a declared start must be a 1 April");
    }
    let year = on.map_or(0, |date| i32::from(date.year()) - 1);
    let goal = Goal { year, value: exact_or_missing(&inner, "value") };
    (Some(goal), Some(bilingual(&inner, "reason")))
}

fn series_ref(r: &TomlTable<'_>, key: &'static str, series: &[Series]) -> SeriesRef {
    let fallback = SeriesRef { series: 0, definition: 0 };
    let id = r.text(key);
    let found = series.iter().position(|s| s.id == id);
    let rule = r.text_if("definition");
    let Some(index) = found else {
        if !id.is_empty() {
            r.mistake(key, format!("unknown series `{id}`{}", nearest(&id, series.iter().map(|s| s.id.as_str()))));
        }
        return fallback;
    };
    let rules = &series[index].definitions;
    let definition = match &rule {
        Some(rule) => rules.iter().position(|d| d.id == *rule),
        None if rules.len() == 1 => Some(0),
        None => None,
    };
    if definition.is_none() && !rules.is_empty() {
        let ids = rules.iter().map(|d| d.id.as_str());
        let message = match &rule {
            Some(rule) => format!("unknown definition `{rule}` of series `{id}`{}", nearest(rule, ids)),
            None => format!("`definition` is missing: series `{id}` counts in several ways{}", nearest("", ids)),
        };
        r.mistake("definition", message);
    }
    SeriesRef { series: index, definition: definition.unwrap_or(0) }
}

fn measure(r: &TomlTable<'_>, kind: KpiKind, series: &[Series]) -> Measure {
    if !kind.is_ratio() {
        return Measure::Series(series_ref(r, "series", series));
    }
    let side = |key: &'static str| {
        let inner = r.table(key);
        if inner.is_none() {
            r.mistake(key, format!("a ratio needs `{key}` = {{ series = \"..\", definition = \"..\" }}"));
        }
        inner.map_or(SeriesRef { series: 0, definition: 0 }, |inner| series_ref(&inner, "series", series))
    };
    Measure::Ratio {
        numerator: side("numerator"),
        denominator: side("denominator"),
        per: r.integer("per", 1..=1_000_000_000, 100),
        min_denominator: r.integer("min_denominator", 1..=i64::MAX, 1),
    }
}

/// Digits that a KPI is shown with where it names none: those of its figures, of a ratio none.
fn shown_decimals(measure: &Measure, series: &[Series]) -> i64 {
    let Measure::Series(of) = measure else { return 0 };
    let definition = series.get(of.series).and_then(|series| series.definitions.get(of.definition));
    definition.map_or(0, |definition| i64::from(definition.decimals.digits()))
}

fn kpi(r: &TomlTable<'_>, plan: &Plan, policies: &[Policy], series: &[Series]) -> Kpi {
    let kind = r.word("kind", &KpiKind::WORDS);
    let policy = r.text("policy");
    let policy_index = policies.iter().position(|p| p.id == policy);
    if policy_index.is_none() && !policy.is_empty() {
        let right = policies.iter().map(|p| p.id.as_str());
        r.mistake("policy", format!("unknown policy `{policy}`{}", nearest(&policy, right)));
    }
    let (target, direction) = target(r);
    let (start, start_reason) = start(r);
    let narrow = |n: i64| u32::try_from(n).unwrap_or(0);
    let measure = measure(r, kind, series);
    let kpi = Kpi {
        id: r.id("id"),
        policy: policy_index.unwrap_or(0),
        name: bilingual(r, "name"),
        unit: bilingual(r, "unit"),
        kind,
        measure,
        baseline: r.table("baseline").map(|inner| goal(&inner)),
        start,
        start_reason,
        target,
        direction,
        milestones: r.tables("milestone").iter().map(goal).collect(),
        maximum: r.exact_if("maximum"),
        tolerance: r.exact_if("tolerance"),
        decimals: narrow(r.integer("decimals", 0..=i64::from(Decimals::MAX), shown_decimals(&measure, series))),
        round_to: r.integer_if("round_to", 1..=i64::MAX),
        confirm: narrow(r.integer("confirm", 1..=36, 1)),
        entered: r.tables("entered").iter().map(read_grade::entered).collect(),
        citation: r.text("citation"),
        note: bilingual_if(r, "note"),
        connect: bilingual_if(r, "connect"),
        line: r.line,
    };
    check::kpi(r, plan, series, &kpi);
    kpi
}
