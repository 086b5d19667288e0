//! A picture as shapes and labels, and its SVG text.
//!
//! No script, no style attribute, nothing from outside: classes only, whose colours the style sheet gives in light and dark. Every
//! text is escaped here.

use std::fmt;

/// Where a label hangs on its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// It stands across it.
    Middle,
    /// It ends there.
    End,
}

/// A shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A path, open or filled by its class.
    Path {
        /// Classes of the style sheet.
        class: &'static str,
        /// The path's commands.
        d: String,
    },
    /// A circle.
    Circle {
        /// Classes of the style sheet.
        class: &'static str,
        /// Its centre.
        at: (f64, f64),
        /// Its radius.
        r: f64,
        /// What it shows, for a pointer that rests on it.
        title: Option<String>,
    },
    /// A rectangle.
    Rect {
        /// Classes of the style sheet.
        class: &'static str,
        /// Its upper left corner.
        at: (f64, f64),
        /// Width and height.
        size: (f64, f64),
        /// What it shows, for a pointer that rests on it.
        title: Option<String>,
    },
}

/// A text.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Classes of the style sheet.
    pub class: &'static str,
    /// The point of its base line.
    pub at: (f64, f64),
    /// Where it hangs on that point.
    pub anchor: Anchor,
    /// The text.
    pub text: String,
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Classes of the style sheet.
    pub class: &'static str,
    /// Unique on its page.
    pub id: String,
    /// Width and height in its own units.
    pub size: (f64, f64),
    /// One sentence with the last value; empty of a picture that is hidden from screen readers.
    pub title: String,
    /// What is drawn, in one sentence.
    pub desc: String,
    /// Shapes, the lowest first.
    pub shapes: Vec<Mark>,
    /// Labels, above all shapes.
    pub labels: Vec<Label>,
    /// The lowest number of an upright axis that does not begin at 0, to be said beside the picture.
    pub axis_from: Option<String>,
}

/// A coordinate with one digit after the point at most.
pub(crate) fn coordinate(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// Path commands through points.
pub(crate) fn through(points: &[(f64, f64)]) -> String {
    let mut d = String::new();
    for (n, (x, y)) in points.iter().enumerate() {
        let command = if n == 0 { 'M' } else { 'L' };
        d.push(command);
        d.push_str(&coordinate(*x));
        d.push(' ');
        d.push_str(&coordinate(*y));
    }
    d
}

/// A text without markup, and without characters that reverse or hide the text around them.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&#38;")?,
                '<' => f.write_str("&#60;")?,
                '>' => f.write_str("&#62;")?,
                '"' => f.write_str("&#34;")?,
                '\'' => f.write_str("&#39;")?,
                c if c.is_control() || is_invisible(c) => f.write_str("\u{fffd}")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// True for a character that reverses or hides the text around it.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let close = |f: &mut fmt::Formatter<'_>, tag: &str, title: &Option<String>| match title {
            Some(title) => write!(f, "><title>{}</title></{tag}>", Escaped(title)),
            None => f.write_str("/>"),
        };
        match self {
            Self::Path { class, d } => write!(f, "<path class=\"{class}\" d=\"{d}\"/>"),
            Self::Circle { class, at, r, title } => {
                let (x, y) = (coordinate(at.0), coordinate(at.1));
                write!(f, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{}\"", coordinate(*r))?;
                close(f, "circle", title)
            }
            Self::Rect { class, at, size, title } => {
                let [x, y, width, height] = [at.0, at.1, size.0, size.1].map(coordinate);
                write!(f, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"")?;
                close(f, "rect", title)
            }
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (x, y) = (coordinate(self.at.0), coordinate(self.at.1));
        let anchor = match self.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let class = if self.class.is_empty() { String::new() } else { format!(" class=\"{}\"", self.class) };
        write!(f, "<text{class} x=\"{x}\" y=\"{y}\"{anchor}>{}</text>", Escaped(&self.text))
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = (coordinate(self.size.0), coordinate(self.size.1));
        write!(f, "<svg class=\"{}\" viewBox=\"0 0 {width} {height}\"", self.class)?;
        if self.title.is_empty() {
            f.write_str(" aria-hidden=\"true\" focusable=\"false\">")?;
        } else {
            let id = &self.id;
            write!(
                f,
                " role=\"img\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title>",
                Escaped(&self.title)
            )?;
            write!(f, "<desc id=\"{id}-d\">{}</desc>", Escaped(&self.desc))?;
        }
        self.shapes.iter().try_for_each(|shape| shape.fmt(f))?;
        self.labels.iter().try_for_each(|label| label.fmt(f))?;
        f.write_str("</svg>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup_or_turns_the_text_around_it() {
        let label = Label { class: "strong", at: (1.04, 2.0), anchor: Anchor::End, text: "<b>\u{202e}&".into() };
        let picture = Picture {
            class: "chart",
            id: "a".into(),
            size: (10.0, 5.5),
            title: "\"x\"".into(),
            desc: "d".into(),
            shapes: vec![Mark::Circle { class: "c-dot", at: (1.0, 2.0), r: 3.5, title: Some("<".into()) }],
            labels: vec![label],
            axis_from: None,
        };
        assert_eq!(
            picture.to_string(),
            "<svg class=\"chart\" viewBox=\"0 0 10 5.5\" role=\"img\" aria-labelledby=\"a-t a-d\"><title id=\"a-t\">&#34;x&#34;</title>\
             <desc id=\"a-d\">d</desc><circle class=\"c-dot\" cx=\"1\" cy=\"2\" r=\"3.5\"><title>&#60;</title></circle>\
             <text class=\"strong\" x=\"1\" y=\"2\" text-anchor=\"end\">&#60;b&#62;\u{fffd}&#38;</text></svg>"
        );
    }
}
