//! The configuration of a register.

use crate::sources::columns::ColumnWords;
use crate::sources::source::Source;
use crate::sources::target::{SeriesTarget, SourceContext};
use crate::table::text::word;
use contract::reader::TomlTable;

/// A configured register.
#[derive(Debug)]
pub(super) struct RegisterSource {
    pub(super) sheet: Option<String>,
    /// The normalised labels of the configuration, each with its series.
    pub(super) labels: Vec<(String, SeriesTarget)>,
    /// The series that list this source: their ids are labels too.
    listing: Vec<SeriesTarget>,
    pub(super) columns: ColumnWords,
}

pub(super) fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> Source {
    // `config/labels.rs` reads the labels, because a reader of known keys cannot.
    let _ = r.has("series");
    Source::documents(RegisterSource {
        sheet: r.text_if("sheet"),
        labels: context.labelled(),
        listing: context.listing(),
        columns: ColumnWords::read(
            r.table("columns").as_ref(),
            &[
                ("series", &["指標", "系列", "series"]),
                ("period", &["期間", "時点", "対象期間", "period"]),
                ("value", &["値", "数値", "value"]),
                ("definition", &["定義", "definition"]),
                ("finality", &["区分", "finality"]),
                ("entered", &["記入日", "entered"]),
            ],
        ),
    })
}

impl RegisterSource {
    /// The series of a label, or of an id.
    pub(super) fn target(&self, label: &str) -> Option<&SeriesTarget> {
        let label = word(label);
        let named = self.labels.iter().find(|(text, _)| *text == label).map(|(_, target)| target);
        named.or_else(|| self.listing.iter().find(|target| target.series == label))
    }
}
