//! Reads scales of grades, shipped ones and a city's own, and grades that a person entered.

use super::grade::{EnteredGrade, GradeBand, GradeBasis, GradeBound, GradeMeasure, GradeScale, GradeWord};
use super::model::{Direction, Kpi, Plan};
use crate::bilingual::Bilingual;
use crate::exact::{canonical, whole};
use crate::reader::{self, TomlTable, nearest};
use jiff::civil::Date;

/// Published scales, in the form of a catalogue.
const PRESETS: [(&str, &str); 5] = [
    ("nagayo", include_str!("presets/nagayo.toml")),
    ("tama", include_str!("presets/tama.toml")),
    ("kitakyushu", include_str!("presets/kitakyushu.toml")),
    ("kawasaki-achievement", include_str!("presets/kawasaki-achievement.toml")),
    ("kawasaki-direction", include_str!("presets/kawasaki-direction.toml")),
];

/// A scale, and the years that its plan must have where its source says so.
type ReadScale = (GradeScale, Option<i64>);

/// Reads a scale, its own or a preset, for the KPIs of a plan.
pub(super) fn scale(r: &TomlTable<'_>, plan: &Plan, kpis: &[Kpi]) -> GradeScale {
    let (mut scale, years) = match r.text_if("preset") {
        Some(name) => preset(r, &name),
        None => own(r),
    };
    scale.id = r.id("id");
    scale.line = r.line;
    scale.kpis = chosen(r, kpis);
    let own_years = i64::from(plan.last_year - plan.first_year + 1);
    if let Some(years) = years.filter(|years| *years != own_years) {
        let message =
            format!("this preset is of plans of {years} years, and the plan has {own_years}: write a scale of its own");
        r.mistake("preset", message);
    }
    if !scale.entered {
        for (_, kpi) in kpis.iter().enumerate().filter(|(index, _)| scale.covers(*index)) {
            in_order(r, &scale, kpi);
        }
    }
    scale
}

/// The KPIs of a scale; all where none is named.
fn chosen(r: &TomlTable<'_>, kpis: &[Kpi]) -> Option<Vec<usize>> {
    if !r.has("kpis") {
        return None;
    }
    let index = |id: &String| {
        let found = kpis.iter().position(|kpi| kpi.id == *id);
        if found.is_none() {
            let right = nearest(id, kpis.iter().map(|kpi| kpi.id.as_str()));
            r.mistake("kpis", format!("unknown KPI `{id}`{right}"));
        }
        found
    };
    Some(r.texts("kpis").iter().filter_map(index).collect())
}

fn preset(r: &TomlTable<'_>, name: &str) -> ReadScale {
    let Some((_, text)) = PRESETS.iter().find(|(known, _)| *known == name) else {
        r.mistake("preset", format!("unknown preset `{name}`{}", nearest(name, PRESETS.map(|(known, _)| known))));
        return empty();
    };
    reader::read(name, text, own).unwrap_or_else(|mistakes| {
        for mistake in &mistakes {
            r.mistake("preset", mistake.to_string());
        }
        empty()
    })
}

fn empty() -> ReadScale {
    let (id, name, bands) = (String::new(), Bilingual::default(), Vec::new());
    (GradeScale { id, name, source: None, kpis: None, entered: true, bands, none: None, line: 1 }, None)
}

fn bilingual(r: &TomlTable<'_>) -> Bilingual {
    Bilingual { ja: r.text("ja"), en: r.text("en") }
}

fn own(r: &TomlTable<'_>) -> ReadScale {
    let entered = r.switch("entered");
    let bands: Vec<GradeBand> = r.tables("band").iter().map(|r| band(r, entered)).collect();
    if bands.len() < 2 {
        r.mistake("band", "a scale needs at least two [[grade.band]], best first");
    }
    for (index, band) in bands.iter().enumerate().filter(|_| !entered) {
        let word = &band.grade.word;
        if band.bound.is_none() && index + 1 < bands.len() {
            r.mistake(
                "band",
                format!(
                    "only the last band has no bound, and takes what is left; `{word}` needs `above` or `at_least`"
                ),
            );
        }
        if band.bound.is_some() && index + 1 == bands.len() {
            r.mistake(
                "band",
                format!("the last band, `{word}`, must have no bound: what is below it would have no grade"),
            );
        }
    }
    for (index, band) in bands.iter().enumerate() {
        if bands[..index].iter().any(|other| other.grade.word == band.grade.word) {
            r.mistake("band", format!("the grade `{}` stands twice", band.grade.word));
        }
    }
    let name = r.table("name").map(|r| bilingual(&r));
    if name.is_none() {
        r.mistake(
            "name",
            "`name` is missing; it must be { ja = \"..\", en = \"..\" }, or `preset` names a published scale",
        );
    }
    let none = r.table("none").map(|r| GradeWord { word: r.text("word"), name: bilingual(&r) });
    let source = r.table("source").map(|r| bilingual(&r));
    let years = r.integer_if("plan_years", 1..=100);
    let name = name.unwrap_or_default();
    (GradeScale { id: String::new(), name, source, kpis: None, entered, bands, none, line: r.line }, years)
}

fn band(r: &TomlTable<'_>, entered: bool) -> GradeBand {
    let grade = GradeWord { word: r.text("word"), name: bilingual(r) };
    let (above, at_least) = (r.exact_if("above"), r.exact_if("at_least"));
    let of = r.word_if("of", &GradeMeasure::WORDS);
    if entered && (above.is_some() || at_least.is_some()) {
        r.mistake("word", "a grade that a person enters has no bound");
    }
    if above.is_some() && at_least.is_some() {
        r.mistake("above", "either `above` or `at_least`, not both");
    }
    let inclusive = above.is_none();
    let share = above.or(at_least);
    if share.is_some() && of.is_none() && !r.has("of") {
        r.mistake(
            "of",
            "`of` is missing: what the bound is a share of (progress, target, target_by_year, baseline or landing)",
        );
    }
    let bound = share.map(|share| GradeBound { of: of.unwrap_or(GradeMeasure::Progress), share, inclusive });
    GradeBand { grade, bound: bound.filter(|_| !entered) }
}

/// Each border of a scale must be easier to reach than the one before, in the unit of each KPI: otherwise a band is never given.
fn in_order(r: &TomlTable<'_>, scale: &GradeScale, kpi: &Kpi) {
    let at_least = kpi.direction == Direction::AtLeast;
    let basis =
        GradeBasis { origin: kpi.origin().map(|goal| &goal.value), target: &kpi.target, at_least, year: (1, 1) };
    let bounds = scale.bands.iter().filter_map(|band| Some((band, band.bound.as_ref()?)));
    let borders: Vec<_> = bounds.filter_map(|(band, bound)| Some((band, bound, bound.border(&basis)?))).collect();
    for pair in borders.windows(2) {
        let [(_, upper, harder), (band, lower, easier)] = pair else { continue };
        // An estimate and a value are not compared.
        let comparable = (upper.of == GradeMeasure::Landing) == (lower.of == GradeMeasure::Landing);
        let further = if at_least { easier < harder } else { easier > harder };
        let opened = easier == harder && lower.inclusive && !upper.inclusive;
        if comparable && !further && !opened {
            let (word, id, border) = (&band.grade.word, &kpi.id, canonical(easier));
            r.mistake("band", format!("the grade `{word}` of KPI `{id}` is never given: its border, {border}, is not easier than the one before"));
        }
    }
    if let (Some(origin), true) = (basis.origin, at_least) {
        let share = scale.bands.iter().any(|band| band.bound.as_ref().is_some_and(|b| b.of == GradeMeasure::Baseline));
        if share && *origin < whole(0) {
            r.mistake("band", format!("a share of the baseline of KPI `{}` means nothing: it is below 0", kpi.id));
        }
    }
}

/// Reads a grade that a person entered.
pub(super) fn entered(r: &TomlTable<'_>) -> EnteredGrade {
    let on = r.date_if("on");
    if on.is_none() {
        r.mistake("on", "`on` is missing: the date on which the grade was entered");
    }
    let by = r.table("by").map(|r| bilingual(&r));
    if by.is_none() {
        r.mistake("by", "`by` is missing: the section that entered it, { ja = \"..\", en = \"..\" }");
    }
    EnteredGrade {
        scale: r.id("grade"),
        word: r.text("word"),
        year: r.fiscal_year("year"),
        by: by.unwrap_or_default(),
        on: on.unwrap_or(Date::MIN),
        line: r.line,
    }
}

/// Every entered grade must be one of a scale that is entered, and that has the KPI.
pub(super) fn entered_fit(top: &TomlTable<'_>, scales: &[GradeScale], kpis: &[Kpi]) {
    for (index, kpi) in kpis.iter().enumerate() {
        for grade in &kpi.entered {
            let (scale, word) = (&grade.scale, &grade.word);
            let own = scales.iter().filter(|scale| scale.entered && scale.covers(index));
            let found = own.clone().find(|one| one.id == *scale);
            let message = match found {
                None => {
                    let right = nearest(scale, own.map(|scale| scale.id.as_str()));
                    Some(format!("KPI `{}` has no scale `{scale}` whose grades a person enters{right}", kpi.id))
                }
                Some(one) if !one.bands.iter().any(|band| band.grade.word == *word) => {
                    let right = nearest(word, one.bands.iter().map(|band| band.grade.word.as_str()));
                    Some(format!("the scale `{scale}` has no grade `{word}`{right}"))
                }
                Some(_) => None,
            };
            if let Some(message) = message {
                top.mistake_at(grade.line, message);
            }
        }
    }
}
