//! Bad questions: the same sentence in every form.

use super::tests::{answer, answer_to, site};

#[tokio::test]
async fn a_bad_question_is_answered_with_the_same_sentence_in_every_form() {
    let site = site(false);
    for (query, ja, en) in [
        (
            "on=yesterday",
            "`on` は 2020-03-31（日）",
            "`on` must be a day (2020-03-31), a month (2020-03) or a fiscal year (FY2019)",
        ),
        (
            "known_at=now",
            "`known_at` は 2020-04-01T12:00:00+09:00",
            "`known_at` must be a time with its offset, such as 2020-04-01T12:00:00+09:00",
        ),
        ("on=FY2019&on=FY2020", "`on` は一度だけ", "`on` may stand only once"),
        ("onn=FY2019", "`onn` はここでは指定できません", "`onn` is not asked here; this address knows on, known_at"),
        ("a%E2%80%AEb=1", "`a\\u{202e}b` は", "`a\\u{202e}b` is not asked here; this address knows on, known_at"),
    ] {
        let browser = [("accept", "text/html")];
        for page in
            ["/plans/small", "/plans/small/kpis/datasets", "/plans/small/report.csv", "/plans/small/report.json"]
        {
            let address = format!("{page}?{query}");
            let (status, _, html) = answer_to(&site, &address, &browser).await;
            assert!(status == 400 && html.contains(ja) && html.contains(en), "{address}: {html}");
            let (_, headers, text) = answer(&site, &address).await;
            assert!(text.contains(ja) && text.contains(en), "{address}: {text}");
            assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
            let (_, headers, problem) = answer_to(&site, &address, &[("accept", "application/json")]).await;
            assert_eq!(headers["content-type"], "application/problem+json");
            let problem: serde_json::Value = serde_json::from_str(&problem).unwrap();
            assert!(problem["detail"].as_str().unwrap().contains(en), "{address}: {problem}");
        }
        let (status, _, problem) = answer(&site, &format!("/api/v1/plans/small?{query}")).await;
        let problem: serde_json::Value = serde_json::from_str(&problem).unwrap();
        assert!(status == 400 && problem["detail"].as_str().unwrap().contains(en), "{query}: {problem}");
    }
    for form in ["", "/report.csv", "/report.json", "/report.md", "/kpis/datasets"] {
        let (status, _, text) = answer(&site, &format!("/plans/other{form}")).await;
        assert!(status == 404 && text.contains("there is no such plan"), "{form}: {text}");
    }
}
