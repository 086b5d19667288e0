//! The marks that several pictures share: values, rings, targets and their changes, the outlook at an end.

use super::plot::Plot;
use super::svg::Anchor;
use super::words::ChartContext;
use aggregator_core::chart::{ChartData, ChartPart, ChartRow, GapReason};
use aggregator_core::landing::{Outlook, outlook_numbers};
use contract::exact::Exact;
use contract::time::Moment;

/// The mark of a restated figure in the picture and in the notes: ① to ⑳.
pub(crate) fn note_mark(n: usize) -> Option<char> {
    char::from_u32(0x2460 + u32::try_from(n).ok().filter(|n| *n < 20)?)
}

/// The restated rows of a KPI, each period once, in order of time: what the notes say, by number.
pub(crate) fn restated_rows(data: &ChartData) -> Vec<&ChartRow> {
    let part = if data.rows_of(ChartPart::Month).any(|row| row.restated.is_some()) {
        ChartPart::Month
    } else if data.rows_of(ChartPart::State).any(|row| row.restated.is_some()) {
        ChartPart::State
    } else {
        ChartPart::Year
    };
    data.rows_of(part).filter(|row| row.restated.is_some()).collect()
}

/// What the labels at the right end say, of the outlook and the target; `values` are those that the picture has room for.
pub(crate) fn end_labels(
    data: &ChartData,
    ctx: &ChartContext<'_>,
    outlook: Option<&Outlook>,
    values: &[Exact],
) -> Vec<String> {
    let magnitude = values.iter().max().map(|most| ctx.magnitude(most));
    let target = data
        .target()
        .zip(magnitude)
        .map(|(step, magnitude)| format!("{} {}", ctx.target_word(), magnitude.stated(&step.value)));
    outlook.into_iter().flat_map(|one| Plot::outlook_texts(ctx, one)).chain(target).collect()
}

impl Plot<'_> {
    /// What a row says to a pointer that rests on it.
    pub(crate) fn says(&self, row: &ChartRow) -> Option<String> {
        let value = row.value.as_ref()?;
        let shown = aggregator_core::display::value(self.ctx.kpi, value, row.guide.as_ref(), self.ctx.unit());
        let when = if row.part == ChartPart::State { self.ctx.date(row.at) } else { self.ctx.period(row.period) };
        Some(format!("{when}: {shown}"))
    }

    /// The dot of a value: hollow where it is provisional, in outline after the plan's end.
    pub(crate) fn dot(&mut self, row: &ChartRow, at: (f64, f64), r: f64) {
        let class = match (row.provisional, row.later) {
            (true, _) => "c-dot prov",
            (false, true) => "c-dot later",
            (false, false) => "c-dot",
        };
        let title = self.says(row);
        self.circle(class, at, r, title);
    }

    /// A ring around a restated value, with the value before where it lies, and the number of its note.
    pub(crate) fn restated(&mut self, row: &ChartRow, at: (f64, f64)) {
        let Some(change) = row.restated.as_ref() else { return };
        if let Some(before) = change.before.as_ref() {
            let ghost = (at.0, self.frame.y(before));
            self.circle("c-ghost", ghost, 3.5, None);
        }
        self.circle("c-ring", at, 7.0, None);
        let data = self.data;
        let number = restated_rows(data).iter().position(|one| one.period == row.period).and_then(note_mark);
        if let Some(mark) = number {
            let candidates = self.around(at, 8.0);
            self.labels.place("lab-note", &mark.to_string(), &candidates);
        }
    }

    /// The target with its label at its end; before a change ghost dots up to the day on which it became known.
    pub(crate) fn target(&mut self, until: Moment) {
        let data = self.data;
        let Some((current, earlier)) = data.targets.split_last() else { return };
        let (left, right) = (self.frame.left, self.frame.x(until).min(self.frame.right));
        let mut from = left;
        for (n, past) in earlier.iter().enumerate() {
            let next = data.targets.get(n + 1).unwrap_or(current);
            let known = next.known_at.as_ref().map_or(data.asked, |at| at.moment());
            let x = self.frame.x(known.clamp(self.frame.from, self.frame.to));
            let (y, new) = (self.frame.y(&past.value), self.frame.y(&next.value));
            if x > from + 1.0 && past.value != next.value {
                self.line("c-target old", &[(from, y), (x, y)]);
                let text =
                    format!("{} {}", self.ctx.one("それまでの目標", "Before:"), self.magnitude.stated(&past.value));
                let size = self.labels.size();
                self.labels.place(
                    "lab-note",
                    &text,
                    &[((x - 6.0, y - 5.0), Anchor::End), ((x - 6.0, y + size + 2.0), Anchor::End)],
                );
                let tip = if new < y { 5.0 } else { -5.0 };
                self.line("c-move", &[(x, y), (x, new)]);
                self.line("c-move", &[(x - 3.5, new + tip), (x, new), (x + 3.5, new + tip)]);
                let when = format!("{} {}", self.ctx.date(known), self.ctx.one("改定", "changed"));
                let middle = f64::midpoint(y, new) + 4.0;
                self.labels.place(
                    "lab-note",
                    &when,
                    &[((x + 6.0, middle), Anchor::Start), ((x - 6.0, middle), Anchor::End)],
                );
                from = x;
            }
        }
        let y = self.frame.y(&current.value);
        self.line("c-target", &[(from, y), (right, y)]);
        let text = self.target_text();
        self.end_label("strong", &text, y);
    }

    /// `目標 20`
    pub(crate) fn target_text(&self) -> String {
        let value = self.data.target().map(|step| self.magnitude.stated(&step.value)).unwrap_or_default();
        format!("{} {value}", self.ctx.target_word())
    }

    /// The whisker of an outlook at its end, with its numbers.
    pub(crate) fn whisker(&mut self, outlook: &Outlook, x: f64) {
        let ys = [&outlook.interval80.0, &outlook.interval80.1].map(|value| self.frame.y(value));
        self.line("c-whisk", &[(x, ys[0]), (x, ys[1])]);
        let y = self.frame.y(&outlook.expected);
        let [expected, low, high] = outlook_numbers(self.ctx.kpi, outlook);
        self.end_label("lab-fan", &format!("{} {expected}", self.ctx.one("見通し", "Outlook")), y);
        if self.size.has_side() {
            self.end_label("", &format!("80% {low}–{high}"), y + self.labels.size() + 3.0);
        }
    }

    /// What the labels of an outlook need beside the picture.
    pub(crate) fn outlook_texts(ctx: &ChartContext<'_>, outlook: &Outlook) -> [String; 2] {
        let [expected, low, high] = outlook_numbers(ctx.kpi, outlook);
        [format!("{} {expected}", ctx.one("見通し", "Outlook")), format!("80% {low}–{high}")]
    }

    /// Why there is no figure, in a word.
    pub(crate) fn gap_word(&self, reason: GapReason) -> &'static str {
        match reason {
            GapReason::Unknown => self.ctx.one("欠測", "unknown"),
            GapReason::Overdue => self.ctx.one("未着", "overdue"),
            GapReason::Waiting => self.ctx.one("まだ", "not yet"),
            GapReason::Incomplete => self.ctx.one("そろわず", "incomplete"),
        }
    }
}
