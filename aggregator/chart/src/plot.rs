//! The sheet that a picture is drawn on: axes, ticks, fiscal years, the day asked, and the labels at the right end.

use super::labels::{LabelBox, Labels};
use super::scale::{PlotFrame, Ticks, float};
use super::svg::{Anchor, Label, Mark, Picture, through};
use super::width::width;
use super::words::{ChartContext, Magnitude};
use aggregator_core::chart::ChartData;
use contract::exact::Exact;
use contract::period::{Grain, Period};
use contract::time::Moment;

/// How large a picture is drawn; the style sheet shows one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureSize {
    /// 1040 units.
    Wide,
    /// 700 units, also on paper.
    Mid,
    /// 340 units.
    Narrow,
    /// A small picture beside others.
    Panel,
}

impl PictureSize {
    /// Those of a picture that fills its page.
    pub const FULL: [Self; 3] = [Self::Wide, Self::Mid, Self::Narrow];

    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Wide => "chart wide",
            Self::Mid => "chart mid",
            Self::Narrow => "chart narrow",
            Self::Panel => "chart panel",
        }
    }

    pub(crate) fn width(self) -> f64 {
        match self {
            Self::Wide => 1040.0,
            Self::Mid => 700.0,
            Self::Narrow | Self::Panel => 340.0,
        }
    }

    pub(crate) fn height(self) -> f64 {
        match self {
            Self::Wide => 340.0,
            Self::Mid => 310.0,
            Self::Narrow | Self::Panel => 270.0,
        }
    }

    /// The largest letters that the style sheet gives it, in its own units.
    pub(crate) fn letters(self) -> f64 {
        if self == Self::Narrow || self == Self::Panel { 14.0 } else { 12.0 }
    }

    /// Whether labels stand beside the picture, or inside it.
    pub(crate) fn has_side(self) -> bool {
        matches!(self, Self::Wide | Self::Mid)
    }
}

/// Room above the picture for the unit and the day asked.
const TOP: f64 = 30.0;
/// Room below for two lines of fiscal years.
const BOTTOM: f64 = 44.0;
const RIGHT: f64 = 14.0;
/// Lines across a picture, about.
const LINES: f64 = 5.0;

/// What a sheet must have room for.
pub(crate) struct Room<'r> {
    pub(crate) span: (Moment, Moment),
    pub(crate) values: Vec<Exact>,
    pub(crate) from_zero: bool,
    /// Labels at the right end.
    pub(crate) ends: &'r [String],
    pub(crate) height: f64,
    pub(crate) bottom: f64,
    pub(crate) lines: f64,
    /// Behind the unit, such as `／月`.
    pub(crate) per: &'static str,
    /// Before the unit, where the values are not simply those of the KPI.
    pub(crate) what: &'static str,
}

impl<'r> Room<'r> {
    pub(crate) fn new(size: PictureSize, span: (Moment, Moment), values: Vec<Exact>, ends: &'r [String]) -> Self {
        let (height, bottom) = (size.height(), BOTTOM);
        Self { span, values, from_zero: false, ends, height, bottom, lines: LINES, per: "", what: "" }
    }
}

/// A sheet.
pub(crate) struct Plot<'a> {
    pub(crate) data: &'a ChartData,
    pub(crate) ctx: &'a ChartContext<'a>,
    pub(crate) size: PictureSize,
    pub(crate) frame: PlotFrame,
    pub(crate) magnitude: Magnitude,
    pub(crate) labels: Labels,
    height: f64,
    shapes: Vec<Mark>,
}

impl<'a> Plot<'a> {
    pub(crate) fn new(data: &'a ChartData, ctx: &'a ChartContext<'a>, size: PictureSize, room: &Room<'_>) -> Self {
        let magnitude = room.values.iter().max().map(|most| ctx.magnitude(most));
        let magnitude = magnitude.unwrap_or_else(|| ctx.magnitude(&contract::exact::whole(0)));
        let finest = if magnitude.divisor > contract::exact::whole(1) {
            float(&magnitude.divisor) / 1000.0
        } else {
            0.1_f64.powi(ctx.kpi.decimals.cast_signed())
        };
        let ticks = Ticks::over(room.values.iter().map(float), room.lines, room.from_zero, finest);
        let letters = size.letters();
        let widest =
            |texts: &mut dyn Iterator<Item = String>| texts.map(|one| width(&one, letters, true)).fold(0.0, f64::max);
        let left = widest(&mut ticks.all().into_iter().map(|value| tick_text(ctx, value, &magnitude))) + 10.0;
        let beside = if size.has_side() { widest(&mut room.ends.iter().cloned()) + 20.0 } else { RIGHT };
        let frame = PlotFrame {
            left,
            right: size.width() - beside.max(RIGHT),
            top: TOP,
            bottom: room.height - room.bottom,
            from: room.span.0,
            to: room.span.1,
            ticks,
        };
        let labels = Labels::new(letters, (size.width(), room.height));
        let mut plot = Self { data, ctx, size, frame, magnitude, labels, height: room.height, shapes: Vec::new() };
        plot.grid(room.what, room.per);
        plot
    }

    fn grid(&mut self, what: &str, per: &str) {
        let (left, right) = (self.frame.left, self.frame.right);
        for value in self.frame.ticks.all() {
            let y = self.frame.height(value);
            self.line("grid", &[(left, y), (right, y)]);
            let text = tick_text(self.ctx, value, &self.magnitude);
            self.labels.place("", &text, &[((left - 7.0, y + 4.0), Anchor::End)]);
        }
        let unit = self.ctx.axis_unit(&self.magnitude, per);
        let unit = if what.is_empty() { unit } else { format!("{what} ({unit})") };
        self.labels.place("", &unit, &[((0.0, 16.0), Anchor::Start)]);
    }

    pub(crate) fn line(&mut self, class: &'static str, points: &[(f64, f64)]) {
        self.shapes.push(Mark::Path { class, d: through(points) });
    }

    pub(crate) fn area(&mut self, class: &'static str, points: &[(f64, f64)]) {
        self.shapes.push(Mark::Path { class, d: through(points) + "Z" });
    }

    pub(crate) fn circle(&mut self, class: &'static str, at: (f64, f64), r: f64, title: Option<String>) {
        self.labels.avoid(LabelBox::around(at, r + 1.0));
        self.shapes.push(Mark::Circle { class, at, r, title });
    }

    pub(crate) fn rect(&mut self, class: &'static str, at: (f64, f64), size: (f64, f64), title: Option<String>) {
        self.shapes.push(Mark::Rect { class, at, size, title });
    }

    /// Slanted lines over a part of the picture: the side that fails.
    pub(crate) fn hatch(&mut self, (left, top): (f64, f64), (right, bottom): (f64, f64)) {
        let mut d = String::new();
        let height = bottom - top;
        let mut x = left - height;
        while x < right {
            // From the lower edge up to the right, cut at the sides.
            let (from, to) = (x.max(left), (x + height).min(right));
            if to > from {
                d.push_str(&through(&[(from, bottom - (from - x)), (to, bottom - (to - x))]));
            }
            x += 7.0;
        }
        self.shapes.push(Mark::Path { class: "hatch", d });
    }

    /// The axis, with each fiscal year in its middle, in the longest form for which all years have room.
    pub(crate) fn years(&mut self) {
        let (left, right, bottom) = (self.frame.left, self.frame.right, self.frame.bottom);
        self.line("axis", &[(left, bottom), (right, bottom)]);
        let first = Period::holding(Grain::FiscalYear, self.frame.from);
        let last = Period::closing(Grain::FiscalYear, self.frame.to);
        let mut middles: Vec<(i32, f64)> = Vec::new();
        for year in (first.index..=last.index).map(Period::fiscal_year) {
            let ends = [year.start().max(self.frame.from), year.end().min(self.frame.to)].map(|at| self.frame.x(at));
            self.line("axis", &[(ends[0], bottom), (ends[0], bottom + 6.0)]);
            // A year of which a few days are shown has no room for its name.
            if ends[1] - ends[0] > 12.0 {
                middles.push((year.index, f64::midpoint(ends[0], ends[1])));
            }
        }
        self.year_names(&middles);
    }

    /// Names below the axis.
    pub(crate) fn year_names(&mut self, middles: &[(i32, f64)]) {
        let (bottom, step) = (self.frame.bottom + self.labels.size() + 6.0, self.labels.size() + 3.0);
        for form in 0..3 {
            let names = |line: f64, second: bool| {
                let name = |(year, x): &(i32, f64)| {
                    let (first, other) = self.ctx.year_forms(*year)[form].clone();
                    ((*x, line), if second { other } else { first })
                };
                middles.iter().map(name).collect::<Vec<_>>()
            };
            let mut all = names(bottom, false);
            all.extend(names(bottom + step, true));
            if self.labels.row("", &all) {
                return;
            }
        }
        for (year, x) in middles {
            self.labels.place("", &year.to_string(), &[((*x, bottom), Anchor::Middle)]);
        }
    }

    /// The day asked, where the picture holds it.
    pub(crate) fn today(&mut self) {
        let at = Moment(self.data.asked.0 - 1);
        if !self.frame.shows(at) {
            return;
        }
        let (x, top) = (self.frame.x(self.data.asked), self.frame.top);
        self.line("now", &[(x, top - 4.0), (x, self.frame.bottom)]);
        let text = self.ctx.day(at);
        let y = top - 8.0;
        self.labels.place("", &text, &[((x + 4.0, y), Anchor::Start), ((x - 4.0, y), Anchor::End)]);
    }

    /// Counting rules that began: upright lines with words.
    pub(crate) fn breaks(&mut self) {
        for rule in &self.data.breaks {
            if !self.frame.shows(rule.at) {
                continue;
            }
            let x = self.frame.x(rule.at);
            self.line("c-break", &[(x, self.frame.top), (x, self.frame.bottom)]);
            let words = if rule.own {
                self.ctx.one("数え方の変更", "Counted anew")
            } else {
                self.ctx.one("別の数え方", "Another rule")
            };
            let top = self.frame.top + self.labels.size();
            let candidates: Vec<((f64, f64), Anchor)> = (0..4_u8)
                .map(|n| top + f64::from(n) * (self.labels.size() + 4.0))
                .flat_map(|y| [((x - 5.0, y), Anchor::End), ((x + 5.0, y), Anchor::Start)])
                .collect();
            self.labels.place("lab-note", words, &candidates);
        }
    }

    /// A label at the right end of a line: beside the picture, or inside it where there is no side.
    pub(crate) fn end_label(&mut self, class: &'static str, text: &str, y: f64) {
        if self.size.has_side() {
            let at = (self.frame.right + 14.0, y + 4.0);
            self.labels.insist(class, text, &[(at, Anchor::Start)]);
            return;
        }
        let (right, left, size) = (self.frame.right - 2.0, self.frame.left + 4.0, self.labels.size());
        let candidates = [
            ((right, y - 5.0), Anchor::End),
            ((right, y + size + 2.0), Anchor::End),
            ((left, y - 5.0), Anchor::Start),
            ((left, y + size + 2.0), Anchor::Start),
        ];
        self.labels.insist(class, text, &candidates);
    }

    /// Candidates around a mark: above, below, left, right.
    pub(crate) fn around(&self, (x, y): (f64, f64), r: f64) -> [((f64, f64), Anchor); 6] {
        let size = self.labels.size();
        [
            ((x, y - r - 5.0), Anchor::Middle),
            ((x, y + r + size), Anchor::Middle),
            ((x - r - 4.0, y - r), Anchor::End),
            ((x + r + 4.0, y - r), Anchor::Start),
            ((x - r - 4.0, y + r + size / 2.0), Anchor::End),
            ((x + r + 4.0, y + r + size / 2.0), Anchor::Start),
        ]
    }

    /// A cross on the axis where there is no figure, with its word where there is room.
    pub(crate) fn cross(&mut self, x: f64, word: &str) {
        let y = self.frame.bottom;
        let d =
            through(&[(x - 4.0, y - 4.0), (x + 4.0, y + 4.0)]) + &through(&[(x + 4.0, y - 4.0), (x - 4.0, y + 4.0)]);
        self.shapes.push(Mark::Path { class: "c-miss", d });
        let above = y - 9.0;
        self.labels.place(
            "lab-note",
            word,
            &[((x, above), Anchor::Middle), ((x - 6.0, above), Anchor::End), ((x + 6.0, above), Anchor::Start)],
        );
    }

    pub(crate) fn finish(self, id: String, title: String, desc: String) -> Picture {
        let labels: Vec<Label> = self.labels.into_labels();
        let size = (self.size.width(), self.height);
        let low = self.frame.ticks.low;
        let axis_from = (low.abs() > f64::EPSILON).then(|| {
            let number = tick_text(self.ctx, low, &self.magnitude);
            format!("{number} {}", self.ctx.axis_unit(&self.magnitude, "")).trim_end().to_owned()
        });
        Picture { class: self.size.class(), id, size, title, desc, shapes: self.shapes, labels, axis_from }
    }
}

/// The number beside a tick.
fn tick_text(ctx: &ChartContext<'_>, value: f64, magnitude: &Magnitude) -> String {
    // The text of a float is a decimal number.
    let value = contract::exact::parse(&format!("{value:.6}")).unwrap_or_else(|| contract::exact::whole(0));
    if magnitude.divisor > contract::exact::whole(1) {
        ctx.number(&value, magnitude)
    } else {
        super::words::plain(&value)
    }
}
