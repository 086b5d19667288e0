//! The context of a page: its language, period and vintage, and the notices above it.
//!
//! Links keep language and vintage.

use super::lang::{Language, LocalizedText, inert};
use super::notice::Notice;
use super::words;
use contract::catalogue::{Bilingual, Plan};
use contract::period::Period;
use std::fmt::Write;

/// The context of a page.
#[derive(Clone, Debug, Default)]
pub struct PageContext {
    /// Its language.
    pub lang: Language,
    /// The language in the address, which links keep.
    pub asked: Option<Language>,
    /// The path of the page.
    pub path: String,
    /// The period in the address.
    pub on: Option<Period>,
    /// Today.
    pub today: Option<Period>,
    /// The vintage, where the address names one.
    pub known: Option<VintagePage>,
    /// The degraded components.
    pub notices: Vec<Notice>,
    /// Further parameters of the address, which the links to other languages keep.
    pub kept: Vec<(&'static str, String)>,
}

/// The vintage of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VintagePage {
    /// The time.
    pub at: String,
    /// Why the answer may still change; empty when it never does.
    pub doubts: Vec<String>,
    /// When the catalogue in force came; `None` when the configured one stands in.
    pub catalogue: Option<String>,
}

/// A link to another moment, or another language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MomentLink {
    /// Its text.
    pub text: String,
    /// Where it leads.
    pub address: String,
    /// True when it leads to where the reader is.
    pub here: bool,
    /// The language of its text.
    pub lang: &'static str,
}

impl PageContext {
    /// A text in the page's language.
    pub fn t<'a>(&self, ja: &'a str, en: &'a str) -> LocalizedText<'a> {
        self.lang.t(ja, en)
    }

    /// A text of the catalogue.
    pub fn of<'a>(&self, text: &'a Bilingual) -> LocalizedText<'a> {
        self.lang.of(text)
    }

    /// A text in an attribute.
    pub fn plain(&self, ja: &str, en: &str) -> String {
        self.lang.plain(ja, en)
    }

    /// A time for readers: `2026-11-26 23:15:06`, in the plan's zone.
    pub fn time(&self, text: &str) -> String {
        text.get(..19).unwrap_or(text).replace('T', " ")
    }

    /// A text from outside, such as a file's name, without control characters.
    pub fn inert(&self, text: &str) -> String {
        inert(text).into_owned()
    }

    /// The site's first page.
    pub fn home(&self) -> String {
        Self { known: None, ..self.clone() }.address("/", None, self.asked, &[])
    }

    /// The first page with further parameters, at the moment in the address.
    pub fn list(&self, more: &[(&'static str, String)]) -> String {
        let more: Vec<(&str, &str)> = more.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let on = self.on.map(|on| on.to_string());
        Self { known: None, ..self.clone() }.address("/", on.as_deref(), self.asked, &more)
    }

    /// A page of the site.
    pub fn page(&self, path: &str) -> String {
        self.address(path, None, self.asked, &[])
    }

    /// A plan's page at the moment that the plan names.
    pub fn plan_by_default(&self, plan: &str) -> String {
        self.page(&format!("/plans/{plan}"))
    }

    /// A KPI's page at the moment that the plan names.
    pub fn kpi_by_default(&self, plan: &str, kpi: &str) -> String {
        self.page(&format!("/plans/{plan}/kpis/{kpi}"))
    }

    /// The page of a KPI's vintages.
    pub fn vintages(&self, plan: &str, kpi: &str) -> String {
        Self { known: None, ..self.clone() }.page(&format!("/plans/{plan}/kpis/{kpi}/vintages"))
    }

    /// The rows of a KPI's pictures as CSV.
    pub fn chart_csv(&self, plan: &str, kpi: &str, on: &str) -> String {
        self.address(&format!("/plans/{plan}/kpis/{kpi}/chart.csv"), Some(on), None, &[("bom", "1")])
    }

    /// A plan's page.
    pub fn plan(&self, plan: &str, on: &str) -> String {
        self.address(&format!("/plans/{plan}"), Some(on), self.asked, &[])
    }

    /// A KPI's page.
    pub fn kpi(&self, plan: &str, kpi: &str, on: &str) -> String {
        self.address(&format!("/plans/{plan}/kpis/{kpi}"), Some(on), self.asked, &[])
    }

    /// A plan's file, with one more parameter.
    pub fn file(&self, plan: &str, ending: &str, on: &str, more: &str) -> String {
        let more: Vec<(&str, &str)> = more.split_once('=').into_iter().collect();
        self.address(&format!("/plans/{plan}/report.{ending}"), Some(on), None, &more)
    }

    /// This page in each language.
    pub fn languages(&self) -> Vec<MomentLink> {
        let on = self.on.map(|on| on.to_string());
        let link = |lang: Language| {
            let (text, own) = match lang {
                Language::Ja => ("日本語", "ja"),
                Language::En => ("English", "en"),
                Language::Both => ("日英併記", "ja"),
            };
            let kept: Vec<(&str, &str)> = self.kept.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let address = self.address(&self.path, on.as_deref(), Some(lang), &kept);
            MomentLink { text: text.to_owned(), address, here: lang == self.lang, lang: own }
        };
        Language::ALL.into_iter().map(link).collect()
    }

    /// Links to this page, or to another path, at each period that the plan lists, and today.
    pub fn moments(&self, plan: &Plan, path: &str, shown: &str) -> Vec<MomentLink> {
        let mut all: Vec<Period> = plan.on_dates.clone();
        all.extend(self.today.filter(|today| !all.contains(today)));
        let link = |on: Period| {
            let (ja, en) = words::moment(on);
            let text = if Some(on) == self.today {
                self.lang.one("今日", "today").to_owned()
            } else {
                self.lang.one(&ja, &en).to_owned()
            };
            let here = on.to_string() == shown;
            let address = self.address(path, Some(&on.to_string()), self.asked, &[]);
            MomentLink { text, address, here, lang: self.lang.main() }
        };
        all.into_iter().map(link).collect()
    }

    /// The hidden fields of a form; `at` where the form has a field for the time of the vintage.
    pub fn carried(&self, at: bool) -> Vec<(&'static str, String)> {
        let known = self.known.as_ref().filter(|_| !at).map(|known| ("known_at", known.at.clone()));
        let lang = self.asked.map(|lang| ("lang", lang.word().to_owned()));
        known.into_iter().chain(lang).collect()
    }

    /// This page without a vintage.
    pub fn known_now(&self, on: &str) -> String {
        Self { known: None, ..self.clone() }.address(&self.path, Some(on), self.asked, &[])
    }

    fn address(&self, path: &str, on: Option<&str>, lang: Option<Language>, more: &[(&str, &str)]) -> String {
        let known = self.known.as_ref().map(|known| ("known_at", known.at.as_str()));
        let lang = lang.map(|lang| ("lang", lang.word()));
        let all = on.map(|on| ("on", on)).into_iter().chain(known).chain(lang).chain(more.iter().copied());
        let mut out = path.to_owned();
        for (index, (name, value)) in all.enumerate() {
            let _ = write!(out, "{}{name}={}", if index == 0 { '?' } else { '&' }, encoded(value));
        }
        out
    }
}

/// Percent-encoded but for what is unreserved.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_language_and_vintage_and_nothing_else() {
        let plain = PageContext { path: "/plans/a".into(), ..PageContext::default() };
        assert_eq!(plain.home(), "/");
        assert_eq!(plain.kpi("a", "b", "FY2019"), "/plans/a/kpis/b?on=FY2019");
        let known = VintagePage { at: "2020-04-01T00:00:00+09:00".into(), ..VintagePage::default() };
        let view = PageContext { asked: Some(Language::En), lang: Language::En, known: Some(known), ..plain };
        assert_eq!(view.home(), "/?lang=en");
        assert_eq!(
            view.file("a", "csv", "2020-03", "bom=1"),
            "/plans/a/report.csv?on=2020-03&known_at=2020-04-01T00%3A00%3A00%2B09%3A00&bom=1"
        );
        assert_eq!(view.time("2026-11-26T23:15:06.747513+09:00"), "2026-11-26 23:15:06");
        assert_eq!(view.time("時"), "時");
        let switch: Vec<(String, bool)> = view.languages().into_iter().map(|link| (link.text, link.here)).collect();
        assert_eq!(switch, [("日本語".into(), false), ("English".into(), true), ("日英併記".into(), false)]);
    }
}
