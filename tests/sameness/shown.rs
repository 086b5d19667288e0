//! What InfluxDB shows, beside what the canonical export says.

use crate::influx_read::{Bucket, Points, fresh};
use contract::period::{Grain, Period};
use contract::time::{Moment, date_of};
use serde_json::Value;

/// Status codes of the measurement `kpi`, by position.
const STATUSES: [&str; 8] = ["", "achieved", "on_track", "at_risk", "off_track", "missed", "stale", "no_data"];

/// A bucket of this test alone.
pub(crate) struct Shown(Bucket);

impl Shown {
    pub(crate) fn new() -> Self {
        Self(fresh(0))
    }

    /// What the binary must be told.
    pub(crate) fn environment(&self) -> [(&'static str, String); 4] {
        let Bucket { url, org, name: bucket, token } = &self.0;
        [
            ("SHIHYO__INFLUXDB__URL", url.clone()),
            ("SHIHYO__INFLUXDB__ORG", org.clone()),
            ("SHIHYO__INFLUXDB__BUCKET", bucket.clone()),
            ("SHIHYO__INFLUXDB__TOKEN", token.clone()),
        ]
    }

    /// Whether every rollup of the export is shown as it is, and none beside them but the states of single days;
    /// and whether each KPI of `report`, judged on a month's last day, is.
    pub(crate) fn equals(&self, export: &str, reports: &[String]) -> Result<(), String> {
        let points = self.0.points(&["series", "kpi"]);
        let wanted = rollups(export);
        for (key, fields) in &wanted {
            let found = points.get(key).ok_or_else(|| format!("{key:?} is not shown"))?;
            if found != fields {
                return Err(format!("{key:?} is shown as {found:?} instead of {fields:?}"));
            }
        }
        let own = |series: &str| series.contains("grain=day") && series.contains("series=sets");
        let mut more =
            points.keys().filter(|key| key.0.starts_with("series,") && !own(&key.0) && !wanted.contains_key(*key));
        if let Some(more) = more.next() {
            return Err(format!("{more:?} is shown but not exported"));
        }
        reports.iter().try_for_each(|report| kpis(&points, report))
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The points that an export asks for.
fn rollups(export: &str) -> Points {
    let mut wanted = Points::new();
    for plan in parsed(export)["plans"].as_array().unwrap() {
        for rollup in plan["rollups"].as_array().unwrap() {
            let text = |key: &str| rollup[key].as_str().unwrap();
            let (series, definition, grain) = (text("series"), text("definition"), text("grain"));
            let name = format!(
                "series,definition={definition},grain={grain},plan={},series={series}",
                plan["id"].as_str().unwrap()
            );
            let period = period(text("period"));
            let time = if series == "sets" && period.grain > Grain::Day {
                Moment::midnight(date_of(period.end().day() - 1))
            } else {
                period.start()
            };
            let fields = [
                ("value", number(&rollup["value"])),
                ("value_known", (!rollup["value"].is_null()).into()),
                ("complete", rollup["complete"].clone()),
                ("provisional", rollup["provisional"].clone()),
            ];
            wanted.insert((name, time.0), fields.map(|(key, value)| (key.to_owned(), value)).into());
        }
    }
    wanted
}

/// A period as the export writes it; a quarter is no question that can be asked, so it is read here.
fn period(text: &str) -> Period {
    match text.split_once('Q') {
        None => Period::parse(text).unwrap(),
        Some((year, quarter)) => {
            let quarter: usize = quarter.parse().unwrap();
            Period::parse(year).unwrap().parts(Grain::Quarter).nth(quarter - 1).unwrap()
        }
    }
}

/// InfluxQL gives a float without a fraction as an integer.
fn number(value: &Value) -> Value {
    value.as_i64().unwrap_or(0).into()
}

fn kpis(points: &Points, report: &str) -> Result<(), String> {
    for plan in parsed(report)["plans"].as_array().unwrap() {
        let time = Period::parse(plan["on"].as_str().unwrap()).unwrap().start().0;
        for kpi in plan["kpis"].as_array().unwrap() {
            let id = kpi["id"].as_str().unwrap();
            let name = format!("kpi,kpi={id},plan={},policy=policy", plan["id"].as_str().unwrap());
            let found = points.get(&(name, time)).ok_or_else(|| format!("{id} is not shown on {}", plan["on"]))?;
            let code = found["status"].as_f64().unwrap();
            let status = STATUSES.iter().position(|word| *word == kpi["status"].as_str().unwrap_or_default()).unwrap();
            let close = |key: &str| {
                let known = found[&format!("{key}_known")] == Value::Bool(true);
                match kpi[key].as_f64() {
                    None => !known,
                    Some(value) => known && (found[key].as_f64().unwrap() - value).abs() < 1e-5,
                }
            };
            // Without a value the guide is shown all the same; a report has none then.
            let compared =
                if kpi["value"].is_null() { &["value", "progress"][..] } else { &["value", "path", "progress"] };
            let wrong = compared.iter().find(|key| !close(key)).copied();
            if let Some(key) = wrong
                .or_else(|| (code.to_bits() != f64::from(u8::try_from(status).unwrap()).to_bits()).then_some("status"))
            {
                return Err(format!("{} {id} on {}: {key} is {found:?} instead of {kpi}", plan["id"], plan["on"]));
            }
        }
    }
    Ok(())
}
