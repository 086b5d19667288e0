//! What tests share: a catalogue, a clock that stands still, and sources of a few lines.

use crate::config::{self, SourceConfig};
use crate::document::{Document, Validators};
use crate::fetch::{Fetcher, RestPolicy};
use crate::poll::state::SourceState;
use crate::poll::{Collector, FinishedPoll, RetryPolicy, poll_once};
use crate::sources::{DocumentSource, ParseError, ParsedFigure, ParsedFile, PollContext, Source};
use bus::{Outbox, SqliteOutbox};
use contract::catalogue::{self, Catalogue};
use contract::record::{Finality, PollOutcome, Record, Span, Value};
use contract::time::{Clock, Micros, Moment};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A clock that is set by hand.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn at(text: &str) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(moment(text).micros().0)))
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Micros {
        Micros(self.0.load(Ordering::SeqCst))
    }
}

/// 00:00 of a date, or an instant.
pub(crate) fn moment(text: &str) -> Moment {
    Moment::parse(text).or_else(|| Moment::parse(&format!("{text}T00:00:00+09:00"))).unwrap()
}

fn series(id: &str, unit: &str, shape: &str, grain: &str, definitions: &[&str], sources: &[&str]) -> String {
    let name = "{ ja = \"名\", en = \"name\" }";
    let definitions = definitions.iter().map(|id| format!("[[series.definition]]\nid = \"{id}\"\ntext = {name}\n"));
    let rhythm = "[[series.source.rhythm]]\nevery = \"month\"\nexpected_by_days = 20\ngrace_days = 10\n";
    let sources = sources.iter().map(|id| format!("[[series.source]]\nid = \"{id}\"\n{rhythm}"));
    format!(
        "[[series]]\nid = \"{id}\"\nname = {name}\nunit = {{ ja = \"{unit}\", en = \"x\" }}\nshape = \"{shape}\"\ngrain = \"{grain}\"\n{}{}",
        definitions.collect::<String>(),
        sources.collect::<String>()
    )
}

/// A plan `p` with a series of each kind. `datasets`, `applied`, `cost`, `quarterly` and `daily` are fed by
/// the source `register`, `cards` and `people` by `mynumber`.
pub(crate) fn catalogues() -> Vec<(String, Catalogue)> {
    let plan = "[plan]\nid = \"p\"\nname = { ja = \"計画\", en = \"plan\" }\ncity = { ja = \"市\", en = \"city\" }\nfirst_year = \"FY2019\"\nlast_year = \"FY2021\"\ncitation = \"x\"\n";
    let all = [
        series("datasets", "件", "level", "day", &["listed"], &["register"]),
        series("applied", "件", "flow", "month", &["accepted", "sent"], &["register"]),
        series("cost", "円", "flow", "fiscal_year", &["settled"], &["register"]),
        series("quarterly", "件", "flow", "quarter", &["q"], &["register"]),
        series("daily", "件", "flow", "day", &["d"], &["register"]),
        series("cards", "枚", "level", "day", &["issued", "held"], &["mynumber"]),
        series("people", "人", "level", "day", &["edition"], &["mynumber"]),
    ];
    let text = format!("{plan}{}", all.concat());
    vec![("plans/p.toml".to_owned(), catalogue::parse("plans/p.toml", &text).unwrap())]
}

/// A series of a plan made for one source: id, unit, shape, grain.
pub(crate) type MadeSeries<'a> = (&'a str, &'a str, &'a str, &'a str);

/// The source `s` of a plan `p` whose series, of one counting rule `d` each, only it feeds; `text` holds its other keys.
pub(crate) fn made(folder: &Path, all: &[MadeSeries<'_>], text: &str) -> Result<SourceConfig, Vec<String>> {
    made_with_decimals(folder, all, 0, text)
}

/// The same with `decimals` of each counting rule.
pub(crate) fn made_with_decimals(
    folder: &Path,
    all: &[MadeSeries<'_>],
    decimals: u32,
    text: &str,
) -> Result<SourceConfig, Vec<String>> {
    let plan = "[plan]\nid = \"p\"\nname = { ja = \"計画\", en = \"plan\" }\ncity = { ja = \"市\", en = \"city\" }\nfirst_year = \"FY2019\"\nlast_year = \"FY2021\"\ncitation = \"x\"\n";
    let rule = "id = \"d\"\n";
    let all: Vec<String> = all
        .iter()
        .map(|(id, unit, shape, grain)| series(id, unit, shape, grain, &["d"], &["s"]))
        .map(|text| text.replacen(rule, &format!("{rule}decimals = {decimals}\n"), 1))
        .collect();
    let catalogue = catalogue::parse("plans/p.toml", &format!("{plan}{}", all.concat())).unwrap();
    let text = format!("[[source]]\nid = \"s\"\nplan = \"p\"\ninterval = \"1d\"\n{text}");
    let read = config::parse(folder, &[("s.toml".to_owned(), text)], &[("plans/p.toml".to_owned(), catalogue)]);
    read.map(|read| SourceConfig::clone(&read.sources[0]))
        .map_err(|mistakes| mistakes.into_iter().map(|mistake| mistake.message).collect())
}

/// Parses a file of that name as a source would on 2022-07-01: its figures, or why there are none.
pub(crate) fn figures(source: &SourceConfig, name: &str, bytes: &[u8]) -> Result<Vec<String>, &'static str> {
    parse_named(source, name, bytes).map(|parsed| parsed.figures.iter().map(show).collect()).map_err(|e| e.label())
}

/// [`parse`] with a name.
pub(crate) fn parse_named(source: &SourceConfig, name: &str, bytes: &[u8]) -> Result<ParsedFile, ParseError> {
    let (encoding, max_bytes) = (source.encoding, source.fetch.max_bytes);
    let context = PollContext { time: moment("2022-07-01"), encoding, max_bytes };
    parser(source).parse(&Document::new(name, bytes.to_vec(), Validators::default()), &context)
}

/// The parser of a source that is no log.
pub(crate) fn parser(source: &SourceConfig) -> &dyn DocumentSource {
    let Source::Documents(parser) = &source.source else { panic!("{} is a log", source.id) };
    parser.as_ref()
}

/// The own keys of a register, and of a list of editions: `place` says where it is.
pub(crate) fn register(place: &str) -> String {
    let labels = "\"データセット数\" = \"datasets\"\n\"申請件数\" = { series = \"applied\", definition = \"accepted\" }\n\"経費\" = \"cost\"\n";
    format!(
        "[[source]]\nid = \"register\"\nplan = \"p\"\nkind = \"register\"\ninterval = \"1d\"\n{place}\n[source.series]\n{labels}"
    )
}

pub(crate) fn mynumber(place: &str) -> String {
    let figures = "issued = { series = \"cards\", definition = \"issued\" }\npopulation = { series = \"people\", definition = \"edition\" }\n";
    format!("[[source]]\nid = \"mynumber\"\nplan = \"p\"\nkind = \"mynumber\"\ninterval = \"1d\"\n{place}\n{figures}")
}

/// The source of one text. Its plan needs both sources, so the other one is added and left out again.
pub(crate) fn source(folder: &Path, text: &str) -> SourceConfig {
    let other = if text.contains("kind = \"register\"") {
        mynumber("path = 'x'\ncode = '472905'")
    } else {
        register("path = 'x'")
    };
    let files = [("a.toml".to_owned(), text.to_owned()), ("b.toml".to_owned(), other)];
    SourceConfig::clone(&config::parse(folder, &files, &catalogues()).unwrap().sources[0])
}

/// Parses bytes as a source would on 2022-07-01.
pub(crate) fn parse(source: &SourceConfig, bytes: &[u8]) -> Result<ParsedFile, ParseError> {
    parse_named(source, "a.csv", bytes)
}

/// `series/definition period = value`, with `?` behind a provisional one.
pub(crate) fn show(figure: &ParsedFigure) -> String {
    let ParsedFigure { key, value, finality, .. } = figure;
    format!("{}/{} {}", key.series, key.definition, period_and_value(key.span, value, *finality))
}

fn period_and_value(span: Span, value: &Value, finality: Finality) -> String {
    let period = match span {
        Span::AsOf(at) => at.date().to_string(),
        Span::During(from, to) => format!("{}..{}", from.date(), to.date()),
    };
    let value = match value {
        Value::Known(value) => value.to_string(),
        Value::Unknown(why) => why.clone(),
    };
    format!("{period} = {value}{}", if finality == Finality::Provisional { "?" } else { "" })
}

/// `row column: reason`.
pub(crate) fn rejects(parsed: &ParsedFile) -> Vec<String> {
    let show = |r: &crate::sources::RejectedRow| {
        format!("{} {}: {}", r.place.row.unwrap_or_default(), r.column.as_deref().unwrap_or("-"), r.reason)
    };
    parsed.rejects.iter().map(show).collect()
}

/// Records as short lines, observations without their series' definition.
pub(crate) fn lines(records: &[Record]) -> Vec<String> {
    let show = |record: &Record| match record {
        Record::Observation(o) => format!("{} {}", o.series, period_and_value(o.period, &o.value, o.finality)),
        Record::Reject(r) => format!("reject {}:{} {}", r.file, r.row.unwrap_or_default(), r.reason),
        Record::Catalogue(c) => format!("catalogue {}", c.plan),
        Record::Retraction(r) => format!("retraction {} {} {}", r.source, r.from.0, r.to.0),
        Record::Note(n) => format!("note {} {}", n.topic, n.text),
        Record::Poll(v) => match &v.outcome {
            PollOutcome::Changed => format!("changed {}", v.address),
            PollOutcome::Unchanged => format!("unchanged {}", v.address),
            PollOutcome::Failed(why) => format!("failed({why}) {}", v.address),
        },
    };
    records.iter().map(show).collect()
}

/// A collector with short pauses.
pub(crate) fn collector(clock: &Arc<TestClock>) -> Collector {
    let clock: Arc<dyn Clock> = Arc::<TestClock>::clone(clock);
    let retry = RetryPolicy { tries: 3, first: Duration::from_millis(1), longest: Duration::from_millis(100) };
    let rest = RestPolicy { quiet: Duration::ZERO, longest: Duration::ZERO };
    let fetcher = Fetcher::new(Arc::clone(&clock)).with_rest(rest);
    Collector { name: "c1".into(), signer: None, fetcher, clock, retry, progress: Arc::new(()) }
}

/// An outbox in a folder.
pub(crate) fn outbox(folder: &Path, clock: &Arc<TestClock>) -> Arc<dyn Outbox> {
    Arc::new(SqliteOutbox::open(folder.join("bus.db"), Arc::<TestClock>::clone(clock) as Arc<dyn Clock>).unwrap())
}

/// Polls a source again and again, remembering as an outbox would.
pub(crate) struct Poller {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) collector: Collector,
    pub(crate) source: SourceConfig,
    pub(crate) state: SourceState,
}

impl Poller {
    pub(crate) fn new(source: SourceConfig) -> Self {
        let clock = TestClock::at("2022-07-01");
        Self { collector: collector(&clock), clock, source, state: SourceState::default() }
    }

    /// One poll, a second after the last.
    pub(crate) async fn poll(&mut self) -> FinishedPoll {
        self.clock.pass(1);
        let poll = poll_once(&self.collector, &self.source, &self.state).await.unwrap();
        self.state = poll.next.clone();
        poll
    }

    /// One poll's records as short lines.
    pub(crate) async fn lines(&mut self) -> Vec<String> {
        lines(&self.poll().await.records)
    }
}
