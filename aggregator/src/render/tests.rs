use super::fixture::{plan_state, report};
use super::*;
use aggregator_core::judge::{Phase, Status};
use std::collections::BTreeMap;

fn rendered(sample: bool, on: &str, form: impl Fn(&[PlanSheet<'_>]) -> String) -> String {
    let state = plan_state(sample);
    let report = report(&state, on);
    form(&[PlanSheet::new(&state.catalogue, &report)])
}

fn html_of(sheets: &[PlanSheet<'_>]) -> String {
    html::write(sheets).unwrap()
}

const MARKDOWN: &str = r#"# 【見本 Sample】小さな計画 / Small plan

- 市 City: 試験市 / Test City
- 時点 On: 2020年6月30日 / 2020-06-30
- 段階 Phase: 実施中 running
- 状態の内訳 Statuses: ▲ 注意 at risk 1, – データなし no data 1, ● 順調 on track 1

## 【見本 Sample】施策1 公開 / Open data

- 担当 Owner: 情報課 / Data section
- 状態の内訳 Statuses: ▲ 注意 at risk 1, ● 順調 on track 1
- 最も注意を要する指標 Worst KPI: ▲ 注意 at risk =SUM(A1)\|\*DL\* / &lt;script&gt;alert(1)&lt;/script&gt;

| 成果指標 KPI | 状態 Status | 実績 Value | 最新データ Last data | 目安（計画の目標ではない） Guide (not the plan's target) | 目標 Target | 進捗 Progress | 必要ペース Required pace |
|---|---|---|---|---|---|---|---|
| データセット数 / Data sets | ● 順調 on track<br>実施中 running | 215 件 | 2020-06-01 現在（29日前 29 d ago） | 212 件 | ≥ 300 件 | 55.7 % | +3.9 件/月 |
| =SUM(A1)\|\*DL\* / &lt;script&gt;alert(1)&lt;/script&gt; | ▲ 注意 at risk<br>実施中 running | 903 回（速報値 provisional） | 2020-06-30 まで（0日前 0 d ago） | 1,065.9 回 | ≥ 5,000 回 | – | +395.7 回/月 |

- データセット数: 現状値 Baseline: 108 件
- データセット数: 出典 Citation: 計画書 2ページ
- =SUM(A1)\|\*DL\*: 現状値 Baseline: 2,858 回
- =SUM(A1)\|\*DL\*: 注 Note: @注意 / a, b
- =SUM(A1)\|\*DL\*: 出典 Citation: -計画書 "3", ページ

## 【見本 Sample】施策2 費用 / Cost

- 担当 Owner: 財政課 / Finance
- 状態の内訳 Statuses: – データなし no data 1
- 最も注意を要する指標 Worst KPI: – データなし no data 経費 / Cost

| 成果指標 KPI | 状態 Status | 実績 Value | 最新データ Last data | 目安（計画の目標ではない） Guide (not the plan's target) | 目標 Target | 進捗 Progress | 必要ペース Required pace |
|---|---|---|---|---|---|---|---|
| 経費 / Cost | – データなし no data<br>実施中 running | – | – | – | ≤ 1,000 円 | – | – |

- 経費: データの接続 To connect: 台帳をつなぐ / connect the register
- 経費: 出典 Citation: 計画書 4ページ

## 出典 Sources

- 計画 Plan: 計画書 1ページ
- データ Data: 出所：ポータル / Source: portal
"#;

#[test]
fn markdown_says_all_of_a_sample_plan() {
    assert_eq!(rendered(true, "2020-06-30", md::write), MARKDOWN);
}

#[test]
fn markdown_of_a_real_plan_nowhere_says_sample() {
    let text = rendered(false, "2020-06-30", md::write);
    assert_eq!(text, MARKDOWN.replace("【見本 Sample】", ""));
}

#[test]
fn csv_is_rfc_4180_and_no_text_is_a_formula() {
    let text = rendered(true, "2020-06-30", csv::write);
    let rows: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(rows[0], csv::COLUMNS.join(","));
    assert_eq!(
        rows[1..],
        [
            "small,小さな計画,Small plan,試験市,Test City,見本,2020-06-30,open,公開,Open data,情報課,Data section,\
             datasets,データセット数,Data sets,件,sets,running,実施中,on_track,順調,215,215 件,false,\
             2020-06-01T00:00:00+09:00,2020-06-01,29,108,at_least,300,≥ 300 件,212.021918,55.7,3.864599,,,,,,,,,,,\
             出所：ポータル,Source: portal,計画書 2ページ,計画書 1ページ,,,,,0,,,,,,,,",
            "small,小さな計画,Small plan,試験市,Test City,見本,2020-06-30,open,公開,Open data,情報課,Data section,\
             downloads,'=SUM(A1)|*DL*,<script>alert(1)</script>,回,downloads,running,実施中,at_risk,注意,903,903 回,\
             true,2020-07-01T00:00:00+09:00,2020-06-30,0,2858,at_least,5000,\"≥ 5,000 回\",1065.921875,,395.722222,,,,,,,\
             '@注意,\"a, b\",,,,,\"'-計画書 \"\"3\"\", ページ\",計画書 1ページ,,,,,0,,,,,,,,",
            "small,小さな計画,Small plan,試験市,Test City,見本,2020-06-30,money,費用,Cost,財政課,Finance,\
             cost,経費,Cost,円,yen,running,実施中,no_data,データなし,,,false,,,,,at_most,1000,\"≤ 1,000 円\",,,,,,,,\
             台帳をつなぐ,connect the register,,,,,,,計画書 4ページ,計画書 1ページ,,,,,0,,,,,,,,",
            "",
        ]
    );
}

#[test]
fn csv_marks_no_row_of_a_real_plan() {
    assert!(!rendered(false, "2020-06-30", csv::write).contains(words::SAMPLE_JA));
}

#[test]
fn html_marks_a_sample_in_title_heading_and_every_caption() {
    let page = rendered(true, "2020-06-30", html_of);
    assert!(page.contains("<title>見本 Sample: 小さな計画 (2020-06-30)</title>"));
    let mark = "<strong class=\"sample\">見本 <span lang=\"en\">Sample</span></strong>";
    assert!(page.contains(&format!("<h1>{mark}")));
    let captions: Vec<&str> = page.split("<caption>").skip(1).collect();
    assert_eq!(captions.len(), 2);
    assert!(captions.iter().all(|caption| caption.starts_with(mark)));
    assert!(!rendered(false, "2020-06-30", html_of).contains(words::SAMPLE_JA));
}

#[test]
fn hostile_names_are_inert_in_html() {
    let page = rendered(true, "2020-06-30", html_of);
    assert!(!page.contains("<script"));
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;"));
}

#[test]
fn before_the_plan_there_is_a_value_and_no_judgement() {
    let text = rendered(false, "2019-03-31", md::write);
    let row = "| データセット数 / Data sets | –<br>計画前 before the plan | 150 件 | \
               2019-03-01 現在（30日前 30 d ago） | – | ≥ 300 件 | – | – |";
    assert!(text.contains(row), "{text}");
}

#[test]
fn after_the_plan_the_verdict_is_on_the_target_and_later_figures_stand_apart() {
    let closing = rendered(false, "FY2021", md::write);
    let row = "| データセット数 / Data sets | ✔ 達成 achieved<br>確定 closed | 310 件 | \
               2022-04-01 現在（0日前 0 d ago） | – | ≥ 300 件 | 105.2 % | – |";
    assert!(closing.contains(row), "{closing}");
    assert!(closing.contains("- 時点 On: 2021年度（令和3年度） / FY2021"));
    let carried = "過去の値（判定の対象外） Earlier value (not judged): 903 回（2020-06-30 まで（639日前 639 d ago））";
    assert!(closing.contains(carried), "{closing}");
    let later = "その後（判定の対象外） Later (not judged): 333 件（2023-04-01 現在（30日前 30 d ago））";
    assert!(!closing.contains("その後"));
    assert!(rendered(false, "2023-05-01", md::write).contains(later));
    assert!(
        rendered(false, "2023-05-01", html_of)
            .contains("その後 <span lang=\"en\">Later, not judged</span>: <b>333 件</b>")
    );
}

#[test]
fn every_status_and_phase_has_words_and_statuses_differ_in_shape() {
    let mut symbols: Vec<&str> = Status::ALL.iter().map(|s| words::status(s.name()).unwrap().symbol).collect();
    symbols.sort_unstable();
    symbols.dedup();
    assert_eq!(symbols.len(), Status::ALL.len());
    for phase in [Phase::Before, Phase::Running, Phase::Closing, Phase::Closed] {
        assert!(words::phase(phase.name()).is_some());
    }
    assert_eq!((words::status("closed"), words::phase("missed")), (None, None));
}

/// Relative luminance of `#rrggbb`, as WCAG 2 defines it.
fn luminance(hex: &str) -> f64 {
    let channel = |at: usize| {
        let c = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_text_colour_reaches_contrast_aa_in_both_schemes() {
    for scheme in html::STYLE.split(":root {").skip(1) {
        let block = scheme.split('}').next().unwrap();
        let pairs = block.split(';').filter_map(|item| item.trim().strip_prefix("--")?.split_once(": "));
        let colours: BTreeMap<&str, &str> = pairs.collect();
        assert_eq!(colours.len(), 25, "{colours:?}");
        for ink in ["ink", "quiet", "link", "good", "fair", "warn", "bad", "late", "none"] {
            for paper in ["paper", "panel"] {
                let ratio = contrast(colours[ink], colours[paper]);
                assert!(ratio >= 4.5, "{ink} on {paper}: {ratio:.2}");
            }
        }
        assert!(contrast(colours["sample-ink"], colours["sample"]) >= 4.5);
        assert!(contrast(colours["line"], colours["paper"]) >= 3.0);
        for ink in ["c-value", "c-fan", "c-note"] {
            assert!(contrast(colours[ink], colours["paper"]) >= 4.5, "{ink}");
        }
        for mark in ["c-path", "c-target", "c-old", "c-bar"] {
            assert!(contrast(colours[mark], colours["paper"]) >= 3.0, "{mark}");
        }
    }
}

#[test]
fn no_document_holds_a_character_that_turns_its_text() {
    let mut state = plan_state(false);
    let hostile = "a\u{202e}\u{2066}\u{200b}b";
    let catalogue = std::sync::Arc::make_mut(&mut state.catalogue);
    catalogue.plan.name.ja = hostile.to_owned();
    catalogue.plan.citation = hostile.to_owned();
    for kpi in &mut catalogue.kpis {
        kpi.name.en = hostile.to_owned();
        kpi.unit.ja = hostile.to_owned();
        kpi.citation = hostile.to_owned();
    }
    let report = report(&state, "2020-06-30");
    let sheets = [PlanSheet::new(&state.catalogue, &report)];
    for text in [html_of(&sheets), md::write(&sheets), csv::write(&sheets)] {
        assert!(text.contains("a\u{fffd}\u{fffd}\u{fffd}b"), "{text}");
        assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{200b}']), "{text}");
    }
}
