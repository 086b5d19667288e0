//! The way from figures to a sentence, and that an answer is one of its question alone.

use super::*;
use crate::judge::judge;
use crate::plan_state::PlanState;
use crate::report_period::ReportPeriod;
use contract::period::Period;
use contract::record::{Finality, Observation, Span, Value};
use contract::time::{Micros, Moment};

const KPI: &str = r#"
    [[kpi]]
    id = "k"
    name = { ja = "名", en = "name" }
    policy = "policy"
    KIND
    unit = { ja = "件", en = "items" }
    citation = "p. 1"
"#;

fn register(figures: &[i64], kind: &str) -> PlanState {
    let series = testkit::series("s", "shape = \"level\"\ngrain = \"day\"", "d", "src");
    let kpi = KPI.replace("KIND", kind);
    let mut state = PlanState::new(testkit::catalogue(&format!("{}{series}{kpi}", testkit::POLICY)));
    for (month, value) in figures.iter().enumerate() {
        let month = Period::month(2019, 4).plus(i32::try_from(month).unwrap());
        state.insert(&observation(month.end(), *value)).unwrap();
    }
    state
}

fn observation(at: Moment, value: i64) -> Observation {
    Observation {
        plan: "p".into(),
        series: "s".into(),
        definition: "d".into(),
        source: "src".into(),
        period: Span::AsOf(at),
        value: Value::Known(value),
        breakdown: None,
        finality: Finality::Final,
        revision: Micros(at.micros().0 + 1),
        visit: "v".into(),
        place: None,
    }
}

const LEVEL: &str =
    "kind = \"level\"\nseries = \"s\"\nbaseline = { year = \"FY2018\", value = 10000 }\ntarget = { at_least = 16000 }";

fn asked(state: &PlanState, on: &str) -> (Result<LandingQuestion, LandingSilence>, String, String) {
    let period = ReportPeriod(Period::parse(on).unwrap());
    let (view, kpi) = (state.view(period.cutoff()), &state.catalogue.kpis[0]);
    let judged = judge(&view, kpi, period);
    let question = question(&view, kpi, &judged, period);
    let answer = question.clone().and_then(|question| question.answer());
    let said = sentence(kpi, &judged, &answer).unwrap_or_default();
    (question, said.ja, said.en)
}

#[test]
fn an_outlook_is_one_sentence_with_few_digits() {
    let growing: Vec<i64> = (0..12).map(|k| 10_000 + 113 * k + (k % 3) * 17).collect();
    let (_, ja, en) = asked(&register(&growing, LEVEL), "2020-04-30");
    assert_eq!(ja, "このままだと令和3年度末に 13,880 件（80%区間 13,790〜14,030）。目標 16,000 件の見込み 5%未満。");
    assert_eq!(
        en,
        "On its present course 13,880 items at the end of FY2021 (80 % interval 13,790 to 14,030); chance of the target of 16,000 items: under 5 %."
    );
}

#[test]
fn silences_have_their_own_words() {
    let figures = [10_100, 10_200, 10_300, 10_400, 10_500];
    let (_, ja, en) = asked(&register(&figures, LEVEL), "2019-10-31");
    assert_eq!(
        (ja.as_str(), en.as_str()),
        ("数字が5点だけのため、見通しは出しません。", "No outlook: only 5 figures.")
    );
    let (_, ja, en) = asked(&register(&[16_000; 6], LEVEL), "2019-10-31");
    assert_eq!(ja, "計画の終わりまで目標以上を保てば「達成」が確定します。");
    assert_eq!(en, "It counts as achieved if it stays there to the plan's end.");
    let (_, ja, en) = asked(&register(&[], LEVEL), "2019-10-31");
    assert_eq!((ja.as_str(), en.as_str()), ("数字がないため、見通しは出しません。", "No outlook without a figure."));
}

#[test]
fn only_a_new_period_or_another_figure_makes_another_question() {
    let figures = [10_100, 10_200, 10_300, 10_400, 10_500, 10_700, 10_800];
    let mut state = register(&figures, LEVEL);
    let key = |state: &PlanState, on: &str| asked(state, on).0.unwrap().key();
    let before = key(&state, "2019-11-02");
    assert_eq!(before, key(&state, "2019-11-29"), "the same figures on another day");
    assert_ne!(before, key(&state, "2019-10-30"), "a month less");
    // Inside a month nothing is closed yet; a later figure is unknown at the moment asked.
    state.insert(&observation(Moment::parse("2019-11-15T00:00:00+09:00").unwrap(), 10_900)).unwrap();
    assert_eq!(before, key(&state, "2019-11-29"));
    state.insert(&observation(Moment::parse("2019-08-31T00:00:00+09:00").unwrap(), 1)).unwrap();
    assert_eq!(before, key(&state, "2019-11-29"), "1 September closes August, not 31 August");
    let corrected = Observation { revision: Micros(i64::MAX), ..observation(Period::month(2019, 8).end(), 10_501) };
    state.insert(&corrected).unwrap();
    assert_ne!(before, key(&state, "2019-11-29"));
}

#[test]
fn an_answer_that_was_kept_is_the_same() {
    let figures = [10_100, 10_200, 10_300, 10_450, 10_500, 10_700, 10_800];
    let answer = asked(&register(&figures, LEVEL), "2019-11-02").0.unwrap().answer();
    let text = serde_json::to_string(&answer).unwrap();
    assert_eq!(serde_json::from_str::<LandingAnswer>(&text).unwrap(), answer);
    let silence: LandingAnswer = Err(LandingSilence::UnknownPeriod { period: "2020-05".into() });
    assert_eq!(serde_json::from_str::<LandingAnswer>(&serde_json::to_string(&silence).unwrap()).unwrap(), silence);
}

#[test]
fn a_probability_is_never_none_or_all() {
    let percent = |text: &str| sentence::percent(&contract::exact::parse(text).unwrap()).0;
    let rows = [
        ("0.000001", "5%未満"),
        ("0.049999", "5%未満"),
        ("0.05", "5%"),
        ("0.505", "51%"),
        ("0.9499", "94%"),
        ("0.95", "95%以上"),
    ];
    for (probability, text) in rows {
        assert_eq!(percent(probability), text);
    }
}

#[test]
fn a_yearly_sum_says_the_year_asked_and_the_last_one() {
    let flows = testkit::series("s", "shape = \"flow\"\ngrain = \"month\"", "d", "src");
    let kpi = KPI.replace(
        "KIND",
        &LEVEL.replace("\"level\"", "\"flow_per_year\"").replace("10000", "1200").replace("16000", "1500"),
    );
    let mut state = PlanState::new(testkit::catalogue(&format!("{}{flows}{kpi}", testkit::POLICY)));
    for number in 0..30 {
        let month = Period::month(2018, 4).plus(number);
        let period = Span::of(month);
        state
            .insert(&Observation { period, ..observation(month.end(), 100 + i64::from(number + number % 4)) })
            .unwrap();
    }
    let (question, ja, en) = asked(&state, "2020-09-30");
    assert_eq!(
        ja,
        "このままだと令和2年度は年間 1,565 件（80%区間 1,558〜1,573）、令和3年度は年間 1,697 件（80%区間 1,675〜1,718）。\
         目標 1,500 件の見込み 95%以上。"
    );
    assert_eq!(
        en,
        "On its present course FY2020 would end at 1,565 items (80 % interval 1,558 to 1,573), FY2021 would end at 1,697 items \
         (80 % interval 1,675 to 1,718); chance of the target of 1,500 items: 95 % or more."
    );
    let landing = question.unwrap().answer().unwrap();
    assert_eq!(landing.year.map(|year| year.goal), contract::exact::parse("1400"));
    assert_eq!((landing.at, landing.figures), (Period::month(2020, 9).end(), 30));
}

#[test]
fn what_is_known_is_answered_and_the_rest_is_pending_or_computed() {
    let figures = [10_100, 10_200, 10_300, 10_450, 10_500, 10_700, 10_800];
    let question = asked(&register(&figures, LEVEL), "2019-11-02").0.unwrap();
    let mut known = KnownLandings::default();
    assert_eq!(known.answer(&question), Err(LandingSilence::Pending));
    let mut landings = KpiLandings::default();
    landings.add(question.key(), question.answer());
    known.set(3, landings.clone());
    assert_eq!((known.answer(&question), known.revision(3)), (question.answer(), 1));
    assert_eq!(landings.chances, [question.answer().unwrap().chance()]);
    known.set(3, KpiLandings::default());
    known.compute();
    assert_eq!((known.answer(&question), known.revision(3)), (question.answer(), 2));
}
