//! The unit that a line above a table states for the whole table: 「（単位：千円）」.
//!
//! It multiplies every figure of a series in 円 by a thousand, and no cell of the table shows it.

use super::sheet::Sheet;
use super::text::word;

/// The word before the units, and the characters that can follow them.
const LEAD: &str = "単位";
const ENDS: [char; 6] = [')', ']', '】', '〕', '。', ';'];

/// The units stated above a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatedUnit(Vec<String>);

impl StatedUnit {
    /// The units in the rows down to the last row of the header.
    pub fn above(sheet: &Sheet, header_row: u32) -> Self {
        let cells = sheet.rows.iter().take_while(|row| row.number <= header_row).flat_map(|row| &row.cells);
        let mut units = Vec::new();
        for text in cells.map(|cell| word(&cell.text())) {
            let Some((_, list)) = text.split_once(LEAD) else { continue };
            let list = list.trim_start_matches([':', '=', '・', '(']).split(ENDS).next().unwrap_or_default();
            units.extend(list.split(['、', ',', '・', '/']).map(str::to_owned));
        }
        Self(units)
    }

    /// True when the unit of a heading, or else the units above the table, are a multiple of a series' unit.
    pub fn is_multiple_in(&self, heading: Option<&str>, own: &str) -> bool {
        heading.map_or_else(|| self.is_multiple_of(own), |unit| is_multiple(unit, own))
    }

    /// True when the unit of a series is not among them and a multiple of it is: 千円 for 円.
    fn is_multiple_of(&self, own: &str) -> bool {
        let own = word(own);
        !self.0.contains(&own) && self.0.iter().any(|unit| is_multiple(unit, &own))
    }
}

/// True for 千円 and 百万円 with 円. 延べ人 is not a multiple of 人.
fn is_multiple(unit: &str, own: &str) -> bool {
    let (unit, own) = (word(unit), word(own));
    let times = unit.strip_suffix(&own).unwrap_or_default();
    !times.is_empty() && times.chars().all(|c| "十百千万億兆".contains(c))
}

#[cfg(test)]
mod tests {
    use super::super::{FileLayout, TableLimits, read};
    use super::*;

    #[test]
    fn a_line_above_the_table_states_its_unit() {
        let stated = |line: &str| {
            let text = format!("市税決算,,{line}\n年度,税額\n令和3年度,1 （単位：億円）\n");
            StatedUnit::above(&read(text.as_bytes(), FileLayout::default(), &TableLimits::default()).unwrap()[0], 2)
        };
        for line in ["（単位：千円）", "単位　百万円", "[単位:千円]", "（単位　件、千円）"] {
            assert!(stated(line).is_multiple_of("円"), "{line}");
        }
        for line in ["（単位：円）", "単位：円、千円", "（単位：件）", "", "単位：千人"] {
            assert!(!stated(line).is_multiple_of("円"), "{line}");
        }
        assert!(is_multiple("千円", "円") && !is_multiple("円", "円") && !is_multiple("延べ人", "人"));
    }
}
