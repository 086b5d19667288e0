//! `shihyo kpi`: a catalogue is tried before it is used.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support::City;

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

/// `kpi plan` with a changed configuration beside the city's own.
fn preview(city: &City, format: &str) -> Option<String> {
    let changed = city.config().with_file_name("changed");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_shihyo"));
    command.arg("--config").arg(changed).args(["kpi", "plan", "--plan", "kawasaki", "--format", format]);
    let output = command.output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// Copies the configuration, and changes a text of some files in the copy.
fn change(city: &City, changes: &[(&str, &str, &str)]) {
    let copy = city.config().with_file_name("changed");
    let copied = std::process::Command::new("cp").arg("-r").arg(city.config()).arg(&copy).status().unwrap();
    assert!(copied.success());
    for (file, from, to) in changes {
        let text = std::fs::read_to_string(copy.join(file)).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(copy.join(file), text.replacen(from, to, 1)).unwrap();
    }
}

/// Name and bytes of every file of the data folder.
fn data(city: &City) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let (mut files, mut folders) = (Vec::new(), vec![city.data()]);
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                // Who reads a database may leave an empty log and a shared index beside it.
                let bytes = std::fs::read(&path).unwrap();
                let beside = path.to_string_lossy().ends_with("-shm") || bytes.is_empty();
                files.extend((!beside).then_some((path, bytes)));
            }
        }
    }
    files.sort();
    files
}

const PLAN: &str = "plans/kawasaki.toml";

#[test]
fn a_changed_target_is_shown_day_by_day_with_its_alerts_and_nothing_is_written() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let target = "value = 13.6 }\ntarget = { at_least = ";
    change(&city, &[(PLAN, &format!("{target}20 }}"), &format!("{target}60 }}"))]);
    let before = data(&city);
    let text = preview(&city, "text").unwrap();
    for line in [
        "1 KPI(s) differ, 13 stay as they are",
        " (achieved, target 20) -> 47.98 % (missed, target 60)",
        "  2019-04-01 to 2020-04-30: on_track -> off_track\n",
        "  2020-05-01 to 2022-03-31: achieved -> off_track\n",
        "  alert trend would have fired: 2019-04-01 to now\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    // Each day is what `report --on DAY` says.
    let json: serde_json::Value = serde_json::from_str(&preview(&city, "json").unwrap()).unwrap();
    let spans = json["plans"][0]["kpis"][0]["statuses"].as_array().unwrap().clone();
    assert_eq!(spans.len(), 3);
    for (span, day) in spans.iter().flat_map(|span| [(span, &span["from"]), (span, &span["to"])]) {
        let now = city.kpi("kawasaki", day.as_str(), "mynumber-rate");
        assert_eq!(now["status"], span["before"], "{day}");
    }
    let csv = preview(&city, "csv").unwrap();
    assert!(csv.contains("kawasaki,mynumber-rate,alert,trend,,,,firing,2019-04-01,\r\n"), "{csv}");
    let md = preview(&city, "md").unwrap();
    assert!(md.contains("| 2020-05-01 | 2022-03-31 | ✔ 達成 achieved | ■ 遅れ off track |"), "{md}");
    assert!(before == data(&city), "a preview must not write");

    // The same while the service runs.
    let mut service = city.start(&["run"]);
    let until = std::time::Instant::now() + std::time::Duration::from_mins(1);
    let found = loop {
        match preview(&city, "csv") {
            Some(found) => break Some(found),
            None if std::time::Instant::now() > until => break None,
            None => std::thread::sleep(std::time::Duration::from_millis(200)),
        }
    };
    assert!(service.try_wait().unwrap().is_none(), "the service still runs");
    service.kill().unwrap();
    service.wait().unwrap();
    assert_eq!(found.as_deref(), Some(csv.as_str()));
}

#[test]
fn figures_that_a_changed_catalogue_does_not_take_are_counted() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    // The counting rule of the population gets another id: figures by the old one count no more.
    let old = "definition = \"edition\"";
    let new = "definition = \"edition-2\"";
    let rule = (PLAN, "id = \"edition\"", "id = \"edition-2\"");
    change(&city, &[rule, (PLAN, old, new), ("sources.d/kawasaki.toml", old, new)]);
    let text = preview(&city, "text").unwrap();
    assert!(text.contains("figure(s) that count now would go to quarantine\n"), "{text}");
    assert!(text.contains(" (achieved, target 20) -> – (no_data, target 20)"), "{text}");
}
