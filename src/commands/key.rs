//! `shihyo key`: makes a key that signs the records of a collector.

use crate::failure::Failure;
use crate::output;
use anyhow::Context;
use clap::Args;
use contract::signing::SigningKey;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct KeyOptions {
    /// Its id, which stands in every record that it signs: letters, digits, `.`, `_` and `-`. A new secret needs a new id.
    id: String,
    /// A new file for it, readable by its owner only; without it the key is printed.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(options: &KeyOptions) -> Result<(), Failure> {
    let key = SigningKey::new(&options.id, rand::random()).with_context(|| {
        format!("`{}` is no id: write up to 64 letters, digits, `.`, `_` and `-`", options.id.escape_debug())
    })?;
    let Some(path) = &options.out else {
        output::print(key.to_text().as_bytes())?;
        return Ok(());
    };
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(key.to_text().as_bytes()).and_then(|()| file.sync_all()));
    written.with_context(|| format!("the key cannot be written to {}", path.display()))?;
    output::line(format_args!(
        "{}: the key `{}`. On the collector's machine name it as `collector.key_file`, on the aggregator's under `[[keys]]`",
        path.display(),
        key.id()
    ))?;
    Ok(())
}
