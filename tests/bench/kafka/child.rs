//! One contender as a process of its own: how long it takes, what it costs, and that it ends.
//!
//! `/usr/bin/time` asks the kernel (`wait4`), so threads and all it waited for are in the figures.

use anyhow::{Context, bail};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than the slowest contender needs on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(5);
/// Notes its process number, then becomes the command.
const NOTED: &str = "echo $$ >\"$1\" && shift && exec \"$@\"";

/// What a contender cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// From its start to its end.
    pub(crate) wall: f64,
    /// User and system.
    pub(crate) cpu: f64,
    /// The most memory it held, in MB of a million bytes.
    pub(crate) peak_mb: f64,
}

/// A contender at work. Dropped, it is ended.
pub(crate) struct Running {
    name: String,
    started: Instant,
    time: Child,
    folder: PathBuf,
}

impl Running {
    /// Starts a command, its output kept in `folder`.
    pub(crate) fn start(name: &str, command: &Command, folder: &Path) -> anyhow::Result<Self> {
        let file = |end: &str| folder.join(format!("{name}.{end}"));
        let mut time = Command::new("/usr/bin/time");
        time.args(["-f", "%U %S %M", "-o"]).arg(file("time"));
        time.args(["sh", "-c", NOTED, "sh"]).arg(file("pid")).arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            time.env(key, value.unwrap_or_default());
        }
        time.stdin(Stdio::null()).stdout(File::create(file("out"))?).stderr(File::create(file("err"))?);
        let started = Instant::now();
        let time = time.spawn().context("/usr/bin/time cannot be started; on Debian: apt-get install time")?;
        Ok(Self { name: name.to_owned(), started, time, folder: folder.to_owned() })
    }

    /// Seconds since its start.
    pub(crate) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Waits until `over`; an error when it ends before, or takes too long.
    pub(crate) fn until(&mut self, mut over: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
        while !over()? {
            if self.time.try_wait()?.is_some() {
                bail!("{} ended too early: {}", self.name, self.said());
            }
            self.patience()?;
        }
        Ok(())
    }

    /// Waits for its end; an error when it failed.
    pub(crate) fn ended(mut self) -> anyhow::Result<Cost> {
        loop {
            if let Some(status) = self.time.try_wait()? {
                let cost = self.cost()?;
                anyhow::ensure!(status.success(), "{} failed: {}", self.name, self.said());
                return Ok(cost);
            }
            self.patience()?;
        }
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn stopped(mut self) -> anyhow::Result<Cost> {
        self.signal("-TERM");
        while self.time.try_wait()?.is_none() {
            self.patience()?;
        }
        self.cost()
    }

    fn patience(&self) -> anyhow::Result<()> {
        if self.started.elapsed() > PATIENCE {
            bail!("{} did not end within {} s: {}", self.name, PATIENCE.as_secs(), self.said());
        }
        std::thread::sleep(POLL);
        Ok(())
    }

    fn cost(&self) -> anyhow::Result<Cost> {
        let wall = self.seconds();
        let text = std::fs::read_to_string(self.file("time"))?;
        // A line before it tells of an exit code other than 0.
        let said: Vec<f64> = text.lines().last().unwrap_or_default().split(' ').flat_map(str::parse).collect();
        let [user, system, kib] = said[..] else { bail!("{}: /usr/bin/time said {text:?}", self.name) };
        Ok(Cost { wall, cpu: user + system, peak_mb: kib * 1024.0 / 1e6 })
    }

    /// The end of what it said.
    fn said(&self) -> String {
        let read = |end| std::fs::read_to_string(self.file(end)).unwrap_or_default();
        let all = format!("{}{}", read("out"), read("err"));
        let lines: Vec<&str> = all.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    fn file(&self, end: &str) -> PathBuf {
        self.folder.join(format!("{}.{end}", self.name))
    }

    fn signal(&self, signal: &str) {
        if let Ok(pid) = std::fs::read_to_string(self.file("pid")) {
            let _ = Command::new("kill").args([signal, pid.trim()]).stderr(Stdio::null()).status();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.time.try_wait(), Ok(None)) {
            self.signal("-KILL");
            let _ = self.time.wait();
        }
        let _ = std::fs::remove_file(self.file("pid"));
    }
}

/// Seconds that a process has worked so far, as far as the system tells; the broker's share.
pub(crate) fn worked(pid: Option<u32>) -> f64 {
    let read = || std::fs::read_to_string(format!("/proc/{}/stat", pid?)).ok();
    let stat = read().unwrap_or_default();
    // Behind the name, which may hold anything; user and system are the 14th and 15th of all, in hundredths.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
