//! Keys that sign records: a collector's name that nobody else can write.
//!
//! A signature is a keyed BLAKE3 digest of the line. Collector and aggregator share the secret.

use std::fmt;

/// Bytes of a key's secret.
pub const SECRET_BYTES: usize = 32;
/// Bytes of a signature: 128 bits of the keyed digest.
pub const MAC_BYTES: usize = 16;
/// Most bytes of a key's id.
const MAX_ID_BYTES: usize = 64;
/// How a key file begins.
const PREFIX: &str = "shihyo-key-1";

/// A key that signs records.
///
/// ```
/// use contract::signing::SigningKey;
///
/// let key = SigningKey::new("library-2026", [7; 32]).ok_or("not an id")?;
/// assert_eq!(SigningKey::parse(&key.to_text())?, key);
/// assert_ne!(key.mac(&[b"a"]), key.mac(&[b"b"]));
/// assert_eq!(format!("{key:?}"), "SigningKey(library-2026)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    id: String,
    secret: [u8; SECRET_BYTES],
}

/// Why a text is no key. It never quotes the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key: a key file has one line, `{PREFIX} ID SECRET`, as `shihyo key ID` writes it")]
pub struct KeyError;

impl SigningKey {
    /// A key of an id and a secret; `None` when the id has other characters than ASCII letters, digits, `.`, `_` and `-`.
    pub fn new(id: &str, secret: [u8; SECRET_BYTES]) -> Option<Self> {
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let fits = !id.is_empty() && id.len() <= MAX_ID_BYTES && id.bytes().all(is_id);
        fits.then(|| Self { id: id.to_owned(), secret })
    }

    /// Reads a key file.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let parts: Vec<&str> = text.split_ascii_whitespace().collect();
        let [PREFIX, id, secret] = parts[..] else { return Err(KeyError) };
        let secret = read_hex(secret.as_bytes()).ok_or(KeyError)?;
        Self::new(id, secret).ok_or(KeyError)
    }

    /// The key file, with a line end.
    pub fn to_text(&self) -> String {
        format!("{PREFIX} {} {}\n", self.id, Hex(&self.secret))
    }

    /// Its id, which stands in every record that it signs.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The keyed digest of some bytes, one part behind the other.
    pub fn mac(&self, covered: &[&[u8]]) -> [u8; MAC_BYTES] {
        // One piece: a hasher that takes several costs more than the copy.
        let digest = blake3::keyed_hash(&self.secret, &covered.concat());
        let mut mac = [0; MAC_BYTES];
        mac.copy_from_slice(&digest.as_bytes()[..MAC_BYTES]);
        mac
    }

    /// True when `mac` is the keyed digest of these bytes. Takes as long for a wrong one as for the right one.
    pub fn verifies(&self, covered: &[&[u8]], mac: [u8; MAC_BYTES]) -> bool {
        u128::from_ne_bytes(self.mac(covered)) ^ u128::from_ne_bytes(mac) == 0
    }

    /// A digest that names the secret without giving it away.
    pub fn fingerprint(&self) -> String {
        Hex(&blake3::derive_key("shihyo key fingerprint 1", &self.secret)[..MAC_BYTES]).to_string()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = Vec::with_capacity(2 * self.0.len());
        write_hex(self.0, &mut digits);
        f.write_str(&String::from_utf8_lossy(&digits))
    }
}

/// Writes bytes as lower-case hexadecimal digits; a million signatures a second must not mean as many formatters.
pub(crate) fn write_hex(bytes: &[u8], line: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    line.extend(bytes.iter().flat_map(digits));
}

/// Reads exactly `N` bytes of lower-case hexadecimal digits.
pub(crate) fn read_hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_refused_without_being_quoted() {
        let key = SigningKey::new("k", [1; SECRET_BYTES]).unwrap();
        let text = key.to_text();
        assert_eq!(SigningKey::parse(&format!("\n {text}\n")), Ok(key));
        for wrong in ["", "k", &text.replace("key-1", "key-2"), &text.replace('1', "g"), &text[..40], &text.repeat(2)] {
            assert_eq!(SigningKey::parse(wrong), Err(KeyError), "{wrong}");
        }
        for id in ["", "a b", "鍵", "a\"b", &"k".repeat(65)] {
            assert_eq!(SigningKey::new(id, [1; SECRET_BYTES]), None, "{id}");
        }
    }
}
