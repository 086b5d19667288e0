//! A small portal that answers what it is asked, and the loop that asks it.

use super::*;
use crate::testing::parser;
use std::collections::BTreeMap;
use url::Url;

/// A portal of so many datasets.
struct Portal {
    datasets: usize,
    /// Most rows of a page, whatever is asked for.
    cap: usize,
    /// True when the search tells totals, and when `package_show` does.
    search_tells: bool,
    show_tells: bool,
}

/// What a visit asked, and all its answers.
type Visit = (Vec<String>, Vec<Vec<u8>>);

impl Portal {
    fn package(at: usize, tells: bool) -> String {
        // The first dataset has no file, so that the first answer alone cannot tell.
        let tracking = if tells { r#", "tracking_summary": {"total": 3, "recent": 1}"# } else { "" };
        let file = format!(r#"{{"url": "https://p.jp/{at}.csv"{tracking}}}"#);
        let files = if at == 0 { String::new() } else { file };
        format!(r#"{{"name": "d{at:04}", "state": "active", "resources": [{files}]}}"#)
    }

    fn answer(&self, address: &str) -> Vec<u8> {
        let url = Url::parse(address).unwrap();
        let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let result = if url.path().ends_with("/package_show") {
            assert_eq!(query["include_tracking"], "true");
            Self::package(query["id"][1..].parse().unwrap(), self.show_tells)
        } else {
            assert_eq!((query["q"].as_str(), query["sort"].as_str()), ("*:*", "name asc"));
            let (start, rows): (usize, usize) = (query["start"].parse().unwrap(), query["rows"].parse().unwrap());
            let end = self.datasets.min(start + rows.min(self.cap));
            let page: Vec<String> = (start..end).map(|at| Self::package(at, self.search_tells)).collect();
            format!(r#"{{"count": {}, "results": [{}]}}"#, self.datasets, page.join(", "))
        };
        format!(r#"{{"success": true, "result": {result}}}"#).into_bytes()
    }

    /// Asks until the source has enough.
    fn visit(&self, source: &SourceConfig, address: &str) -> Result<Visit, ParseError> {
        let (mut asked, mut answers) = (Vec::new(), Vec::new());
        while let Some(next) = parser(source).ask(address, &answers)? {
            assert!(asked.len() < 700, "asks for ever");
            answers.push(self.answer(&next));
            asked.push(next);
        }
        Ok((asked, answers))
    }

    /// How often it was asked, and the figures.
    fn figures(&self, own: &str) -> (usize, Vec<String>) {
        let source = portal(&format!("url = 'https://p.jp/api/3/action'\n{own}"));
        let (asked, answers) = self.visit(&source, "https://p.jp/api/3/action").unwrap();
        let answers: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
        let parsed = visit(&source, "2022-07-01", "action", &answers).unwrap();
        (asked.len(), parsed.figures.iter().map(show).collect())
    }
}

const COUNTED: &str = "datasets = { series = 'datasets' }\ncount = 'listed'\n";

#[test]
fn pages_are_asked_for_until_they_add_up() {
    for (datasets, cap, times) in
        [(1, 1000, 1), (1000, 1000, 1), (1001, 1000, 2), (4080, 1000, 5), (250, 100, 3), (7, 3, 3)]
    {
        let portal = Portal { datasets, cap, search_tells: false, show_tells: false };
        let figures = portal.figures(COUNTED);
        assert_eq!(figures, (times, vec![format!("datasets/rule 2022-07-01 = {datasets}")]), "{datasets} by {cap}");
    }
}

#[test]
fn the_questions_are_these() {
    let small = Portal { datasets: 2, cap: 1, search_tells: false, show_tells: true };
    let own = "url = 'https://p.jp/api/3/action/'\ndownloads = { series = 'fetches' }\norganisation = 'tokei'\nfq = 'dataset_type:dataset'\n";
    let (asked, _) = small.visit(&portal(own), "https://p.jp/api/3/action/").unwrap();
    let search = |start: u32| {
        format!(
            "https://p.jp/api/3/action/package_search?q=*%3A*&rows=1000&start={start}&sort=name+asc&fq=%2B%28organization%3A%22tokei%22%29+%2B%28dataset_type%3Adataset%29"
        )
    };
    let show = |name: &str| format!("https://p.jp/api/3/action/package_show?id={name}&include_tracking=true");
    assert_eq!(asked, [search(0), search(1), show("d0000"), show("d0001")]);
    for address in ["mihon/ckan/a.json", "https://p.jp/catalog.csv", "https://p.jp/api/3/action/package_list"] {
        let source = portal(&format!("url = 'https://p.jp/'\n{COUNTED}"));
        assert_eq!(parser(&source).ask(address, &[]), Ok(Some(address.to_owned())));
        assert_eq!(parser(&source).ask(address, &[b"x".to_vec()]), Ok(None));
    }
}

#[test]
fn totals_come_from_the_search_else_from_each_dataset_else_from_nowhere() {
    let own = "datasets = { series = 'datasets' }\ncount = 'listed'\ndownloads = { series = 'fetches' }\n";
    let rows = [
        // The search tells.
        (40, true, true, 1, "117"),
        // Only each dataset tells.
        (40, false, true, 41, "117"),
        // Nothing tells: the first dataset with a file is enough.
        (40, false, false, 3, "no_tracking"),
        // Too many to ask each.
        (501, false, true, 1, "too_many_datasets"),
        (501, true, true, 1, "1500"),
    ];
    for (datasets, search_tells, show_tells, times, total) in rows {
        let portal = Portal { datasets, cap: 1000, search_tells, show_tells };
        let expected =
            [format!("datasets/rule 2022-07-01 = {datasets}"), format!("fetches/tracked 2022-07-01 = {total}")];
        assert_eq!(portal.figures(own), (times, expected.to_vec()), "{datasets} {search_tells} {show_tells}");
    }
}

#[test]
fn pages_that_do_not_fit_together_stop_the_poll() {
    let source = portal(&format!("url = 'https://p.jp/api/3/action/'\n{COUNTED}"));
    let page = |count: u32, names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| format!(r#"{{"name": "{name}"}}"#)).collect();
        format!(r#"{{"success": true, "result": {{"count": {count}, "results": [{}]}}}}"#, names.join(",")).into_bytes()
    };
    let ask =
        |answers: &[Vec<u8>]| parser(&source).ask("https://p.jp/api/3/action/", answers).map_err(|error| error.label());
    let rows = [
        (vec![page(3, &["a", "b"]), page(4, &["c"])], "count_changed"),
        (vec![page(3, &["a", "b"]), page(3, &[])], "pages_do_not_add_up"),
        (vec![page(1, &["a", "b"])], "pages_do_not_add_up"),
        (vec![page(3, &["a", "b"]), b"<html>".to_vec()], "html"),
        (vec![page(3, &["a", "b"]), Vec::new()], "empty_file"),
        ((0..100).map(|at| page(101, &[&format!("d{at}")])).collect(), "too_many_pages"),
    ];
    for (answers, label) in rows {
        assert_eq!(ask(&answers), Err(label));
    }
    // The order shifted between two pages: their number is right, and one dataset is missing.
    let (first, second) = (page(3, &["a", "b"]), page(3, &["b"]));
    assert_eq!(ask(&[first.clone(), second.clone()]), Ok(None));
    assert_eq!(visit(&source, "2022-07-01", "action", &[&first, &second]).unwrap_err().label(), "named_twice");
    assert_eq!(visit(&source, "2022-07-01", "action", &[&first]).unwrap_err().label(), "pages_do_not_add_up");
}
