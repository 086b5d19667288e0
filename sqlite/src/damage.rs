//! Damage as an error of SQLite, so that it travels where those do.

use rusqlite::types::Type;

/// What is damaged, in words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Damage(String);

impl Damage {
    /// An error of SQLite that carries these words; [`Damage::of`] finds them again.
    pub fn error(what: impl Into<String>) -> rusqlite::Error {
        rusqlite::Error::FromSqlConversionFailure(0, Type::Integer, Box::new(Self(what.into())))
    }

    /// The words that an error carries, `None` for an error of SQLite itself.
    pub fn of(error: &rusqlite::Error) -> Option<&str> {
        match error {
            rusqlite::Error::FromSqlConversionFailure(_, _, cause) => {
                cause.downcast_ref().map(|Self(what)| what.as_str())
            }
            _ => None,
        }
    }
}
