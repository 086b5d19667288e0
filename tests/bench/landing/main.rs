//! Makes and tests the calibration of `aggregator/landing`; `README.md` in this folder says how.
#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    clippy::similar_names,
    reason = "a bench may stop at what is wrong, and its counts are small"
)]

mod data;
mod learn;
mod public;
mod table;
mod time;
mod years;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let read = |path: &str| data::PublicSeries::read_all(path);
    match words[..] {
        ["laws", series] => print!("{}", learn::laws(&read(series))),
        ["scores", series] => print!("{}", learn::scores(&read(series))),
        ["table", laws, rows] => {
            let [laws, rows] = [laws, rows].map(|path| std::fs::read_to_string(path).unwrap());
            print!("{}", table::text(&learn::LEVELS, &laws, &rows));
        }
        ["public", series, peers] => public::test(&read(series), peers),
        ["years", series] => years::test(&read(series)),
        ["time", series] => time::test(&read(series)),
        _ => {
            eprintln!("usage: bench-landing laws|scores|years|time SERIES, public SERIES PEERS, or table LAWS ROWS");
            std::process::exit(2);
        }
    }
}
