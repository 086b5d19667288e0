//! Fetches and parses the files of a source, each by itself.

use super::{Collector, Content, File, PollFailure, Said};
use crate::config::SourceConfig;
use crate::fetch::{Document, FetchError, FetchOutcome, FileAddress, Validators};
use crate::schedule;
use crate::sources::{ParsedFile, PollContext};
use crate::state::SourceState;
use contract::time::Moment;
use std::sync::Arc;

/// Answers of one visit: one for each data set of the largest portal of a city.
const MAX_ANSWERS: usize = 10_000;

/// The files of a source, in the order in which they count; one that stands for all when not even their
/// list could be had.
pub(super) async fn files(collector: &Collector, source: &SourceConfig, state: &SourceState) -> Vec<File> {
    let addresses = match patiently(collector, || collector.fetcher.list(source)).await {
        Ok(addresses) => addresses,
        Err(error) => return vec![failed(source.address(), error.into())],
    };
    let mut files = Vec::with_capacity(addresses.len());
    for (at, address) in addresses.iter().enumerate() {
        collector.progress.file(source, at, addresses.len());
        let validators = validators(source, state, &address.text, collector.clock.now().moment());
        files.push(file(collector, source, address, validators).await);
    }
    // Which of several files a key is taken from can only be told from all of them.
    let is_old = |file: &File| matches!(file.result, Ok(Said::NotModified));
    let gone = |known: &String| !addresses.iter().any(|address| address.text == *known);
    let left = !source.forgets() && state.files.keys().any(gone);
    if left || !files.iter().all(is_old) {
        for (file_read, address) in files.iter_mut().zip(&addresses).filter(|(file, _)| is_old(file)) {
            *file_read = file(collector, source, address, None).await;
        }
    }
    files
}

/// What to tell the server: nothing when the same content would be read differently now.
fn validators<'a>(source: &SourceConfig, state: &'a SourceState, address: &str, now: Moment) -> Option<&'a Validators> {
    let note = state.files.get(address)?;
    let stands = note.fingerprint == source.fingerprint && note.until.is_none_or(|until| now.0 < until);
    (stands && !note.validators.is_empty()).then_some(&note.validators)
}

async fn file(
    collector: &Collector,
    source: &SourceConfig,
    address: &FileAddress,
    validators: Option<&Validators>,
) -> File {
    let fetched = match fetch(collector, source, address, validators).await {
        Ok(FetchOutcome::Fetched(fetched)) => fetched,
        Ok(FetchOutcome::NotModified) => {
            return File { address: address.text.clone(), content: None, result: Ok(Said::NotModified) };
        }
        Err(failure) => return failed(&address.text, failure),
    };
    let length = fetched.bytes.len() + fetched.more.iter().map(Vec::len).sum::<usize>();
    let content = Content {
        sha256: fetched.sha256.clone(),
        bytes: u64::try_from(length).unwrap_or(u64::MAX),
        validators: fetched.validators.clone(),
    };
    let seen =
        PollContext { time: collector.clock.now().moment(), encoding: source.encoding, max_bytes: source.max_bytes };
    let result = parse(source, fetched, seen).await.map(Said::Parsed);
    File { address: address.text.clone(), content: Some(content), result }
}

/// Fetches a file, or all the answers of an interface that gives a page at a time.
async fn fetch(
    collector: &Collector,
    source: &SourceConfig,
    address: &FileAddress,
    validators: Option<&Validators>,
) -> Result<FetchOutcome, PollFailure> {
    if address.is_single() {
        return Ok(patiently(collector, || collector.fetcher.get(source, address, validators)).await?);
    }
    let first = source.source.ask(address.full(), &[])?.unwrap_or_else(|| address.full().to_owned());
    let first = address.at(&first)?;
    let answer = patiently(collector, || collector.fetcher.get(source, &first, validators)).await?;
    let FetchOutcome::Fetched(mut fetched) = answer else { return Ok(FetchOutcome::NotModified) };
    let mut answers = vec![std::mem::take(&mut fetched.bytes)];
    let mut length = answers[0].len();
    while let Some(next) = source.source.ask(address.full(), &answers)? {
        if answers.len() >= MAX_ANSWERS {
            return Err(FetchError::TooMany(MAX_ANSWERS, "answers of one visit").into());
        }
        let next = address.at(&next)?;
        collector.progress.answer(source, answers.len());
        let more = patiently(collector, || collector.fetcher.get(source, &next, None)).await?;
        let FetchOutcome::Fetched(more) = more else { return Err(FetchError::EmptyBody.into()) };
        length += more.bytes.len();
        if u64::try_from(length).unwrap_or(u64::MAX) > source.max_bytes {
            return Err(FetchError::TooLarge(source.max_bytes).into());
        }
        answers.push(more.bytes);
    }
    Ok(FetchOutcome::Fetched(Document::of_answers(&address.text, answers, fetched.validators)))
}

/// Parses on a thread of its own: a large file takes a second, and a fault in a parser must not take the
/// collector with it.
async fn parse(source: &SourceConfig, fetched: Document, seen: PollContext) -> Result<ParsedFile, PollFailure> {
    let parser = Arc::clone(&source.source);
    let parsed = tokio::task::spawn_blocking(move || parser.parse(&fetched, &seen)).await;
    parsed.map_err(|_| PollFailure::Panicked)?.map_err(PollFailure::from)
}

fn failed(address: &str, failure: PollFailure) -> File {
    File { address: address.to_owned(), content: None, result: Err(failure) }
}

/// Tries again what may pass, as long as the server does not ask for more patience than we have.
async fn patiently<T, F: Future<Output = Result<T, FetchError>>>(
    collector: &Collector,
    ask: impl Fn() -> F,
) -> Result<T, FetchError> {
    let patience = collector.patience;
    let mut tries = 0;
    loop {
        let error = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        tries += 1;
        let pause = schedule::backoff(patience.first, tries).max(error.retry_after().unwrap_or_default());
        if !error.retriable() || tries >= patience.tries || pause > patience.longest {
            return Err(error);
        }
        tokio::time::sleep(pause).await;
    }
}
