//! Why a source could not be read, in words that an officer understands.
//!
//! Collectors name their failures by words for programs, which metrics and visits carry. Several of them mean the same
//! to a reader: what to look at. A word that stands nowhere here is shown as it is.

/// What a failure's word means, in Japanese and English.
pub fn failure(word: &str) -> Option<(&'static str, &'static str)> {
    Some(match word {
        "unreachable" => ("相手のサーバーに接続できません", "the server cannot be reached"),
        "timeout" => ("相手のサーバーから時間内に応答がありません", "the server did not answer in time"),
        "http_status" => ("相手のサーバーがエラーを返しました", "the server answered with an error"),
        "redirect_refused" | "host_refused" => {
            ("許可していない接続先に案内されました", "it leads to a server that is not allowed")
        }
        "private_address" => (
            "庁内などの非公開の接続先は、設定で許可が必要です",
            "a private address, which the settings must allow first",
        ),
        "no_links" | "bad_page" => ("ページに目的のリンクが見つかりません", "the page has no link to the file"),
        "device" => ("機器が応答しません", "the device does not answer as it should"),
        "bad_body" | "packing" => ("届いたファイルが壊れています", "the file arrived damaged"),
        "empty_body" | "empty_file" => ("届いたファイルが空です", "the file is empty"),
        "not_found" => ("ファイルまたはフォルダーがありません", "there is no such file or folder"),
        "permission" => ("ファイルを読む権限がありません", "we have no permission to read the file"),
        "no_files" => ("フォルダーに対象のファイルがありません", "the folder has no such file"),
        "too_large" | "too_many_files" | "too_many_records" | "too_many_answers" | "too_many_pages" => {
            ("データが大きすぎます", "there is more data than is allowed")
        }
        "not_a_file" | "io" => ("ファイルを読めません", "the file cannot be read"),
        "undecodable" | "nul" => ("文字コードを判別できません", "its text encoding cannot be told"),
        "html" => ("データではなくウェブページが届きました", "a web page came instead of data"),
        "old_workbook" => ("古い形式のExcel（.xls）です", "it is a workbook of the old kind (.xls)"),
        "workbook" | "json" | "not_json" | "open_quote" | "unexpected_answer" => {
            ("ファイルの形式が正しくありません", "the file is not of the right form")
        }
        "missing_column" => ("必要な列が見つかりません", "a column that is needed is missing"),
        "ambiguous_column" | "ambiguous_sheet" => {
            ("当てはまる列またはシートが複数あります", "more than one column or sheet would fit")
        }
        "api_error" => ("相手のシステムがエラーを返しました", "the system answered with an error"),
        "count_changed" | "pages_do_not_add_up" | "named_twice" => {
            ("件数の合計が合いません", "the pages do not add up to the total")
        }
        "no_datasets" | "no_count" | "no_rows" => ("中身の行がありません", "it has no rows"),
        "daily_report" | "no_period" | "no_date_in_name" | "no_as_of" | "dates_disagree" | "in_the_future" => {
            ("いつの数字か読み取れません", "it does not tell which date its figures are of")
        }
        "no_codes" | "no_such_name" | "only_held" | "only_issued" => {
            ("対象の市区町村または項目がありません", "the municipality or the item is not in it")
        }
        "panicked" => ("読み取り処理の不具合です", "a fault of the program that reads it"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::failure;

    #[test]
    fn a_failure_is_told_in_words_and_an_unknown_one_not_made_up() {
        let unreachable = ("相手のサーバーに接続できません", "the server cannot be reached");
        assert_eq!(failure("unreachable"), Some(unreachable));
        assert_eq!(failure("of_another_version"), None);
    }
}
