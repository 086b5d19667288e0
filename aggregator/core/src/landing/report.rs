//! A landing in reports.

use super::model::{Landing, LandingAnswer, Outlook};
use super::sentence::sentence;
use super::silence::LandingSilence;
use crate::judge::Judgement;
use crate::number::CanonicalNumber;
use contract::bilingual::Bilingual;
use contract::catalogue::Kpi;
use contract::period::Period;
use schemars::JsonSchema;
use serde::Serialize;

/// What is expected at the end of a fiscal year.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct OutlookReport {
    /// The fiscal year, such as `FY2021`.
    pub year: String,
    /// What is to be reached: the target, or the guide (目安) of that year.
    pub goal: CanonicalNumber,
    /// Expected value.
    pub expected: CanonicalNumber,
    /// Lower end of the 80 % interval.
    pub low80: CanonicalNumber,
    /// Upper end of the 80 % interval.
    pub high80: CanonicalNumber,
    /// Lower end of the 95 % interval.
    pub low95: CanonicalNumber,
    /// Upper end of the 95 % interval.
    pub high95: CanonicalNumber,
    /// Probability of reaching the goal, between 0 and 1 and never either.
    pub probability: CanonicalNumber,
}

/// How the intervals would have done on the series' own past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TrackRecordReport {
    /// Forecasts of the back-test.
    pub forecasts: usize,
    /// Outcomes inside the 80 % interval.
    pub inside80: usize,
    /// Outcomes inside the 95 % interval.
    pub inside95: usize,
}

/// Where a KPI is expected to land (見通し), or why nothing is said. An estimate: no status depends on it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LandingReport {
    /// Why nothing is said, as a word; `null` where something is.
    pub silence: Option<&'static str>,
    /// The evidence date: the end of the last period whose figure took part.
    pub as_of: Option<String>,
    /// The last figure is provisional (速報値).
    pub provisional: bool,
    /// At the plan's end.
    pub target: Option<OutlookReport>,
    /// At the end of the fiscal year asked; of yearly sums and means before the target year.
    pub year: Option<OutlookReport>,
    /// `month`, `quarter` or `fiscal_year`: what the figures are of.
    pub grain: Option<&'static str>,
    /// Figures in a row that took part.
    pub figures: Option<usize>,
    /// The method that weighs most.
    pub method: Option<String>,
    /// Mean absolute error of the back-test, in the KPI's unit.
    pub backtest_error: Option<CanonicalNumber>,
    /// The intervals' record on the series' own past.
    pub record: Option<TrackRecordReport>,
    /// As a sentence; `null` where nothing could ever be said.
    pub text: Option<Bilingual>,
}

impl LandingReport {
    /// The report of an answer that was given beside a judgement.
    pub fn new(kpi: &Kpi, judged: &Judgement, answer: &LandingAnswer) -> Self {
        let landing = answer.as_ref().ok();
        let outlook = |of: &dyn Fn(&Landing) -> Option<Outlook>| landing.and_then(of).map(OutlookReport::from);
        Self {
            silence: answer.as_ref().err().map(LandingSilence::name),
            as_of: landing.map(|landing| landing.at.to_string()),
            provisional: landing.is_some_and(|landing| landing.provisional),
            target: outlook(&|landing| Some(landing.target.clone())),
            year: outlook(&|landing| landing.year.clone()),
            grain: landing.map(|landing| landing.grain.name()),
            figures: landing.map(|landing| landing.figures),
            method: landing.map(|landing| landing.method.clone()),
            backtest_error: landing.map(|landing| CanonicalNumber(landing.backtest_error.clone())),
            record: landing.map(|landing| TrackRecordReport {
                forecasts: landing.record.forecasts,
                inside80: landing.record.inside80,
                inside95: landing.record.inside95,
            }),
            text: sentence(kpi, judged, answer),
        }
    }
}

impl From<Outlook> for OutlookReport {
    fn from(outlook: Outlook) -> Self {
        let [(low80, high80), (low95, high95)] = [outlook.interval80, outlook.interval95];
        Self {
            year: Period::fiscal_year(outlook.year).to_string(),
            goal: CanonicalNumber(outlook.goal),
            expected: CanonicalNumber(outlook.expected),
            low80: CanonicalNumber(low80),
            high80: CanonicalNumber(high80),
            low95: CanonicalNumber(low95),
            high95: CanonicalNumber(high95),
            probability: CanonicalNumber(outlook.probability),
        }
    }
}
