//! The proof that nothing of an applicant leaves the parser: all that a poll makes is searched for it.

use crate::document::sha256;
use crate::poll::poll_once;
use crate::poll::state::SourceState;
use crate::testing::{TestClock, collector, made, outbox, parse_named};
use contract::wire;
use std::io::Write;
use std::sync::{Arc, Mutex};

/// What stands in the export and may stand nowhere else. All invented.
const PERSONAL: [&str; 9] = [
    "MIHON-2022-0401-77",
    "見本太郎",
    "ミホンタロウ",
    "見本県見本市架空町1-2-3",
    "090-0000-1234",
    "taro@example.jp",
    "19700101",
    "犬の名はポチ",
    "MIHON-2022-0402-78",
];

/// Keeps all that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn export(first_day: &str) -> String {
    let [number, name, kana, address, phone, mail, born, remark, other] = PERSONAL;
    format!(
        "受付番号,受付日時,手続名,処理状況,氏名,フリガナ,住所,電話,メール,生年月日,備考\n\
         {number},{first_day} 10:00,犬の登録,完了,{name},{kana},{address},{phone},{mail},{born},{remark}\n\
         {other},{name} {phone},犬の登録,完了,{name},{kana},{address},{phone},{mail},{born},{remark}\n\
         ,,{mail},,,,,,,,\n"
    )
}

/// Polls a folder with a good file, a file with unreadable rows and one that breaks off inside a quote; gives all
/// that was made: records, summaries, logs, debug forms, and every byte of every file of ours.
async fn everything() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    std::fs::write(files.join("202204.csv"), export("2022/4/2")).unwrap();
    std::fs::write(files.join("202205.csv"), export("2022/5/2").replace("犬の登録,完了", "\"犬の登録,完了")).unwrap();
    let headless = export("2022/4/2").replace("受付日時", "見本太郎日時");
    std::fs::write(files.join("202206.csv"), &headless).unwrap();
    let keys = "kind = 'eapply'\npath = 'files'\nrows = 'applications'\nmonth_from = 'name'\nbreakdown = true\n\
                applications = { series = 'applied' }\n";
    let source = made(folder.path(), &[("applied", "件", "flow", "month")], keys).unwrap();
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let clock = TestClock::at("2022-07-01");
    let outbox = outbox(folder.path(), &clock);
    let poll = poll_once(&collector(&clock), &source, &SourceState::default()).await.unwrap();
    tracing::info!(?poll, "polled");
    for part in poll.parts(None) {
        outbox.publish(part.records, part.checkpoint).await.unwrap();
    }
    let refused = parse_named(&source, "202206.csv", headless.as_bytes()).unwrap_err();
    let mut made: Vec<Vec<u8>> = poll.records.iter().map(wire::encode).collect();
    assert!(made.len() >= 4, "figures, rejects and visits are there to be searched");
    made.push(format!("{poll:?} {refused} {refused:?}").into_bytes());
    made.push(log.0.lock().unwrap().clone());
    drop(outbox);
    for entry in folder.path().read_dir().unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        made.push(std::fs::read(entry).unwrap());
    }
    made
}

#[tokio::test]
async fn nothing_of_an_applicant_can_be_found_in_what_we_make() {
    let all = everything().await;
    assert!(all.iter().any(|bytes| holds(bytes, "犬の登録")) || all.iter().any(|bytes| holds(bytes, "not_a_date")));
    for secret in PERSONAL {
        for form in [secret.to_owned(), sha256(secret.as_bytes())[..32].to_owned()] {
            assert!(!all.iter().any(|bytes| holds(bytes, &form)), "{secret} was found");
        }
    }
}

/// Not even the hash of a row: who knows all of it but a number could try them out.
#[tokio::test]
async fn the_hash_of_a_reject_says_nothing_of_its_row() {
    use crate::table::{self, FileLayout, TableLimits, row_hash};
    let sheets = table::read(export("2022/4/2").as_bytes(), FileLayout::default(), &TableLimits::default()).unwrap();
    let all = everything().await;
    for row in &sheets[0].rows {
        assert!(!all.iter().any(|bytes| holds(bytes, &row_hash(row))), "row {}", row.number);
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
