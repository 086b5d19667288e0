//! Why a command failed.

use contract::reader::Mistake;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The configuration has mistakes.
    Configuration(Vec<Mistake>),
    /// Anything else.
    Other(anyhow::Error),
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
