//! What is stored never changes its meaning: the decimals of a definition stay what they were.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support;
use crate::support::{World, catalogue_record, sets};
use aggregator::pipeline;
use aggregator::store::StoreError;
use bus::SqliteConsumer;
use contract::record::Record;
use std::sync::atomic::AtomicBool;

/// The plan whose `sets` are counted in tenths, hundredths and so on.
fn with_decimals(digits: u32) -> String {
    let (before, sets) = support::PLAN.split_once("id = \"sets\"").unwrap();
    let rule = "[[series.definition]]\nid = \"d\"\n";
    format!("{before}id = \"sets\"{}", sets.replacen(rule, &format!("{rule}decimals = {digits}\n"), 1))
}

fn refusal(world: &World) -> String {
    let consumer = Box::new(SqliteConsumer::open(world.bus()).unwrap());
    match pipeline::run(&world.setup(), consumer, &AtomicBool::new(false)) {
        Err(pipeline::PipelineError::Store(error @ StoreError::Decimals { .. })) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_catalogue_that_changes_decimals_is_quarantined_by_name_and_the_figures_stay() {
    let mut world = World::new();
    world.text = with_decimals(1);
    world.publish(&[
        catalogue_record(&with_decimals(1), "2020-01-01"),
        Record::Observation(sets("2020-03-01", 205, "2020-05-02")),
        catalogue_record(&with_decimals(2), "2020-06-01"),
    ]);
    let counts = world.keep(3);
    assert_eq!((counts.stored, counts.quarantined), (2, 1));
    let quarantined = world.reader().quarantined(0, 10).unwrap();
    assert_eq!(quarantined[0].reason, "decimals_changed");
    let export = world.export("2020-05-10");
    assert!(export.contains(r#""period":"2020-02","value":20.5,"complete":true"#), "{export}");
}

#[test]
fn a_configuration_that_changes_decimals_is_refused_with_the_remedy() {
    let mut world = World::new();
    world.text = with_decimals(1);
    world.publish(&[Record::Observation(sets("2020-03-01", 205, "2020-05-02"))]);
    world.keep(1);
    world.text = with_decimals(0);
    let message = refusal(&world);
    assert!(
        message.starts_with("the catalogue of plan p is refused: the figures of definition `d` of series `sets`"),
        "{message}"
    );
    assert!(message.contains("set it back to 1, or add a definition with another id"), "{message}");
    world.text = with_decimals(1);
    world.keep(1);
}

#[test]
fn a_definition_that_only_a_published_catalogue_has_is_known_too() {
    // A definition that this store was never opened with, but that a stored catalogue has.
    let mut world = World::new();
    let (small, _) = support::PLAN.split_once("[[series]]\nid = \"sets\"").unwrap();
    world.text = small.to_owned();
    world.publish(&[catalogue_record(&with_decimals(1), "2020-01-01")]);
    world.keep(1);
    world.text = with_decimals(0);
    assert!(refusal(&world).contains("`decimals = 1`, not 0"));
}
