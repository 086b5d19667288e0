use super::*;
use crate::exact::whole;

const KPI: &str = r#"[[series]]
id = "s"
name = { ja = "数", en = "Count" }
unit = { ja = "件", en = "items" }
shape = "level"
grain = "day"
[[series.definition]]
id = "listed"
text = { ja = "数", en = "count" }
[[kpi]]
id = "k"
policy = "policy"
name = { ja = "指標", en = "KPI" }
unit = { ja = "件", en = "items" }
kind = "level"
series = "s"
baseline = { year = "FY2018", value = 100 }
target = { at_least = 300 }
citation = "p. 1"
"#;
const ENTERED: &str = r#"[[kpi.entered]]
grade = "done"
word = "3"
year = "FY2019"
by = { ja = "課", en = "Section" }
on = "2020-06-01"
[[grade]]
id = "done"
preset = "kawasaki-achievement"
"#;
const OWN: &str = r#"[[grade]]
id = "own"
name = { ja = "段階", en = "Scale" }
[[grade.band]]
word = "A"
ja = "上"
en = "high"
of = "progress"
at_least = 0.5
[[grade.band]]
word = "B"
ja = "中"
en = "middle"
of = "progress"
at_least = 0.25
[[grade.band]]
word = "C"
ja = "下"
en = "low"
"#;

fn read(rest: &str) -> Result<Catalogue, Vec<String>> {
    let text = format!("{}{}{KPI}{rest}", testkit::PLAN, testkit::POLICY);
    parse("p.toml", &text).map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}

#[test]
fn published_scales_read_and_say_where_they_are_from() {
    for (preset, bands, entered) in [
        ("nagayo", 4, false),
        ("kitakyushu", 4, true),
        ("kawasaki-achievement", 5, true),
        ("kawasaki-direction", 5, true),
    ] {
        let catalogue = read(&format!("[[grade]]\nid = \"g\"\npreset = \"{preset}\"\n")).unwrap();
        let scale = &catalogue.grades[0];
        assert_eq!((scale.bands.len(), scale.entered), (bands, entered), "{preset}");
        assert!(scale.source.is_some() && scale.bands.iter().all(|band| !entered || band.bound.is_none()), "{preset}");
    }
    let tama = "[[grade]]\nid = \"g\"\npreset = \"tama\"\n";
    let mistakes = read(tama).unwrap_err();
    assert!(mistakes[0].contains("this preset is of plans of 5 years, and the plan has 3"), "{mistakes:?}");
    let text = format!("{}{}{KPI}{tama}", testkit::PLAN.replace("FY2021", "FY2023"), testkit::POLICY);
    assert_eq!(parse("p.toml", &text).unwrap().grades[0].bands.len(), 3);
}

#[test]
fn a_scale_without_gaps_and_in_order_reads_and_another_is_refused() {
    let scale = read(OWN).unwrap().grades.remove(0);
    let bound = GradeBound { of: GradeMeasure::Progress, share: whole(1) / whole(2), inclusive: true };
    assert_eq!(scale.bands[0].bound, Some(bound));
    let rows = [
        (
            "at_least = 0.25",
            "at_least = 0.5",
            "the grade `B` of KPI `k` is never given: its border, 200, is not easier",
        ),
        ("at_least = 0.25", "at_least = 0.75", "the grade `B` of KPI `k` is never given: its border, 250"),
        ("at_least = 0.25", "above = 0.25\nat_least = 0.25", "either `above` or `at_least`, not both"),
        (
            "of = \"progress\"\nat_least = 0.25\n",
            "",
            "only the last band has no bound, and takes what is left; `B` needs",
        ),
        ("en = \"low\"\n", "en = \"low\"\nof = \"progress\"\nabove = 0\n", "the last band, `C`, must have no bound"),
        ("of = \"progress\"\nat_least = 0.25", "at_least = 0.25", "`of` is missing"),
        ("of = \"progress\"\nat_least = 0.25", "of = \"way\"\nat_least = 0.25", "unknown of `way`; one of: progress"),
        ("word = \"C\"", "word = \"A\"", "the grade `A` stands twice"),
        (
            "name = { ja = \"段階\", en = \"Scale\" }",
            "preset = \"nagoya\"",
            "unknown preset `nagoya`; did you mean `nagayo`?",
        ),
        ("name = { ja = \"段階\", en = \"Scale\" }", "kpis = [\"kk\"]", "unknown KPI `kk`"),
        ("name = { ja = \"段階\", en = \"Scale\" }", "entered = true", "a grade that a person enters has no bound"),
    ];
    for (right, wrong, message) in rows {
        assert!(OWN.contains(right), "{right}");
        let got = read(&OWN.replacen(right, wrong, 1)).unwrap_err();
        assert!(got.iter().any(|m| m.contains(message)), "{wrong}: {got:?}");
    }
    // Open above, closed at the same border: what is left is the border itself.
    assert!(read(&OWN.replacen("at_least = 0.5", "above = 0.25", 1)).is_ok());
}

#[test]
fn an_entered_grade_is_one_of_its_scale_with_section_and_date() {
    let entered = read(ENTERED).unwrap().kpis.remove(0).entered.remove(0);
    assert_eq!((entered.word.as_str(), entered.year, entered.by.ja.as_str()), ("3", 2019, "課"));
    let rows = [
        ("word = \"3\"", "word = \"6\"", "the scale `done` has no grade `6`"),
        (
            "grade = \"done\"",
            "grade = \"dune\"",
            "KPI `k` has no scale `dune` whose grades a person enters; did you mean `done`?",
        ),
        ("kawasaki-achievement", "nagayo", "KPI `k` has no scale `done` whose grades a person enters"),
        ("on = \"2020-06-01\"", "", "`on` is missing"),
        ("by = { ja = \"課\", en = \"Section\" }", "", "`by` is missing"),
    ];
    for (right, wrong, message) in rows {
        let got = read(&ENTERED.replacen(right, wrong, 1)).unwrap_err();
        assert!(got.iter().any(|m| m.contains(message)), "{wrong}: {got:?}");
    }
}
