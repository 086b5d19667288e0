use super::config::{self, AccessLog};
use crate::sources::{LogAdvance, Source, SourceContext, SourceNotes};
use crate::testing::{made, moment, rejects, show};
use contract::catalogue;
use contract::reader;
use std::path::Path;

const KEYS: &str = "kind = 'accesslog'\npath = 'logs'\nfinished = true\nhits = { series = 'hits' }\n\
    [source.rule]\npaths = ['/app/']\nnot_paths = ['/app/health']\nmethods = ['GET', 'POST']\n\
    [[source.area]]\nname = '予約'\npaths = ['/app/reserve']\n";

/// One poll of a folder that holds this file.
fn read(file: &str) -> Result<LogAdvance, &'static str> {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sources/accesslog/fixtures");
    std::fs::copy(fixtures.join(file), folder.path().join(file)).unwrap();
    let source = made(folder.path(), &[("hits", "回", "flow", "hour")], KEYS).unwrap();
    let Source::Log(log) = &source.source else { panic!() };
    let step = log.follow(folder.path(), &SourceNotes::new(), moment("2022-04-02"), u64::MAX);
    step.map_err(|error| error.label())
}

#[test]
fn accesses_are_counted_by_hour_and_area() {
    let step = read("basic.log").unwrap();
    let shown: Vec<String> = step.parsed.figures.iter().map(show).collect();
    let counted: Vec<&str> =
        shown.iter().filter(|line| !line.ends_with("= partial_hour")).map(String::as_str).collect();
    assert_eq!(counted.len(), 4, "{shown:#?}");
    let counts = ["= 2", "= 1", "= 0", "= 1"];
    assert!(counted.iter().zip(counts).all(|(line, count)| line.ends_with(count)), "{counted:#?}");
    let areas = step.parsed.figures[0].breakdown.as_ref().unwrap();
    assert_eq!((areas["予約"], areas["その他"]), (1, 1));
    assert_eq!((step.parsed.rejects, step.more), (vec![], false));
}

#[test]
fn bad_lines_are_rejected_by_number_and_make_their_hour_unknown() {
    let step = read("recoverable-errors.log").unwrap();
    assert!(show(&step.parsed.figures[0]).ends_with("= partial_hour"), "{:?}", step.parsed.figures);
    assert_eq!(rejects(&step.parsed), ["2 -: not_a_log_line", "3 -: not_a_log_line", "4 -: not_a_log_line"]);
}

#[test]
fn a_file_without_a_log_line_fails_the_poll() {
    assert_eq!(read("malformed.log").unwrap_err(), "no_log_line");
    assert_eq!(read("empty.log").unwrap_err(), "no_files");
}

/// The log of one `[[source]]` in a plan that counts `accesses` by the definition `pages`.
fn log(text: &str) -> AccessLog {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/before/config/plans/small.toml");
    let plan = catalogue::parse("small.toml", &std::fs::read_to_string(folder).unwrap()).unwrap();
    let report = |_, message: String| panic!("{message}");
    let context =
        SourceContext { source: "accesslog", catalogue: Some(&plan), labels: &[], fractions: false, report: &report };
    reader::read("a.toml", text, |r| config::read(r, &context)).unwrap()
}

#[test]
fn the_rule_id_is_the_one_in_checkpoints_of_before() {
    let hits = "path = 'a'\nfinished = true\nhits = { series = 'accesses', definition = 'pages' }\n";
    let rule = "[rule]\npaths = ['/app/']\n";
    // What tests/fixtures/before/data/bus.db holds.
    assert_eq!(log(&format!("{hits}{rule}")).rule_id, "a1e325e21f3aa1b24afac35894d499ce");
    let json = log(&format!("{hits}format = 'json'\n{rule}[[area]]\nname = '予約'\npaths = ['/app/reserve']\n"));
    assert_eq!(json.rule_id, "62c72fc16b00c98fdec38b620c2b025a");
}
