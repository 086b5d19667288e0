//! A device that is asked by SNMP: where, what for, and where its secrets are.

use contract::reader::TomlTable;
use std::path::{Path, PathBuf};

/// The port of SNMP.
const PORT: i64 = 161;

/// A device and a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnmpConfig {
    /// Name or address.
    pub host: String,
    /// UDP port.
    pub port: u16,
    /// Numbers of the object.
    pub oid: Vec<u64>,
    /// True when all objects below it are asked for, false for itself.
    pub walk: bool,
    /// How we introduce ourselves.
    pub login: Login,
    /// Where the files of secrets are, unless in the credentials directory.
    pub folder: PathBuf,
    /// As it is told to others.
    pub text: String,
}

/// How a device knows us. Secrets are read when it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// v2c: a community, which anybody on the way can read.
    Community {
        /// File that holds it.
        file: String,
    },
    /// v3.
    User {
        /// Name.
        name: String,
        /// Hash of the signature.
        auth: Auth,
        /// File that holds its password.
        auth_file: String,
        /// Cipher, and the file that holds its password; `None` sends in clear.
        privacy: Option<(Privacy, String)>,
    },
}

/// Hashes of SNMP v3; MD5 is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "their names say it")]
pub enum Auth {
    Sha1,
    Sha256,
    Sha512,
}

/// Ciphers of SNMP v3; DES is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "their names say it")]
pub enum Privacy {
    Aes128,
    Aes256,
}

/// Reads `snmp = { host = "..", oid = "..", .. }`.
pub(super) fn read(r: &TomlTable<'_>, folder: &Path) -> Option<SnmpConfig> {
    if !cfg!(feature = "snmp") {
        r.mistake("snmp", "this program was built without SNMP; build it with `--features snmp`");
    }
    let s = r.table("snmp")?;
    let (host, text) = (s.text("host"), s.text("oid"));
    let oid: Option<Vec<u64>> = text.trim_start_matches('.').split('.').map(|part| part.parse().ok()).collect();
    if oid.as_ref().is_none_or(|oid| oid.len() < 2) {
        s.mistake(
            "oid",
            format!("`oid` must be numbers with dots between them, such as \"1.3.6.1.2.1.2.1.0\": `{text}`"),
        );
    }
    let walk = s.word("operation", &[("get", false), ("walk", true)]);
    let port = u16::try_from(s.integer("port", 1..=65_535, PORT)).unwrap_or(161);
    let login = match s.word("version", &[("2c", 2), ("3", 3)]) {
        2 => Login::Community { file: s.text("community_file") },
        _ => Login::User {
            name: s.text("user"),
            auth: s.word("auth", &[("SHA256", Auth::Sha256), ("SHA512", Auth::Sha512), ("SHA1", Auth::Sha1)]),
            auth_file: s.text("auth_file"),
            privacy: s
                .word_if("privacy", &[("AES128", Privacy::Aes128), ("AES256", Privacy::Aes256)])
                .map(|cipher| (cipher, s.text("privacy_file"))),
        },
    };
    let oid = oid?;
    let numbers: Vec<String> = oid.iter().map(u64::to_string).collect();
    let text = format!("snmp://{host}:{port}/{}{}", numbers.join("."), if walk { ".*" } else { "" });
    Some(SnmpConfig { host, port, oid, walk, login, folder: folder.to_owned(), text })
}
