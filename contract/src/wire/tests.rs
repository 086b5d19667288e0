use super::*;
use crate::record::{
    CatalogueText, Finality, Observation, Place, PollOutcome, PollRecord, Record, Reject, Span, Value,
};
use crate::time::{Micros, Moment};
use proptest::prelude::*;

fn observation() -> Observation {
    Observation {
        plan: "kawasaki".into(),
        series: "mynumber-cards".into(),
        definition: "issued".into(),
        source: "mynumber".into(),
        period: Span::AsOf(Moment::parse("2020-04-01T00:00:00+09:00").unwrap()),
        value: Value::Known(298_886),
        breakdown: Some([("b".into(), 2), ("a".into(), 1)].into()),
        finality: Finality::Final,
        revision: Micros(1_585_700_000_000_000),
        visit: "v1".into(),
        place: Some(Place { sheet: None, row: Some(15) }),
    }
}

#[test]
fn an_observation_reads_like_its_golden_line() {
    let line = String::from_utf8(encode(&Record::Observation(observation()))).unwrap();
    assert_eq!(line, include_str!("../../golden/observation.json").trim_end());
    assert_eq!(decode(line.as_bytes()).unwrap(), Record::Observation(observation()));
}

#[test]
fn the_other_kinds_read_like_their_golden_lines() {
    let visit = Record::Poll(PollRecord {
        plan: "p".into(),
        source: "s".into(),
        id: "v1".into(),
        collector: "c".into(),
        time: Micros(1),
        outcome: PollOutcome::Failed("timeout".into()),
        address: "https://data.example.jp/a.csv".into(),
        sha256: None,
        bytes: None,
    });
    let reject = Record::Reject(Reject {
        plan: "p".into(),
        source: "s".into(),
        visit: "v1".into(),
        time: Micros(1),
        reason: "not_an_integer".into(),
        file: "a.csv".into(),
        sheet: None,
        row: Some(3),
        column: Some("value".into()),
        hash: "00ff".into(),
    });
    let catalogue =
        Record::Catalogue(CatalogueText { plan: "p".into(), revision: Micros(1), text: "[plan]\nid = \"p\"\n".into() });
    for (record, golden) in [
        (visit, include_str!("../../golden/visit.json")),
        (reject, include_str!("../../golden/reject.json")),
        (catalogue, include_str!("../../golden/catalogue.json")),
    ] {
        let line = String::from_utf8(encode(&record)).unwrap();
        assert_eq!(line, golden.trim_end());
        assert_eq!(decode(line.as_bytes()).unwrap(), record);
    }
}

#[test]
fn the_checked_in_schema_is_the_generated_one() {
    let checked_in: serde_json::Value = serde_json::from_str(include_str!("../../record.schema.json")).unwrap();
    assert_eq!(schema(), checked_in, "write the output of `cargo run -p contract --example schema` to it");
}

#[test]
fn what_is_no_record_is_refused_by_name() {
    let line = String::from_utf8(encode(&Record::Observation(observation()))).unwrap();
    let rows = [
        (line.replace("298886", "298886.0"), "invalid_record"),
        (line.replace("298886", "298886.5"), "invalid_record"),
        (line.replace("298886", "\"298886\""), "invalid_record"),
        (line.replace("298886", "99999999999999999999"), "invalid_record"),
        (line.replace("298886", "null"), "invalid_record"),
        (line.replace("\"visit\"", "\"extra\":1,\"visit\""), "invalid_record"),
        (line.replace("\"schema\":1", "\"schema\":2"), "unknown_schema"),
        (line.replace("\"observation\"", "\"opinion\""), "unknown_kind"),
        (line.replace("{\"a\":1,\"b\":2}", "{\"a\":1,\"a\":2}"), "invalid_record"),
        (line.replace("{\"a\":1,\"b\":2}", "[1,2]"), "invalid_record"),
        (line.replace("{\"a\":1,\"b\":2}", "{\"a\":\"x\"}"), "invalid_record"),
        (line.replace("2020-04-01T00:00:00+09:00", "yesterday"), "invalid_record"),
        (line.replace("\"final\"", "\"perhaps\""), "invalid_record"),
        (line.replace("\"as_of\"", "\"from\""), "invalid_record"),
        (line.replace("\"as_of\":", "\"from\":null,\"as_of\":"), "invalid_record"),
        (line.replace("\"as_of\":", "\"from\":\"2020-01-01\",\"as_of\":"), "invalid_record"),
        (line.replace("\"plan\"", "\"schema\":2,\"plan\""), "invalid_record"),
        (line.replace("\"plan\"", "\"kind\":\"visit\",\"plan\""), "invalid_record"),
        ("not json".into(), "malformed"),
        ("[]".into(), "malformed"),
        (String::new(), "malformed"),
    ];
    for (text, label) in rows {
        assert_eq!(decode(text.as_bytes()).map_err(|e| e.label()), Err(label), "{text}");
    }
    let unknown = line.replace("298886", "{\"unknown\":\"missing\"}");
    let Ok(Record::Observation(read)) = decode(unknown.as_bytes()) else { panic!("{unknown}") };
    assert_eq!(read.value, Value::Unknown("missing".into()));
}

#[test]
fn canonical_bytes_sort_labels_by_code_point() {
    assert_eq!(canonical(&observation()), br#"[298886,{"a":1,"b":2},"final"]"#);
    let unknown = canonical_figure(&Value::Unknown("欠".into()), None, Finality::Provisional);
    assert_eq!(unknown, r#"[{"unknown":"欠"},null,"provisional"]"#.as_bytes());
}

fn any_span() -> impl Strategy<Value = Span> {
    let moment = || (-2_000_000_000_i64..7_000_000_000).prop_map(Moment);
    prop_oneof![moment().prop_map(Span::AsOf), (moment(), moment()).prop_map(|(a, b)| Span::During(a, b))]
}

fn any_observation() -> impl Strategy<Value = Observation> {
    let value = prop_oneof![any::<i64>().prop_map(Value::Known), ".*".prop_map(Value::Unknown)];
    let breakdown = prop::option::of(prop::collection::btree_map(".*", any::<i64>(), 0..4));
    let place = prop::option::of(
        (prop::option::of(".*"), prop::option::of(any::<u32>())).prop_map(|(sheet, row)| Place { sheet, row }),
    );
    ((".*", ".*", ".*", ".*"), any_span(), value, breakdown, any::<bool>(), any::<i64>(), place).prop_map(
        |((plan, series, definition, source), period, value, breakdown, settled, revision, place)| Observation {
            plan,
            series,
            definition,
            source,
            period,
            value,
            breakdown,
            finality: if settled { Finality::Final } else { Finality::Provisional },
            revision: Micros(revision),
            visit: "v".into(),
            place,
        },
    )
}

proptest! {
    #[test]
    fn the_wire_form_round_trips(observation in any_observation()) {
        let record = Record::Observation(observation);
        prop_assert_eq!(decode(&encode(&record)), Ok(record));
    }

    #[test]
    fn decoding_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&bytes);
    }
}
