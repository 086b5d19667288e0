//! An observation as numbers: its texts are those of the dictionary.

/// One observation of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunEntry {
    /// Given out once, rising.
    pub(crate) id: i64,
    pub(crate) plan: i64,
    pub(crate) series: i64,
    pub(crate) definition: i64,
    pub(crate) source: i64,
    pub(crate) since: i64,
    /// `None` for an `as_of`.
    pub(crate) until: Option<i64>,
    /// The figure, or the number of the reason why it is unknown.
    pub(crate) value: EntryValue,
    pub(crate) is_final: bool,
    pub(crate) revision: i64,
    pub(crate) poll: i64,
    pub(crate) sheet: Option<i64>,
    pub(crate) line: Option<i64>,
    /// Labels as JSON.
    pub(crate) breakdown: Option<Box<str>>,
    pub(crate) signature: Option<EntrySignature>,
}

/// A figure, or the number of the reason why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryValue {
    /// The figure.
    Known(i64),
    /// The number of the reason.
    Unknown(i64),
}

impl Default for EntryValue {
    fn default() -> Self {
        Self::Known(0)
    }
}

/// The number of the key that signed an observation, and the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntrySignature {
    pub(crate) signer: i64,
    pub(crate) mac: [u8; 16],
}

impl RunEntry {
    /// Where it stands among others: by plan and series, then as they arrived.
    pub(crate) fn place(&self) -> (i64, i64, i64) {
        (self.plan, self.series, self.id)
    }
}
