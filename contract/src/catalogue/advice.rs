//! What a catalogue may say, but hardly means.

use super::model::{Catalogue, Kpi, Series};
use crate::period::Grain;
use crate::reader::Mistake;

/// Months of a confirmation at which a warning is due.
const LONG_MONTHS: u32 = 24;

/// Warnings about a catalogue read from `file`, in the order of its KPIs.
pub fn warnings(file: &str, catalogue: &Catalogue) -> Vec<Mistake> {
    let warn = |kpi: &Kpi, message: String| Mistake { file: file.to_owned(), line: kpi.line, message };
    let of = |kpi: &Kpi| {
        let parts = kpi.measure.parts();
        let fed: Vec<&Series> = parts.iter().filter_map(|part| catalogue.series.get(part.series)).collect();
        let silent = fed.iter().filter(|series| !series.sources.is_empty() && months(series).is_none());
        let mut found: Vec<Mistake> = silent.map(|series| warn(kpi, without_rhythm(kpi, series))).collect();
        let wait = fed.iter().filter_map(|series| months(series)).max().map(|months| months * kpi.confirm);
        let long = wait.filter(|wait| kpi.confirm > 1 && *wait >= LONG_MONTHS);
        found.extend(long.map(|wait| warn(kpi, too_long(kpi, wait))));
        found
    };
    catalogue.kpis.iter().flat_map(of).collect()
}

fn without_rhythm(kpi: &Kpi, series: &Series) -> String {
    let (kpi, series) = (&kpi.id, &series.id);
    format!("no source of series `{series}` has a [[series.source.rhythm]]: KPI `{kpi}` never becomes stale")
}

fn too_long(kpi: &Kpi, wait: u32) -> String {
    let (kpi, confirm) = (&kpi.id, kpi.confirm);
    format!("`confirm = {confirm}` of KPI `{kpi}` takes {wait} months with the rhythm of its figures")
}

/// Months from one figure of a series to the next, by the shortest rhythm of its sources; `None` without any.
fn months(series: &Series) -> Option<u32> {
    let rhythms = series.sources.iter().flat_map(|source| &source.rhythm);
    rhythms.map(|rhythm| rhythm.every).min().map(|every| match every {
        Grain::Hour | Grain::Day | Grain::Month => 1,
        Grain::Quarter => 3,
        Grain::FiscalYear => 12,
    })
}
