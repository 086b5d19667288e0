//! Aggregators of one group, and the trouble they get into.

use crate::city::{Expected, ON, Topic, cities};
use crate::shown::Shown;
use crate::support::{City, free_address, get};
use crate::workload;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How an export begins.
const HEAD: &str = "{\"rules_version\":2,\"plans\":[";
/// Longer than the group's session, so that a stopped member is given up and comes back as a zombie.
const STOPPED: Duration = Duration::from_secs(9);
/// Between two pieces of trouble.
const PAUSE: Duration = Duration::from_millis(1200);

pub(crate) struct Members<'a> {
    topic: &'a Topic,
    all: Vec<Member>,
    shown: Shown,
    story: Vec<String>,
}

struct Member {
    city: City,
    address: SocketAddr,
    child: Option<Child>,
    /// When a stopped one is to be resumed.
    stopped: Option<Instant>,
}

impl<'a> Members<'a> {
    /// That many cities with a store of their own, none at work yet.
    pub(crate) fn new(topic: &'a Topic, count: usize) -> Self {
        let members = (0..count)
            .map(|_| Member { city: cities(), address: free_address(), child: None, stopped: None })
            .collect();
        Self { topic, all: members, shown: Shown::new(), story: Vec::new() }
    }

    /// Lets members join, leave, be stopped and resumed, and be killed, until `over` and each has happened.
    pub(crate) fn trouble(&mut self, seed: u64, over: impl Fn() -> bool) {
        let mut random = StdRng::seed_from_u64(seed);
        let happened = |story: &[String], what: &str| story.iter().any(|line| line.ends_with(what));
        let mut kind = 0;
        while !over() || ["leaves", "is killed", "goes on"].iter().any(|what| !happened(&self.story, what)) {
            self.resume(Duration::ZERO);
            let at = random.random_range(0..self.all.len());
            let member = &self.all[at];
            if member.child.is_none() {
                self.join(at);
            } else if member.stopped.is_none() {
                // Each kind of trouble comes in turn, at members and moments of chance.
                match kind % 3 {
                    0 => self.kill(at, "-TERM", "leaves"),
                    1 => self.stop(at),
                    _ => self.kill(at, "-KILL", "is killed"),
                }
                kind += 1;
            }
            std::thread::sleep(PAUSE.mul_f64(random.random_range(0.2..1.0)));
        }
    }

    /// What happened.
    pub(crate) fn story(&self) -> String {
        self.story.join(", ")
    }

    /// Brings every member to work.
    pub(crate) fn all_at_work(&mut self) {
        self.resume(STOPPED);
        for at in 0..self.all.len() {
            if self.all[at].child.is_none() {
                self.join(at);
            }
        }
    }

    /// Ends all but one, and says which.
    pub(crate) fn leave_but_one(&mut self) -> usize {
        for at in 1..self.all.len() {
            self.kill(at, "-TERM", "leaves");
        }
        0
    }

    /// Ends a member that is not one of the group.
    pub(crate) fn end(&mut self, at: usize) {
        self.kill(at, "-TERM", "leaves");
        self.all.truncate(at);
    }

    /// The canonical export of the plans that a member holds.
    pub(crate) fn export(&self, at: usize) -> String {
        let plan = |plan: usize| {
            let path = format!("/plans/{}/report.json?rollups=1&on={ON}", workload::id(plan));
            let text = get(self.all[at].address, &path).unwrap_or_default();
            let inner = text.trim().strip_prefix(HEAD).and_then(|text| text.strip_suffix("]}"));
            inner.unwrap_or_default().to_owned()
        };
        format!("{HEAD}{}]}}\n", (0..workload::PLANS).map(plan).collect::<Vec<_>>().join(","))
    }

    /// Waits until `reached` has nothing more to say, or fails with what it says.
    pub(crate) fn wait(&self, patience: Duration, who: &str, reached: impl Fn(&Self) -> Result<(), String>) {
        let started = Instant::now();
        loop {
            match reached(self) {
                Ok(()) => return,
                Err(why) if started.elapsed() > patience => panic!("{who}: {why}"),
                Err(_) => std::thread::sleep(Duration::from_millis(500)),
            }
        }
    }

    /// Whether InfluxDB says what the embedded default says.
    pub(crate) fn show(&self, expected: &Expected) -> Result<(), String> {
        self.shown.equals(&expected.export, &expected.judged)
    }

    /// Adds a viewer of all plans, outside the group, and returns its number. The settings of InfluxDB are no concern of it.
    pub(crate) fn add_viewer(&mut self) -> usize {
        self.all.push(Member { city: cities(), address: free_address(), child: None, stopped: None });
        self.start(self.all.len() - 1, "view");
        self.all.len() - 1
    }

    fn join(&mut self, at: usize) {
        self.start(at, "aggregate");
    }

    fn start(&mut self, at: usize, subcommand: &str) {
        let member = &mut self.all[at];
        let mut command = member.city.command(&[subcommand]);
        command.envs(self.topic.environment()).envs(self.shown.environment());
        command.env("SHIHYO__HTTP__LISTEN", member.address.to_string()).env("SHIHYO__LOG__LEVEL", "warn");
        member.child = Some(command.stdout(Stdio::null()).spawn().unwrap());
        self.story.push(format!("{at} joins"));
    }

    fn stop(&mut self, at: usize) {
        let member = &mut self.all[at];
        signal(member.child.as_ref().unwrap(), "-STOP");
        member.stopped = Some(Instant::now());
        self.story.push(format!("{at} is stopped"));
    }

    /// Resumes who was stopped for long enough, waiting for it for up to `wait`.
    fn resume(&mut self, wait: Duration) {
        let started = Instant::now();
        loop {
            for (at, member) in self.all.iter_mut().enumerate() {
                if member.stopped.is_some_and(|since| since.elapsed() >= STOPPED) {
                    signal(member.child.as_ref().unwrap(), "-CONT");
                    member.stopped = None;
                    self.story.push(format!("{at} goes on"));
                }
            }
            if started.elapsed() >= wait || self.all.iter().all(|member| member.stopped.is_none()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn kill(&mut self, at: usize, how: &str, what: &str) {
        let member = &mut self.all[at];
        if member.stopped.take().is_some() {
            signal(member.child.as_ref().unwrap(), "-CONT");
        }
        let mut child = member.child.take().unwrap();
        signal(&child, how);
        child.wait().unwrap();
        self.story.push(format!("{at} {what}"));
    }
}

impl Drop for Members<'_> {
    fn drop(&mut self) {
        for child in self.all.iter_mut().filter_map(|member| member.child.as_mut()) {
            // A stopped process is killed too.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn signal(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}
