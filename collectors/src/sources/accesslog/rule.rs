//! The counting rule: which lines are accesses, and to which area of the app they belong.
//!
//! Four plausible rules gave counts for one real day of which the largest was five times the smallest. So the rule is part of
//! the figure: the configuration names it beside the id of the definition, and after a change the counts begin anew.

use super::line::format::LogLine;
use super::short::{ShortTexts, find, first_word};
use aho_corasick::AhoCorasick;

/// Words in user agents of bots, in any case.
pub(super) const DEFAULT_BOTS: [&str; 9] =
    ["bot", "crawl", "spider", "slurp", "monitor", "curl/", "wget/", "python-requests", "headlesschrome"];
/// Extensions of files that a page loads.
pub(super) const DEFAULT_EXTENSIONS: [&str; 14] = [
    ".css", ".js", ".map", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".woff", ".woff2", ".ttf", ".json",
];

/// Which lines count.
#[derive(Clone, Debug)]
pub(super) struct CountingRule {
    /// Methods that count; all when empty.
    pub(super) methods: ShortTexts,
    /// Statuses that count, by number.
    pub(super) statuses: StatusSet,
    /// Prefixes of paths that count; all when empty.
    pub(super) paths: ShortTexts,
    /// Prefixes of paths that do not count.
    pub(super) not_paths: ShortTexts,
    /// Extensions of paths that do not count, in any case.
    pub(super) not_extensions: ShortTexts,
    /// Words in a user agent that make it a bot.
    pub(super) bots: WordFilter,
    /// Beginnings of lines that are no accesses, such as `#`: they are dropped without a reject.
    pub(super) not_lines: Vec<String>,
    /// Areas of the app: label, and prefixes of paths.
    pub(super) areas: Vec<(String, ShortTexts)>,
}

/// Words to search for, in any case; none when empty.
#[derive(Clone, Debug)]
pub(super) struct WordFilter {
    words: Vec<String>,
    search: Option<AhoCorasick>,
}

impl WordFilter {
    /// A filter for `words`.
    pub(super) fn new(words: Vec<String>) -> Self {
        // A dozen short words always fit.
        let build = || AhoCorasick::builder().ascii_case_insensitive(true).build(&words).ok();
        let search = if words.is_empty() { None } else { build() };
        Self { words, search }
    }

    /// True for a text that holds one of the words.
    #[inline]
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        self.search.as_ref().is_some_and(|search| search.is_match(text))
    }
}

/// A set of statuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StatusSet([u64; 10]);

impl StatusSet {
    /// Reads `2xx` or `304`, several of them.
    pub(super) fn parse(texts: &[String]) -> Result<Self, String> {
        let mut set = [0; 10];
        for text in texts {
            let range = match (text.strip_suffix("xx"), text.parse::<u16>()) {
                (Some(first), _) => {
                    first.parse::<u16>().ok().filter(|n| (1..=5).contains(n)).map(|n| n * 100..n * 100 + 100)
                }
                (None, Ok(status @ 100..=599)) => Some(status..status + 1),
                _ => None,
            };
            let range = range.ok_or_else(|| format!("`{text}` is no status; use \"200\" or \"2xx\""))?;
            for status in range {
                set[usize::from(status / 64)] |= 1 << (status % 64);
            }
        }
        Ok(Self(set))
    }

    #[inline]
    fn holds(&self, status: u16) -> bool {
        self.0.get(usize::from(status / 64)).is_some_and(|bits| bits >> (status % 64) & 1 == 1)
    }
}

impl CountingRule {
    /// Text that identifies the rule. Checkpoints hold a hash of it, so it must not change.
    pub(super) fn identity(&self) -> String {
        let Self { methods, statuses: StatusSet(statuses), paths, not_paths, not_extensions, bots, not_lines, areas } =
            self;
        let dropped = if not_lines.is_empty() { String::new() } else { format!(" not_lines: {not_lines:?}") };
        format!(
            "Rule {{ methods: {methods:?}, statuses: Statuses({statuses:?}), paths: {paths:?}, not_paths: {not_paths:?}, \
             not_extensions: {not_extensions:?}, bots: {:?}, areas: {areas:?} }}{dropped}",
            bots.words
        )
    }

    /// True for a line that the rule says is no access.
    #[inline]
    pub(super) fn drops(&self, line: &[u8]) -> bool {
        self.not_lines.iter().any(|beginning| line.starts_with(beginning.as_bytes()))
    }

    /// True for a line that might count if its request could be read.
    #[inline]
    pub(super) fn might_count(&self, line: &LogLine<'_>) -> bool {
        line.is_unreadable && self.statuses.holds(line.status)
    }

    /// The page of a line that counts unless its agent is a bot's; `None` for one that does not count.
    #[inline]
    pub(super) fn page<'a>(&self, line: &LogLine<'a>) -> Option<Page<'a>> {
        let begins = |path, first| self.paths.is_empty() || self.paths.begin(path, first);
        // All are computed: which one a line fails is hard to guess. Most paths that do not count differ at their beginning.
        let may_count = self.statuses.holds(line.status)
            & !line.path.is_empty()
            & begins(line.path, first_word(line.path))
            & (self.methods.is_empty() || self.methods.hold(line.method));
        if !may_count {
            return None;
        }
        let path = find(b'?', line.path).map_or(line.path, |at| &line.path[..at]);
        let first = first_word(path);
        let counts =
            begins(path, first) && !self.not_paths.begin(path, first) && !self.not_extensions.hold_extension(path);
        counts.then_some(Page { path, first })
    }

    /// The index of a page's area; the number of areas for the rest.
    #[inline]
    pub(super) fn area(&self, page: &Page<'_>) -> usize {
        let first = |rest: usize, (at, (_, paths)): (usize, &(String, ShortTexts))| {
            if paths.begin(page.path, page.first) { at } else { rest }
        };
        self.areas.iter().enumerate().rev().fold(self.areas.len(), first)
    }
}

/// The path of a request, without its query.
pub(super) struct Page<'a> {
    path: &'a [u8],
    /// Its first word.
    first: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|text| (*text).to_owned()).collect()
    }

    fn short(all: &[&str]) -> ShortTexts {
        ShortTexts::new(texts(all))
    }

    fn rule() -> CountingRule {
        CountingRule {
            methods: short(&["GET"]),
            statuses: StatusSet::parse(&texts(&["2xx", "304"])).unwrap(),
            paths: short(&["/app/"]),
            not_paths: short(&["/app/health"]),
            not_extensions: short(&[".css"]),
            bots: WordFilter::new(texts(&["bot"])),
            not_lines: Vec::new(),
            areas: vec![("予約".into(), short(&["/app/reserve"])), ("地図".into(), short(&["/app/map", "/app/route"]))],
        }
    }

    #[test]
    fn each_part_of_the_rule_decides() {
        let rule = rule();
        let rows: [(&str, &str, u16, &str, bool); 10] = [
            ("GET", "/app/map", 200, "Mozilla", true),
            ("GET", "/app/map?x=.css", 304, "Mozilla", true),
            ("POST", "/app/map", 200, "Mozilla", false),
            ("GET", "/appx", 200, "Mozilla", false),
            ("GET", "/app/health", 200, "Mozilla", false),
            ("GET", "/app/a.CSS", 200, "Mozilla", false),
            ("GET", "/app/map", 404, "Mozilla", false),
            ("GET", "/app/map", 302, "Mozilla", false),
            ("GET", "/app/map", 200, "GoogleBot/2.1", false),
            ("", "", 200, "Mozilla", false),
        ];
        for (method, path, status, agent, right) in rows {
            let [method, path, agent] = [method, path, agent].map(str::as_bytes);
            let line = LogLine { status, method, path, agent, ..LogLine::default() };
            assert_eq!(rule.page(&line).is_some() && !rule.bots.matches(agent), right, "{line:?}");
        }
    }

    #[test]
    fn the_documents_list_the_default_exclusions() {
        let documents = [include_str!("README.md"), include_str!("sample.toml")];
        for word in DEFAULT_BOTS.iter().chain(&DEFAULT_EXTENSIONS) {
            let quoted = [format!("`{word}`"), format!("\"{word}\"")];
            assert!(documents.iter().zip(&quoted).all(|(text, word)| text.contains(word)), "{word}");
        }
    }

    #[test]
    fn a_path_belongs_to_one_area_or_to_the_rest() {
        let area = |path: &str| {
            let line = LogLine { status: 200, method: b"GET", path: path.as_bytes(), ..LogLine::default() };
            rule().area(&rule().page(&line).unwrap())
        };
        assert_eq!([area("/app/reserve/1"), area("/app/route?q"), area("/app/other")], [0, 1, 2]);
    }

    #[test]
    fn statuses_are_numbers_or_classes() {
        for wrong in ["6xx", "20", "600", "ok", "0xx", "xx"] {
            assert!(StatusSet::parse(&texts(&[wrong])).is_err(), "{wrong}");
        }
    }
}
