//! Medians, ranges and aims as Markdown.

use crate::readers::Sample;
use testkit::bench;

/// A contender and its samples.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) samples: Vec<Sample>,
    /// How many times as fast as it ours must be; absent for ours.
    pub(crate) aim: Option<f64>,
}

impl Row {
    fn samples(&self, of: impl Fn(&Sample) -> f64) -> Vec<f64> {
        let mut values: Vec<f64> = self.samples.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    fn spread(&self, digits: usize, of: impl Fn(&Sample) -> f64) -> String {
        bench::spread(self.samples(of), digits)
    }

    fn median(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        bench::median(&self.samples(of))
    }

    /// Seconds by which it is compared: peers since their first record, which leaves out their start.
    fn compared(&self) -> f64 {
        self.median(|sample| sample.work.unwrap_or(sample.whole))
    }

    /// What was wrong.
    pub(crate) fn wrong(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.samples.iter().filter_map(|sample| Some((self.name, sample.wrong.as_deref()?)))
    }
}

/// What is said of each contender.
const COLUMNS: [&str; 9] = [
    "",
    "k obs/s, whole process",
    "k obs/s, without its start",
    "CPU s per million",
    "cores busy",
    "peak memory MB",
    "broker's CPU s",
    "ours is",
    "aim",
];

/// One table; the first row is ours. `records` are those of one sample, `memory_mb` is what ours may take.
#[expect(clippy::cast_precision_loss, reason = "a count of records is far below 2^52")]
pub(crate) fn markdown(name: &str, rows: &[Row], records: u64, title: &str, memory_mb: Option<f64>) -> String {
    let records = records as f64;
    let rate = |seconds: f64| records / seconds / 1000.0;
    let per_million = 1e6 / records;
    let cells = |row: &Row| {
        let wrong = if row.wrong().next().is_some() { " **WRONG**" } else { "" };
        let started = row.samples.iter().all(|sample| sample.work.is_some());
        let work = || row.spread(0, |sample| rate(sample.work.unwrap_or(1.0)));
        let times = row.compared() / rows[0].compared();
        let (ours, aim) = match (row.aim, memory_mb) {
            (Some(aim), _) => {
                (format!("{times:.2}x as fast"), bench::aim(&format!("{aim}x"), times >= aim, format!("{times:.2}x")))
            }
            (None, Some(most)) => {
                let peak = row.samples(|sample| sample.cost.peak_mb).last().copied().unwrap_or_default();
                ("-".to_owned(), bench::aim(&format!("{most} MB"), peak <= most, format!("{peak:.0} MB")))
            }
            (None, None) => ("-".to_owned(), "-".to_owned()),
        };
        [
            format!("{}{wrong}", row.name),
            row.spread(0, |sample| rate(sample.whole)),
            if started { work() } else { "-".to_owned() },
            row.spread(2, |sample| sample.cost.cpu * per_million),
            format!("{:.1}", row.median(|sample| sample.cost.cpu / sample.cost.wall)),
            row.spread(0, |sample| sample.cost.peak_mb),
            format!("{:.1}", row.median(|sample| sample.broker)),
            ours,
            aim,
        ]
    };
    let mut columns = COLUMNS;
    columns[0] = title;
    bench::table(name, columns, &rows.iter().map(cells).collect::<Vec<_>>())
}
