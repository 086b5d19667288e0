//! `check` and a dry run suggest `from` for a source whose figures begin later than a KPI asks for them.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support::City;

/// What a command suggests on stderr.
fn hints(city: &City, words: &[&str]) -> Vec<String> {
    let output = city.run(words);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{words:?}: {text}");
    text.lines().filter_map(|line| line.strip_prefix("hint: ")).map(str::to_owned).collect()
}

#[test]
fn the_first_month_that_is_known_is_suggested_by_what_is_read_and_by_what_is_stored() {
    let city = City::shipped();
    let dry_run = ["collect", "--once", "--dry-run"];
    assert_eq!(hints(&city, &["check"]), [""; 0], "nothing is stored");
    assert_eq!(hints(&city, &dry_run), [""; 0]);

    // The downloads are known from August 2019 on.
    let register = city.read("mihon/registers.csv");
    let is_early = |line: &str| {
        let months = ["平成30年", "平成31年", "令和元年5月", "令和元年6月", "令和元年7月"];
        line.starts_with("オープンデータのダウンロード数,") && months.iter().any(|month| line.contains(month))
    };
    let later: Vec<&str> = register.lines().filter(|line| !is_early(line)).collect();
    city.write("mihon/registers.csv", &later.join("\n"));
    let plan = city.read("plans/mihon.toml");
    let series = plan.find("id = \"opendata-downloads\"").unwrap();
    let source = series + plan[series..].find("[[series.source]]").unwrap();
    let line = plan[..source].lines().count() + 1;
    let expected = format!(
        "{}:{line}: the figures of source `register` begin on 2019-08-01, and KPI `opendata-downloads` asks series \
         `opendata-downloads` for them since 2019-04-01: without `from = \"2019-08-01\"` the months before count as missing",
        city.config().join("plans/mihon.toml").display()
    );
    assert_eq!(hints(&city, &dry_run), [expected.as_str()]);
    city.ok(&["run", "--once"]);
    assert_eq!(hints(&city, &["check"]), [expected.as_str()]);

    let key = source + "[[series.source]]\nid = \"register\"\n".len();
    city.write("plans/mihon.toml", &format!("{}from = \"2019-08-01\"\n{}", &plan[..key], &plan[key..]));
    assert_eq!(hints(&city, &["check"]), [""; 0]);
    assert_eq!(hints(&city, &dry_run), [""; 0]);
}
