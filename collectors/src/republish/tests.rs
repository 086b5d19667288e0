use super::*;
use crate::catalogues::{self, publish_catalogues};
use crate::config::SourceConfig;
use crate::runner::once::collect_once;
use crate::testing::{TestClock, collector, lines, outbox, register, source};
use bus::{Checkpoint, Consumer, Delivery, SqliteConsumer};
use contract::time::Clock;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

const HEAD: &str = "系列,期間,値,備考\n";
const APRIL: &str = "申請件数,R4.4,100,\n";
const MAY: &str = "申請件数,R4.5,200,\n";

/// A register that is polled into an outbox.
struct City {
    folder: TempDir,
    clock: Arc<TestClock>,
    outbox: Arc<dyn Outbox>,
    source: SourceConfig,
}

impl City {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = TestClock::at("2022-07-01");
        let outbox = outbox(folder.path(), &clock);
        let source = source(folder.path(), &register("path = 'r.csv'"));
        Self { folder, clock, outbox, source }
    }

    /// Polls the register with these rows, an hour after the last time. Gives the records.
    async fn poll(&self, rows: &str) -> Vec<Record> {
        self.clock.pass(3600);
        std::fs::write(self.folder.path().join("r.csv"), format!("{HEAD}{rows}")).unwrap();
        let collector = Arc::new(collector(&self.clock));
        let collected = collect_once(&collector, std::slice::from_ref(&self.source), Some(&self.outbox)).await;
        collected.into_iter().flat_map(|one| one.result.unwrap().0).collect()
    }

    /// Publishes everything again; gives the records and what was done.
    async fn again(&self, is_chosen: impl Fn(&str, &str) -> bool) -> (Vec<Record>, Republished) {
        let sent = Mutex::new(Vec::new());
        let publish = async |batch: Vec<Outgoing>| {
            sent.lock().unwrap().extend(batch.iter().map(|out| wire::decode(&out.body).unwrap()));
            self.outbox.publish(batch, Checkpoint::new()).await
        };
        let done = republish(self.outbox.as_ref(), None, self.clock.now(), is_chosen, publish).await.unwrap();
        (sent.into_inner().unwrap(), done)
    }

    /// Forgets the notes, as an outbox of a version before has none.
    async fn drop_notes(&self) {
        let notes = self.outbox.checkpoints(published::PREFIX).unwrap().into_iter().map(|(name, _)| (name, None));
        self.outbox.publish(Vec::new(), notes.collect()).await.unwrap();
    }
}

fn unsized_poll(record: &Record) -> Record {
    let Record::Poll(poll) = record.clone() else { panic!("{record:?}") };
    assert!(poll.size.is_some());
    Record::Poll(PollRecord { size: None, ..poll })
}

/// All records of a log.
fn log(folder: &Path) -> Vec<Vec<u8>> {
    let mut consumer = SqliteConsumer::open(folder.join("bus.db")).unwrap();
    let Delivery::Assigned(partition) = consumer.next(1, Duration::ZERO).unwrap() else { panic!("no partition") };
    consumer.start(partition, None).unwrap();
    let mut bodies = Vec::new();
    while let Delivery::Batch(batch) = consumer.next(1000, Duration::ZERO).unwrap() {
        bodies.extend(batch.iter().map(|(_, _, body)| body.to_vec()));
    }
    bodies
}

#[tokio::test]
async fn the_last_record_of_each_figure_is_published_again_as_it_was_with_its_poll() {
    let city = City::new();
    let first = city.poll(&format!("{APRIL}{MAY}")).await;
    let corrected = city.poll(&format!("{APRIL}申請件数,R4.5,250,\n")).await;
    city.poll(&format!("{APRIL}申請件数,R4.5,250,\n")).await;
    let before = log(city.folder.path());

    let (again, done) = city.again(|_, _| true).await;
    assert_eq!(done, Republished { records: 4, ahead: 0 });
    let expected = ["applied 2022-04-01..2022-05-01 = 100", "applied 2022-05-01..2022-06-01 = 250"];
    assert_eq!(lines(&again)[..2], expected);
    // With revision, poll and place: to the byte what was published. A poll does not say how many records it had.
    assert_eq!(again, [first[0].clone(), corrected[0].clone(), unsized_poll(&first[2]), unsized_poll(&corrected[1])]);
    let after = log(city.folder.path());
    assert!(after[before.len()..before.len() + 2].iter().all(|body| before.contains(body)));
    // Nothing about the next poll has changed.
    assert_eq!(lines(&city.poll(&format!("{APRIL}申請件数,R4.5,250,\n")).await), ["unchanged r.csv"]);
}

#[tokio::test]
async fn a_withdrawn_figure_is_published_again_as_unknown() {
    let city = City::new();
    city.poll(&format!("{APRIL}{MAY}")).await;
    city.poll(MAY).await;
    let (again, _) = city.again(|_, _| true).await;
    assert_eq!(lines(&again)[0], "applied 2022-04-01..2022-05-01 = withdrawn");
}

#[tokio::test]
async fn only_chosen_sources_are_published_again_and_a_catalogue_with_its_plan() {
    let city = City::new();
    city.poll(APRIL).await;
    let plans = [("p".to_owned(), "text = 1\n".to_owned())];
    publish_catalogues(city.outbox.as_ref(), city.clock.as_ref(), None, &plans).await.unwrap();
    assert_eq!(city.again(|_, source| source == "other").await.0, []);
    assert_eq!(lines(&city.again(|plan, source| (plan, source) == ("p", "")).await.0), ["catalogue p"]);
    assert_eq!(city.again(|_, _| true).await.1.records, 3);
}

#[tokio::test]
async fn what_a_version_of_before_published_is_given_once_more_by_its_source() {
    let city = City::new();
    city.poll(&format!("{APRIL}{MAY}")).await;
    let plans = || std::iter::once("p".to_owned());
    let texts = [("p".to_owned(), "text = 1\n".to_owned())];
    publish_catalogues(city.outbox.as_ref(), city.clock.as_ref(), None, &texts).await.unwrap();
    assert_eq!(forget(city.outbox.as_ref(), &city.source).unwrap(), None);
    assert_eq!(catalogues::forget(city.outbox.as_ref(), plans()).unwrap(), []);
    city.drop_notes().await;

    assert_eq!(city.again(|_, _| true).await.1.records, 0);
    let unknown = forget(city.outbox.as_ref(), &city.source).unwrap().unwrap();
    assert_eq!((unknown.plan.as_str(), unknown.source.as_str(), unknown.figures), ("p", "register", 2));
    city.outbox.publish(Vec::new(), unknown.checkpoint).await.unwrap();
    // May is gone meanwhile: it is withdrawn, as it would have been.
    let given = lines(&city.poll(APRIL).await);
    assert_eq!(
        given,
        ["applied 2022-04-01..2022-05-01 = 100", "applied 2022-05-01..2022-06-01 = withdrawn", "changed r.csv"]
    );
    assert_eq!(forget(city.outbox.as_ref(), &city.source).unwrap(), None);
    let checkpoint = catalogues::forget(city.outbox.as_ref(), plans()).unwrap();
    city.outbox.publish(Vec::new(), checkpoint).await.unwrap();
    assert_eq!(publish_catalogues(city.outbox.as_ref(), city.clock.as_ref(), None, &texts).await.unwrap(), 1);
}

#[tokio::test]
async fn a_record_that_is_ahead_of_the_clock_is_left_out_until_the_clock_has_passed_it() {
    let city = City::new();
    city.clock.pass(9 * 3600);
    city.poll(APRIL).await;
    city.clock.pass(-9 * 3600);
    assert_eq!(city.again(|_, _| true).await.1, Republished { records: 0, ahead: 2 });
    city.clock.pass(9 * 3600);
    assert_eq!(city.again(|_, _| true).await.1, Republished { records: 2, ahead: 0 });
}

#[tokio::test]
async fn what_was_taken_back_is_taken_back_again() {
    let city = City::new();
    let polled = city.poll(&format!("{APRIL}{MAY}")).await;
    let polls = std::collections::BTreeSet::from([polled[0].revision()]);
    let correction = crate::retract::Correction { polls: &polls, by: "staff", reason: "the clock was ahead" };
    let of = ("p", "register");
    crate::retract::retract(city.outbox.as_ref(), None, city.clock.as_ref(), of, &correction).await.unwrap();
    // The source gives only one of both once more.
    city.poll(APRIL).await;
    let (again, _) = city.again(|_, _| true).await;
    let taken_back = again.iter().filter(|record| matches!(record, Record::Retraction(_))).count();
    assert_eq!((taken_back, again.len()), (1, 5), "{again:?}");
}
