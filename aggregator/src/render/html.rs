//! HTML: pages of the site, and the same report as one file that stands alone.
//!
//! Every text goes through askama's autoescape; no template says `safe`.

use super::kpi::KpiSheet;
use super::lang::inert_document;
use super::plan_index::PlanIndex;
use super::sheet::PlanSheet;
use super::source::SourceRow;
use super::view::PageContext;
use crate::publication::manifest::Publication;
use crate::vintage_table::PeriodVintages;
use askama::Template;
use contract::catalogue::{Kpi, Plan};

/// The style sheet of the site, also inlined into a report that stands alone.
pub const STYLE: &str = include_str!("../../templates/style.css");

/// A plan on the site's first page.
pub struct PlanTile<'a> {
    /// Its report.
    pub sheet: PlanSheet<'a>,
    /// How its sources are.
    pub health: Vec<SourceRow>,
}

impl PlanTile<'_> {
    fn failed(&self) -> usize {
        self.health.iter().filter(|one| one.failed()).count()
    }

    fn failed_ja(&self) -> String {
        format!("情報源{}件のうち{}件が読めません", self.health.len(), self.failed())
    }

    fn failed_en(&self) -> String {
        format!("{} of {} sources cannot be read", self.failed(), self.health.len())
    }

    fn path(&self) -> String {
        format!("/plans/{}", self.sheet.plan.id)
    }

    /// True when there is nothing that a table would show but dashes.
    fn is_without_figures(&self) -> bool {
        let mut rows = self.sheet.policies.iter().flat_map(|policy| &policy.rows);
        rows.all(|row| row.value.is_none() && row.carried.is_none() && row.later.is_none())
    }

    fn kpis(&self) -> usize {
        self.sheet.policies.iter().map(|policy| policy.rows.len()).sum()
    }

    fn none_ja(&self) -> String {
        format!("{}の指標のいずれにも、まだ数字がありません。", self.kpis())
    }

    fn none_en(&self) -> String {
        format!("None of its {} KPIs has a figure yet.", self.kpis())
    }

    fn moments(&self, view: &PageContext) -> String {
        let name = view.lang.name(&self.sheet.plan.name);
        format!("{}: {name}", view.plain("時点", "Moments"))
    }

    fn caption_ja(&self) -> String {
        format!("{}：{}", self.sheet.plan.name.ja, self.sheet.on_ja)
    }

    fn caption_en(&self) -> String {
        format!("{}, on {}", self.sheet.plan.name.en, self.sheet.on)
    }
}

/// The site's first page: the statuses of every plan.
#[derive(Template)]
#[template(path = "scoreboard.html")]
struct Scoreboard<'a> {
    view: &'a PageContext,
    index: &'a PlanIndex,
    boards: &'a [PlanTile<'a>],
    on: &'a str,
}

/// One plan with all that is known of it.
#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage<'a> {
    view: &'a PageContext,
    sheet: &'a PlanSheet<'a>,
    health: &'a [SourceRow],
    failing: bool,
    unreadable: bool,
}

/// One KPI with its history and its files.
#[derive(Template)]
#[template(path = "kpi.html")]
struct KpiPage<'a> {
    view: &'a PageContext,
    page: &'a KpiSheet<'a>,
}

/// Plans in one file without links into the site.
#[derive(Template)]
#[template(path = "document.html")]
struct Document<'a> {
    view: &'a PageContext,
    sheets: &'a [PlanSheet<'a>],
}

/// The vintages of a KPI.
#[derive(Template)]
#[template(path = "vintages.html")]
struct VintagesPage<'a> {
    view: &'a PageContext,
    of_plan: &'a Plan,
    of_kpi: &'a Kpi,
    periods: &'a [PeriodVintages],
}

/// What was published.
#[derive(Template)]
#[template(path = "publications.html")]
struct PublicationsPage<'a> {
    view: &'a PageContext,
    plans: &'a [PlanPublications],
    embargo: bool,
}

/// The publications of a plan, latest first.
pub struct PlanPublications {
    /// Plan id.
    pub plan: String,
    /// Each of them.
    pub rows: Vec<PublicationRow>,
}

/// A publication as it is listed.
pub struct PublicationRow {
    /// The publication; `None` where its manifest is damaged.
    pub publication: Option<Publication>,
    /// True when a file is not what was published.
    pub damaged: bool,
}

impl PlanPublications {
    /// The plan's name as it was last published.
    fn name(&self, view: &PageContext) -> String {
        let last = self.rows.iter().find_map(|row| row.publication.as_ref());
        last.map_or_else(|| self.plan.clone(), |last| view.lang.one(&last.name_ja, &last.name_en).to_owned())
    }
}

/// An error.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    view: &'a PageContext,
    status: &'a str,
    ja_title: &'a str,
    en_title: &'a str,
    ja: &'a str,
    en: &'a str,
}

/// The site's first page.
pub fn scoreboard(view: &PageContext, index: &PlanIndex, boards: &[PlanTile<'_>]) -> Result<String, askama::Error> {
    let on = view.on.map(|on| on.to_string()).unwrap_or_default();
    Scoreboard { view, index, boards, on: &on }.render().map(inert_document)
}

/// The page of one plan, and how its sources are: `None` where the stores cannot be read.
pub fn plan(view: &PageContext, sheet: &PlanSheet<'_>, health: Option<&[SourceRow]>) -> Result<String, askama::Error> {
    let unreadable = health.is_none();
    let health = health.unwrap_or_default();
    PlanPage { view, sheet, health, failing: health.iter().any(SourceRow::failed), unreadable }
        .render()
        .map(inert_document)
}

/// The page of one KPI.
pub fn kpi(view: &PageContext, page: &KpiSheet<'_>) -> Result<String, askama::Error> {
    KpiPage { view, page }.render().map(inert_document)
}

/// The page of a KPI's vintages.
pub fn vintages(
    view: &PageContext,
    (of_plan, of_kpi): (&Plan, &Kpi),
    periods: &[PeriodVintages],
) -> Result<String, askama::Error> {
    VintagesPage { view, of_plan, of_kpi, periods }.render().map(inert_document)
}

/// The list of publications; `embargo` when readers without the token see nothing else.
pub fn publications(view: &PageContext, plans: &[PlanPublications], embargo: bool) -> Result<String, askama::Error> {
    PublicationsPage { view, plans, embargo }.render().map(inert_document)
}

/// The page of an error: the HTTP status, its heading and its text, each in both languages.
pub fn error(
    view: &PageContext,
    status: &str,
    (ja_title, en_title): (&str, &str),
    (ja, en): (&str, &str),
) -> Result<String, askama::Error> {
    ErrorPage { view, status, ja_title, en_title, ja, en }.render().map(inert_document)
}

/// The plans as one HTML file with its style inside, for `shihyo report --format html`.
pub fn write(sheets: &[PlanSheet<'_>]) -> Result<String, askama::Error> {
    Document { view: &PageContext::default(), sheets }.render().map(inert_document)
}
