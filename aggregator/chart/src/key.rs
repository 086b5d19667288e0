//! The key of a picture: each mark that it has, drawn small, with its words.

use super::svg::{Mark, Picture};
use super::words::{ChartContext, text};
use aggregator_core::chart::{ChartData, ChartPart, ChartRow, GapReason};
use contract::catalogue::Bilingual;

/// A mark and its words.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureKey {
    /// The mark, hidden from screen readers.
    pub mark: Picture,
    /// Its words.
    pub words: Bilingual,
}

fn key(shapes: Vec<Mark>, ja: &str, en: &str) -> PictureKey {
    let none = String::new;
    let mark = Picture {
        class: "key-mark",
        id: none(),
        size: (28.0, 14.0),
        title: none(),
        desc: none(),
        shapes,
        labels: Vec::new(),
        axis_from: None,
    };
    PictureKey { mark, words: text(ja, en) }
}

fn path(class: &'static str, d: &str) -> Mark {
    Mark::Path { class, d: d.to_owned() }
}

fn dot(class: &'static str, r: f64) -> Mark {
    Mark::Circle { class, at: (14.0, 7.0), r, title: None }
}

fn rect(class: &'static str, at: (f64, f64), size: (f64, f64)) -> Mark {
    Mark::Rect { class, at, size, title: None }
}

/// The keys of the picture of a part.
pub(crate) fn of(data: &ChartData, ctx: &ChartContext<'_>, part: ChartPart) -> Vec<PictureKey> {
    let any = |is: &dyn Fn(&ChartRow) -> bool| data.rows_of(part).any(is);
    let mean = data.kind.is_monthly_mean();
    let bars = part == ChartPart::Month && !mean;
    let mut keys = vec![match part {
        ChartPart::Month if mean => key(vec![dot("c-dot", 3.0)], "月の数", "Month"),
        ChartPart::Month => key(vec![rect("c-bar", (9.0, 1.0), (10.0, 12.0))], "確定した月", "Settled month"),
        ChartPart::State | ChartPart::YearToDate => {
            key(vec![path("c-line", "M1 10L27 4"), dot("c-dot", 3.5)], "数えた値", "Measured")
        }
        _ => key(vec![dot("c-dot", 3.5)], "実績", "Measured"),
    }];
    if mean {
        keys.push(key(vec![path("c-mean", "M1 7H27")], "そろった月の平均", "Mean of the known months"));
    }
    if any(&|row| row.provisional) {
        let shape = if bars { rect("c-bar prov", (9.0, 1.0), (10.0, 12.0)) } else { dot("c-dot prov", 4.0) };
        keys.push(key(vec![shape], "速報値", "Provisional"));
    }
    if any(&|row| row.later && row.value.is_some()) {
        keys.push(key(vec![dot("c-dot later", 4.0)], "計画の後（判定しない）", "After the plan, not judged"));
    }
    let target = ctx.target_words();
    let has_guide = data.guide_of(part).next().is_some();
    let has_band = data.guide_of(part).any(|one| one.slack.1 != contract::exact::whole(0));
    if has_guide && has_band {
        keys.push(key(
            vec![rect("c-band", (1.0, 5.0), (26.0, 8.0)), path("c-path", "M1 5H27")],
            "目安と許容幅",
            "Guide and tolerance",
        ));
    } else if has_guide {
        keys.push(key(vec![path("c-path", "M1 7H27")], "目安", "Guide"));
    }
    if !bars {
        keys.push(key(vec![path("c-target", "M1 7H27")], target.0, target.1));
        if data.outlook.is_some() {
            let fan =
                vec![path("c-fan95", "M1 7L27 0V14Z"), path("c-fan80", "M1 7L27 3V11Z"), path("c-fan", "M1 7H27")];
            keys.push(key(fan, "見通し（80%・95%）", "Outlook (80 %, 95 %)"));
        }
    }
    if any(&|row| row.restated.is_some()) {
        let shapes = if bars {
            vec![rect("c-ghost", (9.0, 1.0), (10.0, 12.0))]
        } else {
            vec![dot("c-ring", 6.0), dot("c-dot", 3.0)]
        };
        keys.push(key(
            shapes,
            if bars { "訂正前の値" } else { "あとで訂正された値" },
            if bars { "Before it was restated" } else { "Restated" },
        ));
    }
    if any(&|row| row.gap.is_some_and(|reason| reason != GapReason::Waiting)) {
        keys.push(key(vec![path("c-miss", "M10 3L18 11M18 3L10 11")], "数字がない", "No figure"));
    }
    keys
}
