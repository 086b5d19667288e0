//! The civil day on which a figure of the past became known, as far as a plan says it. Pure.

use contract::catalogue::SeriesSource;
use contract::period::{Grain, Period};
use contract::record::Span;
use contract::time::Moment;

/// The day (day number) from whose first instant on a figure counts as known: the day on which its file says that it was
/// entered, else the due day of the period of its source's rhythm that holds its end, else the first day after its end. No
/// figure is known before its end.
pub(super) fn known_day(source: Option<&SeriesSource>, span: Span, entered: Option<i32>) -> i32 {
    let (Span::AsOf(end) | Span::During(_, end)) = span;
    let over = first_day_after(end);
    let rhythms = source.map_or(&[][..], |source| source.rhythm.as_slice());
    let due = rhythms.iter().filter_map(|rhythm| {
        let period = Period::closing(rhythm.every, end);
        rhythm.holds(period).then(|| rhythm.due_day(period))
    });
    entered.or_else(|| due.min()).map_or(over, |day| day.max(over))
}

/// The first day that begins at a moment or after it.
fn first_day_after(moment: Moment) -> i32 {
    let day = Period::holding(Grain::Day, moment);
    if day.start() == moment { day.index } else { day.index + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::time::date_of;

    fn known(rhythm: &str, span: Span) -> String {
        let series = testkit::series("s", "shape = \"flow\"\ngrain = \"month\"", "d", "a");
        let catalogue = testkit::catalogue(&format!("{series}{rhythm}"));
        date_of(known_day(catalogue.series[0].sources.first(), span, None)).to_string()
    }

    #[test]
    fn a_figure_is_known_on_its_due_day() {
        let month = |text: &str| Span::of(Period::parse(text).unwrap());
        let at = |text: &str| Span::AsOf(Moment::parse(text).unwrap());
        let rhythm = |keys: &str| format!("[[series.source.rhythm]]\n{keys}\n");
        let monthly = rhythm("every = \"month\"\nexpected_by_days = 20");
        let quarterly = rhythm("every = \"quarter\"\nexpected_by_days = 30\ngrace_days = 9");
        let business = rhythm("every = \"month\"\nexpected_by_business_days = 10");
        let rows = [
            (monthly.as_str(), month("2019-04"), "2019-05-21"),
            // The closing of March.
            (&monthly, at("2020-04-01T00:00:00+09:00"), "2020-04-21"),
            (&monthly, at("2020-04-02T00:00:00+09:00"), "2020-05-21"),
            // Kept once a quarter: the months of it come together.
            (&quarterly, month("2019-04"), "2019-07-31"),
            (&quarterly, month("2019-06"), "2019-07-31"),
            (&business, month("2019-03"), "2019-04-12"),
            // Without a rhythm once it is over.
            ("", month("2019-04"), "2019-05-01"),
            ("", at("2019-04-03T10:00:00+09:00"), "2019-04-04"),
        ];
        for (rhythm, span, expected) in rows {
            assert_eq!(known(rhythm, span), expected, "{rhythm} {span:?}");
        }
    }

    #[test]
    fn nothing_is_known_before_it_has_ended() {
        let early = "[[series.source.rhythm]]\nevery = \"month\"\nexpected_by_days = 0\nuntil = \"2019-05-01\"\n";
        let span = |text: &str| Span::of(Period::parse(text).unwrap());
        assert_eq!(known(early, span("2019-04")), "2019-05-01");
        assert_eq!(known(early, span("2019-05")), "2019-06-01", "the rhythm holds no longer");
        let day = |date: &str| contract::time::day_number(contract::time::parse_date(date).unwrap());
        let entered = |date: &str| date_of(known_day(None, span("2019-04"), Some(day(date)))).to_string();
        assert_eq!(entered("2019-05-10"), "2019-05-10");
        assert_eq!(entered("2019-04-10"), "2019-05-01");
    }
}
