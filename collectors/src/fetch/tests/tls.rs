//! Servers whose TLS is not accepted: the message says why and what to do.

use crate::poll::FinishedPoll;
use crate::testing::{Poller, register, source};
use native_tls::{Identity, TlsAcceptor};
use std::net::TcpListener;
use std::path::Path;
use wiremock::MockServer;

async fn failure(address: &str) -> FinishedPoll {
    Poller::new(source(Path::new("."), &register(&format!("url = 'https://{address}/r.csv'")))).poll().await
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_named_with_the_remedy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let identity = Identity::from_pkcs8(include_bytes!("localhost.pem"), include_bytes!("localhost.key")).unwrap();
    let acceptor = TlsAcceptor::new(identity).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = acceptor.accept(stream.unwrap());
        }
    });
    let poll = failure(&format!("127.0.0.1:{port}")).await;
    let text = poll.summary.failure.unwrap();
    assert_eq!(poll.summary.outcome, "tls", "{text}");
    assert!(text.contains("from an authority that this machine does not know; install"), "{text}");
}

#[tokio::test]
async fn a_server_without_tls_is_named() {
    let server = MockServer::start().await;
    let poll = failure(&server.address().to_string()).await;
    let text = poll.summary.failure.unwrap();
    assert_eq!(poll.summary.outcome, "tls", "{text}");
    assert!(text.contains("the server does not speak TLS at this port"), "{text}");
}
