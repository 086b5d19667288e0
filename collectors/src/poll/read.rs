//! Fetches the files of a source, and parses them when one of them has changed.

use super::collector::Collector;
use super::doubt;
use super::outcome::{FetchedContent, PollFailure, PolledFile};
use super::state::{FileNote, SourceState};
use crate::config::SourceConfig;
use crate::document::{Document, Validators};
use crate::fetch::{FetchError, FetchOutcome, FileAddress};
use crate::sources::{DocumentSource, ParsedFile, PollContext};
use contract::backoff::Backoff;
use contract::time::Moment;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most answers of one file: one for each data set of the largest portal of a city.
const MAX_ANSWERS: usize = 10_000;
/// Most bytes of unchanged files that are held, so that they need not be fetched again when another file has changed.
const MAX_HELD_BYTES: u64 = 64 << 20;
/// Seconds after which a file is requested without a condition.
const WHOLE_INTERVAL_S: i64 = 86_400;

/// The files of a source: of two with the same key the later wins. One failed file when the list is not available.
pub(super) async fn files(
    collector: &Collector,
    source: &SourceConfig,
    parser: &Arc<dyn DocumentSource>,
    state: &SourceState,
) -> Vec<PolledFile> {
    let read = FileReader { collector, source, parser, state };
    let addresses = match read.with_retry(|| collector.fetcher.list(&source.fetch)).await {
        Ok(addresses) => addresses,
        Err(error) => return vec![PolledFile::failed(source.address(), error.into())],
    };
    let (mut files, mut held) = (Vec::with_capacity(addresses.len()), HeldDocuments::default());
    for (at, address) in addresses.iter().enumerate() {
        collector.progress.file(source, at, addresses.len());
        let now = collector.clock.now().moment();
        files.push(match read.fetched(address, validators(source, state, &address.text, now)).await {
            Ok(document) if read.is_known(&document, now) => held.keep(at, document),
            Ok(document) => read.parsed(document).await,
            Err(file) => file,
        });
    }
    // The file that a key is taken from depends on all files.
    let is_unchanged = |file: &PolledFile| matches!(file.result, Ok(None));
    let is_gone = |read: &String| !addresses.iter().any(|address| address.text == *read);
    let some_left = !source.forgets() && state.files.keys().any(is_gone);
    // One that cannot be read changes nothing.
    if some_left || files.iter().any(|file| matches!(file.result, Ok(Some(_)))) {
        for (at, address) in addresses.iter().enumerate() {
            if !is_unchanged(&files[at]) {
                continue;
            }
            let document = match held.documents.remove(&at) {
                Some(document) => Ok(document),
                None => read.fetched(address, None).await,
            };
            files[at] = match document {
                Ok(document) => read.parsed(document).await,
                Err(file) => file,
            };
        }
    }
    files
}

/// A file that was fetched whole.
struct FetchedFile {
    address: String,
    document: Document,
    content: FetchedContent,
}

/// Files with the content of before, until it is known whether another file has changed.
#[derive(Default)]
struct HeldDocuments {
    documents: BTreeMap<usize, FetchedFile>,
    bytes: u64,
}

impl HeldDocuments {
    /// Keeps the file at a place in the list, unless that is too much: then it is fetched again when it is needed.
    fn keep(&mut self, at: usize, file: FetchedFile) -> PolledFile {
        let unchanged =
            PolledFile { address: file.address.clone(), content: Some(file.content.clone()), result: Ok(None) };
        let bytes = self.bytes.saturating_add(file.content.bytes);
        if bytes <= MAX_HELD_BYTES {
            self.bytes = bytes;
            self.documents.insert(at, file);
        }
        unchanged
    }
}

/// The validators of the conditional request; none when the same content would be read differently now, and none once a
/// day: a server that compares wrongly would hide a newer file for ever.
fn validators<'a>(source: &SourceConfig, state: &'a SourceState, address: &str, now: Moment) -> Option<&'a Validators> {
    let note = state.files.get(address)?;
    let is_young = note.fetched.is_some_and(|fetched| (0..WHOLE_INTERVAL_S).contains(&(now.0 - fetched)));
    (is_current(source, note, now) && is_young && !note.validators.is_empty()).then_some(&note.validators)
}

/// True when the content of a file would be read as it was before.
fn is_current(source: &SourceConfig, note: &FileNote, now: Moment) -> bool {
    note.fingerprint == source.fingerprint() && note.until.is_none_or(|until| now.0 < until)
}

struct FileReader<'a> {
    collector: &'a Collector,
    source: &'a SourceConfig,
    parser: &'a Arc<dyn DocumentSource>,
    state: &'a SourceState,
}

impl FileReader<'_> {
    /// Fetches a file.
    ///
    /// Errors: the file as it failed, or as the server says that it has not changed.
    async fn fetched(&self, address: &FileAddress, validators: Option<&Validators>) -> Result<FetchedFile, PolledFile> {
        let address_text = address.text.clone();
        match self.fetch(address, validators).await {
            Ok(FetchOutcome::Fetched(document)) => {
                let before = self.state.files.get(&address_text).and_then(|note| note.last_record);
                let content = FetchedContent::of(&document, doubt::is_doubted(&document, before));
                Ok(FetchedFile { address: address_text, document, content })
            }
            Ok(FetchOutcome::NotModified) => Err(PolledFile { address: address_text, content: None, result: Ok(None) }),
            Err(failure) => Err(PolledFile::failed(&address_text, failure)),
        }
    }

    /// True when the same content was parsed before and would give the same now.
    fn is_known(&self, file: &FetchedFile, now: Moment) -> bool {
        self.state.files.get(&file.address).is_some_and(|note| {
            let is_same = note.sha256 == file.content.sha256 && note.doubted == Some(file.content.doubted);
            is_same && is_current(self.source, note, now)
        })
    }

    async fn parsed(&self, file: FetchedFile) -> PolledFile {
        let FetchedFile { address, document, content } = file;
        let result = self.parse(document, content.doubted).await.map(Some);
        PolledFile { address, content: Some(content), result }
    }

    /// Fetches a file, or all answers of an interface with pages.
    async fn fetch(&self, address: &FileAddress, validators: Option<&Validators>) -> Result<FetchOutcome, PollFailure> {
        let Self { collector, source, parser, .. } = self;
        if address.is_single() {
            return self.get(address, validators).await;
        }
        let first = parser.ask(address.full(), &[])?.unwrap_or_else(|| address.full().to_owned());
        let answer = self.get(&address.at(&first)?, validators).await?;
        let FetchOutcome::Fetched(mut document) = answer else { return Ok(FetchOutcome::NotModified) };
        let mut answers = vec![std::mem::take(&mut document.bytes)];
        let (mut length, max_bytes) = (answers[0].len(), source.fetch.max_bytes);
        while let Some(next) = parser.ask(address.full(), &answers)? {
            if answers.len() >= MAX_ANSWERS {
                return Err(FetchError::TooMany(MAX_ANSWERS, "answers in one poll").into());
            }
            let next = address.at(&next)?;
            collector.progress.answer(source, answers.len());
            let FetchOutcome::Fetched(more) = self.get(&next, None).await? else {
                return Err(FetchError::EmptyBody.into());
            };
            length += more.bytes.len();
            if u64::try_from(length).unwrap_or(u64::MAX) > max_bytes {
                return Err(FetchError::TooLarge(max_bytes).into());
            }
            answers.push(more.bytes);
        }
        let has_length = document.has_length;
        let mut all = Document::of_answers(&address.text, answers, document.validators);
        all.has_length = has_length;
        Ok(FetchOutcome::Fetched(all))
    }

    async fn get(&self, address: &FileAddress, validators: Option<&Validators>) -> Result<FetchOutcome, PollFailure> {
        let get = || self.collector.fetcher.get(&self.source.fetch, address, validators);
        Ok(self.with_retry(get).await?)
    }

    /// Parses on a thread of its own: a large file takes a second, and a fault in a parser must not end the collector.
    async fn parse(&self, document: Document, doubted: bool) -> Result<ParsedFile, PollFailure> {
        let (parser, time) = (Arc::clone(self.parser), self.collector.clock.now().moment());
        let (encoding, max_bytes) = (self.source.encoding, self.source.fetch.max_bytes);
        let context = PollContext { time, encoding, max_bytes };
        let parse = move || {
            if doubted { doubt::parse(&*parser, &document, &context) } else { parser.parse(&document, &context) }
        };
        let parsed = tokio::task::spawn_blocking(parse).await;
        parsed.map_err(|_| PollFailure::Panicked)?.map_err(PollFailure::from)
    }

    /// Retries failures that may pass, unless the server asks for a longer pause than the policy allows.
    async fn with_retry<T, F: Future<Output = Result<T, FetchError>>>(
        &self,
        request: impl Fn() -> F,
    ) -> Result<T, FetchError> {
        let policy = self.collector.retry;
        let mut backoff = Backoff::new(policy.first, policy.longest);
        for _ in 1..policy.tries {
            let error = match request().await {
                Err(error) if error.retriable() => error,
                result => return result,
            };
            let pause = backoff.next_pause().max(error.retry_after().unwrap_or_default());
            if pause > policy.longest {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
        }
        request().await
    }
}
