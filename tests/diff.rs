//! `shihyo diff`: what became known between two times, from which file, and what it did to the KPIs.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support::City;
use serde_json::Value;

/// The latest revision behind any KPI: a time at which all of that was known.
fn known(city: &City) -> String {
    let report: Value = serde_json::from_str(&city.ok(&["report", "--format", "json", "--plan", "mihon"])).unwrap();
    let ids = report["plans"][0]["kpis"].as_array().unwrap().iter().map(|kpi| kpi["id"].as_str().unwrap().to_owned());
    let latest = |kpi: String| {
        let explained: Value =
            serde_json::from_str(&city.ok(&["explain", &kpi, "--plan", "mihon", "--on", "2022-08-31", "--json"]))
                .unwrap();
        let parts = explained["parts"].as_array().unwrap().clone();
        let figures = parts.into_iter().flat_map(|part| part["figures"].as_array().unwrap().clone());
        figures.map(|figure| figure["revision"].as_str().unwrap().to_owned()).max()
    };
    ids.filter_map(latest).max().unwrap()
}

#[test]
fn a_correction_a_new_figure_and_a_withdrawal_are_listed_with_their_file_and_what_they_did() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let before = known(&city);
    let register = city.read("mihon/registers.csv");
    let more = "テレビ会議の開催数,2020年7月,900,確定,担当E,2022/7/1,訂正\n\
                電子申請の利用件数,2020年7月,－,確定,担当B,2022/7/1,取下げ\n\
                電子申請の利用件数,2022年4月,2500,確定,担当B,2022/7/1,\n";
    city.write("mihon/registers.csv", &format!("{register}{more}"));
    city.ok(&["run", "--once"]);
    let after = known(&city);
    assert!(before < after, "{before} {after}");
    let words = ["diff", "--from", &before, "--to", &after, "--plan", "mihon", "--on", "FY2020"];
    let text = city.ok(&words);
    for line in [
        "3 figure(s) differ",
        "  eapply-applications/accepted 2022-04 by register: nothing -> 2500 final",
        "-> 900 final",
        "-> unknown (missing) final",
        ", from mihon/registers.csv row 309, SHA-256 ",
        ", from mihon/registers.csv row 310, SHA-256 ",
        ", from mihon/registers.csv row 311, SHA-256 ",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let json: Value = serde_json::from_str(&city.ok(&[&words[..], &["--json"]].concat())).unwrap();
    let changed: Vec<&str> = json["kpis"].as_array().unwrap().iter().map(|kpi| kpi["id"].as_str().unwrap()).collect();
    assert_eq!(changed, ["eapply-applications", "video-meetings"]);
    assert_eq!(json["catalogues"], serde_json::json!([]));
    let one = city.ok(&[&words[..], &["--series", "video-meetings"]].concat());
    assert!(one.contains("1 figure(s) differ"), "{one}");
}

#[test]
fn nothing_changed_says_so_and_a_changed_catalogue_is_told() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let before = known(&city);
    let plan = city.read("plans/mihon.toml");
    let target = "target = { at_least = 8 }";
    assert!(plan.contains(target));
    city.write("plans/mihon.toml", &plan.replacen(target, "target = { at_least = 9 }", 1));
    city.ok(&["run", "--once"]);
    let json: Value =
        serde_json::from_str(&city.ok(&["diff", "--from", &before, "--plan", "mihon", "--on", "FY2021", "--json"]))
            .unwrap();
    assert_eq!(json["figures"], serde_json::json!([]));
    assert_eq!(json["catalogues"].as_array().unwrap().len(), 1);
    let kpi = &json["kpis"][0];
    assert_eq!(
        (&kpi["id"], &kpi["before"]["target"], &kpi["after"]["target"]),
        (&"shared-platform-systems".into(), &8.into(), &9.into())
    );
    assert_eq!((&kpi["before"]["status"], &kpi["after"]["status"]), (&"achieved".into(), &"missed".into()));
}

#[test]
fn times_that_make_no_sense_are_refused() {
    let city = City::shipped();
    let output = city.run(&["diff", "--from", "2022-07-01T00:00:00+09:00", "--to", "2022-07-01T00:00:00+09:00"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`--from` must be before `--to`"));
    assert_eq!(city.run(&["diff", "--from", "yesterday"]).status.code(), Some(2));
}
