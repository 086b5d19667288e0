//! A running replay, and the reports about the folder that it kept.

use crate::support::{City, free_address, get};
use contract::time::{date_of, day_number, parse_date};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a replay may take to answer.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A replay that goes on until it is dropped.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Running {
    pub(crate) fn start(city: &City, words: &[&str]) -> Self {
        let mut command = city.command(&[&["run", "--replay"], words].concat());
        command.env("SHIHYO__LOG__LEVEL", "warn").stdout(Stdio::null()).stderr(Stdio::inherit());
        Self::spawn(command)
    }

    /// Starts a command that serves pages.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let address = free_address();
        let child = command.env("SHIHYO__HTTP__LISTEN", address.to_string()).spawn().unwrap();
        Self { child, address }
    }

    /// Ends it as Ctrl-C does; true when it ends well and in time.
    pub(crate) fn interrupt(&mut self) -> bool {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        let began = Instant::now();
        while sent.success() && began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// The canonical export of a plan as it is shown now, without landings, and the day that it is of.
    pub(crate) fn export(&self, plan: &str) -> Option<(String, String)> {
        let text = get(self.address, &format!("/plans/{plan}/report.json?rollups=1"))?;
        let report: Value = serde_json::from_str(&text).unwrap();
        Some((report["plans"][0]["on"].as_str().unwrap().to_owned(), without_landings(&text)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An export without its landings: a service computes them beside its figures, so they may come a moment later.
pub(crate) fn without_landings(text: &str) -> String {
    let mut report: Value = serde_json::from_str(text).unwrap();
    for kpi in report["plans"][0]["kpis"].as_array_mut().unwrap() {
        assert!(kpi.as_object_mut().unwrap().remove("landing").is_some());
    }
    report.to_string()
}

/// The canonical export of a plan on a day by what was known at the end of another, from the folder of a replay.
pub(crate) fn vintage(city: &City, data: &Path, plan: &str, (on, known): (&str, &str)) -> String {
    let words = ["report", "--format", "json", "--rollups", "--plan", plan, "--on", on, "--known-at", known];
    let output = city.command(&words).env("SHIHYO__DATA_DIR", data).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn day_before(day: &str) -> String {
    date_of(day_number(parse_date(day).unwrap()) - 1).to_string()
}
