//! Cells of real files, as a table.

use super::*;
use jiff::civil::date;

fn read(text: &str, unit: Option<&str>) -> Result<NumberCell, RejectReason> {
    integer(&Cell::of_text(text), unit)
}

#[test]
fn figures_as_cities_write_them() {
    let rows = [
        ("0", 0),
        ("12", 12),
        ("１２", 12),
        ("1,234", 1234),
        ("１，２３４，５６７", 1_234_567),
        ("1234567", 1_234_567),
        ("△12", -12),
        ("▲ 1,234", -1234),
        ("－12", -12),
        ("−12", -12),
        ("-12", -12),
        ("+12", 12),
        ("12.0", 12),
        ("12.00", 12),
        ("0012", 12),
        ("　12　", 12),
        ("5千", 5000),
        ("1万2千3百", 12_300),
        ("9223372036854775807", i64::MAX),
        ("-9223372036854775808", i64::MIN),
    ];
    for (text, value) in rows {
        assert_eq!(read(text, None), Ok(NumberCell::Known(value)), "{text}");
    }
}

#[test]
fn a_scale_is_worked_out_exactly_and_contradicted_by_a_unit() {
    let by = |scale| FigureScale { scale, decimals: Decimals::WHOLE };
    let read = |text, scale| steps(&Cell::of_text(text), Some("円"), by(scale));
    let known = |value| Ok(NumberCell::Known(value));
    assert_eq!(read("105.3", 100_000_000), known(10_530_000_000));
    assert_eq!(read("△1,234.5", 1_000), known(-1_234_500));
    assert_eq!(read("約105", 100_000_000), Ok(NumberCell::About { value: 10_500_000_000, precision: 100_000_000 }));
    assert_eq!(steps(&Cell::Number(105.3), Some("円"), by(100_000_000)), known(10_530_000_000));
    assert_eq!(steps(&Cell::Number(12.0), None, by(1_000)), known(12_000));
    assert_eq!(read("0.0001", 1_000), Err(RejectReason::NotAnInteger));
    for text in ["105千円", "105円", "1億"] {
        assert_eq!(read(text, 1_000), Err(RejectReason::UnexpectedUnit), "{text}");
    }
    assert_eq!(read("－", 1_000), Ok(NumberCell::Missing(MISSING)));
}

#[test]
fn units_and_money_with_a_configured_unit() {
    let rows = [
        ("12件", "件", 12),
        ("1,234 人", "人", 1234),
        ("１２人", "人", 12),
        ("12", "件", 12),
        ("105億円", "円", 10_500_000_000),
        ("105 億円", "円", 10_500_000_000),
        ("1億2,345万円", "円", 123_450_000),
        ("1億2千万円", "円", 120_000_000),
        ("1.5億円", "円", 150_000_000),
        ("12百万円", "円", 12_000_000),
        ("△3千円", "円", -3000),
        ("1兆円", "円", 1_000_000_000_000),
        ("￥1,234", "円", 1234),
        ("1,234,-", "円", 1234),
        ("12千円", "千円", 12),
        ("12", "千円", 12),
    ];
    for (text, unit, value) in rows {
        assert_eq!(read(text, Some(unit)), Ok(NumberCell::Known(value)), "{text}");
    }
}

#[test]
fn an_approximate_figure_has_the_precision_of_its_last_digit() {
    let rows = [
        ("約105億円", 10_500_000_000, 100_000_000),
        ("約1.5億円", 150_000_000, 10_000_000),
        ("およそ1億2千万円", 120_000_000, 10_000_000),
        ("1万円程度", 10_000, 10_000),
        ("約12,000円", 12_000, 1),
    ];
    for (text, value, precision) in rows {
        assert_eq!(read(text, Some("円")), Ok(NumberCell::About { value, precision }), "{text}");
    }
}

#[test]
fn marks_alone_are_missing_or_suppressed_and_never_zero() {
    for text in
        ["", "　", "－", "-", "−", "ー", "―", "—", "--", "…", "‥", "***", "＊", "・", "･", "不明", "<NA>", "N/A"]
    {
        assert_eq!(read(text, None), Ok(NumberCell::Missing(MISSING)), "{text}");
    }
    for text in ["x", "X", "ｘ", "Ｘ", "χ", "秘匿"] {
        assert_eq!(read(text, None), Ok(NumberCell::Missing(SUPPRESSED)), "{text}");
    }
}

#[test]
fn an_ambiguous_figure_is_a_reason() {
    let rows = [
        ("12.5", None, RejectReason::NotAnInteger),
        ("1.23456億円", Some("人"), RejectReason::UnexpectedUnit),
        ("1.234567891億", None, RejectReason::NotAnInteger),
        ("1e5", None, RejectReason::NotANumber),
        ("12,34", None, RejectReason::BadGrouping),
        ("1234,567", None, RejectReason::BadGrouping),
        (",123", None, RejectReason::NotANumber),
        ("12 34", None, RejectReason::NotANumber),
        ("1２²", None, RejectReason::NotANumber),
        ("①", None, RejectReason::NotANumber),
        ("12件", None, RejectReason::UnexpectedUnit),
        ("12人", Some("件"), RejectReason::UnexpectedUnit),
        ("105億円", Some("千円"), RejectReason::UnexpectedUnit),
        ("5万千円", Some("千円"), RejectReason::UnexpectedUnit),
        ("78.1%", None, RejectReason::UnexpectedUnit),
        ("△", None, RejectReason::NotANumber),
        ("△-12", None, RejectReason::NotANumber),
        ("(12)", None, RejectReason::NotANumber),
        ("12-13", None, RejectReason::NotANumber),
        ("1万2億", None, RejectReason::NotANumber),
        ("億", None, RejectReason::NotANumber),
        ("十二", None, RejectReason::NotANumber),
        (".", None, RejectReason::NotANumber),
        ("12.", None, RejectReason::NotANumber),
        ("1.2.3", None, RejectReason::NotANumber),
        ("合計", None, RejectReason::NotANumber),
        ("-.", None, RejectReason::NotANumber),
        ("9223372036854775808", None, RejectReason::TooLarge),
        ("99999999999999999999999999999999999999999999", None, RejectReason::TooLarge),
        ("99999999999999999兆", None, RejectReason::TooLarge),
    ];
    for (text, unit, reason) in rows {
        assert_eq!(read(text, unit), Err(reason), "{text}");
    }
    assert_eq!(read(&"1".repeat(65), None), Err(RejectReason::TooLong));
}

#[test]
fn cells_of_a_workbook() {
    let rows = [
        (Cell::Number(12.0), Ok(NumberCell::Known(12))),
        (Cell::Number(-0.0), Ok(NumberCell::Known(0))),
        (Cell::Number(12.5), Err(RejectReason::NotAnInteger)),
        (Cell::Number(9_007_199_254_740_991.0), Ok(NumberCell::Known(9_007_199_254_740_991))),
        (Cell::Number(MAX_EXACT), Err(RejectReason::TooLarge)),
        (Cell::Number(f64::NAN), Err(RejectReason::NotANumber)),
        (Cell::Empty, Ok(NumberCell::Missing(MISSING))),
        (Cell::Bool(true), Err(RejectReason::WrongType)),
        (Cell::Date(date(2019, 4, 1).at(0, 0, 0, 0)), Err(RejectReason::WrongType)),
        (Cell::Error, Err(RejectReason::FormulaError)),
    ];
    for (cell, expected) in rows {
        assert_eq!(integer(&cell, None), expected, "{cell:?}");
    }
}

fn with_decimals(cell: &Cell, unit: Option<&str>, scale: i64, digits: u32) -> Result<NumberCell, RejectReason> {
    steps(cell, unit, FigureScale { scale, decimals: Decimals::new(digits).unwrap() })
}

#[test]
fn figures_with_decimals_are_read_exactly_as_steps() {
    let rows = [
        ("54.9", "%", 1, 549),
        ("54.9%", "%", 1, 549),
        ("５４．９％", "%", 1, 549),
        ("54", "%", 1, 540),
        ("54.90", "%", 1, 549),
        ("▲0.5", "%", 1, -5),
        ("△１，２３４．５", "人", 1, -12_345),
        ("1.08", "", 2, 108),
        ("1.3", "", 2, 130),
        ("421万人", "万人", 0, 421),
        ("42.1万人", "万人", 1, 421),
        ("1.5億円", "億円", 1, 15),
        ("1.5億円", "円", 1, 1_500_000_000),
        ("0.000001", "", 6, 1),
        ("9,223,372,036,854.775807", "", 6, i64::MAX),
    ];
    for (text, unit, digits, steps) in rows {
        let read = with_decimals(&Cell::of_text(text), Some(unit), 1, digits);
        assert_eq!(read, Ok(NumberCell::Known(steps)), "{text}");
    }
    let about = NumberCell::About { value: 549, precision: 1 };
    assert_eq!(with_decimals(&Cell::of_text("約54.9％"), Some("%"), 1, 1), Ok(about));
    let about = NumberCell::About { value: 4_000, precision: 100 };
    assert_eq!(with_decimals(&Cell::of_text("約40"), None, 1, 2), Ok(about));
    assert_eq!(with_decimals(&Cell::of_text("1.234"), None, 1_000, 1), Ok(NumberCell::Known(12_340)));
    assert_eq!(with_decimals(&Cell::of_text("－"), None, 1, 1), Ok(NumberCell::Missing(MISSING)));
}

#[test]
fn a_figure_finer_than_its_step_or_too_large_is_a_reason() {
    let rows = [
        ("54.95", 1, RejectReason::TooManyDecimals),
        ("54.91％", 1, RejectReason::TooManyDecimals),
        ("0.0000001", 6, RejectReason::TooManyDecimals),
        ("0.00000000000001", 6, RejectReason::TooManyDecimals),
        ("54.95", 0, RejectReason::NotAnInteger),
        ("9,223,372,036,854.775808", 6, RejectReason::TooLarge),
        ("54,9", 1, RejectReason::BadGrouping),
        ("54・9", 1, RejectReason::NotANumber),
        ("54.9.1", 1, RejectReason::NotANumber),
        ("54.", 1, RejectReason::NotANumber),
    ];
    for (text, digits, reason) in rows {
        assert_eq!(with_decimals(&Cell::of_text(text), Some("%"), 1, digits), Err(reason), "{text}");
    }
}

#[test]
fn binary_numbers_of_a_workbook_are_read_at_fifteen_digits() {
    let rows = [
        (0.1 + 0.2, 1, Ok(3)),
        (54.9, 1, Ok(549)),
        (54.900_000_000_000_006, 1, Ok(549)),
        (54.95, 1, Err(RejectReason::TooManyDecimals)),
        (1.08, 2, Ok(108)),
        (-2.3, 1, Ok(-23)),
        (3.0 - 0.000_000_000_000_000_4, 0, Ok(3)),
        (12_345_678_901_234.5, 1, Ok(123_456_789_012_345)),
        (9_007_199_254_740_991.0, 1, Ok(90_071_992_547_409_910)),
        (9_007_199_254_740_991.0, 6, Err(RejectReason::TooLarge)),
        (f64::NAN, 1, Err(RejectReason::NotANumber)),
    ];
    for (number, digits, steps) in rows {
        assert_eq!(with_decimals(&Cell::Number(number), None, 1, digits), steps.map(NumberCell::Known), "{number}");
    }
    let percent = |number| with_decimals(&Cell::Formatted(number, NumberFormat::Percent), Some("%"), 1, 1);
    assert_eq!(percent(0.549), Ok(NumberCell::Known(549)), "shown 54.9%");
    assert_eq!(percent(0.5495), Err(RejectReason::TooManyDecimals));
}
