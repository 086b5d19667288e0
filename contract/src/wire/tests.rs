use super::*;
use crate::record::{
    CatalogueText, Finality, Note, NoteSubject, Observation, Place, PollOutcome, PollRecord, PollSize, Record, Reject,
    Retraction, Span, Value,
};
use crate::signing::SigningKey;
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
        size: None,
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

fn sized_poll() -> PollRecord {
    PollRecord {
        plan: "p".into(),
        source: "s".into(),
        id: "v1".into(),
        collector: "c".into(),
        time: Micros(1),
        outcome: PollOutcome::Changed,
        address: "a.csv".into(),
        sha256: None,
        bytes: Some(3),
        size: Some(PollSize { records: 2, digest: 0xab }),
    }
}

#[test]
fn what_is_new_in_version_2_reads_like_its_golden_lines() {
    let retraction = Retraction {
        plan: "p".into(),
        source: "s".into(),
        from: Micros(5),
        to: Micros(9),
        revision: Micros(10),
        by: "staff".into(),
        reason: "the clock was ahead".into(),
    };
    let note = Note {
        plan: "p".into(),
        source: "register".into(),
        subject: NoteSubject::Kpi("cards".into()),
        topic: "cause".into(),
        period: Span::AsOf(Moment::parse("2020-04-01T00:00:00+09:00").unwrap()),
        language: "ja".into(),
        text: "窓口の混雑".into(),
        revision: Micros(10),
        visit: "v1".into(),
        place: None,
    };
    for (record, golden) in [
        (Record::Poll(sized_poll()), include_str!("../../golden/visit-2.json")),
        (Record::Retraction(retraction), include_str!("../../golden/retraction.json")),
        (Record::Note(note), include_str!("../../golden/note.json")),
    ] {
        let line = String::from_utf8(encode(&record)).unwrap();
        assert_eq!(line, golden.trim_end());
        assert_eq!(decode(line.as_bytes()).unwrap(), record);
        let older = line.replace("\"schema\":2", "\"schema\":1");
        assert_eq!(decode(older.as_bytes()).map_err(|e| e.label()), Err("invalid_record"), "{older}");
    }
}

#[test]
fn a_signed_line_reads_like_its_golden_line_and_says_the_same() {
    let key = SigningKey::new("k1", [7; 32]).unwrap();
    for record in [Record::Observation(observation()), Record::Poll(sized_poll())] {
        let (line, signed) = (encode(&record), encode_signed(&record, &key));
        assert_eq!(decode(&signed).unwrap(), record);
        assert_eq!(content(&signed), content(&line));
        assert_eq!(signature(&line), None);
        let found = signature(&signed).unwrap();
        assert!(found.key == "k1" && key.verifies(&found.covered, found.mac));
        for at in 0..signed.len() {
            let mut changed = signed.clone();
            changed[at] ^= 1;
            let holds = signature(&changed).is_some_and(|s| s.key == "k1" && key.verifies(&s.covered, s.mac));
            assert!(!holds, "byte {at}");
        }
    }
    let line = String::from_utf8(encode_signed(&Record::Observation(observation()), &key)).unwrap();
    assert_eq!(line, include_str!("../../golden/observation-signed.json").trim_end());
}

#[test]
fn a_signature_stands_behind_version_2_or_is_refused() {
    let key = SigningKey::new("k1", [7; 32]).unwrap();
    let line = String::from_utf8(encode_signed(&Record::Observation(observation()), &key)).unwrap();
    let (start, end) = (line.find("\"signed_by\"").unwrap(), line.find("\"plan\"").unwrap());
    let (head, signed, fields) = (&line[..start], &line[start..end], &line[end..]);
    for wrong in [
        line.replace("\"schema\":2", "\"schema\":1"),
        format!("{head}{},{}}}", &fields[..fields.len() - 1], &signed[..signed.len() - 1]),
        line.replace("\"signed_by\":\"k1\",", ""),
        format!("{head}{signed}{signed}{fields}"),
        format!("{head}\"signed_by\":\"k1\",{fields}"),
        format!("{head} {signed}{fields}"),
    ] {
        assert_eq!(decode(wrong.as_bytes()).map_err(|e| e.label()), Err("invalid_record"), "{wrong}");
    }
}

#[test]
fn a_text_that_looks_like_a_signature_is_none() {
    let text = format!("\"signed_by\":\"k1\",\"mac\":\"{}\",", "0".repeat(32));
    let record = Record::Catalogue(CatalogueText { plan: text.clone(), revision: Micros(1), text });
    let line = encode(&record);
    assert_eq!(signature(&line), None);
    assert_eq!(decode(&line), Ok(record));
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
        (line.replace("\"schema\":1", "\"schema\":3"), "unknown_schema"),
        (line.replace("\"schema\":1", "\"schema\":0"), "unknown_schema"),
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

pub(super) fn any_observation() -> impl Strategy<Value = Observation> {
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
        prop_assert_eq!(decode(&encode(&record)), Ok(record.clone()));
        let signed = encode_signed(&record, &SigningKey::new("k", [1; 32]).unwrap());
        let line = encode(&record);
        prop_assert_eq!(content(&signed), content(&line));
        prop_assert_eq!(decode(&signed), Ok(record));
    }

    #[test]
    fn decoding_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&bytes);
    }
}
