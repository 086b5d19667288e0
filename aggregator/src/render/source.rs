//! How a source is, for readers: when it was last polled and what the poll brought.
//!
//! Collectors label their failures for programs; metrics and poll records carry the labels. Several of them mean the same
//! to a reader: what to look at. A page shows the label beside the text.

use super::words;
use crate::health::{SourceHealth, SourceRejects};
use contract::catalogue::Bilingual;
use contract::record::PollOutcome;
use contract::time::Micros;

/// A source in the table of sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// Its id.
    pub source: String,
    /// The series that it feeds.
    pub feeds: Vec<Bilingual>,
    /// The time of the last poll.
    pub time: Option<String>,
    /// The age of the last poll, in Japanese and English.
    pub age: Option<(String, String)>,
    /// The outcome of the last poll.
    pub outcome: Option<PollText>,
    /// How long ago it was last read whole, where the last poll failed or the server only confirms for long.
    pub read: Option<(String, String)>,
    /// The address polled.
    pub address: Option<String>,
    /// What could not be read when its files were last read.
    pub rejects: SourceRejects,
}

/// The outcome of a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollText {
    /// Whether the poll failed.
    pub failed: bool,
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
    /// The label in metrics and logs.
    pub label: String,
}

impl SourceRow {
    /// The row of a source at `now`.
    pub fn new(source: &SourceHealth, rejects: SourceRejects, now: Micros) -> Self {
        let age = |time: Micros| words::age((now.0 - time.0).max(0) / 1_000_000);
        let last = source.last_poll.as_ref();
        Self {
            source: source.source.clone(),
            feeds: source.feeds.clone(),
            time: last.map(|poll| poll.time.moment().to_string()),
            age: last.map(|poll| age(poll.time)),
            outcome: last.map(|poll| PollText::new(&poll.outcome)),
            read: source.last_read.filter(|_| source.failed() || source.is_only_confirmed()).map(age),
            address: last.map(|poll| poll.address.clone()),
            rejects,
        }
    }

    /// How many rejects have no line of their own.
    pub fn more_rejects(&self) -> u64 {
        self.rejects.count.saturating_sub(self.rejects.places.len() as u64)
    }

    /// True when the last poll failed.
    pub fn failed(&self) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| outcome.failed)
    }
}

impl PollText {
    fn new(outcome: &PollOutcome) -> Self {
        let (ja, en, label) = match outcome {
            PollOutcome::Changed => ("新しい数字あり", "new figures", "changed"),
            PollOutcome::Unchanged => ("変わりなし", "unchanged", "unchanged"),
            PollOutcome::Failed(label) => {
                let (ja, en) = failure(label).unwrap_or(("読めません", "it cannot be read"));
                let (ja, en) = (format!("失敗: {ja}"), format!("failed: {en}"));
                return Self { failed: true, ja, en, label: label.clone() };
            }
        };
        Self { failed: false, ja: ja.to_owned(), en: en.to_owned(), label: label.to_owned() }
    }
}

/// What the label of a failed poll means, in Japanese and English. Labels come from stored records, also from those of
/// other versions, so they are text here.
fn failure(label: &str) -> Option<(&'static str, &'static str)> {
    Some(match label {
        "unreachable" => ("相手のサーバーに接続できません", "the server cannot be reached"),
        "tls" => ("相手のサーバーの証明書を確認できません", "the certificate of the server is not accepted"),
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
        "still_written" => ("ファイルが書き込み中です", "the file is still being written"),
        "error_message" => ("書き出しがエラーで途中までです", "the export stopped with an error message"),
        "html" => ("データではなくウェブページが届きました", "a web page came instead of data"),
        "old_workbook" => ("古い形式のExcel（.xls）です", "it is a workbook of the old kind (.xls)"),
        "workbook" | "json" | "not_json" | "open_quote" | "unexpected_answer" | "no_log_line" => {
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
    fn a_failure_has_a_text_and_an_unknown_label_has_none() {
        let unreachable = ("相手のサーバーに接続できません", "the server cannot be reached");
        assert_eq!(failure("unreachable"), Some(unreachable));
        assert_eq!(failure("of_another_version"), None);
    }
}
