//! The unit that a line above a table states for all of it: 「（単位：千円）」.
//!
//! Over figures in 円 it makes each a thousandfold, and nothing in the table itself says so.

use super::sheet::Sheet;
use super::text::word;

/// What stands before the units, and what may end them.
const LEAD: &str = "単位";
const ENDS: [char; 6] = [')', ']', '】', '〕', '。', ';'];

/// The units stated above a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatedUnit(Vec<String>);

impl StatedUnit {
    /// Those in the rows down to the header's last one.
    pub fn above(sheet: &Sheet, header_row: u32) -> Self {
        let cells = sheet.rows.iter().take_while(|row| row.number <= header_row).flat_map(|row| &row.cells);
        let mut units = Vec::new();
        for text in cells.map(|cell| word(&cell.text())) {
            let Some((_, said)) = text.split_once(LEAD) else { continue };
            let said = said.trim_start_matches([':', '=', '・', '(']).split(ENDS).next().unwrap_or_default();
            units.extend(said.split(['、', ',', '・', '/']).map(str::to_owned));
        }
        Self(units)
    }

    /// True when they do not name a series' unit and name a multiple of it instead: 千円 over 円.
    pub fn is_multiple_of(&self, own: &str) -> bool {
        let own = word(own);
        !self.0.contains(&own) && self.0.iter().any(|unit| is_multiple(unit, &own))
    }
}

/// True for 千円 or 百万円 beside 円; 延べ人 is no multiple of 人.
pub fn is_multiple(unit: &str, own: &str) -> bool {
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
