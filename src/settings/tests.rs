use super::*;

fn load_text(text: &str) -> Result<Settings, Mistake> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), text).unwrap();
    load(folder.path())
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
    assert!(settings.kafka.is_none() && settings.influxdb.is_none());
    assert!(settings.alerts.alertmanager.is_none() && settings.alerts.webhook.is_none());
    let kafka = load_text("[kafka]\nbrokers = \"k:9092\"\n").unwrap().kafka.unwrap();
    assert_eq!((kafka.topic.as_str(), kafka.group.as_str()), ("shihyo.records.v1", "shihyo-aggregator"));
    assert_eq!((kafka.partitions, kafka.replication, kafka.min_insync), (6, 3, 2));
}

#[test]
fn secrets_come_from_files_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[kafka]\nbrokers = \"k:9092\"\nsecurity = \"sasl_ssl\"\nusername = \"u\"\npassword_file = \"pw\"\n";
    std::fs::write(folder.path().join(FILE), text).unwrap();
    let settings = load(folder.path()).unwrap();
    let mistake = settings.kafka_password(folder.path()).unwrap_err();
    assert_eq!(mistake.line, 5);
    assert!(mistake.message.starts_with("`kafka.password_file`: cannot be read: "), "{mistake}");
    std::fs::write(folder.path().join("pw"), "hush-hush\n").unwrap();
    let password = settings.kafka_password(folder.path()).unwrap().unwrap();
    assert_eq!(&*password, "hush-hush");
    assert_eq!(format!("{password:?}"), "(secret)");
    let mistake = load_text("[kafka]\nbrokers = \"k\"\npassword = \"x\"\n").unwrap_err();
    assert!(mistake.message.contains("unknown key `password`"), "{mistake}");
}

#[test]
fn what_cannot_work_together_is_told_with_its_key_and_line() {
    let told = |text: &str| load_text(text).unwrap_err();
    let mistake = told("[kafka]\nbrokers = \"k\"\nsecurity = \"sasl_ssl\"\n");
    assert_eq!(mistake.line, 1, "the section, as the key is not there");
    assert!(mistake.message.starts_with("`kafka.username` is needed"), "{mistake}");
    let (folder, settings) = loaded("[influxdb]\nurl = \"http://i:8086\"\norg = \"o\"\nbucket = \"b\"\n");
    let mistake = settings.influxdb_token(folder.path()).unwrap_err();
    assert!(mistake.message.starts_with("`influxdb.token_file` is needed"), "{mistake}");
    let (folder, settings) = loaded("[alerts.webhook]\nurl = \"http://w\"\n");
    let mistake = settings.webhook_secret(folder.path()).unwrap_err();
    assert!(mistake.message.starts_with("`alerts.webhook.secret_file` is needed"), "{mistake}");
}

fn loaded(text: &str) -> (tempfile::TempDir, Settings) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), text).unwrap();
    let settings = load(folder.path()).unwrap();
    (folder, settings)
}
