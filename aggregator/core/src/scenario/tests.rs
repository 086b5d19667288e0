use super::*;

const STORY: &str = "# A story.
--- series s
shape = \"level\"
grain = \"day\"
[[series.definition]]
id = \"listed\"
[[series.source]]
id = \"portal\"

--- kpi
kind = \"level\"
series = \"s\"
baseline = { year = \"FY2017\", value = 100 }
target = { at_least = 300 }

--- figures
2019-09-01 | 1_71

--- expect
2019-09-30 | running | on_track | 171 | path 170.90, source portal
";

fn mistakes(text: &str) -> Vec<String> {
    let configured = [testkit::catalogue(testkit::POLICY)];
    let parsed = Scenario::parse("a.txt", text, &configured);
    let all = parsed.map_or_else(|mistakes| mistakes, |scenario| scenario.run());
    all.iter().map(ToString::to_string).collect()
}

#[test]
fn an_expectation_that_does_not_hold_is_named_with_file_line_expected_and_got() {
    assert_eq!(mistakes(STORY), [""; 0]);
    let rows = [
        ("| on_track |", "| stale |", "a.txt:20: on 2019-09-30: status is on_track, expected: stale"),
        ("| 171 |", "| 172 |", "a.txt:20: on 2019-09-30: value is 171, expected: 172"),
        ("path 170.90", "path 170.7", "a.txt:20: on 2019-09-30: path is 170.9, expected: 170.7"),
        ("source portal", "source -", "a.txt:20: on 2019-09-30: source is portal, expected: -"),
        ("1_71", "170 | refused negative", "a.txt:17: the figure counts, expected: refused negative"),
        ("1_71", "-170", "a.txt:17: the figure is refused negative, expected: it counts"),
    ];
    for (right, other, message) in rows {
        assert!(STORY.contains(right), "{right}");
        assert!(
            mistakes(&STORY.replace(right, other)).contains(&message.to_owned()),
            "{other}: {:?}",
            mistakes(&STORY.replace(right, other))
        );
    }
}

#[test]
fn a_mistake_in_the_text_is_named_with_its_line_and_the_nearest_word() {
    let rows = [
        ("--- expect", "--- expct", "a.txt:19: unknown part `expct`; did you mean `expect`?"),
        ("--- series s", "id = 1\n--- series s", "a.txt:2: this line is in no part; a part begins with"),
        ("--- kpi\n", "--- plan\n", "a.txt:1: the part `--- kpi` is missing"),
        ("series = \"s\"", "series = \"t\"", "a.txt:12: unknown series `t`"),
        ("shape = \"level\"", "shape = \"levle\"", "a.txt:3: unknown shape `levle`; did you mean `level`?"),
        ("1_71", "many", "a.txt:17: `many` is no whole number"),
        ("1_71", "170 | provisonal", "a.txt:17: unknown word `provisonal`; did you mean `provisional`?"),
        ("1_71", "170 | series t", "a.txt:17: unknown series `t`"),
        ("2019-09-01 |", "2019-9 |", "a.txt:17: `2019-9` is no date, month, quarter (FY2019Q1) or fiscal year"),
        ("| on_track |", "| ontrack |", "a.txt:20: unknown status `ontrack`; did you mean `on_track`?"),
        ("| running |", "| runing |", "a.txt:20: unknown phase `runing`; did you mean `running`?"),
        ("path 170.90", "pth 1", "a.txt:20: unknown word `pth`; did you mean `path`?"),
        ("2019-09-30 | running | on_track | 171 | path 170.90, source portal\n", "", "a.txt:1: nothing is expected"),
        ("--- kpi\n", "--- kpi p/k\n", "a.txt:10: `--- kpi p/k` is configured; a scenario of it has only figures"),
    ];
    for (right, wrong, message) in rows {
        assert!(STORY.contains(right), "{right}");
        let got = mistakes(&STORY.replacen(right, wrong, 1));
        assert!(got.iter().any(|m| m.starts_with(message)), "{wrong}: {got:?}");
    }
}

#[test]
fn a_plan_may_have_its_own_years_and_closed_days() {
    let text = STORY.replace("2019-09", "2024-09");
    let years = "--- plan\nfirst_year = \"FY2024\"\nlast_year = \"FY2030\"\n--- series";
    let text = text.replacen("--- series", years, 1).replace("FY2017", "FY2023").replace("path 170.90, ", "");
    assert_eq!(mistakes(&text), [""; 0]);
    assert!(
        mistakes(&text.replace("FY2030", "FY2020"))[0].starts_with("a.txt:4: `last_year` lies before `first_year`")
    );
}

#[test]
fn a_configured_kpi_is_judged_as_it_is_configured() {
    let series = testkit::series("s", "shape = \"level\"\ngrain = \"day\"", "listed", "portal");
    let kpi = "[[kpi]]\nid = \"k\"\npolicy = \"policy\"\nname = { ja = \"a\", en = \"a\" }\nunit = { ja = \"a\", en = \"a\" }\n\
               kind = \"level\"\nseries = \"s\"\nbaseline = { year = \"FY2017\", value = 100 }\ntarget = { at_least = 300 }\n\
               citation = \"c\"\n";
    let configured = [testkit::catalogue(&format!("{}{series}{kpi}", testkit::POLICY))];
    let text = "--- kpi p/k\n--- figures\n2019-09-01 | 171\n--- expect\n2019-09-30 | running | at_risk | 171\n";
    let run = |text: &str| Scenario::parse("a.txt", text, &configured).map_or_else(|m| m, |s| s.run());
    assert_eq!(run(text)[0].to_string(), "a.txt:5: on 2019-09-30: status is on_track, expected: at_risk");
    assert_eq!(
        run(&text.replace("p/k", "p/x"))[0].to_string(),
        "a.txt:1: no configured plan has the KPI `p/x` (PLAN/KPI); did you mean `p/k`?"
    );
}
