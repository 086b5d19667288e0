//! How wide a text is at most, in whatever font a reader has: a table for a wide sans serif and for Japanese.

/// Height of letters above the base line, and below it, in parts of the size.
pub(crate) const ASCENT: f64 = 0.92;
pub(crate) const DESCENT: f64 = 0.26;
/// How much wider bold letters are.
const BOLD: f64 = 1.08;

/// The width of a text at a size.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let sum: f64 = text.chars().map(em).sum();
    sum * size * if bold { BOLD } else { 1.0 }
}

fn em(c: char) -> f64 {
    match c {
        ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | 'i' | 'l' | 'j' | 't' | 'f' | '(' | ')' | '-' => 0.41,
        'm' | 'w' | 'M' | 'W' | '%' => 1.0,
        '0'..='9' | 'a'..='z' => 0.64,
        '!'..='~' => 0.78,
        '\u{a1}'..='\u{24f}' => 0.8,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_is_never_less_than_that_of_a_wide_font() {
        // Widths of DejaVu Sans at 1000 units, the widest of the usual ones; Japanese letters are one em each.
        for (text, least) in
            [("0123456789", 6.36), ("Target 30,000", 7.09), ("80% 29,740–31,820", 10.04), ("目標", 2.0)]
        {
            assert!(width(text, 1.0, false) >= least, "{text}: {}", width(text, 1.0, false));
        }
        assert!(width("目標", 12.0, true) > width("目標", 12.0, false));
    }
}
