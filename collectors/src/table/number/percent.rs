//! Shares: `0.78`, `78.1%` and `78.1` are three ways of writing one, and a column keeps to its own.

use super::super::problem::RejectReason;
use super::super::sheet::Cell;
use super::super::text::{has_false_digit, normal};
use super::{MAX_CHARS, grouped, joined, missing, without_sign};
use contract::exact::{self, Exact};

/// Decimals of a workbook's number that are looked at: a third has no end.
const MAX_DECIMALS: usize = 12;

/// How a column writes a share where no `%` stands behind it. Only who knows the column can tell: 0.78 may
/// be less than one per cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BareShare {
    /// `0.78` is 78 %, as workbooks store it.
    Fraction,
    /// `78.1` is 78.1 %.
    PerCent,
}

/// A share as a cell gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShareCell {
    /// So many per cent, exactly.
    PerCent(Exact),
    /// None is given: as [`super::Figure::Missing`].
    Missing(&'static str),
}

/// Reads a share, in per cent. With a `%` behind it the number is per cent, whatever the column does.
pub fn percent(cell: &Cell, bare: BareShare) -> Result<ShareCell, RejectReason> {
    match cell {
        Cell::Empty => Ok(ShareCell::Missing(super::MISSING)),
        Cell::Text(text) => of_text(text, bare),
        Cell::Number(number) if number.is_finite() => {
            decimal(&format!("{number:.MAX_DECIMALS$}")).map(|number| share(number, bare))
        }
        Cell::Number(_) => Err(RejectReason::NotANumber),
        Cell::Bool(_) | Cell::Date(_) => Err(RejectReason::WrongType),
        Cell::Error => Err(RejectReason::FormulaError),
    }
}

fn of_text(text: &str, bare: BareShare) -> Result<ShareCell, RejectReason> {
    if text.chars().nth(MAX_CHARS).is_some() {
        return Err(RejectReason::TooLong);
    }
    if has_false_digit(text) {
        return Err(RejectReason::NotANumber);
    }
    let text = normal(text);
    if let Some(missing) = missing(&text) {
        return Ok(ShareCell::Missing(missing));
    }
    let text = joined(&text)?;
    let (negative, text) = without_sign(&text);
    let (text, bare) = text.strip_suffix('%').map_or((text, bare), |text| (text, BareShare::PerCent));
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(RejectReason::NotANumber);
    }
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut plain = String::from(if negative { "-" } else { "" });
    plain.extend(grouped(whole)?.map(char::from));
    plain.extend(fraction.map(|fraction| format!(".{fraction}")));
    decimal(&plain).map(|number| share(number, bare))
}

fn decimal(text: &str) -> Result<Exact, RejectReason> {
    exact::parse(text).ok_or(RejectReason::NotANumber)
}

fn share(number: Exact, bare: BareShare) -> ShareCell {
    ShareCell::PerCent(match bare {
        BareShare::Fraction => number * exact::whole(100),
        BareShare::PerCent => number,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{MISSING, SUPPRESSED};
    use super::*;

    fn per_cent(text: &str) -> ShareCell {
        ShareCell::PerCent(exact::parse(text).unwrap())
    }

    #[test]
    fn three_ways_of_writing_a_share_are_one() {
        let rows = [
            ("0.78", BareShare::Fraction, "78"),
            ("78.1%", BareShare::Fraction, "78.1"),
            ("78.1%", BareShare::PerCent, "78.1"),
            ("78.1", BareShare::PerCent, "78.1"),
            ("７８．１ ％", BareShare::PerCent, "78.1"),
            ("0.78", BareShare::PerCent, "0.78"),
            ("△1.5%", BareShare::PerCent, "-1.5"),
            ("1,234.5%", BareShare::PerCent, "1234.5"),
            ("0", BareShare::Fraction, "0"),
            ("100%", BareShare::Fraction, "100"),
        ];
        for (text, bare, expected) in rows {
            assert_eq!(percent(&Cell::of_text(text), bare), Ok(per_cent(expected)), "{text}");
        }
        assert_eq!(percent(&Cell::Number(0.781), BareShare::Fraction), Ok(per_cent("78.1")));
        assert_eq!(
            percent(&Cell::Number("37.299999999999997".parse().unwrap()), BareShare::PerCent),
            Ok(per_cent("37.3"))
        );
        assert_eq!(percent(&Cell::Number(1.0 / 3.0), BareShare::Fraction), Ok(per_cent("33.3333333333")));
    }

    #[test]
    fn no_share_is_missing_and_never_0() {
        for (text, why) in [("－", MISSING), ("", MISSING), ("…", MISSING), ("x", SUPPRESSED)] {
            assert_eq!(percent(&Cell::of_text(text), BareShare::PerCent), Ok(ShareCell::Missing(why)), "{text}");
        }
        for text in ["%", "78.1%%", "78.", ".5", "7 8", "1e2", "78割", "78²", "1.2.3"] {
            assert_eq!(percent(&Cell::of_text(text), BareShare::PerCent), Err(RejectReason::NotANumber), "{text}");
        }
        assert_eq!(percent(&Cell::of_text("12,34%"), BareShare::PerCent), Err(RejectReason::BadGrouping));
        assert_eq!(percent(&Cell::Number(1e300), BareShare::PerCent), Err(RejectReason::NotANumber));
        assert_eq!(percent(&Cell::Bool(true), BareShare::PerCent), Err(RejectReason::WrongType));
    }
}
