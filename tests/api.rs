//! The interface for machines, asked of a running service as its users would.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support;
use crate::support::{City, free_address};
use bus::{Outbox, Outgoing, SqliteOutbox};
use contract::time::{Clock, Micros};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};

const TOKEN: &str = "0123456789abcdef";

struct Later;

impl Clock for Later {
    fn now(&self) -> Micros {
        Micros(1_900_000_000_000_000)
    }
}

pub(crate) fn ask(address: SocketAddr, line: &str, headers: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "{line} HTTP/1.0\r\nHost: {address}\r\n{headers}\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

pub(crate) fn json(address: SocketAddr, path: &str) -> Value {
    let (status, body) = ask(address, &format!("GET /api/v1{path}"), "");
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// Ended with the test, however that ends.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

/// Starts the service and waits until it is ready.
pub(crate) fn serving(city: &City, address: SocketAddr, words: &[&str]) -> Running {
    let mut command = city.command(words);
    command.env("SHIHYO__HTTP__LISTEN", address.to_string()).env("SHIHYO__HTTP__TOKEN", TOKEN);
    let mut child = Running(command.spawn().unwrap());
    until(|| {
        assert!(child.0.try_wait().unwrap().is_none(), "it ended");
        support::get(address, "/readyz").is_some()
    });
    child
}

fn until(mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_mins(1), "waited for a minute");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub(crate) fn end(mut child: Running) {
    Command::new("kill").arg(child.0.id().to_string()).status().unwrap();
    assert!(child.0.wait().unwrap().success());
}

#[test]
fn what_the_command_line_says_the_interface_says() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let (address, export) = (free_address(), city.export("mihon", "FY2021"));
    let child = serving(&city, address, &["aggregate"]);
    let (_, body) = ask(address, "GET /api/v1/plans/mihon/export?on=FY2021", "");
    assert_eq!(body, export, "the same bytes");
    let plans = json(address, "/plans");
    assert_eq!(plans["items"].as_array().unwrap().len(), 3);
    // Every observation once, each with the visit that saw it.
    let (mut seen, mut next) = (0, String::new());
    loop {
        let page = json(address, &format!("/plans/mihon/observations?limit=50{next}"));
        for one in page["items"].as_array().unwrap() {
            assert!(one["seen"]["address"].is_string(), "{one}");
            seen += 1;
        }
        match page["next"].as_str() {
            Some(cursor) => next = format!("&after={cursor}"),
            None => break,
        }
    }
    let all = city.ok(&["tap", "--from-start", "--once", "--kind", "observation", "--plan", "mihon"]);
    assert_eq!(seen, all.lines().count());
    let wifi = json(address, "/plans/mihon/observations?series=wifi-access-points&source=wifi");
    assert_eq!(wifi["items"].as_array().unwrap().len(), 2);
    assert_eq!(json(address, "/plans/mihon/observations?series=never-said")["items"], serde_json::json!([]));
    end(child);
}

#[test]
fn quarantine_is_judged_again_while_the_service_runs() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let address = free_address();
    let child = serving(&city, address, &["aggregate"]);
    let outbox = SqliteOutbox::open(city.data().join("bus.db"), Arc::new(Later)).unwrap();
    let record = Outgoing { key: "mihon".into(), revision: Micros(1), body: b"not a record".to_vec() };
    tokio::runtime::Runtime::new().unwrap().block_on(outbox.publish(vec![record], Vec::new())).unwrap();
    until(|| json(address, "/quarantine")["items"].as_array().unwrap().len() == 1);
    let before = ask(address, "GET /api/v1/plans/mihon/export?on=FY2021", "").1;
    assert_eq!(ask(address, "POST /api/v1/quarantine/replay", "").0, 401);
    let (status, body) = ask(address, "POST /api/v1/quarantine/replay", &format!("Authorization: Bearer {TOKEN}\r\n"));
    assert_eq!((status, body.as_str()), (202, "{\"waiting\":1}"));
    // It is closed and opened once, and says the same afterwards.
    until(|| support::get(address, "/readyz").is_some());
    until(|| ask(address, "GET /api/v1/plans/mihon/export?on=FY2021", "").1 == before);
    assert_eq!(json(address, "/quarantine")["items"][0]["reason"], "malformed");
    end(child);
}

#[test]
fn a_viewer_without_kafka_is_refused_with_its_remedy() {
    let output = City::shipped().run(&["view"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("needs the section [kafka]") && said.contains("`shihyo run`"),
        "{said}"
    );
}
