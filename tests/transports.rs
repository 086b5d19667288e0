//! The invented city over the transports that real systems have: a portal's paged interface, files of a server, pages
//! that link to editions, and a log that grows and rotates. Its results are those of the shipped files.
#![allow(clippy::unwrap_used, clippy::format_collect, reason = "a test may stop at what is wrong")]

#[path = "transports/portal.rs"]
mod portal;

use crate::support::City;
use portal::Portal;
use std::fs;
use std::path::Path;

/// The shipped sources, each with `path` replaced by where the portal has it.
fn remote(text: &str, portal: &Portal) -> String {
    let base = portal.base();
    let url = |path: &str, place: &str| (format!("path = \"{path}\""), place.replace("BASE", &base));
    let rows = [
        url("mihon/registers.csv", "url = \"BASE/registers.csv\""),
        url("mihon/registers.xlsx", "url = \"BASE/registers.xlsx\""),
        url("mihon/ckan/package_search.json", "url = \"BASE/api/3/action/\""),
        url("mihon/mynumber", "index = \"BASE/pages/mynumber.html\"\nlink_text = \"*現在*\"\npattern = \"*.csv\""),
        url("mihon/eapply", "index = \"BASE/pages/eapply.html\"\npattern = \"*.csv\""),
        url("mihon/appstore", "index = \"BASE/pages/appstore.html\"\npattern = \"installs_*\""),
        url("mihon/wifi", "index = \"BASE/pages/wifi.html\"\npattern = \"*.csv\""),
        url("mihon/table", "index = \"BASE/pages/table.html\"\npattern = \"*.csv\""),
        ("path = \"mihon/accesslog\"\nfinished = true".to_owned(), "path = \"logs/access.log\"".to_owned()),
    ];
    rows.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from.as_str()), "{from}");
        text.replace(from.as_str(), to)
    })
}

#[test]
fn the_city_comes_to_the_same_results_over_its_real_transports() {
    let (files, network) = (City::shipped(), City::shipped());
    let portal = Portal::start(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config/mihon"));
    network.write("sources.d/mihon.toml", &remote(&network.read("sources.d/mihon.toml"), &portal));
    let shipped = network.config().join("mihon/accesslog");
    let day = |day: &str| fs::read_to_string(shipped.join(format!("access-202203{day}.log"))).unwrap();
    let logs = network.config().join("logs");
    fs::create_dir(&logs).unwrap();
    let grow = |text: &str| {
        let file = fs::OpenOptions::new().create(true).append(true).open(logs.join("access.log"));
        std::io::Write::write_all(&mut file.unwrap(), text.as_bytes()).unwrap();
    };
    // The log grows while it is followed: inside a line, then across a rotation.
    let (first, second) = (day("30"), day("31"));
    let half = first.len() / 2;
    grow(&first[..half]);
    network.ok(&["collect", "--once"]);
    grow(&first[half..]);
    fs::rename(logs.join("access.log"), logs.join("access.log.1")).unwrap();
    grow(&second);
    network.ok(&["run", "--once"]);
    files.ok(&["run", "--once"]);
    for on in ["FY2019", "2020-11-30", "2022-04-10", "FY2021"] {
        let report = |city: &City| city.ok(&["report", "--format", "json", "--plan", "mihon", "--on", on]);
        assert_eq!(report(&network), report(&files), "{on}");
    }
    let hours = |city: &City| -> Vec<(String, String)> {
        let export: serde_json::Value = serde_json::from_str(&city.export("mihon", "2022-03-31")).unwrap();
        let rollups = export["plans"][0]["rollups"].as_array().unwrap().clone();
        let ours = rollups.into_iter().filter(|r| r["series"] == "app-accesses-hourly" && r["grain"] == "hour");
        ours.map(|r| (r["period"].to_string(), format!("{} {}", r["value"], r["complete"]))).collect()
    };
    let (followed, finished) = (hours(&network), hours(&files));
    assert_eq!(finished.len(), 48);
    assert_eq!(followed[0].1, "null false", "the first hour of a log that grows is not known whole");
    assert_eq!(followed[1..], finished[1..], "no line is lost or counted twice on the way");
    assert!(portal.asked("/api/3/action/package_search") > 1, "the portal gives a page at a time");
}
