//! A mistake in the query of an address, in the same words for every client: on a page, in a text and in a problem.

/// Characters of a name that are repeated to its reader.
const MAX_NAME: usize = 40;

/// What is wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum QueryError {
    /// It is not made of names and values.
    Unreadable,
    /// A parameter is given twice.
    Repeated(String),
    /// The address does not take a parameter: a typing mistake would otherwise change the answer silently.
    Unknown {
        /// Its name.
        name: String,
        /// The names that the address takes.
        accepted: String,
    },
    /// `on` is no period.
    Moment,
    /// `known_at` is no time.
    Time,
    /// `lang` is no language of the pages.
    Language,
    /// A switch is neither 0 nor 1.
    Switch(&'static str),
    /// `q` is longer than any name.
    Search,
    /// `status` is no status.
    Status,
    /// `page` is no number from 1 on.
    Page,
}

impl QueryError {
    /// The first parameter that is not accepted.
    pub(super) fn unknown<'a>(mut names: impl Iterator<Item = &'a str>, accepted: &[&str]) -> Option<Self> {
        let name = names.find(|name| !accepted.contains(name))?.to_owned();
        Some(Self::Unknown { name, accepted: accepted.join(", ") })
    }

    /// What is wrong and what would be right, in Japanese and English.
    pub(super) fn text(&self) -> (String, String) {
        let (ja, en) = match self {
            Self::Unreadable => (
                "アドレスの `?` より後は `名前=値` を `&` でつなぎ、パーセント符号化してください。",
                "the query must be `name=value`, joined with `&`, percent-encoded",
            ),
            Self::Repeated(name) => {
                let name = shown(name);
                return (format!("`{name}` は一度だけ指定してください。"), format!("`{name}` may stand only once"));
            }
            Self::Unknown { name, accepted } => {
                let name = shown(name);
                let (ja_accepted, en_accepted) = match accepted.as_str() {
                    "" => ("ありません", "nothing"),
                    some => (some, some),
                };
                return (
                    format!("`{name}` はここでは指定できません。指定できるもの: {ja_accepted}。"),
                    format!("`{name}` is not asked here; this address knows {en_accepted}"),
                );
            }
            Self::Moment => (
                "`on` は 2020-03-31（日）、2020-03（月）、FY2019（年度）のいずれかで指定してください。",
                "`on` must be a day (2020-03-31), a month (2020-03) or a fiscal year (FY2019)",
            ),
            Self::Time => (
                "`known_at` は 2020-04-01T12:00:00+09:00 のような日時で指定してください（アドレスの中では `+` を %2B と書きます）。",
                "`known_at` must be a time with its offset, such as 2020-04-01T12:00:00+09:00 (in an address `+` is %2B)",
            ),
            Self::Language => {
                ("`lang` は ja、en、both のいずれかで指定してください。", "`lang` must be ja, en or both")
            }
            Self::Search => ("`q` は100文字までで指定してください。", "`q` must have 100 characters at most"),
            Self::Status => (
                "`status` は off_track、missed、at_risk、stale、no_data、on_track、achieved のいずれかで指定してください。",
                "`status` must be off_track, missed, at_risk, stale, no_data, on_track or achieved",
            ),
            Self::Page => ("`page` は 1 以上の整数で指定してください。", "`page` must be a number from 1 on"),
            Self::Switch(name) => {
                return (format!("`{name}` は 0 か 1 で指定してください。"), format!("`{name}` must be 0 or 1"));
            }
        };
        (ja.to_owned(), en.to_owned())
    }
}

/// A name that a stranger wrote.
fn shown(name: &str) -> String {
    name.chars().take(MAX_NAME).flat_map(char::escape_debug).collect()
}
