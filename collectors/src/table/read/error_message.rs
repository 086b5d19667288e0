//! The error message of a program that stopped while it wrote a table.
//!
//! A server answers 200 and sends the rows so far, then `Fatal error: Allowed memory size of .. exhausted`. The rows that are missing
//! would be withdrawn, so such a file is not read.

/// Bytes and lines at the end that are examined: a message with its trace.
const MAX_TAIL: usize = 8 << 10;
const MAX_LINES: usize = 20;

/// Phrases that no table ends in, wherever they are in a line.
const PHRASES: [&str; 12] = [
    "fatal error:",
    "fatal error</b>",
    "allowed memory size of",
    "maximum execution time of",
    "traceback (most recent call last)",
    "exception in thread",
    "uncaught exception",
    "unhandled exception",
    "sqlstate[",
    "internal server error",
    "</html>",
    "</body>",
];
/// Beginnings of a line of a message.
const BEGINNINGS: [&str; 18] = [
    "php fatal",
    "php warning",
    "php parse",
    "parse error:",
    "stack trace:",
    "out of memory",
    "segmentation fault",
    "bad gateway",
    "502 bad gateway",
    "503 service",
    "504 gateway",
    "gateway time",
    "service unavailable",
    "ora-0",
    "java.lang.",
    "system.outofmemory",
    "microsoft ole db",
    "runtime error",
];
/// Beginnings of a line of a message when more than a label follows: `Error: ..`, but not `Error rate,12`.
const LABELS: [&str; 9] =
    ["error", "warning", "notice", "exception", "エラー", "システムエラー", "メモリ", "タイムアウト", "処理中に"];
/// Tags of web pages at the beginning of a line.
const TAGS: [&str; 10] = ["<!doctype", "<html", "<head", "<body", "<div", "<br", "<b>", "<p>", "<pre", "<script"];

/// The number of the first line, from 1, of an error message at the end of a text; `None` without a line before it, which is no table.
pub(super) fn line(text: &str, separator: char) -> Option<u32> {
    let start = (text.len().saturating_sub(MAX_TAIL)..=text.len()).find(|at| text.is_char_boundary(*at))?;
    let tail: Vec<&str> = text[start..].lines().collect();
    let first = tail.len().saturating_sub(MAX_LINES);
    let at = tail[first..].iter().position(|line| is_message(line, separator))?;
    let before = text[..start].bytes().filter(|byte| *byte == b'\n').count();
    u32::try_from(before + first + at + 1).ok().filter(|line| *line > 1)
}

fn is_message(line: &str, separator: char) -> bool {
    let lower = line.trim().to_ascii_lowercase();
    if TAGS.iter().any(|tag| lower.starts_with(tag)) || PHRASES.iter().any(|phrase| lower.contains(phrase)) {
        return true;
    }
    let whole = |rest: &str| {
        let rest = rest.trim_start();
        rest.starts_with([':', '：']) || (!line.contains(separator) && rest.ends_with(['。', '.', '!', '！', 'た']))
    };
    BEGINNINGS.iter().any(|word| lower.starts_with(word))
        || LABELS.iter().any(|word| lower.strip_prefix(word).is_some_and(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_message_at_the_end_is_found() {
        for message in [
            "Fatal error: Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in /var/www/e.php on line 12",
            "<br />\n<b>Fatal error</b>:  Maximum execution time of 30 seconds exceeded in <b>/e.php</b> on line <b>3</b><br />",
            "PHP Fatal error:  Uncaught PDOException",
            "Traceback (most recent call last):\n  File \"e.py\", line 3, in <module>\nMemoryError",
            "Error: connection lost",
            "エラーが発生しました。",
            "SQLSTATE[HY000]: General error",
            "<html><body>502 Bad Gateway</body></html>",
            "504 Gateway Time-out",
        ] {
            let text = format!("月,件数\n2021年4月,12\n{message}\n");
            assert_eq!(line(&text, ','), Some(3), "{message}");
        }
        assert_eq!(line("月,件数\n2021年4月,1Fatal error: Out of memory", ','), Some(2));
    }

    #[test]
    fn a_table_does_not_end_in_a_message() {
        for last in [
            "2021年4月,12",
            "エラー件数,12",
            "Error rate,3",
            "warnings,4",
            "※速報値。",
            "メモリ,5台",
            "<5,12",
            "error,1",
        ] {
            assert_eq!(line(&format!("月,件数\n{last}\n"), ','), None, "{last}");
        }
    }

    #[test]
    fn only_the_end_is_examined() {
        let rows = "2021年4月,12\n".repeat(1000);
        assert_eq!(line(&format!("Error: none\n{rows}"), ','), None);
        assert_eq!(line(&format!("{rows}Error: none\n"), ','), Some(1001));
    }
}
