//! `shihyo.toml`: the settings of this machine, layered with `SHIHYO__SECTION__KEY` from the environment.

mod alerts;
mod file;
mod kafka;
mod keys;
mod load;
mod renamed_keys;
mod secret;
mod sections;
#[cfg(test)]
mod tests;

pub(crate) use file::mistake;
pub(crate) use kafka::KafkaSecurity;
pub(crate) use load::load;
pub(crate) use renamed_keys::fix;
pub(crate) use secret::{Secret, required};
pub(crate) use sections::Settings;
