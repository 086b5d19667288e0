use super::*;
use crate::testing::{TestClock, outbox};
use contract::wire;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test]
async fn a_catalogue_is_published_when_its_text_changed_and_only_then() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at("2022-07-01");
    let outbox = outbox(folder.path(), &clock);
    let publish = async |texts: &[(&str, &str)]| {
        let texts: Vec<_> = texts.iter().map(|(plan, text)| ((*plan).to_owned(), (*text).to_owned())).collect();
        publish_catalogues(outbox.as_ref(), clock.as_ref(), None, &texts).await
    };
    assert_eq!(publish(&[("a", "1"), ("ab", "1")]).await.unwrap(), 2);
    assert_eq!(publish(&[("a", "1"), ("ab", "1")]).await.unwrap(), 0);
    assert_eq!(publish(&[("a", "2"), ("ab", "1")]).await.unwrap(), 1);
    assert_eq!(publish(&[("a", "1")]).await.unwrap(), 1);
    clock.pass(-3600);
    assert!(matches!(publish(&[("a", "3")]).await, Err(CatalogueError::Clock(_))));
}

/// Takes the first publications and fails the others.
struct Parts {
    inner: Arc<dyn Outbox>,
    left: AtomicUsize,
    sizes: Mutex<Vec<usize>>,
}

impl Outbox for Parts {
    fn publish(&self, batch: Vec<bus::Outgoing>, checkpoint: Checkpoint) -> bus::Pending {
        let values = checkpoint.iter().filter_map(|(_, value)| Some(value.as_ref()?.len()));
        self.sizes.lock().push(batch.iter().map(|one| one.body.len()).chain(values).sum());
        if self.left.load(Ordering::Relaxed) == 0 {
            let (ack, pending) = bus::Pending::new("outbox".to_owned());
            ack.send(Err(BusError::Overloaded { bus: "outbox".to_owned() }.into()));
            return pending;
        }
        self.left.fetch_sub(1, Ordering::Relaxed);
        self.inner.publish(batch, checkpoint)
    }

    fn checkpoints(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, BusError> {
        self.inner.checkpoints(prefix)
    }
}

#[tokio::test]
async fn more_catalogues_than_one_publication_takes_go_out_in_parts_and_on_after_an_interruption() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at("2022-07-01");
    let inner = outbox(folder.path(), &clock);
    let parts = Parts { inner, left: AtomicUsize::new(2), sizes: Mutex::default() };
    let texts: Vec<_> = (0..12).map(|n| (format!("p{n:02}"), format!("#{}", "x".repeat(1_000_000)))).collect();
    let refused = publish_catalogues(&parts, clock.as_ref(), None, &texts).await;
    assert!(refused.is_err_and(|error| error.is_retriable()));
    parts.left.store(usize::MAX, Ordering::Relaxed);
    assert_eq!(publish_catalogues(&parts, clock.as_ref(), None, &texts).await.unwrap(), 12 - 2 * 4);
    assert_eq!(publish_catalogues(&parts, clock.as_ref(), None, &texts).await.unwrap(), 0);
    let sizes = parts.sizes.lock();
    assert_eq!(sizes.len(), 2 + 1 + 1);
    // Whatever their number is, each fits.
    assert!(sizes.iter().all(|size| *size < bus::MAX_PUBLISH_BYTES / 4), "{sizes:?}");
}

#[tokio::test]
async fn a_refused_catalogue_lets_none_of_the_others_out() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at("2022-07-01");
    let outbox = outbox(folder.path(), &clock);
    let texts = |digits, other: &str| [("a".to_owned(), other.to_owned()), ("p".to_owned(), with_decimals(digits))];
    publish_catalogues(outbox.as_ref(), clock.as_ref(), None, &texts(1, "1")).await.unwrap();
    clock.pass(1);
    let refused = publish_catalogues(outbox.as_ref(), clock.as_ref(), None, &texts(2, "2")).await;
    assert!(matches!(refused, Err(CatalogueError::Decimals(..))));
    assert_eq!(publish_catalogues(outbox.as_ref(), clock.as_ref(), None, &texts(1, "2")).await.unwrap(), 1);
}

fn with_decimals(digits: u32) -> String {
    let series = testkit::series("s", "shape = \"level\"\ngrain = \"day\"", "d", "a");
    let series = series.replace("id = \"d\"\n", &format!("id = \"d\"\ndecimals = {digits}\n"));
    format!("{}{series}", testkit::PLAN)
}

#[tokio::test]
async fn a_catalogue_that_changes_decimals_is_never_published_even_after_an_absence() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at("2022-07-01");
    let outbox = outbox(folder.path(), &clock);
    let publish = async |text: &str| {
        clock.pass(1);
        let texts = [("p".to_owned(), text.to_owned())];
        publish_catalogues(outbox.as_ref(), clock.as_ref(), None, &texts).await
    };
    let changed = |error: Result<usize, CatalogueError>| match error {
        Err(CatalogueError::Decimals(plan, change)) => (plan, change.was, change.is),
        other => panic!("{other:?}"),
    };
    assert_eq!(publish(&with_decimals(1)).await.unwrap(), 1);
    assert_eq!(changed(publish(&with_decimals(0)).await), ("p".into(), 1, 0));
    assert_eq!(publish(testkit::PLAN).await.unwrap(), 1);
    assert_eq!(changed(publish(&with_decimals(2)).await), ("p".into(), 1, 2));
    assert_eq!(publish(&with_decimals(1)).await.unwrap(), 1);
    let published = CheckpointReader::open(folder.path().join("bus.db")).unwrap();
    assert_eq!(published_decimals(&published, "p").unwrap().get("s", "d"), Some(1));
}

#[tokio::test]
async fn one_opened_outbox_answers_for_every_plan() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at("2022-07-01");
    let outbox = outbox(folder.path(), &clock);
    let texts: Vec<_> = (0..3).map(|n| (format!("p{n}"), with_decimals(n))).collect();
    publish_catalogues(outbox.as_ref(), clock.as_ref(), None, &texts).await.unwrap();
    let published = CheckpointReader::open(folder.path().join("bus.db")).unwrap();
    // Where the file is opened again there is nothing any more.
    std::fs::rename(folder.path().join("bus.db"), folder.path().join("moved.db")).unwrap();
    let found = (0..3).map(|n| published_decimals(&published, &format!("p{n}")).unwrap().get("s", "d"));
    assert_eq!(found.collect::<Vec<_>>(), [Some(0), Some(1), Some(2)]);
}

#[tokio::test]
async fn a_note_of_a_version_before_knows_the_catalogue_that_was_published() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at("2022-07-01");
    let outbox = outbox(folder.path(), &clock);
    let texts = [("p".to_owned(), with_decimals(0))];
    publish_catalogues(outbox.as_ref(), clock.as_ref(), None, &texts).await.unwrap();
    let (name, note) = outbox.checkpoints("catalogue/p").unwrap().remove(0);
    let mut note: serde_json::Value = serde_json::from_slice(&note).unwrap();
    assert!(note.as_object_mut().unwrap().remove("decimals").is_some());
    outbox.publish(vec![], vec![(name, Some(serde_json::to_vec(&note).unwrap()))]).await.unwrap();
    let texts = [("p".to_owned(), with_decimals(1))];
    let refused = publish_catalogues(outbox.as_ref(), clock.as_ref(), None, &texts).await;
    assert!(matches!(refused, Err(CatalogueError::Decimals(_, change)) if (change.was, change.is) == (0, 1)));
}

#[test]
fn a_catalogue_is_the_same_after_the_wire() {
    let text = CatalogueText { plan: "p".into(), revision: contract::time::Micros(7), text: "a = \"計\"\n".into() };
    let record = Record::Catalogue(text);
    let out = outgoing(std::slice::from_ref(&record), None);
    assert_eq!((&*out[0].key, out[0].revision.0), ("p", 7));
    assert_eq!(wire::decode(&out[0].body), Ok(record));
}
