//! A device that is queried by SNMP: its address, the objects, and the files of its secrets.

use contract::reader::TomlTable;
use std::path::{Path, PathBuf};

/// The port of SNMP.
const PORT: i64 = 161;

/// A device and the objects to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnmpConfig {
    /// Name or address.
    pub host: String,
    /// UDP port.
    pub port: u16,
    /// The object's OID.
    pub oid: Vec<u64>,
    /// True to read all objects below the OID, false to read the object itself.
    pub walk: bool,
    /// How the collector logs in.
    pub login: SnmpLogin,
    /// Folder of the files of secrets that are not in the credentials directory.
    pub folder: PathBuf,
    /// The address in records.
    pub text: String,
}

/// How the collector logs in to a device. Each query reads the secrets anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnmpLogin {
    /// v2c: a community, which is sent in clear.
    Community {
        /// File of the community.
        file: String,
    },
    /// v3.
    User {
        /// User name.
        name: String,
        /// Hash of the signature.
        auth: SnmpAuth,
        /// File of the password.
        auth_file: String,
        /// Cipher, and the file of its password; `None` sends in clear.
        privacy: Option<(SnmpCipher, String)>,
    },
}

/// Hashes of SNMP v3 without MD5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "their names say it")]
pub enum SnmpAuth {
    Sha1,
    Sha256,
    Sha512,
}

/// Ciphers of SNMP v3 without DES.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "their names say it")]
pub enum SnmpCipher {
    Aes128,
    Aes256,
}

/// Reads `snmp = { host = "..", oid = "..", .. }`.
pub(crate) fn read(r: &TomlTable<'_>, folder: &Path) -> Option<SnmpConfig> {
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
        2 => SnmpLogin::Community { file: s.text("community_file") },
        _ => SnmpLogin::User {
            name: s.text("user"),
            auth: s
                .word("auth", &[("SHA256", SnmpAuth::Sha256), ("SHA512", SnmpAuth::Sha512), ("SHA1", SnmpAuth::Sha1)]),
            auth_file: s.text("auth_file"),
            privacy: s
                .word_if("privacy", &[("AES128", SnmpCipher::Aes128), ("AES256", SnmpCipher::Aes256)])
                .map(|cipher| (cipher, s.text("privacy_file"))),
        },
    };
    let oid = oid?;
    let numbers: Vec<String> = oid.iter().map(u64::to_string).collect();
    let text = format!("snmp://{host}:{port}/{}{}", numbers.join("."), if walk { ".*" } else { "" });
    Some(SnmpConfig { host, port, oid, walk, login, folder: folder.to_owned(), text })
}
