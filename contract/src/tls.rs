//! Why a TLS connection failed, as a sentence with its remedy.
//!
//! The libraries give the reason only as text, deep among the causes of an error: "error sending request" is what a user
//! would read of it. The texts are those of OpenSSL and of the libraries above it; one that is not known keeps its words.

use crate::error::chain;
use std::error::Error;

/// A part of the library's text, and what it means.
const REASONS: [(&str, &str); 10] = [
    (
        "certificate has expired",
        "the server's certificate has expired; have it renewed there, and check this machine's clock",
    ),
    (
        "certificate is not yet valid",
        "the server's certificate is not valid yet; check this machine's clock, and the certificate there",
    ),
    (
        "hostname mismatch",
        "the server's certificate is for another name; use the name that stands in it, or have one made for this name",
    ),
    (
        "IP address mismatch",
        "the server's certificate is for another name; use the name that stands in it, or have one made for this name",
    ),
    ("self-signed certificate", UNKNOWN),
    ("self signed certificate", UNKNOWN),
    ("unable to get local issuer certificate", UNKNOWN),
    ("unable to get issuer certificate", UNKNOWN),
    (
        "wrong version number",
        "the server does not speak TLS at this port; check the port, or use http:// where that is meant",
    ),
    (
        "packet length too long",
        "the server does not speak TLS at this port; check the port, or use http:// where that is meant",
    ),
];

const UNKNOWN: &str = "the server's certificate is from an authority that this machine does not know; install the authority's \
                       certificate (on Debian in /usr/local/share/ca-certificates, then `update-ca-certificates`)";

/// Why TLS failed; `None` when something else did.
pub fn tls_failure(error: &dyn Error) -> Option<String> {
    let text = chain(error);
    if let Some((_, sentence)) = REASONS.iter().find(|(part, _)| text.contains(part)) {
        return Some((*sentence).to_owned());
    }
    let last = text.rsplit(": ").next().unwrap_or_default();
    let is_tls = ["certificate", "SSL routines", "ssl3_", "tlsv1", "handshake"].iter().any(|word| text.contains(word));
    is_tls.then(|| {
        format!("TLS with the server failed ({last}); check its certificate and the versions of TLS it offers")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("error sending request")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Inner(&'static str);

    #[test]
    fn each_reason_has_its_sentence_and_what_is_no_tls_has_none() {
        for (text, start) in [
            (
                "error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify failed:(certificate has expired)",
                "the server's certificate has expired; ",
            ),
            (
                "certificate verify failed (self-signed certificate in certificate chain)",
                "the server's certificate is from an authority",
            ),
            (
                "certificate verify failed (unable to get local issuer certificate)",
                "the server's certificate is from an authority",
            ),
            ("certificate verify failed (hostname mismatch)", "the server's certificate is for another name; "),
            ("SSL routines:ssl3_get_record:wrong version number", "the server does not speak TLS at this port; "),
            ("SSL routines:ssl3_read_bytes:tlsv1 alert protocol version", "TLS with the server failed ("),
        ] {
            let found = tls_failure(&Outer(Inner(text))).unwrap_or_default();
            assert!(found.starts_with(start), "{text}: {found}");
        }
        assert_eq!(tls_failure(&Outer(Inner("tcp connect error: Connection refused (os error 111)"))), None);
    }
}
