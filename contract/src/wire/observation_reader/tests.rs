use super::*;
use crate::borrowed::BorrowedObservation;
use crate::record::Record;
use crate::signing::SigningKey;
use crate::wire;
use proptest::prelude::*;

/// What one reader makes of a line, as the library would say it.
fn read<'a>(reader: &mut ObservationReader, line: &'a [u8]) -> Option<(Record, Option<Signature<'a>>)> {
    let ReadObservation { ids, fields, signature } = reader.read(line)?;
    let ids = reader.ids(ids).unwrap();
    let observation = BorrowedObservation {
        plan: &ids.plan,
        series: &ids.series,
        definition: &ids.definition,
        source: &ids.source,
        period: fields.period,
        value: fields.value,
        breakdown: fields.breakdown.as_ref(),
        finality: fields.finality,
        revision: fields.revision,
        visit: fields.visit,
        place: fields.place,
    };
    Some((Record::Observation(observation.to_owned()), signature))
}

fn golden() -> Vec<Vec<u8>> {
    let other = include_str!("../../../golden/observation.json").replace("cards", "births").replace("298886", "-1");
    let texts = [
        include_str!("../../../golden/observation.json"),
        include_str!("../../../golden/observation-signed.json"),
        &other,
        include_str!("../../../golden/visit.json"),
        include_str!("../../../golden/note.json"),
    ];
    texts.iter().map(|text| text.trim_end().as_bytes().to_vec()).collect()
}

#[test]
fn ids_are_numbered_by_batch_and_known_from_the_one_before() {
    let (lines, mut reader) = (golden(), ObservationReader::default());
    let places = |reader: &mut ObservationReader, order: &[usize]| -> Vec<Option<u32>> {
        order.iter().map(|line| Some(reader.read(&lines[*line])?.ids)).collect()
    };
    assert_eq!(places(&mut reader, &[0, 1, 2, 0, 3, 4]), [Some(0), Some(0), Some(1), Some(0), None, None]);
    let first = reader.end_batch();
    assert_eq!(first.iter().map(|ids| &*ids.series).collect::<Vec<_>>(), ["mynumber-cards", "mynumber-births"]);
    assert_eq!(places(&mut reader, &[2, 0]), [Some(0), Some(1)]);
    let second = reader.end_batch();
    assert!(Arc::ptr_eq(&first[0], &second[1]) && Arc::ptr_eq(&first[1], &second[0]));
    assert_eq!(reader.end_batch(), []);
}

#[test]
fn ids_of_lines_that_the_library_reads_have_a_place_too() {
    let (lines, mut reader) = (golden(), ObservationReader::default());
    let Ok(Record::Observation(observation)) = wire::decode(&lines[0]) else { panic!("no observation") };
    assert_eq!([reader.add(&observation), reader.add(&observation)], [0, 0]);
    assert_eq!(reader.read(&lines[2]).unwrap().ids, 1);
    assert_eq!(reader.add(&observation), 2);
    assert_eq!(reader.ids(2).map(|ids| &*ids.plan), Some("kawasaki"));
    assert_eq!(reader.end_batch().len(), 3);
}

#[test]
fn what_is_kept_between_batches_has_a_limit() {
    let (text, mut reader) = (String::from_utf8(golden().remove(0)).unwrap(), ObservationReader::default());
    for number in 0..=MAX_KEPT {
        assert!(reader.read(text.replace("issued", &format!("d{number}")).as_bytes()).is_some());
    }
    assert_eq!(reader.known.len(), MAX_KEPT + 1);
    assert_eq!(reader.end_batch().len(), MAX_KEPT + 1);
    assert_eq!((reader.known.len(), reader.begins.len()), (0, 0));
    let long = text.replace("issued", &"d".repeat(MAX_BEGIN_BYTES));
    assert_eq!(read(&mut reader, long.as_bytes()).map(|(record, _)| record), wire::decode(long.as_bytes()).ok());
    assert_eq!(reader.known.len(), 0);
}

/// Bytes that matter in such a line.
fn any_edit() -> impl Strategy<Value = (prop::sample::Index, Option<u8>, bool)> {
    let byte = prop::sample::select(br#"{}[]",:\-+.eE0123456789TZnullas_ofx "#.to_vec());
    (any::<prop::sample::Index>(), prop::option::of(prop_oneof![9 => byte, 1 => any::<u8>()]), any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]
    /// One reader reads many lines, so that what it keeps of one can be wrong for another.
    #[test]
    fn a_batch_reads_as_its_lines_read_one_by_one(
        observation in super::super::tests::any_observation(),
        lines in prop::collection::vec((any::<prop::sample::Index>(), prop::collection::vec(any_edit(), 0..3)), 1..12),
    ) {
        let mut all = golden();
        let record = Record::Observation(observation);
        all.extend([wire::encode(&record), wire::encode_signed(&record, &SigningKey::new("k", [1; 32]).unwrap())]);
        let mut reader = ObservationReader::default();
        for (number, (line, edits)) in lines.into_iter().enumerate() {
            let original = line.get(&all);
            let mut line = original.clone();
            for (at, byte, insert) in edits {
                let at = at.index(line.len());
                match byte {
                    Some(byte) if insert => line.insert(at, byte),
                    Some(byte) => line[at] = byte,
                    None => drop(line.remove(at)),
                }
            }
            let expected = wire::decode_with_signature(&line);
            let found = read(&mut reader, &line);
            if let Some(found) = &found {
                prop_assert_eq!(Ok(found), expected.as_ref(), "{}", String::from_utf8_lossy(&line));
            }
            let is_golden = golden()[..3].contains(&line);
            prop_assert!(found.is_some() || !is_golden);
            if number % 4 == 3 { drop(reader.end_batch()); }
        }
    }
}
