//! Medians, ranges and aims as Markdown.

use crate::readers::Sample;
use std::fmt::Write as _;

/// A contender and its samples.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) samples: Vec<Sample>,
    /// How many times as fast as it ours must be; absent for ours.
    pub(crate) aim: Option<f64>,
}

impl Row {
    fn seconds(&self, of: impl Fn(&Sample) -> f64) -> Spread {
        Spread::of(self.samples.iter().map(of))
    }

    /// Seconds by which it is compared: peers since their first record, which leaves out their start.
    fn compared(&self) -> f64 {
        self.seconds(|sample| sample.work.unwrap_or(sample.whole)).median
    }

    /// What was wrong.
    pub(crate) fn wrong(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.samples.iter().filter_map(|sample| Some((self.name, sample.wrong.as_deref()?)))
    }
}

/// Median, least and most.
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = if values.len().is_multiple_of(2) {
            f64::midpoint(values[middle - 1], values[middle])
        } else {
            values[middle]
        };
        Self { median, least: values[0], most: values[values.len() - 1] }
    }

    fn shown(&self, digits: usize) -> String {
        format!("{:.digits$} ({:.digits$} to {:.digits$})", self.median, self.least, self.most)
    }
}

/// One table; the first row is ours. `records` are those of one sample.
#[expect(clippy::cast_precision_loss, reason = "a count of records is far below 2^52")]
pub(crate) fn markdown(rows: &[Row], records: u64, title: &str) -> String {
    let records = records as f64;
    let rate = |seconds: f64| records / seconds / 1000.0;
    let per_million = 1e6 / records;
    let mut text = format!(
        "| {title} | k obs/s, whole process | k obs/s, without its start | CPU s per million | cores busy | peak memory MB | \
         broker's CPU s | ours is | aim |\n|---|---|---|---|---|---|---|---|---|\n"
    );
    for row in rows {
        let wrong = if row.wrong().next().is_some() { " **WRONG**" } else { "" };
        let whole = row.seconds(|sample| rate(sample.whole)).shown(0);
        let work = row.samples.iter().all(|sample| sample.work.is_some());
        let work = if work { row.seconds(|sample| rate(sample.work.unwrap_or(1.0))).shown(0) } else { "-".to_owned() };
        let cpu = row.seconds(|sample| sample.cost.cpu * per_million).shown(2);
        let cores = row.seconds(|sample| sample.cost.cpu / sample.cost.wall).median;
        let memory = row.seconds(|sample| sample.cost.peak_mb).shown(0);
        let broker = row.seconds(|sample| sample.broker).median;
        let times = row.compared() / rows[0].compared();
        let (ours, aim) = match row.aim {
            None => ("-".to_owned(), "-".to_owned()),
            Some(aim) => {
                let met = if times >= aim { "met" } else { "**missed**" };
                (format!("{times:.2}x as fast"), format!("{aim}x: {met}"))
            }
        };
        let _ = writeln!(
            text,
            "| {}{wrong} | {whole} | {work} | {cpu} | {cores:.1} | {memory} | {broker:.1} | {ours} | {aim} |",
            row.name
        );
    }
    text
}

/// Whether ours stays below a limit of memory.
pub(crate) fn memory(ours: &Row, limit_mb: f64) -> String {
    let peak = ours.seconds(|sample| sample.cost.peak_mb).most;
    let met = if peak <= limit_mb { "met" } else { "**missed**" };
    format!("Memory of {}: {peak:.0} MB at most; aim {limit_mb:.0} MB: {met}.", ours.name)
}
