//! The canonical export's rollups.

use super::standing::Standing;
use super::{Cut, RollupAnswer, figures};
use contract::catalogue::{SeriesRef, Shape};
use contract::period::{Grain, Period};
use contract::record::Span;
use std::collections::BTreeSet;

/// RULES: "flows and counters in their own grain and coarser, level closings by month, quarter and fiscal year; each
/// period with at least one observation (even unknown) seen by then".
/// CHOICE ("seen by then"): by the moment the figure describes (`as_of` seen, flow ended), never by revision; for a
/// month or fiscal year asked, everything up to its end, not only what lies in it.
/// CHOICE ("at least one observation"): of any source, also one that does not take part in that period.
pub fn all(st: &Standing, cut: Cut) -> Vec<RollupAnswer> {
    let mut out: Vec<(String, String, Period, RollupAnswer)> = Vec::new();
    for (index, series) in st.catalogue.series.iter().enumerate() {
        for (definition, rule) in series.definitions.iter().enumerate() {
            let r = SeriesRef { series: index, definition };
            for grain in Grain::ALL {
                let listed = if series.shape == Shape::Level { grain >= Grain::Month } else { grain >= series.grain };
                if !listed {
                    continue;
                }
                let mut periods: BTreeSet<Period> = BTreeSet::new();
                for o in st.of_series(r) {
                    match o.period {
                        // A state or reading belongs to the period it closes or falls in, (start, end].
                        Span::AsOf(at) if cut.sees(at) => periods.insert(Period::closing(grain, at)),
                        Span::During(from, to) if to <= cut.at => periods.insert(Period::holding(grain, from)),
                        _ => false,
                    };
                }
                for period in periods {
                    let figure = figures::rolled(st, r, period, cut);
                    let answer = RollupAnswer {
                        series: series.id.clone(),
                        definition: rule.id.clone(),
                        grain,
                        period: period.to_string(),
                        value: figure.value,
                        complete: figure.complete,
                        provisional: figure.provisional,
                    };
                    out.push((series.id.clone(), rule.id.clone(), period, answer));
                }
            }
        }
    }
    // CHOICE: "ordered by series, definition, grain, start" - by the ids' code points, not by the catalogue's order.
    out.sort_by(|a, b| (&a.0, &a.1, a.2).cmp(&(&b.0, &b.1, b.2)));
    out.into_iter().map(|row| row.3).collect()
}
