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

/// The catalogue of [`PLAN`] and what follows it.
///
/// # Panics
///
/// When the catalogue has a mistake; the message names all of them.
pub fn catalogue(rest: &str) -> Catalogue {
    catalogue::parse("plans/p.toml", &format!("{PLAN}{rest}"))
        .unwrap_or_else(|mistakes| panic!("the catalogue has mistakes: {mistakes:?}"))
}
