//! What is parsed again, and what not.

use super::state;
use super::tests::{APRIL, MAY, files, one_file, write};
use crate::document::Document;
use crate::sources::{DocumentSource, ParseError, ParsedFile, PollContext, Source};
use crate::testing::Poller;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts how often a file is parsed.
#[derive(Debug)]
struct Counting(Arc<dyn DocumentSource>, AtomicUsize);

impl DocumentSource for Counting {
    fn parse(&self, file: &Document, context: &PollContext) -> Result<ParsedFile, ParseError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.parse(file, context)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        self.0.series()
    }

    fn is_open(&self) -> bool {
        self.0.is_open()
    }
}

/// Puts a counter before the parser of a poller.
fn counted(poller: &mut Poller) -> Arc<Counting> {
    let Source::Documents(parser) = &poller.source.source else { panic!() };
    let counting = Arc::new(Counting(Arc::clone(parser), 0.into()));
    poller.source.source = Source::Documents(Arc::clone(&counting) as Arc<dyn DocumentSource>);
    counting
}

#[tokio::test]
async fn files_with_the_content_of_before_are_parsed_again_only_when_another_one_changes() {
    let (folder, mut poller) = files(&[("a.csv", APRIL), ("b.csv", MAY)]);
    let counting = counted(&mut poller);
    let parsed = || counting.1.swap(0, Ordering::SeqCst);
    poller.poll().await;
    assert_eq!(parsed(), 2);
    let before = poller.state.clone();
    assert_eq!(poller.lines().await, ["unchanged in"]);
    assert_eq!((parsed(), &poller.state.keys, &poller.state.files), (0, &before.keys, &before.files));
    // The April of the later file counts, as if both were read for the first time.
    write(&folder.path().join("in"), "b.csv", &format!("{}{MAY}", APRIL.replace("100", "7")));
    assert_eq!(poller.lines().await, ["applied 2022-04-01..2022-05-01 = 7", "changed in/b.csv"]);
    assert_eq!(parsed(), 2);
    // A file that cannot be read changes nothing.
    fs::write(folder.path().join("in/c.csv"), "no header\n").unwrap();
    for _ in 0..2 {
        let lines = poller.lines().await;
        assert!(lines.len() == 1 && lines[0].ends_with("in/c.csv") && !lines[0].contains("changed"), "{lines:?}");
        assert_eq!(parsed(), 1);
    }
    fs::remove_file(folder.path().join("in/c.csv")).unwrap();
    // And that of the earlier one again, when the later file is gone.
    fs::remove_file(folder.path().join("in/b.csv")).unwrap();
    let lines = poller.lines().await;
    assert_eq!((parsed(), lines.contains(&"applied 2022-04-01..2022-05-01 = 100".to_owned())), (1, true), "{lines:?}");
}

#[tokio::test]
async fn the_same_content_is_parsed_again_under_other_keys_and_from_an_earlier_state() {
    let (_folder, mut poller) = one_file(APRIL);
    let counting = counted(&mut poller);
    let parsed = || counting.1.swap(0, Ordering::SeqCst);
    poller.poll().await;
    let changes: [fn(&mut state::FileNote); 4] = [
        |note| note.fingerprint = "keys:other".into(),
        |note| note.doubted = None,
        |note| note.until = Some(1),
        |note| note.sha256.clear(),
    ];
    for change in changes {
        parsed();
        poller.state.files.values_mut().for_each(change);
        poller.poll().await;
        assert_eq!(parsed(), 1);
        poller.poll().await;
        assert_eq!(parsed(), 0);
    }
}
