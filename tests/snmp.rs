//! A wireless controller asked by SNMP, v2c and v3: Debian's SNMP daemon plays it.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The controller's own objects: three access points of which two are up, and their number.
const CONTROLLER: &str = "\
rocommunity mihon 127.0.0.1
createUser shihyo SHA-256 signing-password AES sealing-password
rouser shihyo authPriv
override .1.3.6.1.4.1.64512.1.1 integer 1
override .1.3.6.1.4.1.64512.1.2 integer 2
override .1.3.6.1.4.1.64512.1.3 integer 1
override .1.3.6.1.4.1.64512.2.0 integer 122
override .1.3.6.1.4.1.64512.3.1 octet_str secret-network
";

struct Controller {
    daemon: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Controller {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

fn controller() -> Controller {
    let folder = tempfile::tempdir().unwrap();
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    fs::write(folder.path().join("snmpd.conf"), CONTROLLER).unwrap();
    fs::create_dir(folder.path().join("state")).unwrap();
    let daemon = Command::new("snmpd")
        .args(["-f", "-Lo", "-C", "-I", "-smux", "-c", "snmpd.conf", &format!("udp:127.0.0.1:{port}")])
        .env("SNMP_PERSISTENT_DIR", folder.path().join("state"))
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let daemon = daemon.expect("'snmpd' is missing; on Debian, as root: apt-get install snmpd");
    let controller = Controller { daemon, port, folder };
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(20) {
        if controller
            .collect("2c", "operation = 'get', oid = '1.3.6.1.4.1.64512.2.0', community_file = 'community'", "")
            .0
            .contains("122")
        {
            return controller;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    panic!(
        "the controller did not come up: {:?}",
        controller.collect("2c", "operation = 'get', oid = '1.3.6.1.4.1.64512.2.0', community_file = 'community'", "")
    );
}

impl Controller {
    /// Collects once; standard output and error.
    fn collect(&self, version: &str, question: &str, keys: &str) -> (String, String) {
        let config = self.folder.path().join("config");
        let series = testkit::series("ap", "shape = \"level\"\ngrain = \"day\"", "up", "wifi");
        write(&config.join("plans/p.toml"), &format!("{}{series}", testkit::PLAN));
        let own = "data_dir = 'data'\n[collector]\nid = 'c'\n[http]\nlisten = '127.0.0.1:0'\n";
        write(&config.join("shihyo.toml"), own);
        for (file, secret) in [
            ("community", "mihon\n"),
            ("auth", "signing-password"),
            ("privacy", "sealing-password"),
            ("wrong", "wrong-password"),
        ] {
            write(&config.join(file), secret);
        }
        let source = format!(
            "[[source]]\nid = 'wifi'\nplan = 'p'\nkind = 'wifi'\ninterval = '1h'\ncount = 'access_points'\npoints = {{ series = 'ap' }}\n\
             timeout_seconds = 3\nsnmp = {{ host = '127.0.0.1', port = {}, version = '{version}', {question} }}\n{keys}",
            self.port
        );
        write(&config.join("sources.d/s.toml"), &source);
        let output = Command::new(env!("CARGO_BIN_EXE_shihyo"))
            .args(["--config", config.to_str().unwrap(), "collect", "--once", "--dry-run"])
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr))
    }

    /// The figure, or the failure.
    fn answer(&self, version: &str, question: &str, keys: &str) -> String {
        let (out, err) = self.collect(version, question, keys);
        for secret in ["secret-network", "signing-password", "sealing-password", "wrong-password", "mihon"] {
            assert!(!out.contains(secret) && !err.contains(secret), "{secret}: {out}{err}");
        }
        let values = out.lines().filter_map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            (record["kind"] == "observation").then(|| record["value"].to_string())
        });
        let values: Vec<String> = values.collect();
        if values.is_empty() { err.lines().next().unwrap_or_default().to_owned() } else { values.join(" ") }
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn a_controller_is_counted_by_its_number_or_by_its_access_points_and_every_refusal_is_named() {
    let controller = controller();
    let table = "operation = 'walk', oid = '.1.3.6.1.4.1.64512.1'";
    let number = "operation = 'get', oid = '1.3.6.1.4.1.64512.2.0'";
    let community = "community_file = 'community'";
    let user = "user = 'shihyo', auth = 'SHA256', auth_file = 'auth', privacy = 'AES128', privacy_file = 'privacy'";
    let failed = |why: &str| format!("p wifi: {why}, 0 figure(s), 0 reject(s)");
    let rows: [(&str, String, &str, String); 10] = [
        ("2c", format!("{number}, {community}"), "", "122".into()),
        ("2c", format!("{table}, {community}"), "", "3".into()),
        ("2c", format!("{table}, {community}"), "up = ['1']", "2".into()),
        ("3", format!("{number}, {user}"), "", "122".into()),
        ("3", format!("{table}, {user}"), "up = ['1']", "2".into()),
        ("2c", format!("{number}, community_file = 'wrong'"), "", failed("timeout")),
        ("3", format!("{number}, {}", user.replace("'auth',", "'wrong',")), "", failed("device")),
        ("3", format!("{number}, {}", user.replace("'privacy'", "'wrong'")), "", failed("timeout")),
        ("2c", format!("operation = 'get', oid = '1.3.6.1.4.1.64512.9.0', {community}"), "", failed("device")),
        (
            "2c",
            format!("operation = 'walk', oid = '1.3.6.1.4.1.64512.3', {community}"),
            "",
            "p wifi: no_rows, 0 figure(s), 0 reject(s)".into(),
        ),
    ];
    for (version, question, keys, right) in rows {
        assert_eq!(controller.answer(version, &question, keys), right, "{question} {keys}");
    }
}
