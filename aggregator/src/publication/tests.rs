use super::*;
use crate::render::fixture::{period, plan_state};
use aggregator_core::report_period::ReportPeriod;
use contract::time::Micros;
use std::path::{Path, PathBuf};

fn at(seconds: i64) -> Micros {
    Micros(seconds * 1_000_000)
}

fn draft_on(on: &str) -> ReportDraft {
    draft(&plan_state(true), ReportPeriod(period(on)), None).unwrap()
}

fn published(outcome: PublishOutcome) -> Publication {
    match outcome {
        PublishOutcome::Published(publication) => publication,
        PublishOutcome::Same(same) => panic!("the same as {}", same.id),
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn a_publication_is_kept_byte_by_byte_and_the_same_report_is_published_once() {
    let data = tempfile::tempdir().unwrap();
    let folder = PublicationFolder::beside_stores(data.path());
    assert_eq!(folder.latest("small").unwrap(), None);
    let first = published(folder.publish(&draft_on("FY2019"), at(1), "1.0").unwrap());
    let same = folder.publish(&draft_on("FY2019"), at(2), "2.0").unwrap();
    assert_eq!(same, PublishOutcome::Same(first.clone()));
    let second = published(folder.publish(&draft_on("FY2020"), at(3), "2.0").unwrap());
    let third = published(folder.publish(&draft_on("FY2019"), at(4), "2.0").unwrap());
    assert_eq!((first.number, second.number, third.number), (1, 2, 3), "what is not the latest is published anew");
    assert_eq!(first.files, third.files);
    let all: Vec<Publication> = folder.list("small").unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(all, [first.clone(), second, third]);
    for (name, _, bytes) in &draft_on("FY2019").files {
        assert_eq!(folder.read(&first, first.file(name).unwrap()).unwrap(), *bytes, "{name}");
    }
    assert_eq!(folder.plans().unwrap(), ["small"]);
    assert_eq!(folder.find("small", &first.id).unwrap(), Some(first));
    for (plan, id) in
        [("small", "0001-0123456789abcdef"), ("..", "x"), ("small/..", "x"), ("small", "../small"), ("", "")]
    {
        assert_eq!(folder.find(plan, id).unwrap(), None, "{plan}/{id}");
    }
}

#[test]
fn each_changed_or_missing_file_is_named_and_no_older_publication_stands_in_for_it() {
    let data = tempfile::tempdir().unwrap();
    let folder = PublicationFolder::beside_stores(data.path());
    folder.publish(&draft_on("FY2019"), at(1), "1").unwrap();
    let latest = published(folder.publish(&draft_on("FY2020"), at(2), "1").unwrap());
    let files = files_below(&data.path().join("publications/small").join(&latest.id));
    assert_eq!(files.len(), 6);
    for path in files {
        let whole = std::fs::read(&path).unwrap();
        for position in [0, whole.len() / 2, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[position] ^= 1;
            for damaged in [bytes, whole[..position].to_vec()] {
                std::fs::write(&path, damaged).unwrap();
                let found = match folder.latest("small") {
                    Ok(publication) => folder.damage(&publication.unwrap()),
                    Err(error) => vec![error],
                };
                assert_eq!(found.len(), 1, "{}", path.display());
                assert!(found[0].is_damage() && found[0].to_string().contains(path.to_str().unwrap()), "{}", found[0]);
            }
        }
        std::fs::remove_file(&path).unwrap();
        let is_named = match folder.latest("small") {
            Ok(publication) => folder.damage(&publication.unwrap())[0].to_string(),
            Err(error) => error.to_string(),
        };
        assert!(is_named.contains(path.to_str().unwrap()), "{is_named}");
        std::fs::write(&path, whole).unwrap();
    }
    assert_eq!(folder.latest("small").unwrap(), Some(latest));
}

#[test]
fn what_a_crash_left_is_no_publication_and_is_removed_by_the_next() {
    let data = tempfile::tempdir().unwrap();
    let folder = PublicationFolder::beside_stores(data.path());
    let unfinished = data.path().join("publications/small/.new");
    std::fs::create_dir_all(&unfinished).unwrap();
    std::fs::write(unfinished.join("report.csv"), "half a re").unwrap();
    assert!(folder.list("small").unwrap().is_empty());
    assert_eq!(published(folder.publish(&draft_on("FY2019"), at(1), "1").unwrap()).number, 1);
    assert!(!unfinished.exists());
}

#[test]
fn two_that_publish_at_once_take_two_numbers() {
    let data = tempfile::tempdir().unwrap();
    let folder = PublicationFolder::beside_stores(data.path());
    let years = ["FY2019", "FY2020", "FY2021", "2019-04", "2019-05", "2019-06"];
    std::thread::scope(|scope| {
        for year in years {
            let folder = &folder;
            scope.spawn(move || published(folder.publish(&draft_on(year), at(1), "1").unwrap()));
        }
    });
    let numbers: Vec<u32> = folder.list("small").unwrap().into_iter().map(|one| one.unwrap().number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
}
