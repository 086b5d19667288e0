//! `shihyo publish`: what was published stays the same, byte by byte.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support::City;

/// The id in a line of `publish`.
fn id(line: &str) -> String {
    line.split_whitespace().find(|word| word.starts_with("000")).unwrap().trim_end_matches(':').to_owned()
}

fn get(city: &City, id: &str, format: &str) -> String {
    city.ok(&["publish", "--get", id, "--format", format])
}

#[test]
fn a_published_report_outlives_corrections_a_changed_catalogue_a_rebuild_and_the_loss_of_the_store() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let report = |format: &str| city.ok(&["report", "--plan", "mihon", "--on", "FY2021", "--format", format]);
    let before = ["md", "html", "csv"].map(|format| (format, report(format)));
    let words = ["publish", "--plan", "mihon", "--on", "FY2021"];
    let first = id(&city.ok(&words));
    let json = get(&city, &first, "json");
    assert_eq!(json, city.export("mihon", "FY2021"), "with the landings, as `report` prints it");
    assert!(city.ok(&words).starts_with(&format!("already published mihon {first}")));
    for (format, text) in &before {
        assert_eq!(get(&city, &first, format), *text, "{format}");
    }

    let register = city.read("mihon/registers.csv");
    let row = register.lines().rfind(|line| line.starts_with("オープンデータのデータセット数,")).unwrap();
    let cells: Vec<&str> = row.split(',').collect();
    let corrected = row.replace(&format!(",{},", cells[2]), ",7,");
    city.write("mihon/registers.csv", &register.replace(row, &corrected));
    let plan = city.read("plans/mihon.toml");
    let target = plan.lines().find(|line| line.starts_with("target = { at_least")).unwrap();
    city.write("plans/mihon.toml", &plan.replacen(target, &target.replacen("at_least = ", "at_least = 9", 1), 1));
    city.ok(&["run", "--once"]);
    assert_ne!(report("md"), before[0].1, "the figures are other ones now");
    let check = |when: &str| {
        for (format, text) in &before {
            assert_eq!(get(&city, &first, format), *text, "{when}: {format}");
        }
        assert_eq!(get(&city, &first, "json"), json, "{when}");
    };
    check("corrected");
    let second = id(&city.ok(&words));
    assert!(second.starts_with("0002-"), "{second}");
    assert_ne!(get(&city, &second, "md"), before[0].1);
    city.ok(&["rebuild"]);
    check("rebuilt");
    for entry in std::fs::read_dir(city.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::remove_file(path).unwrap();
        }
    }
    check("without stores");

    let list = city.ok(&["publish", "--list", "--plan", "mihon"]);
    assert!(list.contains(&first) && list.contains(&second) && list.matches("SHA-256").count() == 10, "{list}");
    let path = city.data().join("publications/mihon").join(&first).join("report.csv");
    std::fs::write(&path, "changed by hand").unwrap();
    let output = city.run(&["publish", "--list", "--plan", "mihon"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success() && text.contains(&format!("{} is damaged", path.display())), "{text}");
    assert!(!city.run(&["publish", "--get", &first, "--format", "csv"]).status.success());
    assert_eq!(get(&city, &first, "md"), before[0].1);
}

#[test]
fn an_embargo_without_a_token_is_refused() {
    let city = City::shipped();
    let settings = city.read("shihyo.toml").replacen("[http]\n", "[http]\nembargo = true\n", 1);
    city.write("shihyo.toml", &settings);
    let output = city.run(&["run", "--once"]);
    let output = if output.status.success() { city.run(&["run"]) } else { output };
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && text.contains("`http.embargo = true` needs a token"), "{text}");
}
