//! Reading runs: each is proved whole before an observation of it is used.

use super::codec::RunDecoder;
use super::entry::RunEntry;
use super::header::{HEAD, RunHeader, RunTotals, SEVERAL, all_totals, check_totals, digest, headers};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;

/// The runs that hold observations of one plan, of one series where it is named: by their first id.
pub(crate) fn runs_of(connection: &Connection, plan: i64, series: Option<i64>) -> rusqlite::Result<Vec<RunHeader>> {
    let mut found = headers(connection, SEVERAL)?;
    let is_wanted = |run: &RunHeader| series.is_none_or(|series| [series, SEVERAL].contains(&run.series));
    found.extend(headers(connection, plan)?.into_iter().filter(is_wanted));
    found.sort_by_key(|run| run.first);
    Ok(found)
}

/// Hands each observation of a run to `each`, those of other plans in it too.
pub(crate) fn each_of_run(
    connection: &Connection,
    run: &RunHeader,
    each: impl FnMut(&RunEntry) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    with_body(connection, run, |body| each_of_body(connection, (run, body), None, each))
}

fn with_body(
    connection: &Connection,
    run: &RunHeader,
    work: impl FnOnce(&[u8]) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let sql = "SELECT body FROM runs WHERE plan = ?1 AND series = ?2 AND first = ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((run.plan, run.series, run.first))?;
    let Some(row) = rows.next()? else { return Err(run.damage(connection, "is missing")) };
    work(row.get_ref(0)?.as_blob()?)
}

/// Hands the observations of one plan in a run to `each`, of one series where it is named.
pub(crate) fn each_in_run(
    connection: &Connection,
    run: &RunHeader,
    (plan, series): (i64, Option<i64>),
    mut each: impl FnMut(&RunEntry) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let each = |entry: &RunEntry| {
        let is_wanted = entry.plan == plan && series.is_none_or(|series| entry.series == series);
        if is_wanted { each(entry) } else { Ok(()) }
    };
    with_body(connection, run, |body| each_of_body(connection, (run, body), Some(plan), each))
}

/// Hands the observations of one plan to `each`, of one series where it is named. Reads the runs that may have them
/// and no others.
pub(crate) fn each_of_plan(
    connection: &Connection,
    (plan, series): (i64, Option<i64>),
    mut each: impl FnMut(&RunEntry) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    for run in runs_of(connection, plan, series)? {
        each_in_run(connection, &run, (plan, series), &mut each)?;
    }
    Ok(())
}

/// Hands every observation to `each`, by plan and series as far as runs are.
pub(crate) fn each_of_all(
    connection: &Connection,
    mut each: impl FnMut(&RunEntry) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut found: BTreeMap<i64, RunTotals> = BTreeMap::new();
    let sql = format!("SELECT {HEAD}, body FROM runs ORDER BY plan, series, first");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(())?;
    let mut before = None;
    while let Some(row) = rows.next()? {
        let run = RunHeader::of(row)?;
        if before.replace((run.plan, run.series, run.first)) >= Some((run.plan, run.series, run.first)) {
            return Err(run.damage(connection, "stands in a wrong place"));
        }
        found.entry(run.plan).or_default().add(&run);
        each_of_body(connection, (&run, row.get_ref(7)?.as_blob()?), None, &mut each)?;
    }
    let mut stored: BTreeMap<i64, RunTotals> = all_totals(connection)?.into_iter().collect();
    for (plan, sum) in found {
        check_totals(connection, plan, sum, stored.remove(&plan).unwrap_or_default())?;
    }
    stored.into_iter().try_for_each(|(plan, sum)| check_totals(connection, plan, RunTotals::default(), sum))
}

/// How many observations there are, by the totals.
pub(crate) fn count(connection: &Connection) -> rusqlite::Result<i64> {
    Ok(all_totals(connection)?.iter().fold(0, |sum, (_, totals)| sum.wrapping_add(totals.observations)))
}

/// The run that was written last into a series, if there is one.
pub(super) fn last_of_series(
    connection: &Connection,
    (plan, series): (i64, i64),
) -> rusqlite::Result<Option<RunHeader>> {
    let sql = format!("SELECT {HEAD} FROM runs WHERE plan = ?1 AND series = ?2 ORDER BY first DESC LIMIT 1");
    connection.prepare_cached(&sql)?.query_row((plan, series), RunHeader::of).optional()
}

/// Hands the observations of a body to `each`; none when they are all of other plans than the one that is wanted.
fn each_of_body(
    connection: &Connection,
    (run, body): (&RunHeader, &[u8]),
    wanted: Option<i64>,
    mut each: impl FnMut(&RunEntry) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let damage = |what| run.damage(connection, what);
    if digest(body) != run.digest {
        return Err(damage("does not agree with its checksum"));
    }
    let mut decoder = RunDecoder::new(body).ok_or_else(|| damage("cannot be read"))?;
    if i64::try_from(decoder.left()) != Ok(run.observations) {
        return Err(damage("has another number of observations"));
    }
    if wanted.is_some_and(|plan| !decoder.may_hold(plan)) {
        return Ok(());
    }
    let mut entry = RunEntry::default();
    while decoder.left() > 0 {
        decoder.read(&mut entry).ok_or_else(|| damage("cannot be read"))?;
        each(&entry)?;
    }
    Ok(())
}
