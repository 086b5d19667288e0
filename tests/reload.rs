//! SIGHUP and the service manager: a running service takes what changed, keeps what it had when that is wrong, and
//! says where it is.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support::{City, free_address, get};
use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_mins(1), "waited for a minute: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Ended with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap().success());
}

fn kpi(address: SocketAddr, kpi: &str) -> serde_json::Value {
    let body = get(address, "/api/v1/plans/mihon/kpis?on=FY2021&limit=100").unwrap_or_default();
    let page: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
    page["items"].as_array().into_iter().flatten().find(|one| one["id"] == kpi).cloned().unwrap_or_default()
}

/// Whether a source has given any figure.
fn has_given(address: SocketAddr, source: &str) -> bool {
    let body = get(address, &format!("/api/v1/plans/mihon/observations?source={source}&limit=1")).unwrap();
    let page: serde_json::Value = serde_json::from_str(&body).unwrap();
    !page["items"].as_array().unwrap().is_empty()
}

#[test]
fn a_reload_takes_what_changed_and_a_mistake_changes_nothing() {
    let (city, address) = (City::shipped(), free_address());
    let manager = UnixDatagram::bind(city.data().with_extension("notify")).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let said = || {
        let mut buffer = [0; 256];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    // A source whose folder is not there; it would be asked again only much later.
    let sources = city.read("sources.d/mihon.toml");
    assert!(sources.contains("path = \"mihon/wifi\""));
    city.write("sources.d/mihon.toml", &sources.replace("path = \"mihon/wifi\"", "path = \"mihon/nowhere\""));
    let mut command = city.command(&["run"]);
    command.env("SHIHYO__HTTP__LISTEN", address.to_string());
    command.env("NOTIFY_SOCKET", city.data().with_extension("notify"));
    let mut child = Running(command.spawn().unwrap());
    assert_eq!(said().trim(), "READY=1");
    until("ready", || get(address, "/readyz").is_some());
    until("figures", || kpi(address, "eapply-procedures")["value"].is_number());
    // Its file takes longest to read; the export must not be taken before.
    until("the slowest source", || has_given(address, "mynumber"));
    assert!(!has_given(address, "wifi"));

    // A mistake: everything goes on as it was.
    city.write("sources.d/mihon.toml", &sources.replacen("kind = ", "kindd = ", 1));
    signal(&child.0, "HUP");
    assert!(said().contains("RELOADING=1"));
    assert_eq!(said().trim(), "READY=1");
    assert!(!has_given(address, "wifi"));
    // A source more, and a KPI with another target.
    city.write("sources.d/mihon.toml", &sources);
    let plan = city.read("plans/mihon.toml");
    let old = kpi(address, "eapply-procedures")["target"].clone();
    let at = plan.find("id = \"eapply-procedures\"\npolicy").unwrap();
    let target = at + plan[at..].find("target = ").unwrap();
    let end = target + plan[target..].find('\n').unwrap();
    city.write("plans/mihon.toml", &format!("{}target = {{ at_least = 987654 }}{}", &plan[..target], &plan[end..]));
    signal(&child.0, "HUP");
    assert!(said().contains("RELOADING=1"));
    assert_eq!(said().trim(), "READY=1");
    until("the new source", || has_given(address, "wifi"));
    until("the new target", || kpi(address, "eapply-procedures")["target"] == 987_654);
    assert_ne!(old, 987_654);
    let live = get(address, "/api/v1/plans/mihon/export?on=FY2021").unwrap();
    signal(&child.0, "TERM");
    assert_eq!(said().trim(), "STOPPING=1");
    assert!(child.0.wait().unwrap().success());
    assert_eq!(city.ok(&["rebuild"]), "0 derived row(s) differed\n");
    assert_eq!(city.export("mihon", "FY2021"), live, "as from a start with that configuration");
}

#[test]
fn whoever_is_told_that_it_has_begun_may_end_it_at_once() {
    let city = City::shipped();
    let manager = UnixDatagram::bind(city.data().with_extension("notify")).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    for round in 0..10 {
        let mut command = city.command(&["run"]);
        command.env("NOTIFY_SOCKET", city.data().with_extension("notify"));
        let mut child = Running(command.spawn().unwrap());
        for word in ["READY=1", "STOPPING=1"] {
            let mut buffer = [0; 64];
            let length = manager.recv(&mut buffer).unwrap();
            assert_eq!(String::from_utf8_lossy(&buffer[..length]).trim(), word, "round {round}");
            if word == "READY=1" {
                signal(&child.0, "TERM");
            }
        }
        assert!(child.0.wait().unwrap().success(), "round {round}");
    }
}

#[test]
fn a_reload_that_is_requested_before_the_configuration_is_read_is_done() {
    let city = City::shipped();
    let manager = UnixDatagram::bind(city.data().with_extension("notify")).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // A pipe in place of a plan: the process waits in the middle of its start until the test writes.
    let plan = city.config().join("plans/mihon.toml");
    let text = city.read("plans/mihon.toml");
    std::fs::remove_file(&plan).unwrap();
    assert!(Command::new("mkfifo").arg(&plan).status().unwrap().success());
    let mut command = city.command(&["run"]);
    command.env("NOTIFY_SOCKET", city.data().with_extension("notify"));
    let child = Running(command.spawn().unwrap());
    let mut pipe = std::fs::OpenOptions::new().write(true).open(&plan).unwrap();
    signal(&child.0, "HUP");
    std::io::Write::write_all(&mut pipe, text.as_bytes()).unwrap();
    std::fs::remove_file(&plan).unwrap();
    city.write("plans/mihon.toml", &text);
    drop(pipe);
    let mut states = std::iter::from_fn(|| {
        let mut buffer = [0; 256];
        let length = manager.recv(&mut buffer).unwrap();
        Some(String::from_utf8(buffer[..length].to_vec()).unwrap())
    });
    assert!(states.any(|state| state.contains("RELOADING=1")));
    assert!(states.any(|state| state.trim() == "READY=1"));
    signal(&child.0, "TERM");
    assert!(states.any(|state| state.trim() == "STOPPING=1"));
}
