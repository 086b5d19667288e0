use super::*;
use crate::config;
use crate::testing::{TestClock, collector, lines, outbox};
use contract::catalogue;
use contract::record::Value;
use contract::wire;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config")
}

fn sources() -> Vec<Arc<SourceConfig>> {
    let folder = shipped().join("plans");
    let mut files: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &PathBuf| {
        let name = path.display().to_string();
        (name.clone(), catalogue::parse(&name, &std::fs::read_to_string(path).unwrap()).unwrap())
    };
    let catalogues: Vec<_> = files.iter().map(read).collect();
    config::load(&shipped(), &catalogues, None).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).sources
}

async fn collected(outbox: Option<&Arc<dyn Outbox>>) -> BTreeMap<String, Vec<Record>> {
    let collector = Arc::new(collector(&TestClock::at("2023-04-01")));
    let all = collect_once(&collector, &sources(), outbox).await;
    all.into_iter().map(|c| (format!("{}/{}", c.plan, c.source), c.result.unwrap().0)).collect()
}

#[tokio::test]
async fn the_published_figures_of_kawasaki_are_47_editions() {
    let all = collected(None).await;
    let records = &all["kawasaki/mynumber"];
    let all_lines: Vec<String> = lines(records);
    assert_eq!(all_lines.len(), 2 * 47 + 1);
    assert_eq!(all_lines.last().unwrap(), "changed kawasaki/mynumber-kawasaki.csv");
    for line in [
        "mynumber-cards 2017-03-08 = 145166",
        "mynumber-cards 2018-03-01 = 198381",
        "mynumber-population 2018-03-01 = 1474167",
        "mynumber-cards 2019-04-01 = 248651",
        "mynumber-population 2019-04-01 = 1488031",
        "mynumber-cards 2022-06-30 = 764120",
        "mynumber-population 2022-06-30 = 1521562",
    ] {
        assert!(all_lines.iter().any(|shown| shown == line), "{line}");
    }
}

#[tokio::test]
async fn the_invented_city_is_read_except_for_its_deliberate_errors() {
    let all = collected(None).await;
    assert_eq!(
        all.keys().collect::<Vec<_>>(),
        [
            "kawasaki/mynumber",
            "mihon/accesslog",
            "mihon/appstore",
            "mihon/ckan",
            "mihon/eapply",
            "mihon/mynumber",
            "mihon/register",
            "mihon/register-xlsx",
            "mihon/table",
            "mihon/wifi",
            "sapporo/report"
        ]
    );
    // 札幌市's figures are of later years than this clock's.
    let others = all.iter().filter(|(source, _)| !source.starts_with("sapporo/"));
    let all_lines: Vec<String> = others.flat_map(|(_, records)| lines(records)).collect();
    let rejects: Vec<&String> = all_lines.iter().filter(|line| line.starts_with("reject")).collect();
    assert!(rejects.iter().all(|line| line.ends_with("not_a_code")), "{rejects:?}");
    for line in [
        "eapply-applications 2020-06-01..2020-07-01 = 2410",
        "eapply-applications 2022-02-01..2022-03-01 = 2463",
        "eapply-procedures 2021-12-31 = 27",
        "wifi-access-points 2022-03-31 = 122",
        "app-downloads 2022-02-01..2022-03-01 = 200",
        "app-downloads 2020-10-01..2020-11-01 = 141",
        "app-accesses 2021-10-01..2021-11-01 = missing",
        "web-accessibility 2018-03-31 = 14",
        "it-cost 2020-04-01..2021-04-01 = 851000000",
        "mynumber-cards 2022-06-30 = 9842",
        "private-data-cases 2022-03-31 = 3",
        "opendata-datasets 2023-04-01 = 128",
    ] {
        assert!(all_lines.iter().any(|shown| shown == line), "{line}");
    }
}

#[tokio::test]
async fn a_dry_run_shows_what_is_published_once() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = outbox(folder.path(), &TestClock::at("2023-04-01"));
    let (dry, published) = (collected(None).await, collected(Some(&outbox)).await);
    assert_eq!(dry, published);
    let again = collected(Some(&outbox)).await;
    let all: Vec<&Record> = again.values().flatten().collect();
    assert_eq!(all.len(), again.len());
    assert!(all.iter().all(|record| matches!(record, Record::Poll(_))));
}

#[tokio::test]
async fn every_record_survives_the_wire() {
    for record in collected(None).await.into_values().flatten() {
        assert_eq!(wire::decode(&wire::encode(&record)).as_ref(), Ok(&record));
        if let Record::Observation(figure) = record {
            assert!(!matches!(figure.value, Value::Known(n) if n < 0));
        }
    }
}
