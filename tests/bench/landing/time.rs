//! What learning a series and forecasting it cost, one after another on one thread.

use crate::data::{PublicSeries, asked};
use landing::{FigureKind, Frequency, Selection};
use std::hint::black_box;
use std::time::Instant;

/// Milliseconds of some work.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let done = black_box(work());
    (done, start.elapsed().as_secs_f64() * 1e3)
}

/// Median and 95 % quantile.
fn summary(times: &mut [f64]) -> String {
    times.sort_by(f64::total_cmp);
    format!("{:.2}, {:.2}", times[times.len() / 2], times[times.len() * 95 / 100])
}

/// Prints the table.
pub(crate) fn test(all: &[PublicSeries]) {
    println!("<!-- table landing-time -->");
    println!("| frequency | series | learning in ms: median, 95 of 100 within | forecast in ms: the same | aim |");
    println!("|---|---|---|---|---|");
    for frequency in Frequency::ALL {
        let (mut learning, mut forecasts) = (Vec::new(), Vec::new());
        for series in all.iter().filter(|series| series.frequency == frequency) {
            let figures = series.until(series.known, FigureKind::Level);
            let (selection, spent) = timed(|| Selection::learn(&figures).unwrap());
            learning.push(spent);
            let index = series.known + series.horizon - 1;
            let (_, spent) = timed(|| selection.forecast(&figures, &asked(index, index)).unwrap());
            forecasts.push(spent);
        }
        let (learning, count) = (summary(&mut learning), forecasts.len());
        let spent = summary(&mut forecasts);
        let median = forecasts[count / 2];
        let aim = if median <= 5.0 { "5 ms: met".to_owned() } else { format!("5 ms: missed ({median:.1} ms)") };
        println!("| {frequency:?} | {count} | {learning} | {spent} | {aim} |");
    }
}
