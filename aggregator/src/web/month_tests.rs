//! How many months a figure holds stands on the pages of its plan and of its KPI, and so do the missing ones.

use super::tests::{answer, site};

#[tokio::test]
async fn known_and_missing_months_stand_on_both_pages_in_the_readers_language() {
    let site = site(false);
    let rows = [
        ("on=2020-06-30&lang=ja", "12か月のうち3か月", "欠けている月"),
        ("on=2020-06-30&lang=en", "3 of 12 months", "missing: "),
    ];
    for (query, known, missing) in rows {
        for page in ["/plans/small", "/plans/small/kpis/downloads"] {
            let (_, _, body) = answer(&site, &format!("{page}?{query}")).await;
            assert!(body.contains(known) && !body.contains(missing), "{page} {query}: {body}");
        }
    }
    let rows = [
        ("on=2020-09-30&lang=ja", "12か月のうち3か月", "欠けている月：2020年7月〜9月"),
        ("on=2020-09-30&lang=en", "3 of 12 months", "missing: July 2020 to September 2020"),
    ];
    for (query, known, missing) in rows {
        for page in ["/plans/small", "/plans/small/kpis/downloads"] {
            let (_, _, body) = answer(&site, &format!("{page}?{query}")).await;
            assert!(body.contains(known) && body.contains(missing), "{page} {query}: {body}");
        }
    }
}
