//! The parts of a scenario's text, and the catalogue that they make with what is filled in.

use contract::catalogue::{self, Catalogue, SeriesRef};
use contract::reader::{Mistake, nearest};

const PARTS: [&str; 6] = ["plan", "series", "kpi", "grade", "figures", "expect"];
const NAMES: &str = "name = { ja = \"名\", en = \"name\" }\nunit = { ja = \"件\", en = \"items\" }\n";
const PLAN: &str = "[plan]\nid = \"p\"\nname = { ja = \"計画\", en = \"plan\" }\ncity = { ja = \"市\", en = \"city\" }\ncitation = \"scenario\"\n";
const YEARS: [(&str, &str); 2] =
    [("first_year", "first_year = \"FY2019\"\n"), ("last_year", "last_year = \"FY2021\"\n")];
const POLICY: &str = "[[policy]]\nid = \"policy\"\nname = { ja = \"施策\", en = \"policy\" }\nowner = { ja = \"課\", en = \"section\" }\n";
const KPI: &str = "[[kpi]]\nid = \"k\"\npolicy = \"policy\"\ncitation = \"scenario\"\n";
const RULE: &str = "text = { ja = \"数え方\", en = \"rule\" }\n";

/// A mistake in a line of a file.
pub(super) fn at(file: &str, line: u32, message: String) -> Mistake {
    Mistake { file: file.to_owned(), line, message }
}

/// A line and its number.
pub(super) type NumberedLine<'a> = (u32, &'a str);

/// A scenario's text by part.
#[derive(Debug, Default)]
pub(super) struct ScenarioParts<'a> {
    plan: Vec<NumberedLine<'a>>,
    /// The id of each series at its heading, and its lines.
    series: Vec<(NumberedLine<'a>, Vec<NumberedLine<'a>>)>,
    /// The heading of the KPI, with `PLAN/KPI` where it is a configured one.
    kpi_heading: Option<NumberedLine<'a>>,
    kpi: Vec<NumberedLine<'a>>,
    grade: Vec<NumberedLine<'a>>,
    pub(super) figures: Vec<NumberedLine<'a>>,
    pub(super) expect: Vec<NumberedLine<'a>>,
}

/// What a scenario is about.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) catalogue: Catalogue,
    /// The text of the catalogue, where the scenario has its own.
    pub(super) text: String,
    /// Index of the KPI.
    pub(super) kpi: usize,
    /// The series of figures that name none.
    pub(super) series: SeriesRef,
}

impl<'a> ScenarioParts<'a> {
    pub(super) fn of(file: &str, text: &'a str) -> Result<Self, Vec<Mistake>> {
        let (mut parts, mut mistakes, mut part) = (Self::default(), Vec::new(), "");
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split(" #").next().unwrap_or_default();
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(heading) = line.strip_prefix("---") {
                let (name, more) = heading.trim().split_once(' ').unwrap_or((heading.trim(), ""));
                part = PARTS.into_iter().find(|known| *known == name).unwrap_or_default();
                match part {
                    "" => mistakes.push(at(file, number, format!("unknown part `{name}`{}", nearest(name, PARTS)))),
                    "series" => parts.series.push(((number, more.trim()), Vec::new())),
                    "kpi" => parts.kpi_heading = Some((number, more.trim())),
                    "grade" => parts.grade.push((number, "[[grade]]")),
                    _ => {}
                }
                continue;
            }
            let own = match part {
                "plan" => Some(&mut parts.plan),
                "series" => parts.series.last_mut().map(|(_, lines)| lines),
                "kpi" => Some(&mut parts.kpi),
                "grade" => Some(&mut parts.grade),
                "figures" => Some(&mut parts.figures),
                "expect" => Some(&mut parts.expect),
                _ => None,
            };
            match own {
                Some(lines) => lines.push((number, line)),
                None if mistakes.is_empty() => {
                    let message =
                        format!("this line is in no part; a part begins with `--- {}`", PARTS.join("`, `--- "));
                    mistakes.push(at(file, number, message));
                }
                None => {}
            }
        }
        if parts.kpi_heading.is_none() && mistakes.is_empty() {
            mistakes.push(at(file, 1, "the part `--- kpi` is missing".into()));
        }
        if mistakes.is_empty() { Ok(parts) } else { Err(mistakes) }
    }

    /// The KPI that the scenario describes, or the configured one that it names.
    pub(super) fn subject(&self, file: &str, configured: &[Catalogue]) -> Result<Subject, Vec<Mistake>> {
        let (number, named) = self.kpi_heading.unwrap_or((1, ""));
        if named.is_empty() {
            let (catalogue, text) = self.catalogue(file)?;
            return Ok(Subject { catalogue, text, kpi: 0, series: SeriesRef { series: 0, definition: 0 } });
        }
        let one = |message: String| vec![at(file, number, message)];
        if !(self.plan.is_empty() && self.series.is_empty() && self.kpi.is_empty() && self.grade.is_empty()) {
            return Err(one(format!(
                "`--- kpi {named}` is configured; a scenario of it has only figures and expectations"
            )));
        }
        let ids = || configured.iter().flat_map(|c| c.kpis.iter().map(move |kpi| format!("{}/{}", c.plan.id, kpi.id)));
        let places = || configured.iter().flat_map(|c| (0..c.kpis.len()).map(move |kpi| (c, kpi)));
        let Some((catalogue, kpi)) = places().zip(ids()).find(|(_, id)| id == named).map(|(place, _)| place) else {
            let ids: Vec<String> = ids().collect();
            let right = nearest(named, ids.iter().map(String::as_str));
            return Err(one(format!("no configured plan has the KPI `{named}` (PLAN/KPI){right}")));
        };
        let series = catalogue.kpis[kpi].measure.parts()[0];
        Ok(Subject { catalogue: catalogue.clone(), text: String::new(), kpi, series })
    }

    fn catalogue(&self, file: &str) -> Result<(Catalogue, String), Vec<Mistake>> {
        let mut toml = Toml::default();
        toml.push(1, PLAN);
        for (key, line) in YEARS {
            if !self.plan.iter().any(|(_, own)| own.trim_start().starts_with(key)) {
                toml.push(1, line);
            }
        }
        toml.push_all(&self.plan);
        toml.push(1, POLICY);
        for ((number, id), lines) in &self.series {
            toml.push(*number, &format!("[[series]]\nid = \"{id}\"\n{NAMES}"));
            for (number, line) in lines {
                toml.push(*number, line);
                if line.trim() == "[[series.definition]]" {
                    toml.push(*number, RULE);
                }
            }
        }
        let number = self.kpi_heading.map_or(1, |(number, _)| number);
        toml.push(number, &format!("{KPI}{NAMES}"));
        toml.push_all(&self.kpi);
        toml.push_all(&self.grade);
        match catalogue::parse(file, &toml.text) {
            Ok(catalogue) => Ok((catalogue, toml.text)),
            Err(mistakes) => Err(toml.placed(mistakes)),
        }
    }
}

/// The text of a catalogue, and for each of its lines the one of the scenario that it comes from.
#[derive(Default)]
struct Toml {
    text: String,
    lines: Vec<u32>,
}

impl Toml {
    fn push(&mut self, number: u32, text: &str) {
        for line in text.lines() {
            self.text += line;
            self.text.push('\n');
            self.lines.push(number);
        }
    }

    fn push_all(&mut self, lines: &[NumberedLine<'_>]) {
        for (number, line) in lines {
            self.push(*number, line);
        }
    }

    fn placed(&self, mistakes: Vec<Mistake>) -> Vec<Mistake> {
        let line = |own: u32| usize::try_from(own).ok().and_then(|own| self.lines.get(own.checked_sub(1)?).copied());
        let placed = |mistake: Mistake| Mistake { line: line(mistake.line).unwrap_or(1), ..mistake };
        mistakes.into_iter().map(placed).collect()
    }
}
