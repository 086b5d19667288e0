use super::*;
use crate::document::Document;
use crate::sources::{DocumentSource, ParseError, ParsedFile, PollContext};
use crate::testing::{Poller, lines, moment, mynumber, outbox, register, source};
use contract::record::{PollOutcome, Record};
use contract::time::Micros;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const HEADER: &str = "指標,期間,値,区分\n";
pub(super) const APRIL: &str = "申請件数,2022年4月,100\n";
pub(super) const MAY: &str = "申請件数,2022年5月,200\n";

pub(super) fn write(folder: &Path, name: &str, rows: &str) {
    fs::write(folder.join(name), format!("{HEADER}{rows}")).unwrap();
}

/// A register in one file.
pub(super) fn one_file(rows: &str) -> (TempDir, Poller) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "r.csv", rows);
    let poller = Poller::new(source(folder.path(), &register("path = 'r.csv'")));
    (folder, poller)
}

/// Registers in a folder `in`.
pub(super) fn files(all: &[(&str, &str)]) -> (TempDir, Poller) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    for (name, rows) in all {
        write(&folder.path().join("in"), name, rows);
    }
    let poller = Poller::new(source(folder.path(), &register("path = 'in'")));
    (folder, poller)
}

#[tokio::test]
async fn a_second_poll_of_the_same_file_publishes_only_a_poll_record() {
    let (_folder, mut poller) = one_file(&format!("{APRIL}{MAY}べつ,2022年5月,1\n"));
    assert_eq!(
        poller.lines().await,
        [
            "applied 2022-04-01..2022-05-01 = 100",
            "applied 2022-05-01..2022-06-01 = 200",
            "reject r.csv:4 unknown_series",
            "changed r.csv"
        ]
    );
    assert_eq!(poller.lines().await, ["unchanged r.csv"]);
}

#[tokio::test]
async fn records_name_their_origin() {
    let (_folder, mut poller) = one_file(APRIL);
    let poll = poller.poll().await;
    let [Record::Observation(figure), Record::Poll(poll_record)] = &poll.records[..] else {
        panic!("{:?}", poll.records)
    };
    let time = moment("2022-07-01").micros().0 + 1_000_000;
    assert_eq!((figure.revision, &*figure.visit), (Micros(time), &*format!("c1-p-register-{time}")));
    assert_eq!((&*poll_record.id, poll_record.time, poll_record.bytes), (&*figure.visit, figure.revision, Some(54)));
    assert_eq!(figure.place.as_ref().unwrap().row, Some(2));
    assert_eq!((&*figure.plan, &*figure.source, &*poll_record.collector), ("p", "register", "c1"));
    assert_eq!(poll_record.sha256.as_ref().map(String::len), Some(64));
    assert_eq!(poll.summary.age, Some(Duration::ZERO));
}

#[tokio::test]
async fn a_correction_publishes_the_corrected_key_alone() {
    let (folder, mut poller) = one_file(&format!("{APRIL}{MAY}"));
    poller.poll().await;
    write(folder.path(), "r.csv", &format!("{APRIL}{MAY}申請件数,R4.4,99,\n"));
    assert_eq!(poller.lines().await, ["applied 2022-04-01..2022-05-01 = 99", "changed r.csv"]);
    write(folder.path(), "r.csv", &format!("{APRIL}{MAY}申請件数,R4.4,99,\n申請件数,R4.5,－\n"));
    assert_eq!(poller.lines().await, ["applied 2022-05-01..2022-06-01 = missing", "changed r.csv"]);
}

#[tokio::test]
async fn a_row_that_vanished_is_withdrawn_once_and_may_come_back() {
    let (folder, mut poller) = one_file(&format!("{APRIL}{MAY}"));
    poller.poll().await;
    write(folder.path(), "r.csv", MAY);
    assert_eq!(poller.lines().await, ["applied 2022-04-01..2022-05-01 = withdrawn", "changed r.csv"]);
    assert_eq!(poller.lines().await, ["unchanged r.csv"]);
    write(folder.path(), "r.csv", &format!("{APRIL}{MAY}"));
    assert_eq!(poller.lines().await, ["applied 2022-04-01..2022-05-01 = 100", "changed r.csv"]);
}

#[tokio::test]
async fn a_text_where_a_figure_should_be_is_a_reject_and_withdraws_nothing() {
    let (folder, mut poller) = one_file(&format!("{APRIL}{MAY}"));
    poller.poll().await;
    write(folder.path(), "r.csv", &format!("{APRIL}申請件数,2022年5月,集計中です\n"));
    assert_eq!(poller.lines().await, ["reject r.csv:3 not_a_number", "changed r.csv"]);
    // Nor does a row whose key is text: it may be the one that seems to be gone.
    write(folder.path(), "r.csv", &format!("{APRIL}申請件数,来月,200\n"));
    assert_eq!(poller.lines().await, ["reject r.csv:3 not_a_date", "changed r.csv"]);
    write(folder.path(), "r.csv", APRIL);
    assert_eq!(poller.lines().await, ["applied 2022-05-01..2022-06-01 = withdrawn", "changed r.csv"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_withdraws_nothing() {
    let (folder, mut poller) = one_file(&format!("{APRIL}{MAY}"));
    poller.poll().await;
    let path = folder.path().join("r.csv");
    for (bytes, expected) in [
        (&b""[..], "failed(empty_body) r.csv"),
        (HEADER.as_bytes(), "failed(no_rows) r.csv"),
        (b"a,b\n1,2\n", "failed(missing_column) r.csv"),
        (b"<!doctype html><title>Login</title>", "failed(html) r.csv"),
    ] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(poller.lines().await, [expected]);
    }
    fs::remove_file(&path).unwrap();
    let poll = poller.poll().await;
    assert_eq!(lines(&poll.records), ["failed(not_found) r.csv"]);
    assert_eq!(poll.summary.age, Some(Duration::from_secs(5)));
    assert_eq!(poll.summary.failure.as_deref(), Some("r.csv: no such file or folder; see `path`"));
    write(folder.path(), "r.csv", &format!("{APRIL}{MAY}"));
    assert_eq!(poller.lines().await, ["unchanged r.csv"]);
}

#[tokio::test]
async fn time_alone_makes_a_figure_final() {
    let (_folder, mut poller) = one_file("申請件数,2022年7月,7\n");
    assert_eq!(poller.lines().await, ["applied 2022-07-01..2022-08-01 = 7?", "changed r.csv"]);
    poller.clock.pass(31 * 86_400);
    assert_eq!(poller.lines().await, ["applied 2022-07-01..2022-08-01 = 7", "changed r.csv"]);
    assert_eq!(poller.lines().await, ["unchanged r.csv"]);
}

#[tokio::test]
async fn each_file_of_a_folder_has_a_poll_record_and_the_later_name_wins() {
    let (folder, mut poller) =
        files(&[("b.csv", "申請件数,2022年4月,90\n"), ("a.csv", &format!("{APRIL}{MAY}")), ("note.txt", "x")]);
    fs::write(folder.path().join("in/~$b.csv"), "x").unwrap();
    let poll = poller.poll().await;
    assert_eq!(
        lines(&poll.records),
        [
            "applied 2022-04-01..2022-05-01 = 90",
            "applied 2022-05-01..2022-06-01 = 200",
            "changed in/a.csv",
            "changed in/b.csv"
        ]
    );
    let ids: Vec<&str> =
        poll.records.iter().filter_map(|r| if let Record::Poll(v) = r { Some(&*v.id) } else { None }).collect();
    assert_eq!(ids[1], format!("{}-2", ids[0]));
    let [Record::Observation(april), Record::Observation(may), ..] = &poll.records[..] else { panic!() };
    assert_eq!((&*april.visit, &*may.visit), (ids[1], ids[0]));
    assert_eq!(poller.lines().await, ["unchanged in"]);
}

#[tokio::test]
async fn a_removed_file_withdraws_only_what_no_other_gives() {
    let (folder, mut poller) = files(&[("a.csv", APRIL), ("b.csv", &format!("申請件数,2022年4月,90\n{MAY}"))]);
    poller.poll().await;
    fs::remove_file(folder.path().join("in/b.csv")).unwrap();
    assert_eq!(
        poller.lines().await,
        [
            "applied 2022-04-01..2022-05-01 = 100",
            "applied 2022-05-01..2022-06-01 = withdrawn",
            "changed in/a.csv",
            "changed in"
        ]
    );
    assert_eq!(poller.lines().await, ["unchanged in"]);
}

#[tokio::test]
async fn what_was_rejected_ends_with_its_file_or_by_other_rules() {
    let bad = format!("{APRIL}べつ,2022年4月,100\n");
    let (folder, mut poller) = files(&[("a.csv", &bad), ("b.csv", &bad)]);
    let rejected = |name: &str| format!("reject in/{name}:3 unknown_series");
    let found = poller.lines().await;
    assert!(found.contains(&rejected("a.csv")) && found.contains(&rejected("b.csv")), "{found:?}");
    fs::remove_file(folder.path().join("in/a.csv")).unwrap();
    let poll = poller.poll().await;
    assert_eq!(lines(&poll.records), ["changed in/a.csv"]);
    let [Record::Poll(left)] = &poll.records[..] else { panic!("{:?}", poll.records) };
    assert_eq!((&left.sha256, left.bytes), (&None, Some(0)));
    // By other rules the row repeats a figure.
    let rules = register("path = 'in'") + "\"べつ\" = { series = \"applied\", definition = \"accepted\" }\n";
    poller.source = source(folder.path(), &rules);
    assert_eq!(poller.lines().await, ["changed in/b.csv"]);
    assert_eq!(poller.lines().await, ["unchanged in"]);
}

#[tokio::test]
async fn a_renamed_file_changes_nothing_and_an_emptied_folder_withdraws_nothing() {
    let (folder, mut poller) = files(&[("a.csv", APRIL)]);
    poller.poll().await;
    let path = |name: &str| folder.path().join("in").join(name);
    fs::rename(path("a.csv"), path("z.csv")).unwrap();
    assert_eq!(poller.lines().await, ["changed in/z.csv"]);
    fs::remove_file(path("z.csv")).unwrap();
    assert_eq!(poller.lines().await, ["failed(no_files) in"]);
    fs::write(path("z.csv"), b"").unwrap();
    fs::write(path("y.csv"), format!("{HEADER}{MAY}")).unwrap();
    assert_eq!(
        poller.lines().await,
        ["applied 2022-05-01..2022-06-01 = 200", "changed in/y.csv", "failed(empty_body) in/z.csv"]
    );
}

#[tokio::test]
async fn an_edition_speaks_for_its_own_date_only() {
    let folder = tempfile::tempdir().unwrap();
    let edition = |date: &str, rows: &str| {
        let text = format!("算出基準日,総数（人口）,交付枚数,団体コード\n{}", rows.replace("DATE", date));
        fs::write(folder.path().join("latest.csv"), text).unwrap();
    };
    let mut poller = Poller::new(source(folder.path(), &mynumber("path = 'latest.csv'\ncode = '472905'")));
    edition("2022/05/01", "DATE,1000,400,472905\nDATE,5,2,472913\n");
    assert_eq!(poller.lines().await, ["cards 2022-05-01 = 400", "people 2022-05-01 = 1000", "changed latest.csv"]);
    edition("2022/06/01", "DATE,1001,410,472905\nDATE,5,2,472913\n");
    assert_eq!(poller.lines().await, ["cards 2022-06-01 = 410", "people 2022-06-01 = 1001", "changed latest.csv"]);
    edition("2022/06/01", "DATE,5,2,472913\n");
    assert_eq!(
        poller.lines().await,
        ["cards 2022-06-01 = withdrawn", "people 2022-06-01 = withdrawn", "changed latest.csv"]
    );
    edition("2022/06/01", "DATE,10x1,410,472905\n");
    assert_eq!(poller.lines().await, ["reject latest.csv:2 not_a_number", "changed latest.csv"]);
}

#[tokio::test]
async fn two_collectors_of_the_same_files_publish_equal_figures() {
    let (folder, mut first) = files(&[("a.csv", &format!("{APRIL}{MAY}")), ("b.csv", "申請件数,R4.4,99\n")]);
    let mut second = Poller::new(source(folder.path(), &register("path = 'in'")));
    second.collector.name = "c2".into();
    second.clock.pass(3600);
    let figures = |poll: FinishedPoll| -> Vec<_> {
        let figure = |record| {
            if let Record::Observation(o) = record {
                Some((o.series, o.period, o.value, o.finality, o.place))
            } else {
                None
            }
        };
        poll.records.into_iter().filter_map(figure).collect()
    };
    assert_eq!(figures(first.poll().await), figures(second.poll().await));
}

#[tokio::test]
async fn a_changed_configuration_reads_unchanged_files_again() {
    let (folder, mut poller) = one_file("指数,2022年4月,1\n");
    assert_eq!(poller.lines().await, ["reject r.csv:2 unknown_series", "changed r.csv"]);
    let more = format!("{}\"指数\" = \"datasets\"\n", register("path = 'r.csv'"));
    poller.source = source(folder.path(), &more);
    assert_eq!(poller.lines().await, ["reject r.csv:2 wrong_period", "unchanged r.csv"]);
    assert_eq!(poller.lines().await, ["unchanged r.csv"]);
}

#[tokio::test]
async fn a_clock_set_back_stops_the_source_and_a_slow_one_does_not() {
    let (_folder, mut poller) = one_file(APRIL);
    let first = poller.poll().await.next.clock.last;
    poller.clock.pass(-60);
    assert_eq!(poller.poll().await.next.clock.last, first + 1);
    poller.clock.pass(-600);
    let stopped = poll_once(&poller.collector, &poller.source, &poller.state).await.unwrap_err();
    assert_eq!(stopped.last, Micros(first + 1));
}

#[tokio::test]
async fn too_many_records_are_a_failed_poll_and_many_are_published_in_parts() {
    let rows = "べつ,2022年4月,1\n".repeat(1_000_001);
    let (folder, mut poller) = one_file(&rows);
    assert_eq!(poller.lines().await, ["failed(too_many_records) r.csv"]);
    write(folder.path(), "r.csv", &"べつ,2022年4月,1\n".repeat(120_000));
    let poll = poller.poll().await;
    let parts: Vec<usize> = poll.parts(None).iter().map(|part| part.records.len()).collect();
    assert_eq!(parts, [50_000, 50_000, 20_001]);
    write(folder.path(), "r.csv", APRIL);
    assert_eq!(poller.lines().await, ["applied 2022-04-01..2022-05-01 = 100", "changed r.csv"]);
}

#[tokio::test]
async fn records_and_state_are_published_together() {
    let (folder, mut poller) = one_file(APRIL);
    let outbox = outbox(folder.path(), &poller.clock);
    let poll = poller.poll().await;
    for part in poll.parts(None) {
        outbox.publish(part.records, part.checkpoint).await.unwrap();
    }
    let state = SourceState::load(outbox.as_ref(), "p", "register").unwrap();
    assert_eq!(state, poll.next);
    assert_eq!(SourceState::load(outbox.as_ref(), "p", "other").unwrap(), SourceState::default());
}

#[derive(Debug)]
struct Faulty;

impl DocumentSource for Faulty {
    fn parse(&self, _: &Document, _: &PollContext) -> Result<ParsedFile, ParseError> {
        panic!("a panic for the test");
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }

    fn is_open(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_panic_in_a_parser_is_a_failed_poll() {
    let (_folder, mut poller) = one_file(APRIL);
    poller.source.source = Source::Documents(Arc::new(Faulty));
    let poll = poller.poll().await;
    let [Record::Poll(poll_record)] = &poll.records[..] else { panic!() };
    assert_eq!(poll_record.outcome, PollOutcome::Failed("panicked".into()));
    assert!(poll_record.sha256.is_some());
}
