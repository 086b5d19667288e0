//! A city whose survey has decimals: every answer is in the unit, the wire in steps, and the decimals never change.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support::City;
use serde_json::{Value, json};

const PLAN: &str = r#"[plan]
id = "p"
name = { ja = "計画", en = "plan" }
city = { ja = "市", en = "city" }
first_year = "FY2019"
last_year = "FY2021"
default_on = "FY2020"
citation = "test"

[[policy]]
id = "policy"
name = { ja = "施策", en = "policy" }
owner = { ja = "課", en = "section" }

[[series]]
id = "survey"
name = { ja = "満足度", en = "Satisfaction" }
unit = { ja = "%", en = "%" }
shape = "level"
grain = "day"
[[series.definition]]
id = "d"
decimals = 1
text = { ja = "調査", en = "survey" }
[[series.source]]
id = "register"

[[kpi]]
id = "survey"
policy = "policy"
name = { ja = "満足度", en = "Satisfaction" }
unit = { ja = "%", en = "%" }
kind = "level"
series = "survey"
baseline = { year = "FY2017", value = 54.9 }
target = { at_least = 66.1 }
citation = "test"
"#;
const SOURCE: &str =
    "[[source]]\nid = \"register\"\nplan = \"p\"\nkind = \"register\"\ninterval = \"1d\"\npath = \"register.csv\"\n";
const REGISTER: &str = "指標,期間,値\nsurvey,2020-03-31,５４．０％\nsurvey,2021-03-31,58.9\nsurvey,2021-02-28,58.95\n";

fn city() -> City {
    let city = City::empty();
    city.write("plans/p.toml", PLAN);
    city.write("sources.d/p.toml", SOURCE);
    city.write("register.csv", REGISTER);
    city.write("shihyo.toml", "");
    city
}

fn json_of(city: &City, words: &[&str]) -> Value {
    serde_json::from_str(&city.ok(words)).unwrap()
}

#[test]
fn every_answer_is_in_the_unit_and_the_wire_in_steps() {
    let city = city();
    let lines = city.ok(&["collect", "--once", "--dry-run"]);
    let records: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let values: Vec<&Value> = records.iter().filter(|r| r["kind"] == "observation").map(|r| &r["value"]).collect();
    assert_eq!(values, [&json!(540), &json!(589)]);
    let reject = records.iter().find(|r| r["kind"] == "reject").unwrap();
    assert_eq!(
        (&reject["reason"], &reject["row"], &reject["column"]),
        (&json!("too_many_decimals"), &json!(4), &json!("value")),
        "{reject}"
    );
    assert!(reject["file"].as_str().unwrap().ends_with("register.csv"), "{reject}");
    city.ok(&["run", "--once"]);

    let export = city.export("p", "FY2020");
    assert!(export.contains(r#""grain":"fiscal_year","period":"FY2020","value":58.9,"complete":true"#), "{export}");
    assert!(export.contains(r#""grain":"fiscal_year","period":"FY2019","value":54,"complete":true"#), "{export}");
    let kpi = city.kpi("p", Some("FY2020"), "survey");
    assert_eq!(
        (&kpi["value"], &kpi["value_text"], &kpi["status"]),
        (&json!(58.9), &json!("58.9 %"), &json!("off_track"))
    );
    assert_eq!(city.kpi("p", Some("FY2019"), "survey")["value_text"], "54.0 %");

    let explained = json_of(&city, &["explain", "survey", "--json", "--on", "FY2020"]);
    assert_eq!(explained["parts"][0]["figures"][0]["value"], json!(58.9));
    assert!(city.ok(&["explain", "survey", "--on", "FY2020"]).contains("] 58.9 final "));
    for (format, text, steps) in [("md", "58.9 %", "589 %"), ("csv", ",58.9,", ",589,"), ("html", "58.9 %", "589 %")] {
        let report = city.ok(&["report", "--format", format, "--on", "FY2020"]);
        assert!(report.contains(text) && !report.contains(steps), "{format}: {report}");
    }
    let vintages = city.ok(&["report", "--vintages", "survey", "--format", "csv"]);
    assert!(vintages.contains(",58.9,") && !vintages.contains(",589,"), "{vintages}");

    city.write("register.csv", &REGISTER.replace("58.9\n", "59\n"));
    let before = city.ok(&["explain", "survey", "--json", "--on", "FY2020"]);
    let from = serde_json::from_str::<Value>(&before).unwrap()["parts"][0]["figures"][0]["revision"]
        .as_str()
        .unwrap()
        .to_owned();
    city.ok(&["run", "--once"]);
    let diff = city.ok(&["diff", "--from", &from, "--on", "FY2020"]);
    assert!(diff.contains("58.9 final -> 59 final") && diff.contains("58.9 % (off_track) -> 59.0 %"), "{diff}");
    assert!(city.ok(&["explain", "survey", "--on", "FY2020"]).contains("訂正前 / before: 58.9 final"));
}

#[test]
fn decimals_that_were_published_are_refused_by_name_in_every_command_and_another_definition_is_not() {
    let city = city();
    city.ok(&["run", "--once"]);
    let right = city.export("p", "FY2020");
    for (wrong, was) in [("decimals = 2", 1), ("decimals = 0", 1)] {
        city.write("plans/p.toml", &PLAN.replace("decimals = 1", wrong));
        for words in [
            &["check"][..],
            &["run", "--once"],
            &["report", "--format", "json"],
            &["collect", "--once"],
            &["aggregate", "--once"],
        ] {
            let refused = city.run(words);
            let text = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert_eq!(refused.status.code(), Some(78), "{words:?}: {text}");
            assert!(text.contains("plans/p.toml:15: the figures of definition `d` of series `survey`"), "{text}");
            assert!(text.contains(&format!("set it back to {was}, or add a definition with another id")), "{text}");
        }
    }
    // Either memory alone is enough.
    std::fs::rename(city.data().join("bus.db"), city.data().join("bus.away")).unwrap();
    assert_eq!(city.run(&["check"]).status.code(), Some(78), "the store knows");
    std::fs::rename(city.data().join("bus.away"), city.data().join("bus.db")).unwrap();
    std::fs::rename(city.data().join("store-0.db"), city.data().join("store.away")).unwrap();
    assert_eq!(city.run(&["check"]).status.code(), Some(78), "the outbox knows");
    std::fs::rename(city.data().join("store.away"), city.data().join("store-0.db")).unwrap();
    // A finer survey is another definition.
    let two = "id = \"d\"\ndecimals = 1\ntext = { ja = \"調査\", en = \"survey\" }\n";
    let finer =
        format!("{two}[[series.definition]]\nid = \"e\"\ndecimals = 2\ntext = {{ ja = \"調査\", en = \"survey\" }}\n");
    let text =
        PLAN.replace(two, &finer).replace("series = \"survey\"\nbase", "series = \"survey\"\ndefinition = \"d\"\nbase");
    city.write("plans/p.toml", &text);
    city.write(
        "register.csv",
        &REGISTER
            .replace("値\n", "値,定義\n")
            .replace("％\n", "％,d\n")
            .replace("58.9\n", "58.9,d\n")
            .replace("58.95\n", "58.95,e\n"),
    );
    city.ok(&["run", "--once"]);
    let now = city.export("p", "FY2020");
    assert!(now.contains(r#""definition":"e","grain":"month","period":"2021-02","value":58.95"#), "{now}");
    let kpis = |text: &str| text.split("\"rollups\"").next().unwrap().to_owned();
    assert_eq!(kpis(&now), kpis(&right));
}

#[test]
fn what_a_version_of_before_stored_is_whole_for_good() {
    let city = City::before();
    let text = city.read("plans/small.toml");
    city.write("plans/small.toml", &text.replace("id = \"counted\"\n", "id = \"counted\"\ndecimals = 1\n"));
    let refused = city.run(&["rebuild"]);
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && text.contains("definition `counted` of series `downloads`"), "{text}");
    assert!(text.contains("`decimals = 0`, not 1"), "{text}");
}
