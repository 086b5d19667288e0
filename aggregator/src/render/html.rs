//! HTML: pages of the site, and the same report as one file that stands alone.
//!
//! Every text goes through askama's autoescape; no template says `safe`.

use super::sheet::Sheet;
use super::{Health, KpiSheet};
use askama::Template;

/// The style sheet of the site, also inlined into a report that stands alone.
pub const STYLE: &str = include_str!("../../templates/style.css");

/// The site's first page: every plan's standing, without the fine print.
#[derive(Template)]
#[template(path = "scoreboard.html")]
struct Scoreboard<'a> {
    sheets: &'a [Sheet<'a>],
    on: Option<&'a str>,
}

/// One plan with all that is known of it.
#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage<'a> {
    sheet: &'a Sheet<'a>,
    health: &'a [Health],
}

/// One KPI with its way and its files.
#[derive(Template)]
#[template(path = "kpi.html")]
struct KpiPage<'a> {
    page: &'a KpiSheet<'a>,
}

/// Plans in one file without links into the site.
#[derive(Template)]
#[template(path = "document.html")]
struct Document<'a> {
    sheets: &'a [Sheet<'a>],
}

/// The site's first page; `on` is the moment asked for, `None` when each plan shows its own.
pub fn scoreboard(sheets: &[Sheet<'_>], on: Option<&str>) -> Result<String, askama::Error> {
    Scoreboard { sheets, on }.render()
}

/// The page of one plan, and how its sources are.
pub fn plan(sheet: &Sheet<'_>, health: &[Health]) -> Result<String, askama::Error> {
    PlanPage { sheet, health }.render()
}

/// The page of one KPI.
pub fn kpi(page: &KpiSheet<'_>) -> Result<String, askama::Error> {
    KpiPage { page }.render()
}

/// The plans as one HTML file with its style inside, for `shihyo report --format html`.
pub fn write(sheets: &[Sheet<'_>]) -> Result<String, askama::Error> {
    Document { sheets }.render()
}
