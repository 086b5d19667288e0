//! The smallest catalogue.

use contract::catalogue::{self, Catalogue};

/// The text of a catalogue that holds the plan `p` of FY2019 to FY2021 and nothing else. Policies, series and KPIs may
/// follow it.
pub const PLAN: &str = r#"[plan]
id = "p"
name = { ja = "計画", en = "Plan" }
city = { ja = "市", en = "City" }
first_year = "FY2019"
last_year = "FY2021"
citation = "plan, page 1"
"#;

/// A policy that may follow [`PLAN`].
pub const POLICY: &str = r#"[[policy]]
id = "policy"
name = { ja = "施策", en = "policy" }
owner = { ja = "課", en = "section" }
"#;

/// The text of a series with one definition and one source, which more keys of the series may not follow.
pub fn series(id: &str, shape_and_grain: &str, definition: &str, source: &str) -> String {
    format!(
        r#"[[series]]
id = "{id}"
name = {{ ja = "名", en = "name" }}
unit = {{ ja = "件", en = "items" }}
{shape_and_grain}
[[series.definition]]
id = "{definition}"
text = {{ ja = "数え方", en = "rule" }}
[[series.source]]
id = "{source}"
"#
    )
}

/// The catalogue of [`PLAN`] and what follows it.
///
/// # Panics
///
/// When the catalogue has a mistake; the message names all of them.
pub fn catalogue(rest: &str) -> Catalogue {
    catalogue::parse("plans/p.toml", &format!("{PLAN}{rest}"))
        .unwrap_or_else(|mistakes| panic!("the catalogue has mistakes: {mistakes:?}"))
}
