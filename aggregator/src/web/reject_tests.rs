//! What could not be read, and what does not work, in every form.

use super::tests::{answer, site};
use crate::health::{Component, DegradedReason, MAX_PLACES, Readiness};
use contract::record::Reject;
use contract::time::Micros;
use serde_json::{Value, json};

fn reject(row: u32, reason: &str) -> Reject {
    Reject {
        plan: "small".into(),
        source: "portal".into(),
        visit: "v".into(),
        time: Micros::parse("2022-07-01T00:00:00+09:00").unwrap(),
        reason: reason.into(),
        file: "in/a\u{202e}.xlsx".into(),
        sheet: Some("4月<b>".into()),
        row: Some(row),
        column: Some("件数".into()),
        hash: "00".into(),
    }
}

#[tokio::test]
async fn rejects_stand_beside_their_source_on_page_metrics_and_api_and_are_bounded() {
    let site = site(false);
    for row in 1..=30 {
        site.health.change_rejects().partition(0).note_reject(&reject(row, "not_a_number"));
    }
    site.health.change_rejects().partition(0).note_reject(&reject(99, "Any \"text\""));
    for page in ["/plans/small", "/plans/small?lang=en"] {
        let (_, _, html) = answer(&site, page).await;
        assert!(
            html.contains("rows that could not be read") && html.contains("<code lang=\"en\">not_a_number</code>"),
            "{html}"
        );
        assert!(html.contains("4月&#60;b&#62;") && !html.contains("4月<b>") && !html.contains('\u{202e}'), "{html}");
        assert_eq!(html.matches("<code lang=\"en\">not_a_number</code>").count(), MAX_PLACES, "{html}");
    }
    let (_, _, metrics) = answer(&site, "/metrics").await;
    for line in [
        "shihyo_source_rejects{plan=\"small\",reason=\"not_a_number\",source=\"portal\"} 30",
        "shihyo_source_rejects{plan=\"small\",reason=\"other\",source=\"portal\"} 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
    let (_, _, body) = answer(&site, "/api/v1/plans/small/sources?source=portal").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    let rejects = &body["items"][0]["rejects"];
    assert_eq!((&rejects["count"], rejects["places"].as_array().unwrap().len()), (&json!(31), MAX_PLACES));
    let first = json!({
        "reason": "not_a_number", "file": "in/a\u{202e}.xlsx", "sheet": "4月<b>", "row": 1, "column": "件数",
        "time": "2022-07-01T00:00:00.000000+09:00",
    });
    assert_eq!(rejects["places"][0], first);
    // Cleaned up.
    let read = Micros::parse("2022-07-02T00:00:00+09:00").unwrap();
    site.health.change_rejects().partition(0).note_reading(("small", "portal", "in/a\u{202e}.xlsx"), true, read);
    assert!(!answer(&site, "/metrics").await.2.contains("shihyo_source_rejects{"));
    assert!(!answer(&site, "/plans/small").await.2.contains("rows that could not be read"));
}

#[tokio::test]
async fn the_api_has_what_does_not_work_and_since_when() {
    let site = site(false);
    site.health.set_readiness(Readiness::Ready);
    let since = Micros(site.clock.now().0 - 90_000_000);
    site.health.degrade(Component::Bus, DegradedReason::Refused, "secret address".into(), None, since);
    let (status, _, body) = answer(&site, "/api/v1/health").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert!(status == 200 && body["ready"] == json!(true) && body["reason"].is_null(), "{body}");
    let bus = json!({
        "component": "bus", "reason": "refused", "since": since.to_string(), "seconds": 90, "pending": null,
    });
    assert_eq!(body["degraded"], json!([bus]));
}
