//! A small picture beside others.

use super::svg::Picture;
use contract::catalogue::Bilingual;

/// One of several small pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Its heading.
    pub heading: Bilingual,
    /// Its last figure in words.
    pub text: Bilingual,
    /// Drawn below each other.
    pub pictures: Vec<Picture>,
}
