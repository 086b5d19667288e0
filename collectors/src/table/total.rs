//! Rows that are the total of other rows, or repeat a part of one: added to the column, they would count twice.
//!
//! A total is recognised by the whole text of a cell, or by a word at its end, never by another part: 合計特殊出生率 is a figure.

use super::sheet::Cell;
use super::text::word;

/// Names of total rows, as [`word`]s. Means are among them, because they must not be added either.
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
/// Ends of the labels of totals: 「東区 小計」, 「令和3年度合計」, 「市民課 計」. 会計, 時計 and 統計 are not totals.
const ENDS: [&str; 22] = [
    "合計",
    "総計",
    "小計",
    "中計",
    "累計",
    "通計",
    "総数",
    "月計",
    "期計",
    "年計",
    "年度計",
    "区計",
    "市計",
    "町計",
    "村計",
    "県計",
    "館計",
    "局計",
    "部計",
    "課計",
    "所計",
    "男女計",
];
/// Names and ends of means, running totals and the nation's figure: they are not the sum of the rows around them.
const NO_SUMS: [&str; 4] = ["累計", "通計", "平均", "全国"];
/// Names of totals of a part of the rows; other whole names are totals of all rows.
const PART_NAMES: [&str; 8] = ["小計", "中計", "月計", "区計", "市計", "町村計", "県計", "subtotal"];
/// Ends of totals of all rows, where a period or nothing but 総 is before them: 「令和3年度合計」, 「総合計」.
const WHOLE_ENDS: [&str; 3] = ["合計", "総計", "総数"];
/// Words in the label of a row that repeats a part of another row.
const PARTS: [&str; 2] = ["再掲", "内数"];
const BRACKETS: [char; 12] = ['【', '】', '[', ']', '(', ')', '<', '>', '〈', '〉', ':', '*'];

/// True when the cell names a total: `合　計`, `【合計】`, `合計（2施設）` and `Total` do, `合計特殊出生率` does not.
pub fn is_total(cell: &Cell) -> bool {
    let Some(label) = likely(cell) else { return false };
    NAMES.contains(&bare(&label))
}

/// True when a row with that label must not be added to others: it is a total by its name or by the end of it (`東区小計`), or
/// repeats a part of another row (`（再掲）`, `うちスマートフォン`).
pub fn sums_up(cell: &Cell) -> bool {
    let Some(label) = likely(cell) else { return false };
    let name = bare(&label);
    NAMES.contains(&name)
        || ENDS.iter().any(|end| name.ends_with(end))
        || PARTS.iter().any(|part| label.contains(part))
        || is_part(name)
}

/// Which rows a printed total is the sum of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TotalScope {
    /// All rows of its figure, or of its block: 合計, 総計, 計.
    Whole,
    /// Some of them: 小計, 東区計.
    Part,
}

/// The scope of a total by its name; `None` for a mean, a running total, a repeated part, and no total.
pub fn scope(cell: &Cell) -> Option<TotalScope> {
    let label = likely(cell)?;
    let name = bare(&label);
    if NO_SUMS.iter().any(|end| name.ends_with(end)) || PARTS.iter().any(|part| label.contains(part)) || is_part(name) {
        return None;
    }
    if NAMES.contains(&name) {
        return Some(if PART_NAMES.contains(&name) { TotalScope::Part } else { TotalScope::Whole });
    }
    let whole = |end: &&str| {
        let before = name.strip_suffix(*end);
        before.is_some_and(|before| {
            before == "総" || before.ends_with(['年', '月', '期', '日']) || before.ends_with("年度")
        })
    };
    let ends = ENDS.iter().any(|end| name.ends_with(end));
    ends.then(|| if WHOLE_ENDS.iter().any(whole) { TotalScope::Whole } else { TotalScope::Part })
}

/// The label of a cell that contains one of the characters of all names, ends and parts. Most cells do not.
fn likely(cell: &Cell) -> Option<String> {
    let Cell::Text(text) = cell else { return None };
    text.contains(['計', '総', '全', '平', '再', '内', 'う', 't', 'T', 'ｔ', 'Ｔ']).then(|| word(text))
}

/// `合計(2施設)` and `【合計】` as `合計`.
fn bare(label: &str) -> &str {
    let inner = label.strip_suffix(')').and_then(|label| label.rsplit_once('(')).map(|(name, _)| name);
    inner.filter(|name| !name.is_empty()).unwrap_or(label).trim_matches(BRACKETS)
}

/// `うちスマートフォン`, `うち、窓口`; not `うちの駅`, which is a name.
fn is_part(label: &str) -> bool {
    let rest = label.trim_start_matches(['-', '・', '(']).strip_prefix("うち");
    rest.and_then(|rest| rest.chars().next()).is_some_and(|next| !('ぁ'..='ん').contains(&next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_whole_words() {
        for text in [
            "合計",
            "合　計",
            "総数",
            "計",
            "小計",
            "全税目",
            "Total",
            "ＴＯＴＡＬ",
            "【合計】",
            "(計)",
            "合計（2施設）",
        ] {
            assert!(is_total(&Cell::of_text(text)) && sums_up(&Cell::of_text(text)), "{text}");
        }
        for text in ["合計特殊出生率", "川崎市", "会計", "", "12", "（計画）", "件数（累計）"] {
            assert!(!is_total(&Cell::of_text(text)), "{text}");
        }
        assert!(!is_total(&Cell::Number(12.0)));
    }

    #[test]
    fn a_total_is_of_all_rows_or_of_a_part_and_means_are_none() {
        let rows = [
            ("合　計", Some(TotalScope::Whole)),
            ("合計（2施設）", Some(TotalScope::Whole)),
            ("Total", Some(TotalScope::Whole)),
            ("令和3年度合計", Some(TotalScope::Whole)),
            ("総合計", Some(TotalScope::Whole)),
            ("小計", Some(TotalScope::Part)),
            ("東区合計", Some(TotalScope::Part)),
            ("東区　計", Some(TotalScope::Part)),
            ("累計", None),
            ("平均", None),
            ("住民票（再掲）", None),
            ("うち、郵送", None),
            ("一般会計", None),
            ("窓口", None),
        ];
        for (text, right) in rows {
            assert_eq!(scope(&Cell::of_text(text)), right, "{text}");
        }
    }

    #[test]
    fn decorated_totals_and_repeated_parts_are_not_added_up() {
        let out = [
            "東区小計",
            "東区　計",
            "令和3年度合計",
            "4月～6月 計",
            "上半期計",
            "市民課計",
            "総合計",
            "住民票（再掲）",
            "（内数）",
            "（うちスマートフォン）",
            "　うち窓口",
            "うち、郵送",
            "利用者総数",
        ];
        for text in out {
            assert!(sums_up(&Cell::of_text(text)), "{text}");
        }
        for text in [
            "一般会計",
            "特別会計",
            "花時計",
            "統計",
            "都市計画",
            "温度計",
            "うちの駅",
            "うちわ館",
            "計量検査所",
            "住民票",
        ] {
            assert!(!sums_up(&Cell::of_text(text)), "{text}");
        }
    }
}
