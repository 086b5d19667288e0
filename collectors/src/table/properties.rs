//! No input panics, and every written value is read back.

use super::{
    Cell, Columns, Encoding, FileLayout, Municipality, TableLimits, WantedColumn, code, date, number, read, row_hash,
    text, total,
};
use contract::decimals::Decimals;
use contract::exact;
use number::{FigureScale, NumberCell};
use proptest::prelude::*;

/// Any texts, and texts of the characters that the readers look for.
fn label() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9０-９,，.．/-]{0,12}",
        "[0-9HRS令和平成元年度末月日第四半期Q/.:T() ]{0,16}",
        "[約△▲+-]?[0-9,.]{0,8}[兆億万千百十]{0,3}[0-9,.]{0,8}[億万千円件]{0,3}",
    ]
}

fn full_width(value: i64, separated: bool) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::from(if value < 0 { "△" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if separated && at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('，');
        }
        text.push(char::from_u32(u32::from(digit) + 0xFEE0).unwrap());
    }
    text
}

proptest! {
    #[test]
    fn any_bytes_are_sheets_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400), zip in any::<bool>()) {
        let bytes = if zip { [b"PK\x03\x04", &bytes[..]].concat() } else { bytes };
        for encoding in [None, Some(Encoding::Cp932), Some(Encoding::EucJp), Some(Encoding::Utf16Le), Some(Encoding::Utf8)] {
            let _ = text::decode(&bytes, encoding);
            let _ = read(&bytes, FileLayout { encoding, ..FileLayout::default() }, &TableLimits::default());
        }
    }

    #[test]
    fn any_csv_is_an_error_or_has_ascending_rows(text in "([a-z0-9計件数#\"]|,|\r|\n|\r\n){0,80}") {
        let words = vec!["件数".to_owned()];
        let wanted = [WantedColumn { role: "count", words: &words, required: true }];
        if let Ok(sheets) = read(text.as_bytes(), FileLayout::default(), &TableLimits::default()) {
            let rows = &sheets[0].rows;
            prop_assert!(rows.windows(2).all(|two| two[0].number < two[1].number));
            prop_assert!(rows.iter().all(|row| row.cells.last().is_some_and(|cell| !cell.is_empty())));
            prop_assert!(rows.iter().all(|row| row_hash(row).len() == 32));
            if let Ok(columns) = Columns::find(&sheets[0], &wanted) {
                prop_assert!(columns.data(&sheets[0]).all(|row| row.number > columns.header_row));
            }
        }
    }

    #[test]
    fn any_text_is_a_value_or_a_reason(text in label(), unit in prop::option::of("[件円人万千]{0,2}")) {
        let cell = Cell::of_text(&text);
        let _ = number::integer(&cell, unit.as_deref());
        let _ = (date::read(&cell), date::read_date_cell(&cell));
        let _ = (code::Municipality::parse(&text), total::is_total(&cell));
    }

    #[test]
    fn any_number_is_a_value_or_a_reason(bits in any::<u64>(), whole in -200_000_i32..30_000_000) {
        for number in [f64::from_bits(bits), f64::from(whole)] {
            let cell = Cell::Number(number);
            let _ = (number::integer(&cell, None), date::read(&cell), date::read_date_cell(&cell), Municipality::read(&cell, None), code::CodeForm::of([&cell]));
        }
    }

    #[test]
    fn every_integer_is_read_back_from_full_width(value in any::<i64>(), separated in any::<bool>()) {
        let text = full_width(value, separated);
        prop_assert_eq!(number::integer(&Cell::of_text(&text), None), Ok(NumberCell::Known(value)));
        let text = format!("{text} 件");
        prop_assert_eq!(number::integer(&Cell::of_text(&text), Some("件")), Ok(NumberCell::Known(value)));
    }

    #[test]
    fn text_to_steps_to_text_is_the_identity(value in any::<i64>(), digits in 0..=Decimals::MAX, separated in any::<bool>()) {
        let decimals = Decimals::new(digits).unwrap();
        let by = FigureScale { scale: 1, decimals };
        let text = decimals.text(value);
        prop_assert_eq!(number::steps(&Cell::of_text(&text), None, by), Ok(NumberCell::Known(value)));
        let (sign, shown) = if value < 0 { ("▲", decimals.grouped(value).replace('-', "")) } else { ("", decimals.grouped(value)) };
        let shown = if separated { shown } else { shown.replace(',', "") };
        let wide = |c: char| if c.is_ascii() { char::from_u32(u32::from(c) + 0xFEE0).unwrap() } else { c };
        let text = format!("{sign}{}％", shown.chars().map(wide).collect::<String>());
        prop_assert_eq!(number::steps(&Cell::of_text(&text), Some("%"), by), Ok(NumberCell::Known(value)), "{}", text);
    }

    #[test]
    fn a_decimal_is_the_rational_number_or_a_reason(
        whole in -9_999_999_999_999_i64..10_000_000_000_000, fraction in "[0-9]{0,9}", digits in 0..=Decimals::MAX, scale in prop::sample::select(vec![1, 1_000, 100_000_000]),
    ) {
        let decimals = Decimals::new(digits).unwrap();
        let text = if fraction.is_empty() { whole.to_string() } else { format!("{whole}.{fraction}") };
        let value = exact::parse(&text).unwrap() * exact::whole(scale);
        let steps = &value * exact::whole(10).pow(i32::try_from(digits).unwrap());
        let right = match decimals.steps(&value) {
            Some(steps) => Ok(NumberCell::Known(steps)),
            None if steps.is_integer() => Err(super::RejectReason::TooLarge),
            None if digits == 0 => Err(super::RejectReason::NotAnInteger),
            None => Err(super::RejectReason::TooManyDecimals),
        };
        prop_assert_eq!(number::steps(&Cell::of_text(&text), None, FigureScale { scale, decimals }), right, "{}", text);
    }

    #[test]
    fn a_number_of_a_workbook_is_what_its_fifteen_digits_say(digits15 in -999_999_999_999_999_i64..1_000_000_000_000_000, digits in 1..=Decimals::MAX) {
        let decimals = Decimals::new(digits).unwrap();
        let stored: f64 = decimals.text(digits15).parse().unwrap();
        let read = number::steps(&Cell::Number(stored), None, FigureScale { scale: 1, decimals });
        prop_assert_eq!(read, Ok(NumberCell::Known(digits15)));
    }

    // To the end of 令和99年: eras have years of two digits.
    #[test]
    fn every_day_is_read_back(day in -25_000_i32..=54_055) {
        let date = contract::time::date_of(day);
        let (year, month, dom) = (date.year(), date.month(), date.day());
        let label = contract::era::label(date);
        for text in [
            format!("{year}/{month}/{dom}"),
            format!("{month}/{dom}/{year}"),
            format!("{year}{month:02}{dom:02}"),
            format!("{label}{month}月{dom}日現在"),
        ] {
            let dated = date::DateLabel { when: date::LabelledPeriod::Date(date), plan_label: false };
            prop_assert_eq!(date::read(&Cell::of_text(&text)), Ok(dated), "{}", text);
        }
        let text = contract::era::fiscal_year_label(year);
        let dated = date::DateLabel { when: date::LabelledPeriod::FiscalYear(year), plan_label: false };
        prop_assert_eq!(date::read(&Cell::of_text(&text)), Ok(dated), "{}", text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_sheet_of_a_workbook_is_read_or_an_error(
        data in r#"(<row( r="[0-9]{1,12}")?>|</row>|<c( r="[A-Z]{0,8}[0-9]{0,12}")?( t="(s|b|n|d|e|str|inlineStr)")?( s="[0-9]{1,3}")?>|</c>|<v>|</v>|<is>|<t>|[0-9.#a-z]|&amp;|&){0,40}"#
    ) {
        let _ = read::xlsx::read(&read::xlsx::tests::workbook_with(&data), &TableLimits::default());
    }
}
