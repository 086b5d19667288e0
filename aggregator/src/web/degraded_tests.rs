//! What does not work stands on every page, in the probes and in the metrics.

use super::tests::{answer, site};
use crate::health::{Component, DegradedReason, Readiness};

#[tokio::test]
async fn every_page_shows_the_degraded_components() {
    let site = site(false);
    let addresses = ["/", "/plans/small", "/plans/small/kpis/datasets"];
    for address in addresses {
        let (_, _, page) = answer(&site, &format!("{address}?lang=ja")).await;
        assert!(page.contains("起動中のため、数字がまだそろっていません。"), "{address}: {page}");
    }
    site.health.set_readiness(Readiness::Ready);
    let now = site.clock.now();
    let degrade =
        |component, reason| site.health.degrade(component, reason, "host:8086 said <no>".into(), Some(7), now);
    degrade(Component::Sink("influxdb", 0), DegradedReason::Refused);
    assert_eq!(answer(&site, "/readyz").await.0.as_u16(), 200, "a dead sink leaves the process ready");
    degrade(Component::Outbox, DegradedReason::Full);
    assert_eq!(answer(&site, "/readyz").await.0.as_u16(), 503, "a full outbox does not");
    for address in addresses {
        let (_, _, page) = answer(&site, &format!("{address}?lang=ja")).await;
        for text in [
            "集めた数字を記録できません（ディスクに空きがありません、今しがたから）",
            "InfluxDB（グラフ用）へ送れません（接続できないか、受け付けられません、今しがたから）。7件が待っています。",
            "<code lang=\"en\">host:8086 said &#60;no&#62;</code>",
        ] {
            assert!(page.contains(text), "{address}: {text}: {page}");
        }
    }
    let (_, _, metrics) = answer(&site, "/metrics").await;
    for line in [
        "shihyo_component_degraded{component=\"influxdb\",reason=\"refused\"} 1\n",
        "shihyo_component_degraded{component=\"outbox\",reason=\"full\"} 1\n",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    site.health.recover(Component::Sink("influxdb", 0));
    site.health.recover(Component::Outbox);
    assert!(!answer(&site, "/metrics").await.2.contains("shihyo_component_degraded{"));
    for address in addresses {
        assert!(!answer(&site, address).await.2.contains("class=\"notice"), "{address}");
    }
}
