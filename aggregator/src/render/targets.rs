//! What was changed of a target, as it is shown: an eased target must not look like a success.

use super::lang::Language;
use super::words::{self, StatusMark};
use aggregator_core::display;
use aggregator_core::report::KpiReport;
use aggregator_core::target_change::{TargetChangeReport, TargetField};
use contract::catalogue::Bilingual;
use contract::exact::{Exact, parse};
use contract::time::Micros;

/// How a KPI stands by its first published target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstTargetRow {
    /// The status; `None` where that target cannot be judged any more.
    pub status: Option<StatusMark>,
    /// That target with its side and unit, and when it was to be met: `≥ 400 件 (FY2021)`.
    pub target: String,
}

/// The standing by the first published target, where its status is another one or cannot be told.
pub(super) fn first(judged: &KpiReport, lang: Language) -> Option<FirstTargetRow> {
    let first = judged.first_target.as_ref()?;
    if first.applicable && first.status == judged.status {
        return None;
    }
    let number = display::plain(&first.target.0, lang.unit(&first.unit));
    let target = match (first.direction, lang) {
        ("at_least", Language::Ja) => format!("{number}以上"),
        (_, Language::Ja) => format!("{number}以下"),
        ("at_least", _) => format!("≥ {number}"),
        _ => format!("≤ {number}"),
    };
    let status = first.status.and_then(words::status).filter(|_| first.applicable);
    Some(FirstTargetRow { status, target: format!("{target} ({})", first.year) })
}

/// A change of what a KPI is judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetChangeRow {
    /// When it became known; `None` where the catalogue is not recorded yet.
    pub known_at: Option<String>,
    /// The KPI: an earlier id where this one replaces another.
    pub kpi: String,
    /// What was changed.
    pub label: (&'static str, &'static str),
    /// What it was; `–` where there was none.
    pub before: Bilingual,
    /// What it is.
    pub after: Bilingual,
    /// The target before and after, where that is what was changed.
    pub targets: Option<(Exact, Exact)>,
}

impl TargetChangeRow {
    /// The civil day (day number) on which it became known.
    pub fn day(&self) -> Option<i32> {
        Some(Micros::parse(self.known_at.as_deref()?)?.moment().day())
    }
}

impl From<&TargetChangeReport> for TargetChangeRow {
    fn from(change: &TargetChangeReport) -> Self {
        let none = || Bilingual { ja: "–".to_owned(), en: "–".to_owned() };
        let label = TargetField::ALL.into_iter().find(|field| field.name() == change.field).map(TargetField::label);
        let number = |text: &Option<Bilingual>| parse(&text.as_ref()?.en.replace(',', ""));
        let is_target = change.field == TargetField::Target.name();
        Self {
            known_at: change.known_at.clone(),
            kpi: change.kpi.clone(),
            label: label.unwrap_or((change.field, change.field)),
            before: change.before.clone().unwrap_or_else(none),
            after: change.after.clone().unwrap_or_else(none),
            targets: number(&change.before).zip(number(&change.after)).filter(|_| is_target),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{plan_state, report};
    use super::super::{PlanSheet, csv, html, md};
    use super::*;
    use contract::record::CatalogueText;

    const FIXTURE: &str = include_str!("fixture.toml");

    /// 310 data sets; the plan promised 400, and was eased to 300 in 2021. A KPI was taken out.
    fn eased(form: impl Fn(&[PlanSheet<'_>]) -> String, lang: Language) -> String {
        let mut state = plan_state(false);
        let gone = FIXTURE
            .replace("at_least = 300", "at_least = 400")
            .replace("id = \"cost\"\npolicy", "id = \"old-cost\"\npolicy");
        for (text, time) in [(gone.as_str(), "2019-04-01T09:00:00+09:00"), (FIXTURE, "2021-10-01T10:30:00+09:00")] {
            let revision = Micros::parse(time).unwrap();
            state.publish(&CatalogueText { plan: "small".into(), revision, text: text.into() });
        }
        let report = report(&state, "FY2021");
        form(&[PlanSheet::in_lang(&state.catalogue, &report, lang)])
    }

    #[test]
    fn an_eased_target_stands_beside_the_status_in_every_form() {
        let markdown = eased(md::write, Language::Both);
        let status = "✔ 達成 achieved<br>最初に公表した目標では By the first published target (≥ 400 件 (FY2021)): ✖ 未達成 missed";
        assert!(markdown.contains(status), "{markdown}");
        let change = "変更 Changed: 目標 Target: 400 → 300（datasets, 2021-10-01T10:30:00.000000+09:00）";
        assert!(markdown.contains(change), "{markdown}");
        let removed = "## 計画から外された指標 KPIs that were removed\n\n- 経費 / Cost (old-cost): 1,000 円以下 / at most 1,000 yen（2021-10-01T10:30:00.000000+09:00） → cost\n";
        assert!(markdown.contains(removed), "{markdown}");
        let page = eased(|sheets| html::write(sheets).unwrap(), Language::Both);
        assert!(page.contains("最初に公表した目標では") && page.contains("(≥ 400 件 (FY2021))"), "{page}");
        assert!(page.contains("(<bdi>old-cost</bdi>)"), "{page}");
        let table = eased(csv::write, Language::Both);
        assert!(table.contains(",400,FY2021,missed,2019-04-01T09:00:00.000000+09:00,1,,,,,,,,\r\n"), "{table}");
    }
}
