//! What benches print alike: machine, load, medians with ranges, tables. `tests/bench/bench.py` does the same in Python.

use std::fmt::Display;

/// Prints the machine and its load, and the load again when it is dropped.
#[must_use = "dropped at once it prints both loads at the beginning"]
pub struct LoadWatch {
    /// Ticks that another machine took, and all.
    before: [u64; 2],
}

impl LoadWatch {
    /// Begins; prints nothing under `tests/bench`, which prints the lines itself.
    pub fn begin() -> Self {
        if !is_watched() {
            println!("machine: {}\nload before: {}\n", machine(), load());
        }
        Self { before: ticks() }
    }
}

impl Drop for LoadWatch {
    fn drop(&mut self) {
        if !is_watched() {
            let [stolen, all] = [0, 1].map(|i| ticks()[i].saturating_sub(self.before[i]));
            // In tenths of a percent, so that no float is needed.
            let share = stolen * 1000 / all.max(1);
            println!("load after: {}\nstolen: {}.{} %", load(), share / 10, share % 10);
        }
    }
}

fn is_watched() -> bool {
    std::env::var_os("SHIHYO_BENCH_WATCHED").is_some()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Processor, cores and memory.
fn machine() -> String {
    let value = |path: &str, key: &str| {
        let text = read(path);
        let line = text.lines().find(|line| line.starts_with(key));
        line.and_then(|line| line.split_once(':')).map_or("unknown".to_owned(), |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{cores} cores {}, {}", value("/proc/cpuinfo", "model name"), value("/proc/meminfo", "MemTotal"))
}

fn load() -> String {
    read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned()
}

fn ticks() -> [u64; 2] {
    let text = read("/proc/stat");
    let first = text.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = first.split_ascii_whitespace().skip(1).take(8).filter_map(|n| n.parse().ok()).collect();
    [ticks.get(7).copied().unwrap_or(0), ticks.iter().sum()]
}

/// The median, and from the least to the most. An empty text without values.
pub fn spread(values: impl IntoIterator<Item = f64>, digits: usize) -> String {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (values.first(), values.last()) else { return String::new() };
    format!("{:.digits$} ({least:.digits$} to {most:.digits$})", median(&values))
}

/// The middle of sorted values; 0 without any.
pub fn median(sorted: &[f64]) -> f64 {
    let middle = |at: usize| sorted.get(at).copied().unwrap_or_default();
    if sorted.len().is_multiple_of(2) {
        f64::midpoint(middle((sorted.len() / 2).saturating_sub(1)), middle(sorted.len() / 2))
    } else {
        middle(sorted.len() / 2)
    }
}

/// The cell of an aim; a missed one is listed with its value at the end of `docs/BENCHMARKS.md`.
pub fn aim(text: &str, met: bool, value: impl Display) -> String {
    if met { format!("{text}: met") } else { format!("{text}: missed ({value})") }
}

/// A table that `tests/bench/all` puts into `docs/BENCHMARKS.md`.
pub fn table<const N: usize>(name: &str, columns: [&str; N], rows: &[[String; N]]) -> String {
    let text = format!("<!-- table {name} -->\n| {} |\n|{}\n", columns.join(" | "), "---|".repeat(N));
    let rows = rows.iter().map(|row| format!("| {} |", row.join(" | ")));
    rows.fold(text, |text, row| text + &row + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_show_median_and_range_of_any_number_of_values() {
        assert_eq!(spread([3.0, 1.0, 2.0], 1), "2.0 (1.0 to 3.0)");
        assert_eq!(spread([4.0, 1.0, 2.0, 3.0], 1), "2.5 (1.0 to 4.0)");
        assert_eq!(spread([4.0], 0), "4 (4 to 4)");
        assert_eq!(spread([], 0), "");
    }

    #[test]
    fn tables_have_their_marker() {
        let text = table("x", ["a", "b"], &[["1".into(), aim("< 2 s", false, "3 s")]]);
        assert_eq!(text, "<!-- table x -->\n| a | b |\n|---|---|\n| 1 | < 2 s: missed (3 s) |\n");
    }
}
