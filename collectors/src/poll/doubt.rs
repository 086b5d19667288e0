//! A file whose last record may be cut is read with and without it: what differs is held.
//!
//! So this needs no kind of source to know which record was the last one. Pure.

use crate::document::{Document, sha256};
use crate::sources::{Coverage, DocumentSource, ParseError, ParsedFigure, ParsedFile, PollContext, RejectedRow};
use crate::table::last_record;
use contract::record::Place;

/// Reason of a last record that may be cut.
const UNENDED: &str = "unended_record";
/// Hexadecimal digits of a reject's hash.
const HASH_DIGITS: usize = 32;

/// True when the last record of a file has no line end although the version before ended with one, or although nothing else
/// proves that the file is whole. `before` is the digest of that version's last record: a file that ends with the same one lost its
/// line end and nothing else.
pub(super) fn is_doubted(file: &Document, before: Option<u16>) -> bool {
    file.more.is_empty()
        && last_record::has_end(&file.bytes) == Some(false)
        && before.map_or(!file.has_length, |before| before != last_record::digest(&file.bytes))
}

/// Parses a file whose last record is doubted.
///
/// Errors: those of the whole file.
pub(super) fn parse(
    parser: &dyn DocumentSource,
    file: &Document,
    context: &PollContext,
) -> Result<ParsedFile, ParseError> {
    let mut parsed = parser.parse(file, context)?;
    let (before, row) = last_record::before_last(&file.bytes);
    let without = Document::new(file.address.clone(), before.to_vec(), file.validators.clone());
    let sure = parser.parse(&without, context).map(|parsed| parsed.figures).unwrap_or_default();
    let is_sure = |figure: &ParsedFigure| {
        let same = |other: &ParsedFigure| {
            (&other.key, &other.value, &other.breakdown) == (&figure.key, &figure.value, &figure.breakdown)
        };
        sure.iter().any(same)
    };
    let (figures, doubted): (Vec<_>, Vec<_>) = parsed.figures.into_iter().partition(is_sure);
    parsed.held.extend(doubted.into_iter().map(|figure| figure.key));
    parsed.rejects.retain(|reject| reject.place.row != Some(row));
    let place = Place { sheet: None, row: Some(row) };
    let hash = sha256(format!("{UNENDED} {row}").as_bytes())[..HASH_DIGITS].to_owned();
    parsed.rejects.push(RejectedRow { reason: UNENDED, place, column: None, hash });
    Ok(ParsedFile { figures, covers: Coverage::Nothing, ..parsed })
}

#[cfg(test)]
mod tests {
    use crate::sources::{Coverage, PollContext};
    use crate::testing::{Poller, made, moment, register, source};
    use std::fs;

    const HEADER: &str = "指標,期間,値\n申請件数,2021年4月,100\n";

    #[tokio::test]
    async fn a_last_record_that_lost_its_line_end_is_held_and_named() {
        let folder = tempfile::tempdir().unwrap();
        for (name, cut) in [("r.csv", "申請件数,2021年5月,12"), ("r.tsv", "申請件数\t2021年5月\t12")] {
            let path = folder.path().join(name);
            let header = if name == "r.tsv" { HEADER.replace(',', "\t") } else { HEADER.to_owned() };
            let write = |rows: &str| fs::write(&path, format!("{header}{rows}")).unwrap();
            let mut poller = Poller::new(source(folder.path(), &register(&format!("path = '{name}'"))));
            write(&format!("{cut}00\n{}\n", cut.replace("5月", "6月")));
            assert_eq!(poller.lines().await.len(), 4, "three figures");
            write(cut);
            let right = [format!("reject {name}:3 unended_record"), format!("changed {name}")];
            assert_eq!(poller.lines().await, right, "neither 12 nor June withdrawn");
            assert_eq!(poller.lines().await, [format!("unchanged {name}")], "and it stays so");
            write(&format!("{cut}34\n"));
            let whole = [
                "applied 2021-05-01..2021-06-01 = 1234".to_owned(),
                "applied 2021-06-01..2021-07-01 = withdrawn".to_owned(),
                format!("changed {name}"),
            ];
            assert_eq!(poller.lines().await, whole);
        }
    }

    #[tokio::test]
    async fn a_file_that_ends_with_the_same_record_as_before_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let mut poller = Poller::new(source(folder.path(), &register("path = 'r.csv'")));
        fs::write(&path, format!("{HEADER}申請件数,2021年5月,7\n申請件数,2021年6月,12\r\n")).unwrap();
        poller.poll().await;
        fs::write(&path, format!("{HEADER}申請件数,2021年6月,12")).unwrap();
        assert_eq!(poller.lines().await, ["applied 2021-05-01..2021-06-01 = withdrawn", "changed r.csv"]);
    }

    #[tokio::test]
    async fn a_sum_and_a_count_without_their_last_row_are_held_and_other_figures_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let keys = |rows: &str| {
            let column = if rows == "sum" { "column = ['件数']" } else { "" };
            format!(
                "kind = 'table'\npath = 't.csv'\nrows = '{rows}'\n[source.period]\ncolumn = ['月']\n[[source.figure]]\nof = {{ series = 'births' }}\n{column}"
            )
        };
        for (rows, first) in [("sum", ["= 3", "= 30"]), ("count", ["= 2", "= 2"])] {
            let source = made(folder.path(), &[("births", "人", "flow", "month")], &keys(rows)).unwrap();
            let mut poller = Poller::new(source);
            let april = "月,件数\n2022年4月,1\n2022年4月,2\n";
            fs::write(&path, format!("{april}2022年5月,10\n2022年5月,20\n")).unwrap();
            let lines = poller.lines().await;
            assert!(lines.iter().zip(first).all(|(line, end)| line.ends_with(end)), "{lines:?}");
            fs::write(&path, format!("{april}2022年4月,4\n2022年5月,10\n2022年5月,2")).unwrap();
            let lines = poller.lines().await;
            let april = if rows == "sum" { "= 7" } else { "= 3" };
            assert!(lines[0].starts_with("births 2022-04") && lines[0].ends_with(april), "{lines:?}");
            assert_eq!(lines[1..], ["reject t.csv:6 unended_record".to_owned(), "changed t.csv".to_owned()]);
        }
    }

    #[tokio::test]
    async fn a_file_that_never_ended_its_last_line_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let mut poller = Poller::new(source(folder.path(), &register("path = 'r.csv'")));
        for (value, right) in [("12", "= 12"), ("13", "= 13")] {
            fs::write(folder.path().join("r.csv"), format!("{HEADER}申請件数,2021年5月,{value}")).unwrap();
            let lines = poller.lines().await;
            assert!(lines[lines.len() - 2].ends_with(right), "{lines:?}");
        }
    }

    #[test]
    fn nothing_of_a_file_with_one_doubted_row_counts() {
        let source = source(std::path::Path::new("."), &register("path = 'x'"));
        let crate::sources::Source::Documents(parser) = &source.source else { panic!() };
        let bytes = "指標,期間,値\n申請件数,2021年5月,12".as_bytes().to_vec();
        let file = crate::document::Document::new("a.csv", bytes, crate::document::Validators::default());
        let context = PollContext { time: moment("2022-07-01"), encoding: None, max_bytes: 1 << 20 };
        let parsed = super::parse(parser.as_ref(), &file, &context).unwrap();
        assert_eq!((parsed.figures.len(), parsed.held.len(), parsed.covers), (0, 1, Coverage::Nothing));
    }
}
