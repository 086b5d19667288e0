//! Places labels so that none covers another and none is cut: the first free candidate, else moved, else left out.

use super::svg::{Anchor, Label};
use super::width::{ASCENT, DESCENT, width};

/// A box: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LabelBox {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl LabelBox {
    pub(crate) fn around((x, y): (f64, f64), r: f64) -> Self {
        Self { left: x - r, top: y - r, right: x + r, bottom: y + r }
    }

    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    fn holds(&self, other: &Self) -> bool {
        self.left <= other.left && self.top <= other.top && self.right >= other.right && self.bottom >= other.bottom
    }
}

/// Room between two labels.
const GAP: f64 = 2.0;
/// Steps by which a label that must be there is moved.
const STEP: f64 = 3.0;
const MOST_STEPS: u32 = 120;

/// True for classes whose letters are bold.
fn is_bold(class: &str) -> bool {
    class.split(' ').any(|one| matches!(one, "strong" | "lab-value" | "lab-fan"))
}

/// The box of a label in letters of a size.
pub(crate) fn bounds(label: &Label, size: f64) -> LabelBox {
    let (x, y) = label.at;
    let width = width(&label.text, size, is_bold(label.class));
    let left = match label.anchor {
        Anchor::Start => x,
        Anchor::Middle => x - width / 2.0,
        Anchor::End => x - width,
    };
    LabelBox { left, top: y - ASCENT * size, right: left + width, bottom: y + DESCENT * size }
}

/// The labels of a picture.
#[derive(Clone, Debug)]
pub(crate) struct Labels {
    /// PictureSize of the letters, the largest that the style sheet ever shows in this picture.
    size: f64,
    paper: LabelBox,
    placed: Vec<Label>,
    taken: Vec<LabelBox>,
    /// Marks that a label should not cover where there is a choice.
    marks: Vec<LabelBox>,
}

impl Labels {
    pub(crate) fn new(size: f64, (width, height): (f64, f64)) -> Self {
        let paper = LabelBox { left: 0.0, top: 0.0, right: width, bottom: height };
        Self { size, paper, placed: Vec::new(), taken: Vec::new(), marks: Vec::new() }
    }

    pub(crate) fn size(&self) -> f64 {
        self.size
    }

    /// Keeps labels off a mark where there is a choice.
    pub(crate) fn avoid(&mut self, mark: LabelBox) {
        self.marks.push(mark);
    }

    fn is_free(&self, bounds: &LabelBox) -> bool {
        let wide = LabelBox { left: bounds.left - GAP, right: bounds.right + GAP, ..*bounds };
        self.paper.holds(bounds) && !self.taken.iter().any(|other| other.meets(&wide))
    }

    fn put(&mut self, label: Label) {
        self.taken.push(bounds(&label, self.size));
        self.placed.push(label);
    }

    /// Places a text at the first candidate that is free of labels and marks, else of labels; false when there is none.
    pub(crate) fn place(&mut self, class: &'static str, text: &str, candidates: &[((f64, f64), Anchor)]) -> bool {
        let label =
            |(at, anchor): &((f64, f64), Anchor)| Label { class, at: *at, anchor: *anchor, text: text.to_owned() };
        let free: Vec<Label> =
            candidates.iter().map(label).filter(|one| self.is_free(&bounds(one, self.size))).collect();
        let covers = |one: &&Label| {
            let own = bounds(one, self.size);
            self.marks.iter().any(|mark| mark.meets(&own))
        };
        let chosen = free.iter().find(|one| !covers(one)).or_else(|| free.first()).cloned();
        let found = chosen.is_some();
        if let Some(label) = chosen {
            self.put(label);
        }
        found
    }

    /// Places a text that must be there: at a candidate, else the nearest free place above or below the first one.
    pub(crate) fn insist(&mut self, class: &'static str, text: &str, candidates: &[((f64, f64), Anchor)]) -> bool {
        if self.place(class, text, candidates) {
            return true;
        }
        let Some(((x, y), anchor)) = candidates.first().copied() else { return false };
        let moved = |n: u32| {
            let by = f64::from(n.div_ceil(2)) * STEP;
            ((x, if n.is_multiple_of(2) { y + by } else { y - by }), anchor)
        };
        (1..MOST_STEPS).map(moved).any(|candidate| self.place(class, text, &[candidate]))
    }

    /// Places a row of texts all or none.
    pub(crate) fn row(&mut self, class: &'static str, texts: &[((f64, f64), String)]) -> bool {
        let mut trial = self.clone();
        let all = texts.iter().all(|(at, text)| text.is_empty() || trial.place(class, text, &[(*at, Anchor::Middle)]));
        if all {
            *self = trial;
        }
        all
    }

    pub(crate) fn into_labels(self) -> Vec<Label> {
        self.placed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn whatever_is_asked_no_label_covers_another_or_leaves_the_paper(
            asked in proptest::collection::vec((0.0..340.0, 0.0..280.0, 0..3_usize, "[0-9目標a-z]{1,12}", any::<bool>()), 1..40),
        ) {
            let mut labels = Labels::new(12.0, (340.0, 280.0));
            for (x, y, anchor, text, must) in asked {
                let anchor = [Anchor::Start, Anchor::Middle, Anchor::End][anchor];
                if must { labels.insist("strong", &text, &[((x, y), anchor)]) } else { labels.place("", &text, &[((x, y), anchor)]) };
            }
            let boxes: Vec<LabelBox> = labels.placed.iter().map(|one| bounds(one, 12.0)).collect();
            for (n, one) in boxes.iter().enumerate() {
                prop_assert!(labels.paper.holds(one));
                prop_assert!(boxes[..n].iter().all(|other| !other.meets(one)));
            }
        }
    }

    #[test]
    fn a_label_that_must_be_there_moves_and_another_one_is_left_out() {
        let mut labels = Labels::new(10.0, (100.0, 100.0));
        let at = [((50.0, 50.0), Anchor::Middle)];
        assert!(labels.place("", "one", &at));
        assert!(!labels.place("", "two", &at));
        assert!(labels.insist("", "three", &at));
        let placed = labels.into_labels();
        assert_eq!((placed.len(), placed[0].at.1), (2, 50.0));
        assert!((placed[1].at.1 - 50.0).abs() > 10.0);
    }
}
