//! The public series as `export.py` writes them, and questions to them.

use landing::{Bounds, FigureKind, FigureSeries, Frequency, LandingRequest};

/// One public series with its official hold-out.
pub(crate) struct PublicSeries {
    /// Line of the file: names the series in the peer's answers.
    pub(crate) id: usize,
    pub(crate) competition: String,
    pub(crate) frequency: Frequency,
    /// Number of figures before the hold-out.
    pub(crate) known: usize,
    /// Official horizon.
    pub(crate) horizon: usize,
    pub(crate) figures: Vec<f64>,
}

impl PublicSeries {
    /// Reads the exported file.
    pub(crate) fn read_all(path: &str) -> Vec<Self> {
        let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"));
        text.lines().enumerate().map(|(id, line)| Self::parse(id, line)).collect()
    }

    fn parse(id: usize, line: &str) -> Self {
        let words: Vec<&str> = line.split(' ').collect();
        let frequency = match words[1] {
            "yearly" => Frequency::Yearly,
            "quarterly" => Frequency::Quarterly,
            "monthly" => Frequency::Monthly,
            other => panic!("line {}: no frequency: {other}", id + 1),
        };
        let known = words[4].parse().unwrap();
        let figures: Vec<f64> = words[5..].iter().map(|word| word.parse().unwrap()).collect();
        let horizon = words[3].parse::<usize>().unwrap().min(figures.len() - known);
        Self { id, competition: words[0].to_owned(), frequency, known, horizon, figures }
    }

    /// The series up to its figure `until`, as `kind`.
    pub(crate) fn until(&self, until: usize, kind: FigureKind) -> FigureSeries {
        FigureSeries {
            frequency: self.frequency,
            kind,
            bounds: Bounds::NONE,
            values: self.figures[..until].iter().copied().map(Some).collect(),
            definition_start: 0,
        }
    }

    /// Mean absolute change from the same period of the year before, before the hold-out: what errors are divided by.
    pub(crate) fn unit(&self) -> f64 {
        let period = self.frequency.periods_per_year();
        let changes: Vec<f64> =
            (period..self.known).map(|t| (self.figures[t] - self.figures[t - period]).abs()).collect();
        mean(&changes)
    }
}

/// The request for the periods from one index to another.
pub(crate) fn asked(from: usize, to: usize) -> LandingRequest {
    LandingRequest { periods: from..=to, target: None }
}

/// Arithmetic mean.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
