//! Labels of real files, as tables.

use super::*;
use jiff::civil::date;

fn of(text: &str) -> Result<DateLabel, RejectReason> {
    read(&Cell::of_text(text))
}

#[expect(clippy::unnecessary_wraps, reason = "the tables compare it with what reading returns")]
fn plain(when: LabelledPeriod) -> Result<DateLabel, RejectReason> {
    Ok(DateLabel { when, plan_label: false })
}

fn day(year: i16, month: i8, day: i8) -> LabelledPeriod {
    LabelledPeriod::Date(date(year, month, day))
}

fn month(year: i16, month: i8) -> LabelledPeriod {
    LabelledPeriod::Month { year, month }
}

fn quarter(fiscal_year: i16, quarter: u8) -> LabelledPeriod {
    LabelledPeriod::Quarter { fiscal_year, quarter }
}

#[test]
fn days() {
    let rows = [
        ("2019/4/1", day(2019, 4, 1)),
        ("2019/04/01 0:00", day(2019, 4, 1)),
        ("2019-04-01T09:30:00.123", day(2019, 4, 1)),
        ("2019-04-01", day(2019, 4, 1)),
        ("2019-04-01T09:30:00+09:00", day(2019, 4, 1)),
        ("2019/04/01 09:30 JST", day(2019, 4, 1)),
        ("20190401093000", day(2019, 4, 1)),
        ("2019年4月1日（月）9時30分", day(2019, 4, 1)),
        ("2019年4月1日 午後1時", day(2019, 4, 1)),
        ("2019.4.1", day(2019, 4, 1)),
        ("4/1/2019", day(2019, 4, 1)),
        ("20190401", day(2019, 4, 1)),
        ("２０１９年４月１日", day(2019, 4, 1)),
        ("2019年4月1日現在", day(2019, 4, 1)),
        ("2019年 4月 1日 時点", day(2019, 4, 1)),
        ("2019年4月1日(月)", day(2019, 4, 1)),
        ("2019年4月1日（月曜日）現在", day(2019, 4, 1)),
        ("令和元年5月1日", day(2019, 5, 1)),
        ("㋿元年5月1日", day(2019, 5, 1)),
        ("H31.4.30", day(2019, 4, 30)),
        ("Ｒ１．５．１", day(2019, 5, 1)),
        ("R.1.5.1", day(2019, 5, 1)),
        ("r2/2/29", day(2020, 2, 29)),
        ("平31.4.30", day(2019, 4, 30)),
        ("S64.1.7", day(1989, 1, 7)),
        ("2019年4月末日", day(2019, 4, 30)),
        ("2019年4月末", day(2019, 4, 30)),
        ("令和2年2月末日現在", day(2020, 2, 29)),
        ("R7.8末", day(2025, 8, 31)),
        ("R4.6末日時点", day(2022, 6, 30)),
        ("令和元年度末", day(2020, 3, 31)),
        ("2019年度末", day(2020, 3, 31)),
    ];
    for (text, when) in rows {
        assert_eq!(of(text), plain(when), "{text}");
    }
}

#[test]
fn periods() {
    let rows = [
        ("平成31年4月", month(2019, 4)),
        ("2021年度4月", month(2021, 4)),
        ("令和3年度3月分", month(2022, 3)),
        ("平成31・令和元年5月", month(2019, 5)),
        ("平成31・令和元年度", LabelledPeriod::FiscalYear(2019)),
        ("平成31/令和元年度", LabelledPeriod::FiscalYear(2019)),
        ("2019年度（平成31年度・令和元年度）", LabelledPeriod::FiscalYear(2019)),
        ("令和3年度決算", LabelledPeriod::FiscalYear(2021)),
        ("令和3年度（実績）", LabelledPeriod::FiscalYear(2021)),
        ("令和3年度分", LabelledPeriod::FiscalYear(2021)),
        ("令和元年5月分", month(2019, 5)),
        ("2019-04", month(2019, 4)),
        ("2019/4", month(2019, 4)),
        ("201904", month(2019, 4)),
        ("H31.4", month(2019, 4)),
        ("S64.1", month(1989, 1)),
        ("2019年度", LabelledPeriod::FiscalYear(2019)),
        ("令和元年度", LabelledPeriod::FiscalYear(2019)),
        ("平成31年度", LabelledPeriod::FiscalYear(2019)),
        ("平成31年度/令和元年度", LabelledPeriod::FiscalYear(2019)),
        ("平成31年度・令和元年度", LabelledPeriod::FiscalYear(2019)),
        ("平成31（令和元）年度", LabelledPeriod::FiscalYear(2019)),
        ("2019年度（令和元年度）", LabelledPeriod::FiscalYear(2019)),
        ("H32年度(R2年度)", LabelledPeriod::FiscalYear(2020)),
        ("FY2019", LabelledPeriod::FiscalYear(2019)),
        ("R8年度", LabelledPeriod::FiscalYear(2026)),
        ("2019年度第1四半期", quarter(2019, 1)),
        ("令和元年度第４四半期", quarter(2019, 4)),
        ("令和元年度第二四半期", quarter(2019, 2)),
        ("2019年度Q3", quarter(2019, 3)),
        ("2019年度3Q", quarter(2019, 3)),
        ("FY2019Q1", quarter(2019, 1)),
        ("2019Q1", quarter(2019, 1)),
        ("2019-Q1", quarter(2019, 1)),
        ("2019", LabelledPeriod::Year(2019)),
        ("2019年", LabelledPeriod::Year(2019)),
        ("西暦2019年", LabelledPeriod::Year(2019)),
        ("R8", LabelledPeriod::Year(2026)),
        ("令和8年", LabelledPeriod::Year(2026)),
        ("H31", LabelledPeriod::Year(2019)),
        ("平成元年", LabelledPeriod::Year(1989)),
    ];
    for (text, when) in rows {
        assert_eq!(of(text), plain(when), "{text}");
    }
}

#[test]
fn era_years_that_never_came_are_read_and_marked() {
    let rows = [
        ("H31.5", month(2019, 5)),
        ("平成31年5月", month(2019, 5)),
        ("H31.5.1", day(2019, 5, 1)),
        ("H32", LabelledPeriod::Year(2020)),
        ("H33", LabelledPeriod::Year(2021)),
        ("H33年度", LabelledPeriod::FiscalYear(2021)),
        ("平成３３年度", LabelledPeriod::FiscalYear(2021)),
        ("S64.1.8", day(1989, 1, 8)),
        ("平成31年度末", day(2020, 3, 31)),
    ];
    for (text, when) in rows {
        assert_eq!(of(text), Ok(DateLabel { when, plan_label: true }), "{text}");
    }
}

#[test]
fn mistakes_and_ambiguous_labels_are_reasons() {
    let rows = [
        ("H31.41", RejectReason::MonthOutOfRange),
        ("H31.41末", RejectReason::MonthOutOfRange),
        ("R4.6.30末", RejectReason::NotADate),
        ("2019/13/1", RejectReason::MonthOutOfRange),
        ("13/1/2019", RejectReason::MonthOutOfRange),
        ("201913", RejectReason::MonthOutOfRange),
        ("2019/2/29", RejectReason::DayOutOfRange),
        ("令和元年4月31日", RejectReason::DayOutOfRange),
        ("R1.4.30", RejectReason::BeforeEra),
        ("令和元年4月", RejectReason::BeforeEra),
        ("R0", RejectReason::YearOutOfRange),
        ("1899/1/1", RejectReason::YearOutOfRange),
        ("2201年度", RejectReason::YearOutOfRange),
        ("平成30年度/令和元年度", RejectReason::ErasDisagree),
        ("4月", RejectReason::NoYear),
        ("4月末", RejectReason::NoYear),
        ("31年4月", RejectReason::NoYear),
        ("19/4/1", RejectReason::NoYear),
        ("4", RejectReason::NoYear),
        ("2019.1", RejectReason::NotADate),
        ("2019年第1四半期", RejectReason::AmbiguousQuarter),
        ("2019年度第5四半期", RejectReason::QuarterOutOfRange),
        ("2019年4月～6月", RejectReason::NotADate),
        ("2019-04-01T00:00:00Z", RejectReason::NotADate),
        ("2019/4-1", RejectReason::NotADate),
        ("2019年4月1", RejectReason::NotADate),
        ("R", RejectReason::NotADate),
        ("R2²", RejectReason::NotADate),
        ("H2019", RejectReason::NotADate),
        ("合計", RejectReason::NotADate),
        ("43556", RejectReason::NotADate),
        ("", RejectReason::Empty),
    ];
    for (text, reason) in rows {
        assert_eq!(of(text), Err(reason), "{text}");
    }
    assert_eq!(of(&"年".repeat(49)), Err(RejectReason::TooLong));
}

#[test]
fn numbers_of_a_workbook_are_digits_or_serials_by_the_kind_of_column() {
    let number = Cell::Number;
    assert_eq!(read(&number(2019.0)), plain(LabelledPeriod::Year(2019)));
    assert_eq!(read(&number(201_904.0)), plain(month(2019, 4)));
    assert_eq!(read(&number(20_190_401.0)), plain(day(2019, 4, 1)));
    assert_eq!(read(&number(43_556.0)), Err(RejectReason::NotADate));
    assert_eq!(read(&number(2019.4)), Err(RejectReason::NotADate));
    assert_eq!(read_date_cell(&number(43_556.0)), plain(day(2019, 4, 1)));
    assert_eq!(read_date_cell(&number(43_556.75)), plain(day(2019, 4, 1)));
    assert_eq!(read_date_cell(&Cell::of_text("43556")), plain(day(2019, 4, 1)));
    assert_eq!(read_date_cell(&number(f64::from(MAX_SERIAL))), plain(day(2200, 12, 31)));
    assert_eq!(read_date_cell(&number(f64::from(MIN_SERIAL))), plain(day(1927, 5, 18)));
    assert_eq!(read_date_cell(&number(201_904.0)), plain(month(2019, 4)));
    assert_eq!(read_date_cell(&number(f64::NAN)), Err(RejectReason::NotADate));
    assert_eq!(read_date_cell(&Cell::of_text("H31.4.30")), plain(day(2019, 4, 30)));
    assert_eq!(read(&Cell::Date(date(2019, 4, 1).at(9, 0, 0, 0))), plain(day(2019, 4, 1)));
    assert_eq!(read(&Cell::Date(date(9999, 4, 1).at(9, 0, 0, 0))), Err(RejectReason::YearOutOfRange));
    assert_eq!(read(&Cell::Error), Err(RejectReason::FormulaError));
}

#[test]
fn days_of_a_period() {
    assert_eq!(quarter(2019, 4).days(), (date(2020, 1, 1), date(2020, 3, 31)));
    assert_eq!(LabelledPeriod::FiscalYear(2019).days(), (date(2019, 4, 1), date(2020, 3, 31)));
    assert_eq!(month(2020, 2).days(), (date(2020, 2, 1), date(2020, 2, 29)));
    assert_eq!(LabelledPeriod::Year(2019).days(), (date(2019, 1, 1), date(2019, 12, 31)));
}
