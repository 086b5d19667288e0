//! The answer to a question: the finest grain that can speak is asked.

use super::figures::GrainFigures;
use super::model::{Landing, LandingAnswer, LandingTrackRecord, Outlook};
use super::question::{AskedYear, LandingQuestion};
use super::sentence::method_name;
use super::silence::LandingSilence;
use ::landing::{Forecast, Selection, Silence};
use contract::exact::{Exact, round_to};
use contract::period::Period;
use num_rational::BigRational;

/// What one grain says of the two years asked.
struct GrainForecasts {
    target: Result<Forecast, LandingSilence>,
    year: Option<Forecast>,
}

impl LandingQuestion {
    /// Computes the answer: milliseconds.
    pub fn answer(&self) -> LandingAnswer {
        let mut silence = LandingSilence::TooFewFigures { figures: 0 };
        let mut landing: Option<Landing> = None;
        for figures in &self.figures {
            let said = self.ask(figures);
            match said.target {
                Ok(forecast) if landing.is_none() => landing = Some(self.landing(figures, &forecast)?),
                Ok(_) => {}
                Err(other) => silence = graver(silence, other),
            }
            if let (Some(landing), Some(forecast), Some(asked)) = (&mut landing, &said.year, &self.year)
                && landing.year.is_none()
            {
                landing.year = outlook(forecast, asked);
            }
            if landing.as_ref().is_some_and(|landing| landing.year.is_some() || self.year.is_none()) {
                break;
            }
        }
        landing.ok_or(silence)
    }

    fn ask(&self, figures: &GrainFigures) -> GrainForecasts {
        let silent = |silence| GrainForecasts { target: Err(named(silence, figures)), year: None };
        let selection = match Selection::learn(&figures.series) {
            Ok(selection) => selection,
            Err(silence) => return silent(silence),
        };
        let requests = self.requests(figures);
        let asked: Vec<_> = requests.iter().flatten().flatten().cloned().collect();
        let mut answers = selection.forecasts(&figures.series, &asked).into_iter();
        let [target, year] = requests.map(|request| match request? {
            Ok(_) => Some(answers.next()?.map_err(|silence| named(silence, figures))),
            Err(silence) => Some(Err(silence)),
        });
        GrainForecasts { target: target.unwrap_or(Err(LandingSilence::AllKnown)), year: year.and_then(Result::ok) }
    }

    fn landing(&self, figures: &GrainFigures, forecast: &Forecast) -> LandingAnswer {
        let target = outlook(forecast, &self.target).ok_or(LandingSilence::TooFarAhead)?;
        let end = Period::closing(figures.first.grain, Period::fiscal_year(self.target.year).end());
        let ahead = i32::try_from(forecast.periods_ahead).unwrap_or(0);
        let record = forecast.record;
        Ok(Landing {
            at: end.plus(-ahead).end(),
            provisional: figures.provisional,
            target,
            year: None,
            grain: figures.first.grain,
            figures: forecast.figures,
            method: method_name(forecast.method).to_owned(),
            backtest_error: exact(forecast.backtest_error).ok_or(LandingSilence::TooFarAhead)?,
            record: LandingTrackRecord {
                forecasts: record.forecasts,
                inside80: record.inside80,
                inside95: record.inside95,
            },
        })
    }
}

fn named(silence: Silence, figures: &GrainFigures) -> LandingSilence {
    match silence {
        Silence::TooFewFigures { figures, .. } => LandingSilence::TooFewFigures { figures },
        Silence::TooFarAhead { .. } => LandingSilence::TooFarAhead,
        Silence::UnknownPeriod { index } => {
            let index = i32::try_from(index).unwrap_or(i32::MAX);
            LandingSilence::UnknownPeriod { period: figures.first.plus(index).to_string() }
        }
        Silence::AllKnown => LandingSilence::AllKnown,
    }
}

/// The reason that is given when every grain has one: the first that is not a want of figures, else the most figures.
fn graver(before: LandingSilence, other: LandingSilence) -> LandingSilence {
    match (&before, &other) {
        (LandingSilence::TooFewFigures { figures }, LandingSilence::TooFewFigures { figures: more })
            if more > figures =>
        {
            other
        }
        (LandingSilence::TooFewFigures { .. }, LandingSilence::TooFewFigures { .. }) => before,
        (LandingSilence::TooFewFigures { .. }, _) => other,
        _ => before,
    }
}

/// The exact number nearest to a double, to six places as canonical numbers have.
fn exact(value: f64) -> Option<Exact> {
    let places = Exact::new(1.into(), 1_000_000.into());
    BigRational::from_float(value).map(|value| round_to(&value, &places))
}

fn outlook(forecast: &Forecast, asked: &AskedYear) -> Option<Outlook> {
    let ends = |interval: ::landing::Interval| Some((exact(interval.low)?, exact(interval.high)?));
    Some(Outlook {
        year: asked.year,
        goal: asked.goal.clone(),
        expected: exact(forecast.expected)?,
        interval80: ends(forecast.interval80)?,
        interval95: ends(forecast.interval95)?,
        probability: exact(forecast.probability?)?,
    })
}
