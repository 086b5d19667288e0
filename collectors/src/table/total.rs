//! Rows that sum up other rows: added to the column, they count everything twice.
//!
//! Known by a cell's whole text, never by a part of it: 合計特殊出生率 is a figure of its own.

use super::sheet::Cell;
use super::text::word;

/// What total rows are called, as [`word`]s. Means are among them, as they add up to nothing either.
const NAMES: [&str; 28] = [
    "合計",
    "総計",
    "総数",
    "総額",
    "計",
    "小計",
    "中計",
    "累計",
    "通計",
    "年計",
    "年度計",
    "年間計",
    "年合計",
    "年度合計",
    "年間合計",
    "月計",
    "区計",
    "市計",
    "町村計",
    "県計",
    "全体",
    "全市",
    "全国",
    "全税目",
    "平均",
    "total",
    "subtotal",
    "grandtotal",
];

/// True when the cell names a total, by the list here or by one of `more` (a configured list).
///
/// `合　計`, `【合計】` and `Total` are all the same word; `合計特殊出生率` is another one.
pub fn is_total(cell: &Cell, more: &[String]) -> bool {
    let Cell::Text(text) = cell else { return false };
    let name = word(text);
    let name = name.trim_matches(['【', '】', '[', ']', '(', ')', '<', '>', '〈', '〉', ':']);
    NAMES.contains(&name) || more.iter().any(|other| word(other) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_whole_words() {
        for text in ["合計", "合　計", "総数", "計", "小計", "全税目", "Total", "ＴＯＴＡＬ", "【合計】", "(計)"]
        {
            assert!(is_total(&Cell::of_text(text), &[]), "{text}");
        }
        for text in ["合計特殊出生率", "川崎市", "会計", "", "12"] {
            assert!(!is_total(&Cell::of_text(text), &[]), "{text}");
        }
        assert!(!is_total(&Cell::Number(12.0), &[]));
        assert!(is_total(&Cell::of_text("全区"), &["全 区".to_owned()]));
    }
}
