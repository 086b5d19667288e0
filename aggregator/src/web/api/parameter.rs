//! The parameters of queries. A handler reads only these values, and a route lists those that it takes: the list is what
//! the API accepts and what the OpenAPI document says.

use serde_json::{Value, json};

/// Items of a page by default.
pub(super) const LIMIT: usize = 100;
/// Items of a page at most.
pub(super) const MAX_LIMIT: usize = 1_000;

/// A parameter of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    On,
    KnownAt,
    Limit,
    After,
    Series,
    Source,
    Grain,
    Plan,
    Reason,
}

impl Parameter {
    /// The name in an address.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::KnownAt => "known_at",
            Self::Limit => "limit",
            Self::After => "after",
            Self::Series => "series",
            Self::Source => "source",
            Self::Grain => "grain",
            Self::Plan => "plan",
            Self::Reason => "reason",
        }
    }

    /// The description in the OpenAPI document.
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::On => {
                "The moment asked: a day (2020-03-31), a month (2020-03) or a fiscal year (FY2019); else the plan's own, else today"
            }
            Self::KnownAt => "Use only the records and the catalogue known by this time (2020-04-01T12:00:00+09:00)",
            Self::Limit => "Items of a page, 1 to 1000; 100 unless it is said",
            Self::After => "The `next` of the page before",
            Self::Series => "Only this series",
            Self::Source => "Only this source",
            Self::Grain => "Only this grain, such as month or fiscal_year",
            Self::Plan => "Only what names this plan",
            Self::Reason => "Only what was refused for this reason",
        }
    }

    /// The schema of its values.
    pub(super) fn schema(self) -> Value {
        match self {
            Self::Limit => json!({"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": LIMIT}),
            Self::On => json!({"type": "string", "pattern": "^(\\d{4}-\\d{2}(-\\d{2})?|FY\\d{4})$"}),
            Self::KnownAt => json!({"type": "string", "format": "date-time"}),
            Self::After => json!({"type": "string", "minLength": 1}),
            Self::Series | Self::Source | Self::Grain | Self::Plan | Self::Reason => json!({"type": "string"}),
        }
    }
}
