//! Alerts: told once a bad status has lasted, and once when it is over; by restarts and dead servers nothing is lost.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::alert_fake::{Fake, Request, until};
use crate::support::{World, micros, sets, uses, year};
use aggregator::metrics::Metrics;
use aggregator::pipeline::{self, PipelineSetup, Progress};
use aggregator::sinks::ConfiguredSink;
use aggregator::sinks::alertmanager::AlertmanagerSettings;
use aggregator::sinks::kind::SinkSettingError;
use aggregator::sinks::webhook::WebhookSettings;
use contract::period::Period;
use contract::record::Record;
use contract::time::Micros;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;

const LINK: &str = "https://shihyo.example/";
const SECRET: &str = "a secret";
/// Records of [`year`].
const YEAR: u64 = 13;

fn webhook(url: String) -> ConfiguredSink {
    WebhookSettings { url, secret: SECRET.into(), external_url: LINK.into() }.sink().unwrap()
}

fn setup(world: &World, sink: ConfiguredSink) -> PipelineSetup {
    PipelineSetup { sinks: Arc::new([sink]), ..world.setup() }
}

fn start() -> Micros {
    micros("2022-06-01")
}

fn after(seconds: i64) -> Micros {
    Micros(start().0 + seconds * 1_000_000)
}

/// Eleven times as many uses in May as before: 220 of 200 in the year.
fn recovery() -> Record {
    Record::Observation(uses("2019-05", 110, "2020-05-03"))
}

fn ids(requests: &[Request]) -> Vec<String> {
    requests.iter().map(|request| request.header("idempotency-key").to_owned()).collect()
}

/// An episode is named by its evidence: the figures of FY2019 end on 31 March 2020.
fn id(event: &str) -> String {
    format!("p/uses/trend/{}/{event}", micros("2020-04-01").0)
}

/// Long enough for a turn of the sink and an idle tick of the keeper.
fn a_while() {
    std::thread::sleep(Duration::from_millis(700));
}

#[test]
fn a_status_that_stays_bad_is_notified_once_and_its_recovery_once_in_both_languages() {
    let (world, fake) = (World::new(), Fake::new());
    world.publish(&year());
    world.keep_with(&setup(&world, webhook(fake.url())), YEAR, || {
        a_while();
        assert!(fake.requests().is_empty(), "nobody is told before the hold is over");
        world.set_clock(after(299));
        a_while();
        assert!(fake.requests().is_empty());
        world.set_clock(after(300));
        until("fired", || !fake.requests().is_empty());
        a_while();
    });
    let told = fake.taken();
    assert_eq!(ids(&told), [id("fired")]);
    let said = told[0].json();
    assert_eq!(said["text"]["summary"]["ja"], "遅れ: 利用件数 120 件（計画）");
    assert_eq!(said["text"]["summary"]["en"], "off track: uses 120 uses (plan)");
    let ja = "成果指標「利用件数」（施策「施策」）の状態は「遅れ」です。\n実績: 120 件（2019年度の計）\n\
              目安（計画の目標ではない）: 150 件\n目標: ≥ 200 件\n差: 目安に 30 件 足りません\n進捗: 20.0 %\n担当: 課\n\
              https://shihyo.example/plans/p/kpis/uses";
    let without_chance = |language: &str| {
        let lines = said["text"]["description"][language].as_str().unwrap().lines();
        // Landings are computed beside the pipeline: one may be known by then.
        let lines = lines.filter(|line| !line.starts_with("目標に届く見込み") && !line.starts_with("Chance of"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(without_chance("ja"), ja);
    let en = "KPI \"uses\" of policy \"policy\" is \"off track\".\nValue: 120 uses (total of FY2019)\n\
              Guide (not the plan's target): 150 uses\nTarget: ≥ 200 uses\nGap: 30 uses short of the guide\nProgress: 20.0 %\n\
              Owner: section\nhttps://shihyo.example/plans/p/kpis/uses";
    assert_eq!(without_chance("en"), en);
    world.set_clock(after(400));
    world.publish(&[recovery()]);
    world.keep_with(&setup(&world, webhook(fake.url())), YEAR + 1, || {
        until("resolved", || fake.requests().len() == 2);
        a_while();
    });
    assert_eq!(ids(&fake.taken()), [id("fired"), id("resolved")]);
    let said = fake.taken()[1].json();
    assert_eq!(said["text"]["summary"]["ja"], "解消: 利用件数 220 件、順調（計画）");
    assert_eq!(said["text"]["summary"]["en"], "resolved: uses 220 uses, on track (plan)");
    let first = |language: &str| {
        let text = said["text"]["description"][language].as_str().unwrap();
        text.lines().take(2).collect::<Vec<_>>().join("|")
    };
    let ja =
        "成果指標「利用件数」（施策「施策」）の「遅れ」は解消し、「順調」になりました。|実績: 220 件（2019年度の計）";
    assert_eq!(first("ja"), ja);
    let en = "KPI \"uses\" of policy \"policy\" is no longer \"off track\"; it is \"on track\".|Value: 220 uses (total of FY2019)";
    assert_eq!(first("en"), en);
}

#[test]
fn a_webhook_is_signed_and_says_everything_in_fields() {
    let (world, fake) = (World::new(), Fake::new());
    let setup = PipelineSetup { hold: Duration::ZERO, ..setup(&world, webhook(format!("{}/hook?key=k", fake.url()))) };
    world.publish(&year());
    world.keep_with(&setup, YEAR, || until("fired", || !fake.requests().is_empty()));
    let request = &fake.requests()[0];
    assert_eq!((request.path.as_str(), request.header("content-type")), ("/hook?key=k", "application/json"));
    let (time, signature) = request.header("shihyo-signature").split_once(",v1=").unwrap();
    let time = time.strip_prefix("t=").unwrap();
    assert_eq!(time, start().moment().0.to_string());
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{time}.{}", request.body).as_bytes());
    let bytes: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&signature[2 * at..2 * at + 2], 16).unwrap()).collect();
    mac.verify_slice(&bytes).unwrap();
    let mut said = request.json();
    said.as_object_mut().unwrap().remove("text");
    let name = |ja: &str, en: &str| serde_json::json!({ "ja": ja, "en": en });
    let expected = serde_json::json!({
        "version": 1, "id": id("fired"), "alert": "p/uses/trend", "event": "fired", "rule": "trend",
        "severity": "warning", "since": micros("2020-04-01").to_string(), "time": start().to_string(),
        "plan": { "id": "p", "name": name("計画", "plan") }, "sample": false,
        "policy": { "id": "policy", "name": name("施策", "policy") },
        "kpi": { "id": "uses", "name": name("利用件数", "uses") }, "owner": name("課", "section"),
        "status": { "before": null, "after": "off_track" }, "value_text": "120 件",
        "as_of": "2020-04-01T00:00:00+09:00", "path_text": "150 件", "target_text": "≥ 200 件",
        "progress_text": "20.0 %", "required_pace_text": null,
        "link": "https://shihyo.example/plans/p/kpis/uses",
    });
    assert_eq!(said, expected);
}

#[test]
fn what_recovers_within_for_is_never_notified() {
    let (world, fake) = (World::new(), Fake::new());
    let keep = |total, then: &dyn Fn()| world.keep_with(&setup(&world, webhook(fake.url())), total, then);
    world.publish(&year());
    keep(YEAR, &|| {
        world.set_clock(after(200));
        a_while();
    });
    world.publish(&[recovery()]);
    keep(YEAR + 1, &|| {
        assert!(world.reader().alerts().unwrap().is_empty());
        world.set_clock(after(900));
        a_while();
    });
    // Bad once more: the hold begins anew.
    world.publish(&[Record::Observation(uses("2019-05", 10, "2020-05-04"))]);
    keep(YEAR + 2, &|| {
        assert!(!world.reader().alerts().unwrap().is_empty());
        world.set_clock(after(1199));
        a_while();
    });
    assert!(fake.requests().is_empty());
}

#[test]
fn restarts_before_and_after_the_hold_lose_nothing_and_repeat_nothing() {
    let (world, fake) = (World::new(), Fake::new());
    let keep = |total, then: &dyn Fn()| world.keep_with(&setup(&world, webhook(fake.url())), total, then);
    world.publish(&year());
    keep(YEAR, &|| ());
    world.set_clock(after(299));
    keep(YEAR, &a_while);
    assert!(fake.requests().is_empty());
    world.set_clock(after(300));
    keep(YEAR, &|| until("fired", || fake.requests().len() == 1));
    world.set_clock(after(86_400));
    keep(YEAR, &a_while);
    assert_eq!(ids(&fake.requests()), [id("fired")]);
    // It recovers while nobody is there to be told, and is told when somebody is.
    world.publish(&[recovery()]);
    fake.say(503, "");
    keep(YEAR + 1, &|| until("refused", || fake.requests().len() > 1));
    fake.say(200, "");
    keep(YEAR + 1, &|| until("resolved", || fake.taken().len() == 2));
    assert_eq!(ids(&fake.taken()), [id("fired"), id("resolved")]);
}

#[test]
fn a_server_that_is_down_is_notified_when_it_is_back_and_asks_for_its_own_pause() {
    let (world, fake) = (World::new(), Fake::new());
    let setup = PipelineSetup { hold: Duration::ZERO, ..setup(&world, webhook(fake.url())) };
    fake.say(429, "retry-after: 2\r\n");
    world.publish(&year());
    world.keep_with(&setup, YEAR, || {
        until("refused", || !fake.requests().is_empty());
        std::thread::sleep(Duration::from_millis(1500));
        assert_eq!(fake.requests().len(), 1, "it asked for two seconds");
        fake.say(200, "");
        until("told", || !fake.taken().is_empty());
    });
    let all = fake.requests();
    assert!(all.iter().all(|request| request.body == all[0].body), "each try says the same");
}

#[test]
fn an_event_that_is_never_accepted_is_kept_and_the_next_is_sent() {
    let (world, fake) = (World::new(), Fake::new());
    let setup = PipelineSetup { hold: Duration::ZERO, ..setup(&world, webhook(fake.url())) };
    fake.say(404, "");
    world.publish(&year());
    world.keep_with(&setup, YEAR, || {
        until("five tries", || fake.requests().len() == 5);
        a_while();
    });
    fake.say(200, "");
    world.publish(&[recovery()]);
    world.keep_with(&setup, YEAR + 1, || until("told", || !fake.taken().is_empty()));
    assert_eq!(fake.requests().len(), 6);
    assert_eq!(ids(&fake.taken()), [id("resolved")]);
    let writer = aggregator::store::open_writer(&world.data(), bus::PARTITION).unwrap();
    let letters = writer.desk().unwrap().dead_letters("webhook").unwrap();
    assert_eq!((letters.len(), letters[0].1.as_str()), (1, "answered 404: no"));
}

#[test]
fn a_redirect_is_not_followed() {
    let (world, fake, other) = (World::new(), Fake::new(), Fake::new());
    let location: &'static str = Box::leak(format!("location: {}/x\r\n", other.url()).into_boxed_str());
    fake.say(307, location);
    let setup = PipelineSetup { hold: Duration::ZERO, ..setup(&world, webhook(fake.url())) };
    world.publish(&year());
    world.keep_with(&setup, YEAR, || until("tried again", || fake.requests().len() > 1));
    assert!(other.requests().is_empty());
}

#[test]
fn rebuilding_never_alerts() {
    let (world, fake) = (World::new(), Fake::new());
    world.publish(&year());
    world.keep(YEAR);
    let setup = PipelineSetup { hold: Duration::ZERO, ..setup(&world, webhook(fake.url())) };
    pipeline::drop_derived(&world.data()).unwrap();
    assert!(pipeline::rebuild(&setup).unwrap() > 0);
    assert_eq!(world.reader().last_alert_event().unwrap(), 0);
    // Nor does it take back what fires.
    world.keep_with(&setup, YEAR, || until("fired", || !fake.requests().is_empty()));
    pipeline::drop_derived(&world.data()).unwrap();
    pipeline::rebuild(&setup).unwrap();
    world.keep_with(&setup, YEAR, a_while);
    // A pipeline that ends between a request and its answer says the same once more, by the same id.
    let mut told = ids(&fake.requests());
    told.dedup();
    assert_eq!(told, [id("fired")]);
}

#[test]
fn a_kpi_that_leaves_the_catalogue_is_resolved_in_the_words_it_had() {
    let (mut world, fake) = (World::new(), Fake::new());
    let keep = |world: &World, then: &dyn Fn()| {
        let setup = PipelineSetup { hold: Duration::ZERO, ..setup(world, webhook(fake.url())) };
        world.keep_with(&setup, YEAR, then);
    };
    world.publish(&year());
    keep(&world, &|| until("fired", || fake.requests().len() == 1));
    let kpi = world.text.find("[[kpi]]").unwrap();
    let next = kpi + world.text[kpi + 1..].find("[[kpi]]").unwrap() + 1;
    world.text.replace_range(kpi..next, "");
    keep(&world, &|| until("resolved", || fake.requests().len() == 2));
    let said = fake.requests()[1].json();
    assert_eq!(said["status"], serde_json::json!({ "before": "off_track", "after": null }));
    assert_eq!(said["text"]["summary"]["ja"], "解消: 利用件数 120 件（計画）");
}

#[test]
fn alertmanager_is_sent_what_fires_every_minute_and_what_was_resolved_for_a_while() {
    let (world, fake) = (World::new(), Fake::new());
    let dead = "http://127.0.0.1:9".to_owned();
    let cluster = AlertmanagerSettings { urls: vec![dead, fake.url()], external_url: LINK.into() };
    let both = || PipelineSetup { hold: Duration::ZERO, ..setup(&world, cluster.clone().sink().unwrap()) };
    world.publish(&year());
    world.keep_with(&both(), YEAR, || {
        until("fired", || fake.requests().len() == 1);
        world.set_clock(after(59));
        a_while();
        assert_eq!(fake.requests().len(), 1);
        world.set_clock(after(60));
        until("again", || fake.requests().len() == 2);
    });
    let said = fake.requests()[1].json();
    assert_eq!(fake.requests()[1].path, "/api/v2/alerts");
    let labels = serde_json::json!({ "alertname": "ShihyoKpiTrend", "plan": "p", "policy": "policy", "kpi": "uses",
                                     "rule": "trend", "severity": "warning" });
    assert_eq!((said.as_array().unwrap().len(), &said[0]["labels"]), (1, &labels));
    let times = |said: &serde_json::Value| [said[0]["startsAt"].clone(), said[0]["endsAt"].clone()];
    assert_eq!(times(&said), [micros("2020-04-01"), after(300)].map(|at| at.to_string()));
    let [summary, description] = ["summary", "description"].map(|name| said[0]["annotations"][name].as_str().unwrap());
    assert_eq!(summary, "遅れ: 利用件数 120 件（計画） / off track: uses 120 uses (plan)");
    let parts = ["担当: 課\nhttps://shihyo.example/plans/p/kpis/uses\n\nKPI \"uses\"", "Owner: section\nhttps"];
    assert!(parts.iter().all(|part| description.contains(part)), "{description}");
    assert_eq!(said[0]["annotations"]["summary_ja"], "遅れ: 利用件数 120 件（計画）");
    assert_eq!(said[0]["generatorURL"], "https://shihyo.example/plans/p/kpis/uses");
    // After a restart from the store; and when it recovers.
    world.set_clock(after(70));
    world.keep_with(&both(), YEAR, || until("restarted", || fake.requests().len() == 3));
    world.set_clock(after(100));
    world.publish(&[recovery()]);
    let ended =
        |request: &Request| times(&request.json()) == [micros("2020-04-01"), after(100)].map(|at| at.to_string());
    world.keep_with(&both(), YEAR + 1, || {
        until("resolved", || fake.requests().last().is_some_and(ended));
        world.set_clock(after(1001));
        let count = fake.requests().len();
        a_while();
        assert_eq!(fake.requests().len(), count, "after a quarter of an hour nobody needs it any more");
    });
}

#[test]
fn settings_that_cannot_be_right_are_refused_by_their_key() {
    let of = |urls: &[&str], link: &str| {
        let urls = urls.iter().map(|&url| url.to_owned()).collect();
        AlertmanagerSettings { urls, external_url: link.into() }.sink().map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(of(&["http://a:9093", "https://b/alertmanager/"], LINK), Ok(()));
    assert_eq!(of(&[], LINK).unwrap_err(), "alerts.alertmanager.urls is empty");
    let error = of(&["http://me:pass@a?x"], LINK).unwrap_err();
    assert_eq!(error, "alerts.alertmanager.urls must be like [\"http://localhost:9093\"], not `a`");
    let error = of(&["http://a"], "shihyo.example").unwrap_err();
    assert_eq!(error, "alerts.external_url must be like \"https://shihyo.example\", not `shihyo.example`");
    let hook =
        |url: &str, secret: &str| WebhookSettings { url: url.into(), secret: secret.into(), external_url: LINK.into() };
    let error = hook("ftp://h", "s").sink().map(drop).unwrap_err().to_string();
    assert_eq!(error, "alerts.webhook.url must be like \"https://hooks.example/shihyo\", not `ftp://h`");
    let error = hook("https://h", "").sink().map(drop).unwrap_err();
    assert_eq!(error, SinkSettingError::Empty("alerts.webhook.secret"));
    let shown = format!("{:?} {:?}", hook("https://h/path?k", "s3cret"), hook("https://h", "s3cret").sink());
    assert!(!shown.contains("s3cret") && !shown.contains("path"), "{shown}");
}

/// A plan that is asked about today, with figures of `sets` due on the second day of each month.
fn living() -> World {
    let mut world = World::new();
    let rhythm =
        "id = \"register\"\n[[series.source.rhythm]]\nevery = \"month\"\nexpected_by_days = 1\ngrace_days = 1\n";
    let text = world.text.replace("default_on = \"FY2019\"\n", "");
    let sets = text.find("[[series]]\nid = \"sets\"").unwrap();
    world.text = format!("{}{}", &text[..sets], text[sets..].replacen("id = \"register\"\n", rhythm, 1));
    world
}

#[test]
fn the_change_of_day_makes_sources_overdue_and_a_missed_target_makes_its_alert_worse() {
    let (world, fake) = (living(), Fake::new());
    let registry = Arc::new(Metrics::new("1").unwrap());
    let setup = PipelineSetup {
        hold: Duration::ZERO,
        progress: Arc::new(Progress::new(Arc::default(), Some(Arc::clone(&registry)))),
        ..setup(&world, webhook(fake.url()))
    };
    let summaries = || -> Vec<String> {
        let text = |request: &Request| {
            let said = request.json();
            let [summary, severity] = [&said["text"]["summary"]["en"], &said["severity"]].map(|v| v.as_str().unwrap());
            format!("{severity} {summary}")
        };
        fake.requests().iter().map(text).collect()
    };
    let gauges = || {
        let text = registry.exposition(&setup.states, Period::parse("2021-05-10").unwrap(), true, |_| true).unwrap();
        let lines = text.lines().filter(|line| line.starts_with("shihyo_alerts{")).map(str::to_owned);
        lines.collect::<Vec<_>>().join(" ")
    };
    world.set_clock(micros("2021-05-03"));
    world.publish(&[Record::Observation(sets("2021-05-01", 48, "2021-05-02"))]);
    let waits = |count: usize| until("told", || fake.requests().len() >= count);
    world.keep_with(&setup, 1, || {
        a_while();
        assert_eq!(summaries(), [""; 0]);
        assert_eq!(gauges(), "shihyo_alerts{state=\"firing\"} 0 shihyo_alerts{state=\"pending\"} 0");
        world.set_clock(micros("2021-06-04"));
        waits(1);
        assert_eq!(gauges(), "shihyo_alerts{state=\"firing\"} 1 shihyo_alerts{state=\"pending\"} 0");
    });
    world.publish(&[Record::Observation(sets("2021-06-01", 20, "2021-06-03"))]);
    world.keep_with(&setup, 2, || waits(3));
    // The day has turned while nobody looked, and the figure that makes it right waits on the bus.
    world.publish(&[Record::Observation(sets("2022-04-01", 49, "2022-04-02"))]);
    world.set_clock(micros("2022-04-05"));
    world.keep_with(&setup, 3, || waits(4));
    let expected = [
        "warning overdue: sets 48 sets (plan)",
        "warning off track: sets 20 sets (plan)",
        "warning resolved: sets 20 sets, off track (plan)",
        "critical worse, missed: sets 49 sets (plan)",
    ];
    assert_eq!(summaries(), expected);
}

#[test]
fn a_later_subscriber_receives_what_fires_and_without_subscribers_nothing_is_kept() {
    let (world, first, second) = (World::new(), Fake::new(), Fake::new());
    let both = |sinks: Arc<[ConfiguredSink]>| PipelineSetup { hold: Duration::ZERO, sinks, ..world.setup() };
    world.publish(&year());
    let teller =
        |fake: &Fake| AlertmanagerSettings { urls: vec![fake.url()], external_url: LINK.into() }.sink().unwrap();
    world.keep_with(&both(Arc::new([teller(&first)])), YEAR, || until("first", || !first.requests().is_empty()));
    let sinks = || both(Arc::new([teller(&first), webhook(second.url())]));
    world.keep_with(&sinks(), YEAR, || until("second", || !second.requests().is_empty()));
    assert_eq!(ids(&second.requests()), [id("fired")]);
    assert_eq!(world.reader().last_change().unwrap(), 0, "alerts are no changes");
    world.keep(YEAR);
    assert!(world.reader().alerts().unwrap().is_empty());
    assert_eq!(world.reader().alert_events(0, 9).unwrap(), []);
}
