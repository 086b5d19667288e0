//! SIGHUP and the service manager: a running service takes what changed, keeps what it had when that is wrong, and
//! says where it is.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

mod support;

use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use support::{City, free_address, get};

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

/// Whether the Wi-Fi inventory itself was read; the register knows some of its figures too.
fn inventory_read(address: SocketAddr) -> bool {
    let path = "/api/v1/plans/mihon/observations?series=wifi-access-points&source=wifi";
    let page: serde_json::Value = serde_json::from_str(&get(address, path).unwrap()).unwrap();
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
    assert!(!inventory_read(address));

    // A mistake: everything goes on as it was.
    city.write("sources.d/mihon.toml", &sources.replacen("kind = ", "kindd = ", 1));
    signal(&child.0, "HUP");
    assert!(said().contains("RELOADING=1"));
    assert_eq!(said().trim(), "READY=1");
    assert!(!inventory_read(address));
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
    until("the new source", || inventory_read(address));
    until("the new target", || kpi(address, "eapply-procedures")["target"] == 987_654);
    assert_ne!(old, 987_654);
    let live = get(address, "/api/v1/plans/mihon/export?on=FY2021").unwrap();
    signal(&child.0, "TERM");
    assert_eq!(said().trim(), "STOPPING=1");
    assert!(child.0.wait().unwrap().success());
    assert_eq!(city.ok(&["rebuild"]), "0 derived row(s) differed\n");
    assert_eq!(city.export("mihon", "FY2021"), live, "as from a start with that configuration");
}
