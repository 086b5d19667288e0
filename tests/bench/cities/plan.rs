//! The plan of a city as configuration: fourteen KPIs over daily series from nine registers.

use crate::figures::City;
use std::fmt::Write as _;

/// Series of a plan, each with a KPI.
pub(crate) const SERIES: u32 = 14;
/// Sources of a plan; series `n` is of source `n % SOURCES`.
pub(crate) const SOURCES: u32 = 9;
/// Policies of a plan.
const POLICIES: u32 = 7;
/// The first series that is a level; those before it are counts by day.
const FIRST_LEVEL: u32 = 10;

/// True for a series whose figures are states at the end of a day.
pub(crate) fn is_level(series: u32) -> bool {
    series >= FIRST_LEVEL
}

fn text(ja: &str, en: &str) -> String {
    format!("{{ ja = \"{ja}\", en = \"{en}\" }}")
}

/// The catalogue: it runs on the day that is shown by default, so that pages judge, expect and look ahead.
pub(crate) fn catalogue(city: &City) -> String {
    let City { id, name, kana, .. } = city;
    let mut toml = format!(
        "[plan]\nid = \"{id}\"\nname = {}\ncity = {}\nkana = \"{kana}\"\nfirst_year = \"FY2019\"\nlast_year = \"FY2021\"\n\
         default_on = \"2021-11-30\"\ncitation = \"b\"\n",
        text(&format!("{name}データ活用推進計画"), &format!("Data plan of {id}")),
        text(name, id),
    );
    for policy in 0..POLICIES {
        let (name, owner) = (text(&format!("施策{policy}"), "Policy"), text("情報課", "Section"));
        let _ = write!(toml, "[[policy]]\nid = \"policy-{policy}\"\nname = {name}\nowner = {owner}\n");
    }
    let unit = text("件", "cases");
    for series in 0..SERIES {
        let name = text(&format!("系列{series}"), &format!("Series {series}"));
        let shape = if is_level(series) { "level" } else { "flow" };
        let _ = write!(
            toml,
            "[[series]]\nid = \"series-{series:02}\"\nname = {name}\nunit = {unit}\nshape = \"{shape}\"\ngrain = \"day\"\n\
             [[series.definition]]\nid = \"d\"\ntext = {name}\n\
             [[series.source]]\nid = \"register-{}\"\n\
             [[series.source.rhythm]]\nevery = \"month\"\nexpected_by_days = 20\ngrace_days = 10\n",
            series % SOURCES,
        );
    }
    for kpi in 0..SERIES {
        let name = text(&format!("指標{kpi}"), &format!("Indicator {kpi}"));
        let (kind, usual) = if is_level(kpi) { ("level", 1096 * 488) } else { ("flow_per_year", 365 * 488) };
        let target = usual * (city.ambition + kpi % 5) / 100;
        let baseline = if is_level(kpi) { 0 } else { target / 2 };
        let _ = write!(
            toml,
            "[[kpi]]\nid = \"kpi-{kpi:02}\"\npolicy = \"policy-{}\"\nname = {name}\nunit = {unit}\nkind = \"{kind}\"\n\
             series = \"series-{kpi:02}\"\nbaseline = {{ year = \"FY2018\", value = {baseline} }}\n\
             target = {{ at_least = {target} }}\ncitation = \"b\"\n",
            kpi % POLICIES,
        );
    }
    toml
}

/// The sources, each a register of its own.
pub(crate) fn sources(city: &City) -> String {
    let id = &city.id;
    let source = |number: u32| {
        format!(
            "[[source]]\nid = \"register-{number}\"\nplan = \"{id}\"\nkind = \"register\"\ninterval = \"1d\"\n\
             path = \"registers/{id}-{number}.csv\"\n[source.columns]\nseries = [\"series\"]\nperiod = [\"period\"]\n\
             value = [\"value\"]\n"
        )
    };
    (0..SOURCES).map(source).collect()
}

/// A register as a service finds it: one day that lies behind all fiscal years that are answered.
pub(crate) fn register(city: &City, source: u32) -> String {
    let mut csv = "series,period,value\n".to_owned();
    for series in (0..SERIES).filter(|series| series % SOURCES == source) {
        let _ = writeln!(csv, "series-{series:02},2022-04-02,{}", city.value(series, crate::figures::DAYS + 1));
    }
    csv
}
