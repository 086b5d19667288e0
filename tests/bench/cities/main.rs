//! Writes a configuration of many plans and the log of their figures: what a prefecture of cities would have collected.
//!
//! Everything follows from the seed. It streams: one poll of one source is in memory at a time.

mod figures;
mod plan;
mod polls;

use anyhow::Context;
use clap::Parser;
use figures::City;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// Municipalities of Japan.
const MUNICIPALITIES: u32 = 1741;

#[derive(Parser)]
struct Arguments {
    /// Folder to make: `config/`, `data/bus.db`, and `answers.csv` with what is right.
    folder: PathBuf,
    #[arg(long, default_value_t = MUNICIPALITIES, value_parser = clap::value_parser!(u32).range(1..=1741))]
    plans: u32,
    /// In how many polls each source delivered its three years: 1 is a first collection, 36 is about one a month.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1096))]
    polls: u32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let cities: Vec<City> = (0..arguments.plans).map(|number| City::new(arguments.seed, number)).collect();
    let folder = &arguments.folder;
    fs::create_dir_all(folder.join("data")).with_context(|| format!("{} cannot be made", folder.display()))?;
    configure(&folder.join("config"), &cities)?;
    answer(&folder.join("answers.csv"), &cities)?;
    let records = polls::publish(&folder.join("data/bus.db"), &cities, arguments.polls)?;
    println!("{records}");
    Ok(())
}

/// Writes plans, sources, and a register for each source that holds the day after the last one in the log.
fn configure(folder: &Path, cities: &[City]) -> anyhow::Result<()> {
    for part in ["plans", "sources.d", "registers"] {
        fs::create_dir_all(folder.join(part))?;
    }
    fs::write(folder.join("shihyo.toml"), "data_dir = \"../data\"\n[log]\nlevel = \"warn\"\n")?;
    for city in cities {
        let id = &city.id;
        fs::write(folder.join(format!("plans/{id}.toml")), plan::catalogue(city))?;
        fs::write(folder.join(format!("sources.d/{id}.toml")), plan::sources(city))?;
        for source in 0..plan::SOURCES {
            fs::write(folder.join(format!("registers/{id}-{source}.csv")), plan::register(city, source))?;
        }
    }
    Ok(())
}

/// Writes the value of each KPI in each fiscal year, with corrections and as it was before them, summed here in plain loops.
fn answer(file: &Path, cities: &[City]) -> anyhow::Result<()> {
    let mut file = BufWriter::new(fs::File::create(file)?);
    for city in cities {
        let mut lines = String::new();
        for series in 0..plan::SERIES {
            for (year, days) in figures::YEARS {
                let counted = if plan::is_level(series) { days.end - 1..days.end } else { days };
                let newest: i64 = counted.clone().map(|day| city.newest(series, day)).sum();
                let before: i64 = counted.map(|day| city.value(series, day)).sum();
                let _ = writeln!(lines, "{},kpi-{series:02},{year},{newest},{before}", city.id);
            }
        }
        file.write_all(lines.as_bytes())?;
    }
    Ok(file.flush()?)
}
