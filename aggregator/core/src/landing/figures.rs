//! The figures of a KPI by months, quarters or fiscal years, as numbers.
//!
//! Only complete periods up to the view's cutoff take part, each by itself: nothing is carried from one to the next. A KPI
//! names one definition of a series, so that figures of another one never come in.

use crate::judge::closing_value;
use crate::rollup::LedgerView;
use ::landing::{Bounds, FigureKind, FigureSeries, Frequency, MAX_FIGURES};
use contract::catalogue::{Kpi, Measure};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use num_traits::ToPrimitive;

/// Figures by the periods of one grain.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GrainFigures {
    /// The first period.
    pub(super) first: Period,
    /// The figures since.
    pub(super) series: FigureSeries,
    /// The last known figure is provisional.
    pub(super) provisional: bool,
}

/// An exact number as the nearest double.
pub(super) fn double(value: &Exact) -> Option<f64> {
    value.to_f64().filter(|value| value.is_finite())
}

/// The figures in every grain that a KPI's series has, finest first.
pub(super) fn by_grain(view: &LedgerView<'_>, kpi: &Kpi) -> Vec<GrainFigures> {
    let own = kpi.measure.parts().iter().map(|of| view.series(*of)).map(|series| series.grain).max();
    let is_state = crate::judge::follows_figures(view, kpi);
    let grains = [Grain::Month, Grain::Quarter, Grain::FiscalYear];
    let finest = if is_state { Grain::Month } else { own.unwrap_or(Grain::Month).max(Grain::Month) };
    grains
        .into_iter()
        .filter(|grain| *grain >= finest)
        .filter_map(|grain| of_grain(view, kpi, grain, is_state))
        .collect()
}

fn of_grain(view: &LedgerView<'_>, kpi: &Kpi, grain: Grain, is_state: bool) -> Option<GrainFigures> {
    let ended = |period: &Period| kpi.measure.parts().iter().all(|of| view.has_ended(view.series(*of), *period));
    let last = [0, -1, -2].map(|back| Period::holding(grain, view.cutoff.at).plus(back)).into_iter().find(ended)?;
    let most = i32::try_from(MAX_FIGURES).unwrap_or(i32::MAX);
    let first = first_period(view, kpi, grain)?.index.max(last.index - most + 1);
    let periods = (first..=last.index).map(|index| Period { grain, index });
    let figures: Vec<Option<(Exact, bool)>> =
        periods.map(|period| if is_state { state(view, kpi, period) } else { flow(view, kpi, period) }).collect();
    let provisional = figures.iter().flatten().next_back().is_some_and(|(_, provisional)| *provisional);
    let values: Vec<Option<f64>> = figures.iter().map(|figure| figure.as_ref().and_then(|(v, _)| double(v))).collect();
    let (frequency, kind) = (frequency(grain), kind(kpi));
    let bounds = bounds(view, kpi, &values);
    let series = FigureSeries { frequency, kind, bounds, values, definition_start: 0 };
    Some(GrainFigures { first: Period { grain, index: first }, series, provisional })
}

/// The period of the first figure of all parts, of a running total not before its start.
fn first_period(view: &LedgerView<'_>, kpi: &Kpi, grain: Grain) -> Option<Period> {
    let first = |of: &contract::catalogue::SeriesRef| {
        let bucket_grain = view.ledger.bucket_grain(of.series);
        let (first, _) = view.ledger.bucket_range(of.series, of.definition)?;
        // An instant at a bucket's start closes the period before.
        Some(Period::closing(grain, Period { grain: bucket_grain, index: first }.start()))
    };
    let parts: Option<Vec<Period>> = kpi.measure.parts().iter().map(first).collect();
    let first = parts?.into_iter().max()?;
    let start =
        kpi.origin().filter(|_| kpi.kind.is_running_total()).map(|origin| Period::fiscal_year(origin.year).end());
    Some(start.map_or(first, |start| first.max(Period::holding(grain, start))))
}

fn state(view: &LedgerView<'_>, kpi: &Kpi, period: Period) -> Option<(Exact, bool)> {
    closing_value(view, kpi, period).map(|closing| (closing.value, closing.provisional))
}

/// The sum of a period, of a mean by month.
fn flow(view: &LedgerView<'_>, kpi: &Kpi, period: Period) -> Option<(Exact, bool)> {
    let Measure::Series(of) = kpi.measure else { return None };
    let rollup = view.rollup(of, period).filter(|rollup| rollup.complete)?;
    let months = if kpi.kind.is_monthly_mean() { period.parts(Grain::Month).count() } else { 1 };
    Some((view.in_unit(of, rollup.value?) / whole(months), rollup.provisional))
}

fn frequency(grain: Grain) -> Frequency {
    match grain {
        Grain::FiscalYear => Frequency::Yearly,
        Grain::Quarter => Frequency::Quarterly,
        _ => Frequency::Monthly,
    }
}

fn kind(kpi: &Kpi) -> FigureKind {
    match kpi.kind {
        kind if kind.is_running_total() => FigureKind::RunningTotal,
        kind if kind.is_ratio() => FigureKind::Ratio,
        kind if kind.is_yearly_sum() => FigureKind::Sum,
        kind if kind.is_monthly_mean() => FigureKind::Mean,
        _ => FigureKind::Level,
    }
}

/// Nothing is below 0 but what is signed. What ends at a maximum of its own ends there, a share at its whole, unless a figure or
/// the target lies beyond it.
fn bounds(view: &LedgerView<'_>, kpi: &Kpi, values: &[Option<f64>]) -> Bounds {
    let signed = kpi.measure.parts().iter().any(|of| view.series(*of).signed);
    let all = match kpi.measure {
        Measure::Ratio { per, .. } => Some(whole(per)),
        Measure::Series(_) => (kpi.unit.en == "%" && !kpi.kind.is_yearly_sum()).then(|| whole(100)),
    };
    let all = all.filter(|all| !signed && kpi.target <= *all);
    let all = kpi.maximum.clone().or(all).as_ref().and_then(double);
    Bounds {
        lower: (!signed).then_some(0.0),
        upper: all.filter(|all| values.iter().flatten().all(|value| value <= all)),
    }
}
