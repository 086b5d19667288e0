use crate::config::SourceConfig;
use crate::sources::Coverage;
use crate::testing::{figures, made, moment, parse_named, rejects};
use std::path::Path;

fn source(keys: &str) -> SourceConfig {
    let series = [("applied", "件", "flow", "month"), ("offered", "手続", "level", "day")];
    let own = "kind = 'eapply'\npath = 'x'\napplications = { series = 'applied' }\n";
    made(Path::new("."), &series[..], &format!("{own}{keys}")).unwrap()
}

const BOTH: &str = "procedures = { series = 'offered' }\n";

/// A source of single applications; the plan's other series is fed by nobody then, so it has only one.
fn single(keys: &str) -> SourceConfig {
    let own = "kind = 'eapply'\npath = 'x'\nrows = 'applications'\napplications = { series = 'applied' }\n";
    made(Path::new("."), &[("applied", "件", "flow", "month")], &format!("{own}{keys}")).unwrap()
}

#[test]
fn a_months_file_gives_the_sum_of_all_procedures_and_their_number() {
    let (source, basic) = (source(BOTH), include_bytes!("fixtures/basic.csv"));
    let expected = ["offered/d 2022-04-30 = 4", "applied/d 2022-04-01..2022-05-01 = 1255"];
    assert_eq!(figures(&source, "a.csv", basic).unwrap(), expected);
    let parsed = parse_named(&source, "a.csv", basic).unwrap();
    assert_eq!(parsed.covers, Coverage::Within(moment("2022-04-01"), moment("2022-05-01")));
    assert_eq!((parsed.rejects.len(), parsed.held.len(), parsed.until), (0, 0, None));
}

#[test]
fn the_breakdown_adds_up_and_hides_small_counts() {
    let parsed =
        parse_named(&source(&format!("{BOTH}breakdown = true")), "a.csv", include_bytes!("fixtures/basic.csv"));
    let breakdown = parsed.unwrap().figures[1].breakdown.clone().unwrap();
    let shown: Vec<String> = breakdown.iter().map(|(label, count)| format!("{label}={count}")).collect();
    assert_eq!(shown, ["その他=24", "住民票の写しの交付請求=1231", "飼い犬の登録=0"]);
}

#[test]
fn a_row_that_cannot_be_read_holds_its_month_and_no_other() {
    let parsed = parse_named(&source(BOTH), "a.csv", include_bytes!("fixtures/recoverable-errors.csv")).unwrap();
    assert_eq!(rejects(&parsed), ["3 count: not_a_number", "5 count: negative", "6 procedure: empty"]);
    let shown: Vec<String> = parsed.figures.iter().map(crate::testing::show).collect();
    let june = ["offered/d 2022-06-30 = 2", "applied/d 2022-06-01..2022-07-01 = missing"];
    assert_eq!(shown, june, "April and May are held, June lacks a count");
    assert_eq!(parsed.held.len(), 4);
    assert_eq!(parsed.covers, Coverage::Within(moment("2022-04-01"), moment("2022-07-01")));
}

#[test]
fn totals_in_any_words_and_repeated_parts_are_not_added() {
    let text = "所管課,手続名,年月,件数\n市民課,住民票,R4.4,10\n,（うちスマートフォン）,R4.4,7\n市民課,住民票（再掲）,R4.4,10\n\
                市民課,小計,R4.4,10\n税務課 計,,R4.4,5\n税務課,税証明,R4.4,5\n合計,,R4.4,15\n,合計（全手続）,R4.4,15\n";
    let expected = ["offered/d 2022-04-30 = 2", "applied/d 2022-04-01..2022-05-01 = 15"];
    assert_eq!(figures(&source(BOTH), "a.csv", text.as_bytes()).unwrap(), expected);
}

#[test]
fn a_printed_total_that_is_not_the_sum_of_the_counts_holds_its_month() {
    let text =
        "手続名,年月,件数\n前年4月,R4.4,30\n住民票,R4.4,10\n税証明,R4.4,5\n合計,R4.4,15\n住民票,R4.5,7\n合計,R4.5,7\n";
    let parsed = parse_named(&source(BOTH), "a.csv", text.as_bytes()).unwrap();
    assert_eq!(rejects(&parsed), ["5 count: total_disagrees"]);
    let shown: Vec<String> = parsed.figures.iter().map(crate::testing::show).collect();
    assert_eq!(shown, ["offered/d 2022-05-31 = 1", "applied/d 2022-05-01..2022-06-01 = 7"]);
    assert_eq!(parsed.held.len(), 2);
}

#[test]
fn what_was_withdrawn_is_known_in_any_of_its_words() {
    let text = "受付日時,処理状況\n2022-04-01T09:00:00+09:00,完了\n2022/4/2 9:00,取下げ済\n2022/4/3 9:00,取り下げ済み\n\
                2022年4月4日（月）9時30分,却下\n20220405093000,申込取消\n2022/4/6 9:00,キャンセル\n";
    let expected = ["applied/d 2022-04-01..2022-05-01 = 2"];
    assert_eq!(figures(&single(""), "a.csv", text.as_bytes()).unwrap(), expected);
}

#[test]
fn a_row_without_a_month_holds_them_all() {
    let text = "手続名,受付年月,受付件数\nあ,2022年4月,1\nい,不明な月,2\nう,2022年9月,3\n";
    let parsed = parse_named(&source(BOTH), "a.csv", text.as_bytes()).unwrap();
    assert_eq!(rejects(&parsed), ["3 month: not_a_date", "4 month: in_the_future"]);
    assert_eq!((parsed.figures.len(), parsed.held.len()), (0, 2));
}

#[test]
fn what_is_no_export_is_refused() {
    let source = source(BOTH);
    assert_eq!(figures(&source, "a.csv", include_bytes!("fixtures/empty.csv")), Err("no_rows"));
    assert_eq!(figures(&source, "a.csv", include_bytes!("fixtures/malformed.csv")), Err("missing_column"));
}

#[test]
fn the_month_may_stand_in_the_name_or_in_a_title() {
    let bare = "手続名,受付件数\nあ,1\nい,2\n";
    let april = Ok(vec!["offered/d 2022-04-30 = 2".to_owned(), "applied/d 2022-04-01..2022-05-01 = 3".to_owned()]);
    let named = source(&format!("{BOTH}month_from = 'name'"));
    assert_eq!(figures(&named, "kensu_R0404.csv", bare.as_bytes()), april);
    assert_eq!(figures(&named, "kensu.csv", bare.as_bytes()), Err("no_period"));
    let titled = source(&format!("{BOTH}month_from = 'title'"));
    assert_eq!(figures(&titled, "x.csv", format!("令和４年４月分　利用件数\n\n{bare}").as_bytes()), april);
    assert_eq!(figures(&titled, "x.csv", bare.as_bytes()), Err("no_period"));
}

#[test]
fn a_month_that_runs_is_provisional_and_offers_nothing_yet() {
    let text = "手続名,年月,件数\nあ,2022年7月,1\n";
    let parsed = parse_named(&source(BOTH), "a.csv", text.as_bytes()).unwrap();
    assert_eq!(figures(&source(BOTH), "a.csv", text.as_bytes()).unwrap(), ["applied/d 2022-07-01..2022-08-01 = 1?"]);
    assert_eq!(parsed.until, Some(moment("2022-08-01")));
}

#[test]
fn single_applications_are_counted_by_the_month_of_receipt() {
    let text = "受付番号,受付日時,手続名,処理状況,氏名\n\
        A-1,2022/4/1 09:00,あ,完了,見本太郎\n\
        A-2,2022/4/30 23:59:59,あ,取下げ,見本花子\n\
        A-3,令和4年4月30日,い,受付,見本次郎\n\
        A-4,2022/5/1 00:00,い,受付,見本三郎\n\
        合計,,,,\n";
    let expected = ["applied/d 2022-04-01..2022-05-01 = 2", "applied/d 2022-05-01..2022-06-01 = 1"];
    assert_eq!(figures(&single(""), "a.csv", text.as_bytes()).unwrap(), expected);
    let named = single("month_from = 'name'");
    let parsed = parse_named(&named, "202204.csv", text.as_bytes()).unwrap();
    assert_eq!(rejects(&parsed), ["5 received: wrong_period"], "a row of May does not replace May");
    assert_eq!(parsed.covers, Coverage::Within(moment("2022-04-01"), moment("2022-05-01")));
    let withdrawn = "受付番号,受付日時,処理状況\nA,2022/4/1,取下げ\n";
    assert_eq!(figures(&named, "202204.csv", withdrawn.as_bytes()).unwrap(), ["applied/d 2022-04-01..2022-05-01 = 0"]);
}

#[test]
fn json_and_cp932_say_the_same() {
    let json = r#"[{"手続名":"あ","年月":"2022-04","件数":1200},{"手続名":"い","年月":"2022-04","件数":"５５"}]"#;
    let expected = ["offered/d 2022-04-30 = 2", "applied/d 2022-04-01..2022-05-01 = 1255"];
    assert_eq!(figures(&source(BOTH), "a.json", json.as_bytes()).unwrap(), expected);
    let csv = "\"手続名\",\"年月\",\"件数\"\r\n\"あ\",\"令和4年4月\",\"1,200\"\r\n\"い\",\"R4.4\",\"55\"\r\n";
    assert_eq!(figures(&source(BOTH), "a.csv", &encoding_rs::SHIFT_JIS.encode(csv).0).unwrap(), expected);
}

#[test]
fn mistakes_in_the_configuration_are_named() {
    let series =
        [("applied", "件", "flow", "month"), ("offered", "手続", "level", "day"), ("daily", "件", "flow", "day")];
    let mistakes =
        |keys: &str| made(Path::new("."), &series, &format!("kind = 'eapply'\npath = 'x'\n{keys}")).unwrap_err();
    let found =
        mistakes("rows = 'applications'\napplications = { series = 'daily' }\nprocedures = { series = 'applied' }");
    for message in [
        "an export counts by month, and series `daily` does not",
        "procedures on offer are a level, and series `applied` is none",
        "single applications do not tell which procedures are on offer; use `rows = \"counts\"`",
    ] {
        assert!(found.iter().any(|mistake| mistake == message), "{message}: {found:?}");
    }
}
