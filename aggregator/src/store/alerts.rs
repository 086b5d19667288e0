//! Alerts: what is pending or fires, what followers are to be told, and how far each of them is.

use super::error::StoreError;
use super::reader::StoreReader;
use super::sink_cursor::SinkCursor;
use super::transaction::StoreTransaction;
use aggregator_core::alert::{AlertRule, AlertState, AlertTransition};
use contract::time::Micros;
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row};
use std::collections::BTreeMap;

/// How long events stay that everybody was told of: a sink that starts again tells of what was resolved of late.
const KEPT: i64 = 24 * 3600 * 1_000_000;

/// Which alert: plan, KPI and rule.
pub type AlertKey = (String, String, AlertRule);

/// An alert that is pending or firing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAlert {
    /// Where it stands.
    pub state: AlertState,
    /// The KPI's status word before it began, where it is known.
    pub was: Option<String>,
    /// The status word that it tells of.
    pub status: String,
}

/// What followers are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertEvent {
    /// Its number, rising.
    pub seq: i64,
    /// `plan/kpi/rule`: the alert's name for good.
    pub id: String,
    /// Fired or resolved, and since when.
    pub event: AlertTransition,
    /// When it fired or was resolved.
    pub time: Micros,
    /// All that a text needs, as JSON.
    pub body: String,
}

impl AlertEvent {
    /// `plan/kpi/rule/episode/fired`: the same whenever this event is told, and from whichever store.
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.id, self.event.since().0, self.event.name())
    }
}

impl StoreTransaction<'_> {
    /// Who follows alerts. A new one is told of what fires and of the last day; one that is gone is forgotten.
    /// Without any, no alert is kept either: whoever follows next starts afresh.
    pub fn put_alert_followers(&mut self, names: &[&str]) -> Result<(), StoreError> {
        let known = serde_json::to_string(names).unwrap_or_default();
        self.execute("DELETE FROM alert_followers WHERE name NOT IN (SELECT value FROM json_each(?1))", (&known,))?;
        for name in names {
            self.execute(
                "INSERT OR IGNORE INTO alert_followers(name, cursor, sum) VALUES (?1, 0, row_sum(?1, 0))",
                (name,),
            )?;
        }
        if names.is_empty() {
            self.execute("DELETE FROM alerts", ())?;
            self.execute("DELETE FROM alert_events", ())?;
        }
        Ok(())
    }

    /// Writes where an alert stands, or removes it when it is inactive.
    pub fn put_alert(&mut self, key: &AlertKey, alert: Option<&StoredAlert>) -> Result<(), StoreError> {
        let (plan, kpi, rule) = (&key.0, &key.1, key.2.name());
        let standing = alert.and_then(|alert| match alert.state {
            AlertState::Inactive => None,
            AlertState::Pending { since } | AlertState::Firing { since } => Some((alert, since)),
        });
        match standing {
            None => self.execute("DELETE FROM alerts WHERE plan = ?1 AND kpi = ?2 AND rule = ?3", (plan, kpi, rule)),
            Some((StoredAlert { state, was, status }, since)) => self.execute(
                "INSERT OR REPLACE INTO alerts(plan, kpi, rule, state, since, was, status, sum)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7))",
                (plan, kpi, rule, state.name(), since.0, was, status),
            ),
        }
        .map(drop)
    }

    /// Adds what followers are to be told.
    pub fn add_alert_event(
        &mut self,
        id: &str,
        event: AlertTransition,
        time: Micros,
        body: &str,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO alert_events(seq, id, kind, since, time, body, sum)
             SELECT next, ?1, ?2, ?3, ?4, ?5, row_sum(next, ?1, ?2, ?3, ?4, ?5)
             FROM (SELECT 1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'alert_events'), 0) AS next)",
            (id, event.name(), event.since().0, time.0, body),
        )
        .map(drop)
    }
}

fn event(row: &Row<'_>) -> rusqlite::Result<AlertEvent> {
    let since = Micros(row.get(3)?);
    let kind: String = row.get(2)?;
    let unknown = || {
        let error = format!("no event of alerts is called `{kind}`");
        rusqlite::Error::FromSqlConversionFailure(2, Type::Text, error.into())
    };
    let event = AlertTransition::from_name(&kind, since).ok_or_else(unknown)?;
    Ok(AlertEvent { seq: row.get(0)?, id: row.get(1)?, event, time: Micros(row.get(4)?), body: row.get(5)? })
}

impl StoreReader {
    /// All alerts that are pending or firing.
    pub fn alerts(&self) -> Result<BTreeMap<AlertKey, StoredAlert>, StoreError> {
        self.run(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT plan, kpi, rule, state, since, was, status FROM alerts")?;
            let rows = statement.query_map([], |row| {
                let (rule, state): (String, String) = (row.get(2)?, row.get(3)?);
                let unknown = || {
                    let error = format!("no rule of alerts is called `{rule}`");
                    rusqlite::Error::FromSqlConversionFailure(2, Type::Text, error.into())
                };
                let rule = AlertRule::from_name(&rule).ok_or_else(unknown)?;
                let since = Micros(row.get(4)?);
                let state =
                    if state == "firing" { AlertState::Firing { since } } else { AlertState::Pending { since } };
                Ok(((row.get(0)?, row.get(1)?, rule), StoredAlert { state, was: row.get(5)?, status: row.get(6)? }))
            })?;
            rows.collect()
        })
    }

    /// Events after a number, oldest first, at most `limit`.
    pub fn alert_events(&self, after: i64, limit: usize) -> Result<Vec<AlertEvent>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, id, kind, since, time, body FROM alert_events WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            )?;
            let rows = statement.query_map((after, i64::try_from(limit).unwrap_or(i64::MAX)), event)?;
            rows.collect()
        })
    }

    /// The events of the alerts that fire, and those of alerts that were resolved after a moment or whose number is
    /// above one; oldest first.
    pub fn standing_alert_events(&self, resolved: Micros, after: i64) -> Result<Vec<AlertEvent>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, id, kind, since, time, body FROM alert_events e
                 WHERE CASE kind WHEN 'resolved' THEN time > ?1 OR seq > ?2
                       ELSE EXISTS (SELECT 1 FROM alerts a WHERE a.state = 'firing' AND a.since = e.since
                                    AND a.plan || '/' || a.kpi || '/' || a.rule = e.id) END
                 ORDER BY seq",
            )?;
            let rows = statement.query_map((resolved.0, after), event)?;
            rows.collect()
        })
    }

    /// The last episode of each alert of which an event is stored.
    pub fn last_episodes(&self) -> Result<BTreeMap<AlertKey, Micros>, StoreError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached("SELECT id, max(since) FROM alert_events GROUP BY id")?;
            let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, Micros(row.get(1)?))))?;
            let mut episodes = BTreeMap::new();
            for row in rows {
                let (id, since) = row?;
                let mut parts = id.splitn(3, '/').map(str::to_owned);
                if let (Some(plan), Some(kpi), Some(rule)) = (parts.next(), parts.next(), parts.next()) {
                    episodes.extend(AlertRule::from_name(&rule).map(|rule| ((plan, kpi, rule), since)));
                }
            }
            Ok(episodes)
        })
    }

    /// The body of the last event of an alert.
    pub fn last_alert_body(&self, id: &str) -> Result<Option<String>, StoreError> {
        self.run(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT body FROM alert_events WHERE id = ?1 ORDER BY seq DESC LIMIT 1")?;
            statement.query_row((id,), |row| row.get(0)).optional()
        })
    }

    /// The number of the last event ever added; 0 when there was none.
    pub fn last_alert_event(&self) -> Result<i64, StoreError> {
        self.run(|connection| {
            connection.query_row(
                "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'alert_events'), 0)",
                [],
                |row| row.get(0),
            )
        })
    }
}

impl SinkCursor {
    /// The last event that a follower has told; 0 before the first.
    pub fn alert_cursor(&self, follower: &str) -> Result<i64, StoreError> {
        self.read().run(|connection| {
            let mut statement = connection.prepare_cached("SELECT cursor FROM alert_followers WHERE name = ?1")?;
            Ok(statement.query_row((follower,), |row| row.get(0)).optional()?.unwrap_or(0))
        })
    }

    /// Notes the last event that a follower has told, and removes those of old that nobody needs any more.
    pub fn put_alert_cursor(&mut self, follower: &str, seq: i64, now: Micros) -> Result<(), StoreError> {
        self.read().run(|connection| {
            let transaction = connection.unchecked_transaction()?;
            transaction
                .prepare_cached("UPDATE alert_followers SET cursor = ?2, sum = row_sum(name, ?2) WHERE name = ?1")?
                .execute((follower, seq))?;
            transaction
                .prepare_cached(
                    "DELETE FROM alert_events
                     WHERE seq <= (SELECT min(cursor) FROM alert_followers) AND time < ?1
                       AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.state = 'firing' AND a.since = alert_events.since
                                       AND a.plan || '/' || a.kpi || '/' || a.rule = alert_events.id)",
                )?
                .execute((now.0.saturating_sub(KEPT),))?;
            transaction.commit()
        })
    }
}
