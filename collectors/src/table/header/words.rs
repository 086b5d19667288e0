//! The words above each column, and their comparison.

use super::super::sheet::SheetRow;
use super::super::text::word;

/// Maximum headings that an error quotes.
const MAX_NEAREST: usize = 3;
/// Maximum characters of a quoted heading.
const MAX_QUOTED: usize = 32;

/// The words above one column.
#[derive(Clone, Debug, Default)]
pub(super) struct Heading {
    /// The names of the column, each with and without its unit.
    names: Vec<(String, String)>,
    /// The unit in brackets behind the lowest text.
    pub(super) unit: Option<String>,
}

impl Heading {
    /// The first of its texts that fits, the longest one first.
    pub(super) fn find<T>(&self, fits: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.names.iter().rev().find_map(|(whole, bare)| fits(whole).or_else(|| fits(bare)))
    }
}

/// The headings that one row, or several below each other, make.
pub(super) fn headings(rows: &[SheetRow]) -> Vec<Heading> {
    let rows: Vec<Vec<String>> = rows.iter().map(texts).collect();
    let width = rows.iter().map(Vec::len).max().unwrap_or_default();
    let mut groups = vec![""; rows.len()];
    let mut headings = Vec::with_capacity(width);
    for column in 0..width {
        let own: Vec<&str> = rows.iter().map(|row| row.get(column).map_or("", String::as_str)).collect();
        for (level, text) in own.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            // A merged cell holds its text in its first column only, and ends what was grouped below the one before.
            groups[level + 1..].fill("");
            groups[level] = text;
        }
        let Some(lowest) = own.iter().rposition(|text| !text.is_empty()) else {
            headings.push(Heading::default());
            continue;
        };
        let mut joined = own[lowest].to_owned();
        let mut names = vec![joined.clone()];
        for group in groups[..lowest].iter().rev().filter(|group| !group.is_empty()) {
            names.push(format!("{}{joined}", without_unit(group).0));
            joined = format!("{group}{joined}");
            names.push(joined.clone());
        }
        headings.push(heading(&names));
    }
    headings
}

fn texts(row: &SheetRow) -> Vec<String> {
    // `#property` begins a header in some portals' files.
    row.cells.iter().map(|cell| word(&cell.text()).trim_start_matches('#').to_owned()).collect()
}

/// A heading by its names, the lowest text first.
fn heading(names: &[String]) -> Heading {
    let unit = names.first().and_then(|name| without_unit(name).1).map(str::to_owned);
    let names = names.iter().filter(|name| !name.is_empty());
    Heading { names: names.map(|name| (name.clone(), without_unit(name).0.to_owned())).collect(), unit }
}

/// `世帯数[世帯]` as `世帯数` and `世帯`. NFKC has made `（` and `［` narrow.
fn without_unit(name: &str) -> (&str, Option<&str>) {
    for (open, close) in [('[', ']'), ('(', ')'), ('【', '】'), ('〔', '〕'), ('<', '>')] {
        if let Some((name, unit)) = name.strip_suffix(close).and_then(|name| name.rsplit_once(open))
            && !name.is_empty()
        {
            return (name, Some(unit));
        }
    }
    (name, None)
}

/// The columns that the first fitting word names: as written if any is, else without the heading's unit
/// (`総数（人口）【R4.1.1時点】`), else without both units. `#1` names the first column where it has no heading.
pub(super) fn columns(headings: &[Heading], words: &[String]) -> Vec<usize> {
    for wanted in words {
        let wanted = word(wanted);
        if wanted.is_empty() {
            continue;
        }
        if let Some(place) = wanted.strip_prefix('#').and_then(|place| place.parse::<usize>().ok()) {
            // By place only where there are no words: another column may have moved there.
            let heading = place.checked_sub(1).and_then(|index| Some((index, headings.get(index)?)));
            if let Some((index, _)) = heading.filter(|(_, heading)| heading.names.is_empty()) {
                return vec![index];
            }
            continue;
        }
        let bare_wanted = without_unit(&wanted).0;
        for way in 0..3 {
            let fits = |(whole, bare): &(String, String)| match way {
                0 => *whole == wanted,
                1 => *bare == wanted,
                _ => *bare == bare_wanted,
            };
            let columns = headings.iter().enumerate().filter(|(_, heading)| heading.names.iter().any(fits));
            let found: Vec<usize> = columns.map(|(index, _)| index).collect();
            if !found.is_empty() {
                return found;
            }
        }
    }
    Vec::new()
}

/// The headings that are most similar to one of `words`, best first, without duplicates; `similarity` (0 to 1) is the minimum.
pub(super) fn nearest(headings: &[Heading], words: &[String], similarity: f64) -> Vec<String> {
    let words: Vec<String> = words.iter().map(|wanted| word(wanted)).collect();
    let alike = |name: &str| {
        let each = words.iter().map(|wanted| strsim::normalized_damerau_levenshtein(wanted, name));
        each.fold(0.0, f64::max)
    };
    let names = headings.iter().flat_map(|heading| &heading.names).map(|(name, _)| name);
    let mut names: Vec<(f64, &String)> =
        names.filter(|name| name.chars().count() <= MAX_QUOTED).map(|name| (alike(name), name)).collect();
    names.retain(|(alike, _)| *alike >= similarity);
    names.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    names.dedup();
    names.into_iter().take(MAX_NEAREST).map(|(_, name)| name.clone()).collect()
}
