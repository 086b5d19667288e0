//! Counts a combined log by day and status with the source's own parser, and prints `day status count` lines: the part of
//! `tests/bench/accesslog` whose counts are compared with those of other tools.

use collectors::sources::accesslog::line::format::{COMBINED, LineFormat};
use collectors::sources::accesslog::line::time::TimeReader;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};

const CHUNK_BYTES: usize = 1 << 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: count_log FILE")?;
    let (mut file, format) = (File::open(path)?, LineFormat::parse(COMBINED)?);
    let (mut chunk, mut kept, mut hours) = (vec![0; CHUNK_BYTES], Vec::new(), TimeReader::default());
    let (mut counts, mut bad) = (BTreeMap::<(i64, u16), u64>::new(), 0_u64);
    // The last day's counts by status, so that the map is asked once a day.
    let (mut day, mut today) = (i64::MIN, [0_u64; 600]);
    let mut line = |line: &[u8]| {
        let Some(read) = format.read(line, &mut hours) else {
            bad += 1;
            return;
        };
        let of = (read.hour + 9).div_euclid(24);
        if of != day {
            flush(day, &mut today, &mut counts);
            day = of;
        }
        today[usize::from(read.status)] += 1;
    };
    loop {
        let count = file.read(&mut chunk)?;
        if count == 0 {
            break;
        }
        let mut from = 0;
        for at in memchr::memchr_iter(b'\n', &chunk[..count]) {
            if kept.is_empty() {
                line(&chunk[from..at]);
            } else {
                kept.extend_from_slice(&chunk[from..at]);
                line(&kept);
                kept.clear();
            }
            from = at + 1;
        }
        kept.extend_from_slice(&chunk[from..count]);
    }
    flush(day, &mut today, &mut counts);
    let mut out = std::io::stdout().lock();
    for ((day, status), count) in counts {
        let date = contract::time::date_of(i32::try_from(day)?);
        writeln!(out, "{} {status} {count}", date.strftime("%d/%b/%Y"))?;
    }
    eprintln!("{bad} bad lines");
    Ok(())
}

fn flush(day: i64, today: &mut [u64; 600], counts: &mut BTreeMap<(i64, u16), u64>) {
    for (status, count) in (0..).zip(today.iter_mut()).filter(|(_, count)| **count > 0) {
        *counts.entry((day, status)).or_default() += *count;
        *count = 0;
    }
}
