//! Queries a device by SNMP; the document has a line `<oid> = <number>` for each object.
//!
//! Texts of a device are left out: they may name a network or a person.

use super::error::FetchError;
use crate::document::{Document, Validators};
use crate::origin::snmp::{SnmpAuth, SnmpCipher, SnmpConfig, SnmpLogin};
use snmp2::v3::{self, AuthProtocol, Cipher, Security};
use snmp2::{AsyncSession, Error, Oid, Value};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// Objects of one walk: the access points of a very large city, several times over.
const MAX_ROWS: usize = 20_000;
/// Objects of one request: their values fit one packet.
const ROWS_AT_ONCE: u32 = 25;
/// Times that a packet is sent, as packets get lost.
const TRIES: u32 = 3;

/// Reads the configured objects within `timeout`.
pub(super) async fn query(timeout: Duration, snmp: &SnmpConfig) -> Result<Document, FetchError> {
    let each = timeout / TRIES;
    let query = async {
        let mut session = session(snmp, each).await?;
        let prefix = oid(&snmp.oid)?;
        let mut text = String::new();
        if snmp.walk {
            walk(&mut session, &prefix, each, &mut text).await?;
        } else {
            get(&mut session, &prefix, each, &mut text).await?;
        }
        Ok(Document::new(snmp.text.clone(), text.into_bytes(), Validators::default()))
    };
    tokio::time::timeout(timeout, Box::pin(query)).await.map_err(|_| FetchError::Timeout(timeout))?
}

fn oid(numbers: &[u64]) -> Result<Oid<'static>, FetchError> {
    Oid::from(numbers).map_err(|_| FetchError::Device("the OID is invalid; see `oid`"))
}

async fn session(snmp: &SnmpConfig, each: Duration) -> Result<AsyncSession, FetchError> {
    let place = (snmp.host.as_str(), snmp.port);
    let opened = match &snmp.login {
        SnmpLogin::Community { file } => {
            let community = secret(file, &snmp.folder)?;
            AsyncSession::new_v2c(place, community.as_bytes(), 1).await
        }
        SnmpLogin::User { name, auth, auth_file, privacy } => {
            let protocol = match auth {
                SnmpAuth::Sha1 => AuthProtocol::Sha1,
                SnmpAuth::Sha256 => AuthProtocol::Sha256,
                SnmpAuth::Sha512 => AuthProtocol::Sha512,
            };
            let mode = match privacy {
                None => v3::Auth::AuthNoPriv,
                Some((cipher, file)) => v3::Auth::AuthPriv {
                    cipher: match cipher {
                        SnmpCipher::Aes128 => Cipher::Aes128,
                        SnmpCipher::Aes256 => Cipher::Aes256,
                    },
                    privacy_password: secret(file, &snmp.folder)?.into_bytes(),
                },
            };
            let password = secret(auth_file, &snmp.folder)?;
            let security = Security::new(name.as_bytes(), password.as_bytes());
            AsyncSession::new_v3(place, 1, security.with_auth_protocol(protocol).with_auth(mode)).await
        }
    };
    let mut session = opened.map_err(FetchError::Io)?;
    for _ in 0..TRIES {
        if let Ok(outcome) = tokio::time::timeout(each, session.init()).await {
            return outcome.map(|()| session).map_err(|error| failed(&error, each));
        }
    }
    Err(FetchError::Timeout(each * TRIES))
}

async fn get(session: &mut AsyncSession, oid: &Oid<'_>, each: Duration, text: &mut String) -> Result<(), FetchError> {
    for _ in 0..TRIES {
        match tokio::time::timeout(each, session.get(oid)).await {
            Err(_) | Ok(Err(Error::AuthUpdated)) => {}
            Ok(Err(error)) => return Err(failed(&error, each)),
            Ok(Ok(answer)) => {
                return match answer.varbinds.clone().next() {
                    Some((_, Value::NoSuchObject | Value::NoSuchInstance)) | None => {
                        Err(FetchError::Device("it has no such object; see `oid`"))
                    }
                    Some((name, value)) => {
                        line(&name, &value, text);
                        Ok(())
                    }
                };
            }
        }
    }
    Err(FetchError::Timeout(each * TRIES))
}

async fn walk(
    session: &mut AsyncSession,
    prefix: &Oid<'_>,
    each: Duration,
    text: &mut String,
) -> Result<(), FetchError> {
    let (mut last, mut rows, mut tries) = (prefix.to_owned(), 0, 0);
    loop {
        let answer = match tokio::time::timeout(each, session.getbulk(&[&last], 0, ROWS_AT_ONCE)).await {
            Ok(Ok(answer)) => answer,
            Err(_) | Ok(Err(Error::AuthUpdated)) if tries + 1 < TRIES => {
                tries += 1;
                continue;
            }
            Err(_) => return Err(FetchError::Timeout(each * TRIES)),
            Ok(Err(error)) => return Err(failed(&error, each)),
        };
        tries = 0;
        let mut next = None;
        for (name, value) in answer.varbinds.clone() {
            if !name.starts_with(prefix) || matches!(value, Value::EndOfMibView) {
                return if rows == 0 {
                    Err(FetchError::Device("it has no objects below the OID; see `oid`"))
                } else {
                    Ok(())
                };
            }
            line(&name, &value, text);
            rows += 1;
            if rows > MAX_ROWS {
                return Err(FetchError::TooMany(MAX_ROWS, "objects below the OID"));
            }
            next = Some(name.to_owned());
        }
        match next {
            // A device that repeats an object would never come to an end.
            Some(next) if numbers(&next) > numbers(&last) => last = next,
            _ => return Err(FetchError::Device("its answer is truncated, or repeats an object")),
        }
    }
}

fn numbers(oid: &Oid<'_>) -> Vec<u64> {
    oid.iter().map(Iterator::collect).unwrap_or_default()
}

fn line(name: &Oid<'_>, value: &Value<'_>, text: &mut String) {
    let number = match value {
        Value::Integer(number) => number.to_string(),
        Value::Counter32(number) | Value::Unsigned32(number) | Value::Timeticks(number) => number.to_string(),
        Value::Counter64(number) => number.to_string(),
        _ => "(no number)".to_owned(),
    };
    // Writing to a String does not fail.
    let _ = writeln!(text, "{} = {number}", name.to_id_string());
}

fn failed(error: &Error, each: Duration) -> FetchError {
    match error {
        Error::AuthFailure(_) | Error::Crypto(_) | Error::AuthUpdated => {
            FetchError::Device("it rejects the user or a password; see `user`, `auth_file` and `privacy_file`")
        }
        Error::Send | Error::Receive => FetchError::Timeout(each * TRIES),
        _ => FetchError::Device("its answer is not SNMP, or is truncated"),
    }
}

/// A secret from the credentials directory, or else from the configuration's folder, without white space at its end.
fn secret(file: &str, folder: &Path) -> Result<String, FetchError> {
    let credential = std::env::var_os("CREDENTIALS_DIRECTORY").map(|folder| Path::new(&folder).join(file));
    let path = credential.filter(|path| path.exists()).unwrap_or_else(|| folder.join(file));
    let text = std::fs::read_to_string(path).map_err(|_| {
        FetchError::Device("the file of a secret cannot be read; see `community_file`, `auth_file` and `privacy_file`")
    })?;
    Ok(text.trim_end().to_owned())
}
