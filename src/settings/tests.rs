use super::file::FILE;
use super::load::{load, tidied};
use super::secret::required;
use super::sections::Settings;
use aggregator_core::alert::{AlertPolicy, AlertRule};
use contract::reader::Mistake;
use std::path::Path;

fn load_text(text: &str) -> Result<Settings, Mistake> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), text).unwrap();
    load(folder.path()).map(|(settings, _)| settings)
}

#[test]
fn an_empty_file_has_the_defaults() {
    let settings = load_text("").unwrap();
    assert_eq!(settings.http.listen.to_string(), "127.0.0.1:8470");
    assert!(settings.data_dir.ends_with("data") && !settings.data_dir.ends_with("../data"));
    assert_eq!(tidied(Path::new("../../config/../data")), Path::new("../../data"));
    assert_eq!(tidied(Path::new("config/..")), Path::new("."));
}

#[test]
fn a_wrong_key_is_named_with_its_line() {
    let mistake = load_text("data_dir = \"x\"\n[http]\nlistn = \"127.0.0.1:1\"\n").unwrap_err();
    assert_eq!(mistake.line, 3);
    assert!(mistake.message.starts_with("unknown key `listn`; did you mean `listen`?"), "{mistake}");
    let mistake = load_text("[http]\nlisten = \"nowhere\"\n").unwrap_err();
    assert_eq!(mistake.line, 2);
}

#[test]
fn kafka_influxdb_and_alerts_are_off_unless_named() {
    let settings = load_text("").unwrap();
    assert!(settings.kafka.is_none() && settings.sinks.is_empty());
    let kafka = load_text("[kafka]\nbrokers = \"k:9092\"\n").unwrap().kafka.unwrap();
    assert_eq!((kafka.topic.as_str(), kafka.group.as_str()), ("shihyo.records.v1", "shihyo-aggregator"));
    assert_eq!((kafka.partitions(), kafka.replication, kafka.min_insync), (6, 3, 2));
}

#[test]
fn secrets_come_from_files_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[kafka]\nbrokers = \"k:9092\"\nsecurity = \"sasl_ssl\"\nusername = \"u\"\npassword_file = \"pw\"\n";
    std::fs::write(folder.path().join(FILE), text).unwrap();
    let kafka = load(folder.path()).unwrap().0.kafka.unwrap();
    let mistake = kafka.password(folder.path()).unwrap_err();
    assert_eq!(mistake.line, 5);
    assert!(mistake.message.starts_with("`kafka.password_file`: cannot be read: "), "{mistake}");
    std::fs::write(folder.path().join("pw"), "hush-hush\n").unwrap();
    let password = kafka.password(folder.path()).unwrap().unwrap();
    assert_eq!(&*password, "hush-hush");
    assert_eq!(format!("{password:?}"), "(secret)");
    let mistake = load_text("[kafka]\nbrokers = \"k\"\npassword = \"x\"\n").unwrap_err();
    assert!(mistake.message.contains("unknown key `password`"), "{mistake}");
}

#[test]
fn what_cannot_work_together_is_reported_with_its_key_and_line() {
    let mistake = load_text("[kafka]\nbrokers = \"k\"\nsecurity = \"sasl_ssl\"\n").unwrap_err();
    assert_eq!(mistake.line, 1, "the section, as the key is not there");
    assert!(mistake.message.starts_with("`kafka.username` is needed"), "{mistake}");
    for (text, message) in [
        ("[influxdb]\nurl = \"http://i:8086\"\norg = \"o\"\nbucket = \"b\"\n", "`influxdb.token_file` is needed"),
        ("[alerts.webhook]\nurl = \"http://w\"\n", "`alerts.webhook.secret_file` is needed"),
    ] {
        let settings = load_text(text).unwrap();
        let (kind, section) = &settings.sinks[0];
        let mistake = required(kind.secret.unwrap(), section.secret_file(), Path::new(".")).unwrap_err();
        assert!(mistake.message.starts_with(message), "{mistake}");
    }
}

#[test]
fn keys_of_sinks_are_checked_like_others() {
    let mistake = load_text("[alerts]\n[alerts.webhok]\n").unwrap_err();
    assert!(mistake.message.starts_with("unknown key `webhok`; did you mean `webhook`?"), "{mistake}");
    let mistake = load_text("[alerts.webhook]\nurl = \"http://w\"\nsecret = \"s\"\n").unwrap_err();
    assert_eq!(mistake.line, 3);
    assert!(mistake.message.starts_with("unknown key `secret`"), "{mistake}");
    let mistake = load_text("[influxdb]\nurl = \"http://i:8086\"\n").unwrap_err();
    assert_eq!(mistake.line, 1);
    assert!(mistake.message.contains("`org`") || mistake.message.contains("\"org\""), "{mistake}");
}

#[test]
fn what_is_alerted_on_is_checked() {
    let policy = load_text("").unwrap().alerts.policy().unwrap();
    assert_eq!(policy, AlertPolicy::default());
    let text = "[alerts]\nrules = [\"trend\", \"landing\"]\nat_risk = [\"p/*\"]\nsamples = true\n\
                [alerts.landing]\nbelow = 40\ndates = 3\nclears_above = 55\n";
    let policy = load_text(text).unwrap().alerts.policy().unwrap();
    assert_eq!(policy.rules, [AlertRule::Trend, AlertRule::Landing]);
    assert_eq!((policy.landing.below, policy.landing.dates, policy.landing.clears_above), (40, 3, 55));
    assert!(policy.samples && policy.alerts_at_risk("p", "k"));
    let mistake = |text: &str| load_text(text).map(|_| ()).unwrap_err();
    let wrong = mistake("[alerts]\nrules = [\"trnd\"]\n");
    assert_eq!((wrong.line, wrong.message.as_str()), (2, "`alerts.rules`: `trnd` is no rule; did you mean `trend`?"));
    let wrong = mistake("[alerts.landing]\nbelow = 100\n");
    assert_eq!(wrong.message, "`alerts.landing.below`: must be 1 to 99 (per cent), not 100");
    let wrong = mistake("[alerts.landing]\nbelow = 50\nclears_above = 49\n");
    assert_eq!(
        (wrong.line, wrong.message.as_str()),
        (3, "`alerts.landing.clears_above`: must be 50 (`below`) to 99 (per cent), not 49")
    );
    let wrong = mistake("[alerts.landing]\ndates = 0\n");
    assert_eq!(wrong.message, "`alerts.landing.dates`: must be 1 to 24, not 0");
    let wrong = mistake("[alerts]\nrule = []\n");
    assert!(wrong.message.starts_with("unknown key `rule`; did you mean `rules`?"), "{wrong}");
}

#[test]
fn at_risk_names_kpis_that_exist() {
    let series = testkit::series("s", "shape = \"level\"\ngrain = \"day\"", "d", "source");
    let kpi = "[[kpi]]\nid = \"k\"\npolicy = \"policy\"\nname = { ja = \"名\", en = \"name\" }\nkind = \"level\"\n\
               series = \"s\"\nunit = { ja = \"件\", en = \"items\" }\nbaseline = { year = \"FY2018\", value = 1 }\n\
               target = { at_least = 2 }\ncitation = \"p\"\n";
    let plan = testkit::catalogue(&format!("{}{series}{kpi}", testkit::POLICY));
    let check =
        |text: &str| load_text(text).unwrap().alerts.check_kpis([&plan].into_iter()).map_err(|(_, message)| message);
    assert_eq!(check("[alerts]\nat_risk = [\"*\", \"p/*\", \"p/k\"]\n"), Ok(()));
    let error = check("[alerts]\nat_risk = [\"p/kk\"]\n").unwrap_err();
    assert_eq!(error, "`p/kk` is no `plan/kpi`, `plan/*` or `*`; did you mean `p/k`?");
}
