//! From a zone without a network path to the judged KPIs, through the binary: the same answer as the direct way.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support::City;
use aggregator::{pipeline, store};
use bus::{Checkpoint, Consumer, Delivery, Outbox, Outgoing, SqliteConsumer, SqliteOutbox};
use contract::time::{Clock, Micros};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Kills of a plain run, on each side; `SHIHYO_KILLS` asks for more.
const KILLS: u32 = 20;
/// Records published before each.
const RECORDS: u32 = 2000;

struct Now;

impl Clock for Now {
    fn now(&self) -> Micros {
        Micros(1_700_000_000_000_000)
    }
}

/// A collector behind the border.
struct Zone(City);

impl Zone {
    fn shipped() -> Self {
        let city = City::shipped();
        city.write("shihyo.toml", "[collector]\nid = \"lgwan\"\n");
        Self(city)
    }

    fn write(&self, to: &Path, resend: &str) -> String {
        self.0.ok(&["bundle", "write", "--to", to.to_str().unwrap(), "--resend", resend])
    }
}

fn read(city: &City, from: &Path) -> Output {
    city.run(&["bundle", "read", from.to_str().unwrap()])
}

fn read_ok(city: &City, from: &Path) -> String {
    city.ok(&["bundle", "read", from.to_str().unwrap()])
}

fn refused(city: &City, from: &Path) -> String {
    let output = read(city, from);
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

/// What somebody carries: a folder with copies of the bundles.
fn carry(from: &Path) -> tempfile::TempDir {
    let media = tempfile::tempdir().unwrap();
    for entry in from.read_dir().unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), media.path().join(entry.file_name())).unwrap();
    }
    media
}

fn bundle(folder: &Path, sequence: u32) -> PathBuf {
    folder.join(format!("lgwan-{sequence:08}.jsonl"))
}

fn bodies(city: &City) -> Vec<Vec<u8>> {
    let mut log = SqliteConsumer::open(city.data().join("bus.db")).unwrap();
    let mut bodies = Vec::new();
    loop {
        match log.next(10_000, Duration::ZERO).unwrap() {
            Delivery::Assigned(partition) => log.start(partition, None).unwrap(),
            Delivery::Batch(batch) => bodies.extend(batch.iter().map(|(_, _, body)| body.to_vec())),
            Delivery::Revoked(_) | Delivery::Idle => return bodies,
        }
    }
}

fn publish(city: &City, numbers: std::ops::Range<u32>) {
    std::fs::create_dir_all(city.data()).unwrap();
    let outbox = SqliteOutbox::open(city.data().join("bus.db"), Arc::new(Now)).unwrap();
    let body = |n: u32| format!("{{\"plan\":\"p\",\"n\":{n}}}").into_bytes();
    let batch = numbers.map(|n| Outgoing { key: "p".into(), revision: Micros(0), body: body(n) }).collect();
    outbox.publish(batch, Checkpoint::new()).wait().unwrap();
}

fn exports(city: &City) -> Vec<String> {
    city.ok(&["aggregate", "--once"]);
    let on = ["2019-11-30", "FY2019", "2020-11-30", "FY2020", "2022-04-10", "FY2021", "2026-01-01"];
    ["kawasaki", "mihon"].into_iter().flat_map(|plan| on.map(|on| city.export(plan, on))).collect()
}

#[test]
fn by_bundles_the_export_is_byte_for_byte_the_one_of_the_direct_way() {
    let (direct, zone, inside) = (City::shipped(), Zone::shipped(), City::shipped());
    let (folder, mut before) = (tempfile::tempdir().unwrap(), Vec::new());
    for round in 0..2 {
        for city in [&direct, &zone.0] {
            if round == 1 {
                let text = city.read("mihon/registers.csv");
                let corrected = "\r\nオープンデータのデータセット数,2022-03-31,999,確定,見本太郎,2026-01-01,訂正\r\n";
                city.write("mihon/registers.csv", &(text.trim_end().to_owned() + corrected));
            }
            std::thread::sleep(Duration::from_millis(5));
            city.ok(&["collect", "--once"]);
        }
        zone.write(folder.path(), "3");
        read_ok(&inside, carry(folder.path()).path());
        let (by_bundles, directly) = (exports(&inside), exports(&direct));
        assert_eq!(by_bundles, directly, "round {round}");
        assert_ne!(by_bundles, before, "round {round} brought nothing");
        before = by_bundles;
    }
    assert_eq!(bodies(&inside), bodies(&zone.0));
    let text = std::fs::read_to_string(bundle(folder.path(), 2)).unwrap();
    assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    assert!(!text.contains("見本太郎"), "a person's name crossed");
}

#[test]
fn what_happens_on_the_way_is_named_and_nothing_is_taken_twice() {
    let (zone, inside, folder) = (Zone::shipped(), City::shipped(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let said = zone.write(folder, "3");
    assert_eq!(said, "nothing was published here yet, so there is no bundle\n");
    for n in 0..5 {
        publish(&zone.0, n..n + 1);
        let said = zone.write(folder, "3");
        assert_eq!(said, format!("lgwan-{:08}.jsonl: 1 record(s), new\n", n + 1));
    }
    assert_eq!(zone.write(folder, "3"), "nothing new since lgwan-00000005.jsonl\n");
    // A gap.
    let media = carry(folder);
    std::fs::remove_file(bundle(media.path(), 2)).unwrap();
    let said = refused(&inside, media.path());
    assert!(said.contains("lgwan-00000003.jsonl: there is a gap before it, missing: 2; look for them"), "{said}");
    assert!(said.contains("`shihyo bundle write --to DIR --resend 4`"), "{said}");
    assert_eq!(bodies(&inside).len(), 1);
    // Tampering.
    let media = carry(folder);
    let text = std::fs::read_to_string(bundle(media.path(), 3)).unwrap();
    std::fs::write(bundle(media.path(), 3), text.replacen("\"n\":2", "\"n\":9", 1)).unwrap();
    let said = refused(&inside, media.path());
    assert!(said.contains("lgwan-00000003.jsonl: it was changed: sha256 is"), "{said}");
    assert_eq!(bodies(&inside).len(), 2);
    // Wrong order.
    let media = carry(folder);
    std::fs::copy(bundle(folder, 4), bundle(media.path(), 3)).unwrap();
    std::fs::copy(bundle(folder, 3), bundle(media.path(), 4)).unwrap();
    let said = refused(&inside, media.path());
    assert!(said.contains("it was renamed: its manifest says lgwan-00000004.jsonl"), "{said}");
    // Sent again after all was carried away, and read, twice.
    for sequence in 1..=5 {
        std::fs::remove_file(bundle(folder, sequence)).unwrap();
    }
    assert_eq!(zone.write(folder, "0"), "nothing new since lgwan-00000005.jsonl\n");
    assert!(zone.write(folder, "4").starts_with("lgwan-00000002.jsonl: sent again\n"));
    std::fs::write(folder.join("memo.txt"), "x").unwrap();
    let said = read_ok(&inside, folder);
    let expected = "memo.txt: not the name of a bundle, not opened\n\
                    lgwan: 3 bundle(s) read (3 to 5), 3 record(s); 1 read before\n";
    assert_eq!(said, expected);
    assert!(read_ok(&inside, folder).ends_with("lgwan: 0 bundle(s) read, 0 record(s); 4 read before\n"));
    assert_eq!(bodies(&inside), bodies(&zone.0));
    // What is not known downstream is no matter of the border: it goes to quarantine.
    inside.ok(&["aggregate", "--once"]);
    let reader = store::open_readers(&inside.data()).unwrap().remove(0);
    let counts = pipeline::check(&reader).unwrap();
    assert!(counts.is_conserved() && counts.quarantined == 5, "{counts:?}");
}

#[test]
fn wrong_words_and_places_are_refused() {
    let zone = City::shipped();
    let said = |words: &[&str], code: i32| {
        let output = zone.run(words);
        assert_eq!(output.status.code(), Some(code), "{words:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said(&["bundle", "write"], 2).contains("--to <DIR>"));
    assert!(said(&["bundle", "write", "--to", ".", "--resend", "31"], 2).contains("30"));
    assert!(said(&["bundle", "write", "--to", "no/where"], 1).contains("no/where is no folder; make it"));
    assert!(said(&["bundle", "read", "no/where"], 1).contains("no/where is no folder; make it"));
    zone.write("shihyo.toml", "[collector]\nid = \"収集\"\n");
    assert!(said(&["bundle", "write", "--to", "."], 1).contains("use only lower-case letters"));
}

#[test]
fn killed_at_random_moments_every_record_crosses_once_and_in_order() {
    let kills = std::env::var("SHIHYO_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS);
    let (zone, inside, folder) = (Zone::shipped(), City::shipped(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let to = folder.to_str().unwrap();
    let kill = |city: &City, words: &[&str], after: Duration| {
        let mut child = city.command(words).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(after);
        child.kill().unwrap();
        u32::from(!child.wait().unwrap().success())
    };
    // How long a call takes here; it is killed at all parts of that.
    publish(&zone.0, 0..RECORDS);
    let started = Instant::now();
    zone.write(folder, "0");
    let whole = started.elapsed();
    let (mut written, mut interrupted) = (RECORDS, 0);
    for round in 0..kills {
        publish(&zone.0, written..written + RECORDS);
        written += RECORDS;
        let after = whole.mul_f64(f64::from(round * 7 % 20) / 20.0);
        interrupted += kill(&zone.0, &["bundle", "write", "--to", to, "--resend", "0"], after);
        interrupted += kill(&inside, &["bundle", "read", to], after);
        // What is there can be read at any time; then it is carried away.
        read_ok(&inside, folder);
        for entry in folder.read_dir().unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
    zone.write(folder, "0");
    read_ok(&inside, folder);
    assert!(interrupted > kills / 2, "only {interrupted} of {} calls were interrupted", 2 * kills);
    assert_eq!(bodies(&inside), bodies(&zone.0));
    assert_eq!(bodies(&inside).len(), written as usize);
}
