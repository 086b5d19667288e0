//! What stands around the plans on the first page: search, statuses, pages.

use super::view::PageContext;
use super::words::{self, StatusMark};
use aggregator_core::judge::Status;

/// How the plans of the first page were chosen, and where the others are.
#[derive(Clone, Debug, Default)]
pub struct PlanIndex {
    /// The words that were searched.
    pub search: String,
    /// The status that was asked for.
    pub status: Option<Status>,
    /// All plans that are shown here.
    pub plans: usize,
    /// Plans that were found.
    pub found: usize,
    /// The page, from 1.
    pub page: usize,
    /// Pages.
    pub pages: usize,
    /// Plans with a KPI of each status, and such KPIs, of the plans whose names were searched.
    pub counts: Vec<(Status, usize, usize)>,
    /// Plans that are not counted yet.
    pub unknown: usize,
}

/// A status as it is chosen.
pub struct StatusChoice {
    /// The status.
    pub mark: StatusMark,
    /// Plans with such a KPI.
    pub plans: usize,
    /// Such KPIs.
    pub kpis: usize,
    /// The list of those plans.
    pub address: String,
    /// True when the reader is there.
    pub here: bool,
}

impl PlanIndex {
    /// What links of the page keep, but the page.
    pub fn kept(&self) -> Vec<(&'static str, String)> {
        let search = (!self.search.is_empty()).then(|| ("q", self.search.clone()));
        let status = self.status.map(|status| ("status", status.name().to_owned()));
        search.into_iter().chain(status).collect()
    }

    /// The statuses that some plan has.
    pub fn choices(&self, view: &PageContext) -> Vec<StatusChoice> {
        let choice = |(status, plans, kpis): &(Status, usize, usize)| {
            let address = Self { status: Some(*status), ..self.clone() }.address(view, 1);
            let here = self.status == Some(*status);
            Some(StatusChoice { mark: words::status(status.name())?, plans: *plans, kpis: *kpis, address, here })
        };
        self.counts.iter().filter_map(choice).collect()
    }

    /// The list without a status.
    pub fn all(&self, view: &PageContext) -> String {
        Self { status: None, ..self.clone() }.address(view, 1)
    }

    /// The page before.
    pub fn before(&self, view: &PageContext) -> Option<String> {
        (self.page > 1).then(|| self.address(view, self.page - 1))
    }

    /// The page after.
    pub fn after(&self, view: &PageContext) -> Option<String> {
        (self.page < self.pages).then(|| self.address(view, self.page + 1))
    }

    /// True when there is something to choose from.
    pub fn is_list(&self) -> bool {
        self.plans > 1
    }

    fn address(&self, view: &PageContext, page: usize) -> String {
        let mut more = self.kept();
        more.extend((page > 1).then(|| ("page", page.to_string())));
        view.list(&more)
    }

    fn found_ja(&self) -> String {
        format!("{}計画のうち{}計画（{}/{}ページ）", self.plans, self.found, self.page, self.pages)
    }

    fn found_en(&self) -> String {
        format!("{} of {} plans, page {} of {}", self.found, self.plans, self.page, self.pages)
    }

    /// How many were found, and where the reader is.
    pub fn found_text(&self) -> (String, String) {
        (self.found_ja(), self.found_en())
    }

    /// That some are not counted yet; `None` when all are.
    pub fn unknown_text(&self) -> Option<(String, String)> {
        (self.unknown > 0).then(|| {
            let ja = format!("ほかに{}計画は集計中で、まだ数えられていません。", self.unknown);
            (ja, format!("{} more plans are being summed up and are not counted yet.", self.unknown))
        })
    }
}
