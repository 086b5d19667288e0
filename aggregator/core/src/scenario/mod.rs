//! Scenarios: one story of one KPI as text, its figures and what is expected of it, that needs no programming to read.
//!
//! `aggregator/core/tests/scenarios/README.md` explains the form. A mistake in the text and an expectation that does not hold
//! both name the file and the line.

mod expectation;
mod figure;
mod outlook;
mod parse;
#[cfg(test)]
mod tests;

use crate::admit::AdmissionError;
use crate::plan_state::PlanState;
use contract::catalogue::Catalogue;
use contract::period::Period;
use contract::reader::Mistake;
use contract::record::Observation;
use expectation::Expectation;
use figure::ScenarioFigure;

/// A scenario, read.
#[derive(Debug)]
pub struct Scenario {
    file: String,
    catalogue: Catalogue,
    text: String,
    kpi: usize,
    figures: Vec<ScenarioFigure>,
    expectations: Vec<Expectation>,
}

impl Scenario {
    /// Reads a scenario; `file` is the name that mistakes carry, and `--- kpi PLAN/KPI` takes a KPI of the `configured` plans.
    pub fn parse(file: &str, text: &str, configured: &[Catalogue]) -> Result<Self, Vec<Mistake>> {
        let parts = parse::ScenarioParts::of(file, text)?;
        let subject = parts.subject(file, configured)?;
        let mut mistakes = Vec::new();
        let figures =
            figure::read(&subject, &parts.figures, |line, message| mistakes.push(parse::at(file, line, message)));
        let expectations =
            expectation::read(&parts.expect, |line, message| mistakes.push(parse::at(file, line, message)));
        if expectations.is_empty() && mistakes.is_empty() {
            mistakes.push(parse::at(file, 1, "nothing is expected: the part `--- expect` has no line".into()));
        }
        if !mistakes.is_empty() {
            mistakes.sort();
            return Err(mistakes);
        }
        let (catalogue, text, kpi) = (subject.catalogue, subject.text, subject.kpi);
        Ok(Self { file: file.to_owned(), catalogue, text, kpi, figures, expectations })
    }

    /// Its catalogue.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The text of its catalogue; empty where that is a configured one.
    pub fn catalogue_text(&self) -> &str {
        &self.text
    }

    /// Its figures, in order of their lines.
    pub fn observations(&self) -> impl Iterator<Item = &Observation> {
        self.figures.iter().map(|figure| &figure.observation)
    }

    /// The periods that it asks for, one an expectation.
    pub fn periods(&self) -> Vec<Period> {
        self.expectations.iter().map(|expectation| expectation.on).collect()
    }

    /// Judges the KPI at each period; gives every expectation that does not hold, in order of lines.
    pub fn run(&self) -> Vec<Mistake> {
        let mut state = PlanState::new(self.catalogue.clone());
        let mut wrong = Vec::new();
        for figure in &self.figures {
            let refused = state.insert(&figure.observation).err().map(AdmissionError::label);
            wrong.extend(figure.unlike(refused).map(|message| parse::at(&self.file, figure.line, message)));
        }
        for expectation in &self.expectations {
            let unlike = expectation.unlike(&state, self.kpi);
            wrong.extend(unlike.into_iter().map(|message| parse::at(&self.file, expectation.line, message)));
        }
        wrong.sort_by_key(|mistake| mistake.line);
        wrong
    }
}
