//! `shihyo kpi`: a catalogue is tried before it is used.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

mod support;

use support::City;

#[test]
fn scenarios_of_a_city_name_file_line_expected_and_got() {
    let city = City::shipped();
    let folder = city.config().join("scenarios");
    let path = folder.to_str().unwrap();
    let text = city.ok(&["kpi", "test", path]);
    assert!(text.contains("wifi-access-points.txt: 4 expectation(s) hold"), "{text}");

    // The officer eases the target in the catalogue, and the scenario says what that does.
    let plan = city.read("plans/mihon.toml");
    let eased =
        plan.replacen("value = 60 }\ntarget = { at_least = 120 }", "value = 60 }\ntarget = { at_least = 100 }", 1);
    assert_ne!(plan, eased);
    city.write("plans/mihon.toml", &eased);
    let failed = city.run(&["kpi", "test", path]);
    assert_eq!(failed.status.code(), Some(1));
    let text = String::from_utf8(failed.stdout).unwrap();
    assert!(text.contains("wifi-access-points.txt:11: on 2019-09-30: status is on_track, expected: at_risk"), "{text}");
    assert!(text.contains("wifi-access-points.txt:10: on 2019-06-30: path is 72.46, expected: 78.69"), "{text}");
    assert!(String::from_utf8(failed.stderr).unwrap().contains("1 of 1 scenario(s) do not hold"));

    city.write("scenarios/wrong.txt", "--- kpi mihon/wifi\n--- figures\n--- expect\n");
    let wrong = city.run(&["kpi", "test", folder.join("wrong.txt").to_str().unwrap()]);
    assert_eq!(wrong.status.code(), Some(1));
    let text = String::from_utf8(wrong.stdout).unwrap();
    assert!(
        text.contains("wrong.txt:1: no configured plan has the KPI `mihon/wifi` (PLAN/KPI); did you mean"),
        "{text}"
    );

    city.write("plans/mihon.toml", &plan.replacen("at_least =", "at_lest =", 1));
    assert_eq!(city.run(&["kpi", "test", path]).status.code(), Some(78));
}

#[test]
fn the_scenarios_of_the_core_are_such_files() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("aggregator/core/tests/scenarios");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_shihyo"));
    // These scenarios bring their own KPI, so that no configuration is needed.
    command.args(["--config", "no-such-folder", "kpi", "test", folder.to_str().unwrap()]);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.lines().count() >= 95 && text.lines().all(|line| line.ends_with("expectation(s) hold")), "{text}");
}
