//! Why a command failed, and its exit code.

use crate::output::ClosedOutput;
use contract::reader::Mistake;
use std::process::ExitCode;

/// Exit code of a configuration that has mistakes (`EX_CONFIG`).
const CONFIGURATION: u8 = 78;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The configuration has mistakes.
    Configuration(Vec<Mistake>),
    /// Anything else.
    Other(anyhow::Error),
}

impl Failure {
    /// Prints it, and returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Self::Configuration(mistakes) => {
                for mistake in mistakes {
                    eprintln!("{mistake}");
                }
                eprintln!("{} mistake(s) in the configuration", mistakes.len());
                ExitCode::from(CONFIGURATION)
            }
            Self::Other(error) if error.is::<ClosedOutput>() => ExitCode::SUCCESS,
            Self::Other(error) => {
                eprintln!("shihyo: {error:#}");
                ExitCode::FAILURE
            }
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<Mistake> for Failure {
    fn from(mistake: Mistake) -> Self {
        Self::Configuration(vec![mistake])
    }
}

impl From<Vec<Mistake>> for Failure {
    fn from(mistakes: Vec<Mistake>) -> Self {
        Self::Configuration(mistakes)
    }
}
