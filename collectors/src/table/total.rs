//! Rows that sum up other rows, or say a part of one again: added to the column, they count everything twice.
//!
//! Known by a cell's whole text, or by a word at its end, never by a part of it: 合計特殊出生率 is a figure of its own.

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
/// How a label ends that sums up what it begins with: 「東区 小計」, 「令和3年度合計」, 「市民課 計」. 会計, 時計 and 統計 do not.
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
/// Words in a label that says a part of another row again.
const PARTS: [&str; 2] = ["再掲", "内数"];
const BRACKETS: [char; 12] = ['【', '】', '[', ']', '(', ')', '<', '>', '〈', '〉', ':', '*'];

/// True when the cell names a total.
///
/// `合　計`, `【合計】`, `合計（2施設）` and `Total` are all the same word; `合計特殊出生率` is another one.
pub fn is_total(cell: &Cell) -> bool {
    let Some(label) = likely(cell) else { return false };
    NAMES.contains(&bare(&label))
}

/// True when a row of that label must not be added to others: it is a total by name or by the end of its name
/// (`東区小計`), or says a part of another row again (`（再掲）`, `うちスマートフォン`).
pub fn sums_up(cell: &Cell) -> bool {
    let Some(label) = likely(cell) else { return false };
    let name = bare(&label);
    NAMES.contains(&name)
        || ENDS.iter().any(|end| name.ends_with(end))
        || PARTS.iter().any(|part| label.contains(part))
        || is_part(name)
}

/// The label of a cell with a character that all names, ends and parts have: most cells need no second look.
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
    fn what_is_added_up_leaves_out_decorated_totals_and_parts_said_again() {
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
