//! What an earlier version left behind still opens: store, outbox, bundles, configuration, and the exports it printed.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support::{City, before};
use std::process::Output;

/// What this version prints of the old data. Judgements follow the rules of today (`rules_version` 2), so these were printed anew
/// when the rules changed; `rules-1` has what the earlier version itself printed.
const EXPORTS: [(&str, &[&str]); 8] = [
    ("2020-11-30.json", &["report", "--format", "json", "--rollups", "--on", "2020-11-30"]),
    ("FY2020.json", &["report", "--format", "json", "--rollups", "--on", "FY2020"]),
    ("FY2021.json", &["report", "--format", "json", "--rollups", "--on", "FY2021"]),
    ("2020-11-30.md", &["report", "--format", "md", "--on", "2020-11-30"]),
    ("2020-11-30.html", &["report", "--format", "html", "--on", "2020-11-30"]),
    ("2020-11-30.csv", &["report", "--format", "csv", "--on", "2020-11-30"]),
    ("explain-downloads.json", &["explain", "downloads", "--on", "2020-11-30", "--json"]),
    ("explain-downloads.txt", &["explain", "downloads", "--on", "2020-11-30"]),
];

/// An export without its style sheet, which is of the version that prints it.
fn without_style(export: &str) -> String {
    let styled = export.split_once("<style>").and_then(|(head, rest)| Some((head, rest.split_once("</style>")?.1)));
    styled.map_or_else(|| export.to_owned(), |(head, body)| head.to_owned() + body)
}

fn assert_exports(city: &City) {
    for (file, words) in EXPORTS {
        let expected = std::fs::read_to_string(before("exports").join(file)).unwrap();
        assert_eq!(without_style(&city.ok(words)), without_style(&expected), "{file}");
    }
}

/// The figures are those that the earlier version printed, whatever the rules of judging: every rollup, and the values of the KPIs.
fn assert_figures(city: &City) {
    for (file, words) in &EXPORTS[..3] {
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["plans"][0].take();
        let before = read(&std::fs::read_to_string(before("exports/rules-1").join(file)).unwrap());
        let after = read(&city.ok(words));
        assert!(before["rollups"].as_array().unwrap().len() > 10, "{file}");
        assert_eq!(after["rollups"], before["rollups"], "{file}");
        let values = |plan: &serde_json::Value| -> Vec<serde_json::Value> {
            let kpis = plan["kpis"].as_array().unwrap().iter();
            kpis.map(|kpi| serde_json::json!([kpi["id"], kpi["value"], kpi["as_of"], kpi["carried"]])).collect()
        };
        assert_eq!(values(&after), values(&before), "{file}");
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_store_of_before_is_refused_by_name_then_rebuilt_to_the_same_exports() {
    let city = City::before();
    let refused = city.run(&["report", "--format", "json"]);
    assert!(!refused.status.success() && stderr(&refused).contains("run `shihyo rebuild`"), "{}", stderr(&refused));
    // The judgements of one KPI: its guide follows the season of the year before, since `rules_version` 2.
    assert_eq!(city.ok(&["rebuild"]).lines().next(), Some("2 derived row(s) differed"));
    assert_eq!(city.ok(&["rebuild"]).lines().next(), Some("0 derived row(s) differed"));
    assert_exports(&city);
    assert_figures(&city);
}

#[test]
fn an_outbox_of_before_knows_what_it_published() {
    let city = City::before();
    let output = city.run(&["run", "--once"]);
    let log = stderr(&output);
    for line in
        ["small register: unchanged, 0 figure(s), 0 reject(s)", "small accesslog: unchanged, 0 figure(s), 0 reject(s)"]
    {
        assert!(log.contains(line), "{log}");
    }
    assert_exports(&city);
}

#[test]
fn a_bundle_of_before_is_read_once() {
    let city = City::before();
    let bundles = before("bundles").display().to_string();
    assert!(city.ok(&["bundle", "read", &bundles]).contains("neighbour: 0 bundle(s) read, 0 record(s); 1 read before"));
    std::fs::remove_dir_all(city.data()).unwrap();
    let read = city.ok(&["bundle", "read", &bundles]);
    assert!(read.contains("neighbour: 1 bundle(s) read (1), 45 record(s); 0 read before"), "{read}");
    assert!(read.contains("small-town: 1 bundle(s) read (1), 48 record(s); 0 read before"), "{read}");
    city.ok(&["aggregate", "--once"]);
    let export = city.ok(&["report", "--format", "json", "--rollups", "--on", "FY2021"]);
    assert_eq!(export, std::fs::read_to_string(before("exports").join("FY2021.json")).unwrap());
}

#[test]
fn a_configuration_of_before_is_read() {
    let city = City::before();
    let checked = "small: 2 KPIs, 3 series\n2 source(s); no mistake\n";
    assert_eq!(city.ok(&["check"]), checked);
    for (key, count) in [("`alerts.hold_s`", 1), ("`alerts.link`", 1), ("`every`", 2)] {
        for command in [&["check"][..], &["aggregate", "--once"]] {
            assert_eq!(stderr(&city.run(command)).matches(key).count(), count, "{command:?} warns of {key}");
        }
    }
    let fixed = city.run(&["check", "--fix"]);
    let file = city.config().join("shihyo.toml").display().to_string();
    let sources = city.config().join("sources.d/small.toml").display().to_string();
    let changes = format!(
        "{file}:11: `alerts.hold_s` is now `alerts.for = \"1s\"`\n\
         {file}:12: `alerts.link` is now `alerts.external_url = \"https://kpi.example.jp\"`\n\
         {sources}:5: `every` is now `interval`\n{sources}:22: `every` is now `interval`\n"
    );
    assert_eq!(String::from_utf8(fixed.stdout).unwrap(), changes + checked);
    let before = std::fs::read_to_string(before("config").join("shihyo.toml")).unwrap();
    let after = before.replace("hold_s = 1\nlink =", "for = \"1s\"\nexternal_url =");
    assert_eq!(city.read("shihyo.toml"), after, "nothing else of the file changes");
    let again = city.run(&["check", "--fix"]);
    assert_eq!((String::from_utf8(again.stdout.clone()).unwrap().as_str(), stderr(&again).as_str()), (checked, ""));
    assert_exports(&city);
}

#[test]
fn old_and_new_keys_together_are_a_mistake() {
    let city = City::before();
    city.write("shihyo.toml", &city.read("shihyo.toml").replace("link =", "external_url = \"http://a\"\nlink ="));
    let output = city.run(&["check"]);
    assert_eq!(output.status.code(), Some(78));
    assert!(stderr(&output).contains("`alerts.link` is the old name of `alerts.external_url`"), "{}", stderr(&output));
}

#[test]
fn the_environment_overrides_under_both_names() {
    let city = City::before();
    for (name, value) in [("SHIHYO__ALERTS__LINK", "nowhere"), ("SHIHYO__ALERTS__EXTERNAL_URL", "nowhere")] {
        let output = city.command(&["check"]).env(name, value).output().unwrap();
        assert_eq!(output.status.code(), Some(78), "{name} wins over the file");
        assert!(stderr(&output).contains("alerts.external_url must be like"), "{}", stderr(&output));
    }
}
