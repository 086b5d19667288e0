//! A city of its own in a temporary folder, and the binary run on it.
#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses its part, and a test may stop at what is wrong")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// A setting of the environment that `tests/run --servers` makes.
pub(crate) fn server(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/run --servers, which sets it"))
}

/// A port of this machine that nobody listens on.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The body of an answer of 200.
pub(crate) fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.0 200").then(|| body.to_owned())
}

/// A configuration in a temporary folder, with its data beside it.
pub(crate) struct City {
    folder: tempfile::TempDir,
}

impl City {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        let city = Self { folder: tempfile::tempdir().unwrap() };
        for part in ["plans", "sources.d"] {
            std::fs::create_dir_all(city.config().join(part)).unwrap();
        }
        city
    }

    /// A copy of the shipped configuration.
    pub(crate) fn shipped() -> Self {
        let city = Self { folder: tempfile::tempdir().unwrap() };
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config"), &city.config());
        city
    }

    /// The configuration and data that an earlier version left behind (`tests/fixtures/before`).
    pub(crate) fn before() -> Self {
        let city = Self { folder: tempfile::tempdir().unwrap() };
        copy(&before("config"), &city.config());
        copy(&before("data"), &city.data());
        city
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Writes a file that is at rest: its time of change lies some seconds back.
    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.config().join(file);
        std::fs::write(&path, text).unwrap();
        let file = std::fs::File::options().write(true).open(path).unwrap();
        let earlier = file.metadata().unwrap().modified().unwrap() - Duration::from_secs(10);
        file.set_modified(earlier).unwrap();
    }

    /// Writes a file that was not there.
    pub(crate) fn write_new(&self, file: &str, text: &str) {
        std::fs::write(self.config().join(file), "").unwrap();
        self.write(file, text);
    }

    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.config().join(file)).unwrap()
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shihyo"));
        command.arg("--config").arg(self.config()).args(words);
        command.env("SHIHYO__HTTP__LISTEN", "127.0.0.1:0").stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Runs a command that must succeed, and returns what it printed.
    pub(crate) fn ok(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a command that goes on, its log kept.
    pub(crate) fn start(&self, words: &[&str]) -> Child {
        self.command(words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The canonical export of a plan.
    pub(crate) fn export(&self, plan: &str, on: &str) -> String {
        self.ok(&["report", "--format", "json", "--rollups", "--plan", plan, "--on", on])
    }

    /// One KPI of a plan's report.
    pub(crate) fn kpi(&self, plan: &str, on: Option<&str>, kpi: &str) -> serde_json::Value {
        let mut words = vec!["report", "--format", "json", "--plan", plan];
        words.extend(on.iter().flat_map(|on| ["--on", on]));
        let report: serde_json::Value = serde_json::from_str(&self.ok(&words)).unwrap();
        let kpis = report["plans"][0]["kpis"].as_array().unwrap().clone();
        kpis.into_iter().find(|k| k["id"] == kpi).unwrap_or_else(|| panic!("no KPI {kpi}"))
    }
}

/// A folder of what an earlier version left behind.
pub(crate) fn before(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/before").join(part)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
            let modified = entry.metadata().unwrap().modified().unwrap();
            std::fs::File::options().write(true).open(target).unwrap().set_modified(modified).unwrap();
        }
    }
}
