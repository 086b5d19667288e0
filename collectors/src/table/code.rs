//! Municipality codes (全国地方公共団体コード). They identify a municipality; a name does not, as three are called 川崎.
//!
//! A code has six digits, the last of which is a check digit. Spreadsheets drop leading zeros and many lists leave the
//! check digit out, so five digits are ambiguous: read cell by cell, 143 of the 1,741 municipalities are confused with
//! others. [`CodeForm::of`] therefore looks at the whole column first.

use super::reject::RejectReason;
use super::sheet::Cell;
use super::text::{has_false_digit, normal};
use std::fmt;

/// Weights of the first five digits in the check digit.
const WEIGHTS: [u32; 5] = [6, 5, 4, 3, 2];
/// The greatest code a cell can hold, with its check digit.
const MAX_CODE: f64 = 999_999.0;
/// Number of prefectures.
const PREFECTURES: u32 = 47;

/// How a column writes its codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeForm {
    /// With the check digit: six digits, five where a leading zero was lost.
    Checked,
    /// Without: five digits, four where a leading zero was lost.
    Unchecked,
}

impl CodeForm {
    /// The form of a column, by all its codes. Other cells are skipped; `None` without any code.
    ///
    /// Six digits include the check digit, four do not. Where all codes have five digits, they include it if it is right in
    /// every one of them, and then a leading zero is missing.
    pub fn of<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> Option<Self> {
        let mut form = None;
        for digits in cells.into_iter().filter_map(|cell| digits(cell).ok()) {
            match digits.len() {
                6 => return Some(Self::Checked),
                4 => return Some(Self::Unchecked),
                _ if Municipality::of_digits(&digits, Some(Self::Checked)).is_err() => form = Some(Self::Unchecked),
                _ => form = form.or(Some(Self::Checked)),
            }
        }
        form
    }
}

/// The four to six digits of a cell.
fn digits(cell: &Cell) -> Result<String, RejectReason> {
    let text = match cell {
        Cell::Empty => return Err(RejectReason::Empty),
        Cell::Text(text) if has_false_digit(text) => return Err(RejectReason::NotACode),
        Cell::Text(text) => normal(text),
        Cell::Number(_) | Cell::Formatted(..) => {
            let number = cell.plain_number().filter(|number| (0.0..=MAX_CODE).contains(number));
            number.ok_or(RejectReason::NotACode)?.to_string()
        }
        Cell::Bool(_) | Cell::Date(_) | Cell::YearlessDate(_) => return Err(RejectReason::WrongType),
        Cell::Error => return Err(RejectReason::FormulaError),
    };
    // Some lists were written from floating point numbers.
    let digits = text.strip_suffix(".0").unwrap_or(&text);
    let fits = (4..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(digits.to_owned()) } else { Err(RejectReason::NotACode) }
}

/// A municipality or prefecture, by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Municipality {
    /// The code without its check digit: prefecture times 1,000 plus municipality.
    stem: u32,
}

impl Municipality {
    /// Reads a single code of four to six digits.
    ///
    /// Five digits are a code without its leading zero when the check digit is right (`11002`, 札幌市), else a code without
    /// its check digit (`14130`).
    pub fn parse(text: &str) -> Result<Self, RejectReason> {
        Self::of_digits(&digits(&Cell::of_text(text))?, None)
    }

    /// Reads the code of a configuration, which no column explains.
    ///
    /// Errors: why it is none, or both codes that it can be.
    pub fn configured(text: &str) -> Result<Self, String> {
        let digits = digits(&Cell::of_text(text)).map_err(|reason| reason.to_string())?;
        let readings = [CodeForm::Checked, CodeForm::Unchecked].map(|form| Self::of_digits(&digits, Some(form)));
        if let (5, [Ok(whole), Ok(bare)]) = (digits.len(), readings) {
            return Err(format!(
                "it can be {whole} without its leading zero, or {bare} without its check digit; write all six digits"
            ));
        }
        Self::parse(text).map_err(|reason| reason.to_string())
    }

    /// Reads a cell of a column of this form; without a form like [`Municipality::parse`].
    pub fn read(cell: &Cell, form: Option<CodeForm>) -> Result<Self, RejectReason> {
        Self::of_digits(&digits(cell)?, form)
    }

    fn of_digits(digits: &str, form: Option<CodeForm>) -> Result<Self, RejectReason> {
        let number: u32 = digits.parse().map_err(|_| RejectReason::NotACode)?;
        match (digits.len(), form) {
            (6, _) | (5, Some(CodeForm::Checked)) => Self::checked(number),
            (4, Some(CodeForm::Checked)) => Err(RejectReason::NotACode),
            (5, None) => Self::checked(number).or_else(|_| Self::of_stem(number).ok_or(RejectReason::NotACode)),
            _ => Self::of_stem(number).ok_or(RejectReason::NotACode),
        }
    }

    /// The code with its check digit, as a number.
    pub fn number(self) -> u32 {
        self.stem * 10 + check_digit(self.stem)
    }

    fn checked(number: u32) -> Result<Self, RejectReason> {
        let code = Self::of_stem(number / 10).ok_or(RejectReason::NotACode)?;
        if code.number() == number { Ok(code) } else { Err(RejectReason::WrongCheckDigit) }
    }

    fn of_stem(stem: u32) -> Option<Self> {
        let (prefecture, own) = (stem / 1000, stem % 1000);
        ((1..=PREFECTURES).contains(&prefecture) && (own == 0 || own >= 100)).then_some(Self { stem })
    }
}

fn check_digit(stem: u32) -> u32 {
    let mut rest = stem;
    let mut sum = 0;
    for weight in WEIGHTS.iter().rev() {
        sum += rest % 10 * weight;
        rest /= 10;
    }
    (11 - sum % 11) % 10
}

impl fmt::Display for Municipality {
    /// Six digits: `011002`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(code: Result<Municipality, RejectReason>) -> Result<String, RejectReason> {
        code.map(|code| code.to_string())
    }

    #[test]
    fn codes_as_lists_write_them() {
        let rows = [
            ("141305", Ok("141305")),
            ("14130", Ok("141305")),
            ("１４１３０５", Ok("141305")),
            ("011002", Ok("011002")),
            ("11002", Ok("011002")),
            ("01100", Ok("011002")),
            ("1100", Ok("011002")),
            ("37201", Ok("372013")),
            ("13101", Ok("131016")),
            ("140007", Ok("140007")),
            ("14000", Ok("140007")),
            ("141305.0", Ok("141305")),
            ("141306", Err(RejectReason::WrongCheckDigit)),
            ("<NA>", Err(RejectReason::NotACode)),
            ("川崎市", Err(RejectReason::NotACode)),
            ("", Err(RejectReason::Empty)),
            ("480000", Err(RejectReason::NotACode)),
            ("14050", Err(RejectReason::NotACode)),
            ("1413051", Err(RejectReason::NotACode)),
            ("14130²", Err(RejectReason::NotACode)),
            ("-14130", Err(RejectReason::NotACode)),
        ];
        for (text, code) in rows {
            assert_eq!(show(Municipality::parse(text)), code.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn cells_of_a_workbook() {
        let read = |number| show(Municipality::read(&Cell::Number(number), None));
        assert_eq!(read(11_002.0), Ok("011002".to_owned()));
        assert_eq!(read(141_305.0), Ok("141305".to_owned()));
        assert_eq!(read(0.5), Err(RejectReason::NotACode));
        assert_eq!(read(1e300), Err(RejectReason::NotACode));
        assert_eq!(Municipality::read(&Cell::Empty, None), Err(RejectReason::Empty));
    }

    #[test]
    fn a_code_without_its_leading_zero_is_recognised() {
        for stem in (1000..10_000).filter(|stem| Municipality::of_stem(*stem).is_some()) {
            let code = Municipality { stem };
            assert_eq!(Municipality::parse(&code.number().to_string()), Ok(code));
        }
    }

    #[test]
    fn a_configured_code_that_can_be_two_is_none() {
        let configured = |text: &str| Municipality::configured(text).map(|code| code.to_string());
        // 市川市 without its check digit, or 士別市 without its zero.
        let both = "it can be 012203 without its leading zero, or 122033 without its check digit; write all six digits";
        assert_eq!(configured("12203"), Err(both.to_owned()));
        assert_eq!(configured("122033"), Ok("122033".to_owned()));
        assert_eq!(configured("012203"), Ok("012203".to_owned()));
        assert_eq!(configured("14130"), Ok("141305".to_owned()));
        assert_eq!(configured("11002"), Ok("011002".to_owned()));
        assert_eq!(configured("141306"), Err("wrong_check_digit".to_owned()));
    }

    #[test]
    fn the_column_decides_what_five_digits_mean() {
        // 14150 is 相模原市 without its check digit; it happens to check as 014150.
        let cells = |texts: &[&str]| texts.iter().map(|text| Cell::of_text(text)).collect::<Vec<_>>();
        assert_eq!(show(Municipality::parse("14150")), Ok("014150".to_owned()));
        let rows: [(&[&str], Option<CodeForm>); 6] = [
            (&["14150", "14130"], Some(CodeForm::Unchecked)),
            (&["14150", "1100"], Some(CodeForm::Unchecked)),
            (&["14150", "141305"], Some(CodeForm::Checked)),
            (&["11002", "12025"], Some(CodeForm::Checked)),
            (&["団体コード", "<NA>", ""], None),
            (&["12025", "川崎市", "14130"], Some(CodeForm::Unchecked)),
        ];
        for (texts, form) in rows {
            assert_eq!(CodeForm::of(&cells(texts)), form, "{texts:?}");
        }
        let cell = Cell::of_text("14150");
        assert_eq!(show(Municipality::read(&cell, Some(CodeForm::Unchecked))), Ok("141500".to_owned()));
        assert_eq!(
            Municipality::read(&Cell::of_text("14130"), Some(CodeForm::Checked)),
            Err(RejectReason::WrongCheckDigit)
        );
    }
}
