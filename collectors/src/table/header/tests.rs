//! Headers of real files, written as small csv texts.

use super::super::{FileLayout, TableLimits, read};
use super::*;

fn sheet(text: &str) -> Sheet {
    read(text.as_bytes(), FileLayout::default(), &TableLimits::default()).unwrap().remove(0)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn found(text: &str, wanted: &[(&str, &[&str])]) -> Result<(u32, Vec<Option<usize>>), TableError> {
    let lists: Vec<Vec<String>> = wanted.iter().map(|(_, list)| words(list)).collect();
    let wanted: Vec<WantedColumn<'_>> = wanted
        .iter()
        .zip(&lists)
        .map(|((role, _), words)| WantedColumn {
            role: role.trim_start_matches('?'),
            words,
            required: !role.starts_with('?'),
        })
        .collect();
    let columns = Columns::find(&sheet(text), &wanted)?;
    Ok((columns.header_row, wanted.iter().map(|want| columns.index(want.role)).collect()))
}

#[test]
fn a_header_is_found_wherever_it_stands() {
    let wanted: [(&str, &[&str]); 3] =
        [("code", &["団体コード"]), ("count", &["交付枚数", "保有枚数"]), ("?note", &["備考"])];
    let rows = [
        ("団体コード,交付枚数\n141305,1\n", 1, vec![Some(0), Some(1), None]),
        ("交付状況,,\n令和元年4月1日現在\n\n備 考,,団体 コード,保有枚数（枚）\n", 4, vec![Some(2), Some(3), Some(0)]),
        ("#lang,ja\n#団体コード,名称,交付枚数\n#type,string,int\n1,2,3\n", 2, vec![Some(0), Some(2), None]),
        ("交付枚数,団体\n団体コード,名称,交付枚数[枚]\n", 2, vec![Some(0), Some(2), None]),
        ("団体ｺｰﾄﾞ,⽒名,保有枚数,交付枚数\n", 1, vec![Some(0), Some(3), None]),
    ];
    for (text, row, indices) in rows {
        assert_eq!(found(text, &wanted), Ok((row, indices)), "{text}");
    }
}

#[test]
fn a_header_of_two_rows_is_read_as_both_and_as_each() {
    let text = "月,出生,,,死亡,,\n,計,男,女,計,男,女\n1,267,119,148,491,256,235\n";
    let wanted: [(&str, &[&str]); 3] = [("month", &["月"]), ("births", &["出生計"]), ("deaths", &["死亡 計"])];
    assert_eq!(found(text, &wanted), Ok((2, vec![Some(0), Some(1), Some(4)])));
    let units = "月,転入（人）,,転出（人）\n,県内,県外,県内\n";
    assert_eq!(found(units, &[("in", &["転入県外"]), ("out", &["転出(人)県内"])]), Ok((2, vec![Some(2), Some(3)])));
}

#[test]
fn an_upper_cell_merged_over_columns_without_lower_ones_names_its_first_column_only() {
    // 世帯数 is merged over two columns and both rows, 人口 over three columns of the upper row.
    let text = "月,世帯数,,人口,,,備考\n,,,計,男,女,\n1,20,,50,24,26,x\n";
    let wanted: [(&str, &[&str]); 5] =
        [("month", &["月"]), ("homes", &["世帯数"]), ("people", &["人口計"]), ("men", &["男"]), ("note", &["備考"])];
    assert_eq!(found(text, &wanted), Ok((2, vec![Some(0), Some(1), Some(3), Some(4), Some(6)])));
    // A column beside the merged cell does not take its name where it has one of its own.
    assert_eq!(found("人口,,世帯\n男,女,計\n", &[("homes", &["世帯計"])]), Ok((2, vec![Some(2)])));
    assert_eq!(found("人口,,世帯\n男,女,計\n", &[("x", &["人口計"])]).unwrap_err().label(), "missing_column");
}

#[test]
fn a_typing_mistake_in_a_heading_is_a_synonym_in_the_configuration() {
    let text = "month,withinThePrefOfTransferMan,withinThePrefOfTransfeWoman\n1,101,111\n";
    let wanted: [(&str, &[&str]); 1] = [("women", &["withinThePrefOfTransferWoman", "withinThePrefOfTransfeWoman"])];
    assert_eq!(found(text, &wanted), Ok((1, vec![Some(2)])));
    let error = found(text, &[("women", &["withinThePrefOfTransferWoman"])]).unwrap_err();
    assert!(matches!(error, TableError::MissingColumn { nearest, .. } if nearest[0] == "withintheprefoftransfewoman"));
}

#[test]
fn remarks_above_below_and_inside_a_table_are_no_rows() {
    let text = "#LINK\n#license,CC BY 4.0\n\n#property,件数\n#object_type_xsd,integer\n1,12\n＃訂正あり\n2,13\n,#注 暫定値\n#end,99\n";
    let sheet = sheet(text);
    let list = words(&["件数"]);
    let columns = Columns::find(&sheet, &[WantedColumn { role: "count", words: &list, required: true }]).unwrap();
    assert_eq!(columns.header_row, 4);
    assert_eq!(columns.data(&sheet).map(|row| row.number).collect::<Vec<_>>(), [6, 8]);
}

#[test]
fn a_word_over_several_columns_is_an_error_unless_a_longer_one_decides() {
    let text = "月,人口(人),人口(世帯)\n1,2,3\n";
    let error = TableError::AmbiguousColumn { role: "people".to_owned(), columns: vec![2, 3] };
    assert_eq!(found(text, &[("people", &["人口"])]), Err(error));
    assert_eq!(found(text, &[("people", &["人口（人）"])]), Ok((1, vec![Some(1)])));
    assert_eq!(found("人口,人口(人)\n", &[("people", &["人口"])]), Ok((1, vec![Some(0)])));
    let dated = "\"総数（人口）\n【R4.1.1時点】\",総数\n";
    assert_eq!(found(dated, &[("people", &["総数（人口）"])]), Ok((1, vec![Some(0)])));
}

#[test]
fn a_missing_column_names_the_words_and_the_nearest_headings() {
    let error =
        found("団体コード,交付件数,率\n1,2,3\n", &[("code", &["団体コード"]), ("count", &["交付枚数"])]).unwrap_err();
    let nearest = words(&["交付件数", "団体コード", "率"]);
    assert_eq!(error, TableError::MissingColumn { role: "count".into(), words: words(&["交付枚数"]), nearest });
    assert_eq!(
        error.to_string(),
        "no column for `count`: looked for [\"交付枚数\"], nearest in the header [\"交付件数\", \"団体コード\", \"率\"]"
    );
}

#[test]
fn a_file_without_a_header_is_not_quoted() {
    let error = found("川崎太郎,090-1234-5678\n", &[("count", &["件数"])]).unwrap_err();
    assert_eq!(error, TableError::MissingColumn { role: "count".into(), words: words(&["件数"]), nearest: vec![] });
}

#[test]
fn data_begins_below_the_header_and_leaves_out_remarks_and_repetitions() {
    let sheet = sheet("題名\n月,件数（件）\n#型,整数\n1,12\n月,件数(件)\n2,#N/A\n#N/A,3\n4\n");
    let list = words(&["件数"]);
    let columns = Columns::find(&sheet, &[WantedColumn { role: "count", words: &list, required: true }]).unwrap();
    assert_eq!(columns.data(&sheet).map(|row| row.number).collect::<Vec<_>>(), [4, 6, 7, 8]);
    assert_eq!(columns.unit("count"), Some("件"));
    assert_eq!(columns.cell(&sheet.rows[3], "count"), &Cell::of_text("12"));
    assert_eq!(columns.cell(sheet.rows.last().unwrap(), "count"), &Cell::Empty);
    assert_eq!((columns.header_row, columns.index("count")), (2, Some(1)));
}

#[test]
fn the_sheet_is_the_named_one_else_the_only_visible_one_with_the_header() {
    let named = |name: &str, text: &str, hidden| Sheet { name: Some(name.to_owned()), hidden, ..sheet(text) };
    let list = words(&["件数"]);
    let wanted = [WantedColumn { role: "count", words: &list, required: true }];
    let find = |sheets: &[Sheet], name| {
        Columns::find_sheet(sheets, name, &wanted).map(|(sheet, _)| sheet.name.clone().unwrap())
    };
    let mut sheets =
        vec![named("注記", "読み方\n", false), named("Sheet1", "件数\n", false), named("旧", "件数\n", true)];
    assert_eq!(find(&sheets, None), Ok("Sheet1".to_owned()));
    assert_eq!(find(&sheets, Some("公表用")), Ok("Sheet1".to_owned()));
    assert_eq!(find(&sheets, Some("旧")), Ok("旧".to_owned()));
    sheets.push(named("Sheet2", "件数\n", false));
    assert_eq!(find(&sheets, None), Err(TableError::AmbiguousSheet { sheets: words(&["Sheet1", "Sheet2"]) }));
    assert_eq!(find(&sheets[..1], None).unwrap_err().label(), "missing_column");
    assert_eq!(find(&[], None).unwrap_err().label(), "missing_column");
}
