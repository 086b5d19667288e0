//! Answers over a connection that ends, with and without a length.

use crate::testing::{Poller, register, source};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const HEAD: &str = "指標,期間,値\n申請件数,2021年4月,100\n";

/// A server that gives these answers, one a connection, and closes each; the last is given again and again.
async fn poller(answers: Vec<Vec<u8>>) -> Poller {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut answers = answers.into_iter().peekable();
        let mut answer = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            answer = answers.next().unwrap_or(answer);
            let mut request = [0; 4096];
            _ = stream.read(&mut request).await;
            _ = stream.write_all(&answer).await;
            _ = stream.shutdown().await;
        }
    });
    Poller::new(source(Path::new("."), &register(&format!("url = 'http://{address}/r.csv'"))))
}

fn answer(headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nETag: \"1\"\r\n{headers}\r\n{body}").into_bytes()
}

/// The lines of a poll without the poll record.
async fn lines(poller: &mut Poller) -> Vec<String> {
    let mut lines = poller.lines().await;
    lines.pop();
    lines
        .iter()
        .map(|line| line.split('/').next().unwrap_or_default().to_owned() + line.rsplit(' ').next().unwrap())
        .collect()
}

#[tokio::test]
async fn a_body_without_a_length_that_closes_inside_the_last_number_is_held() {
    let whole = format!("{HEAD}申請件数,2021年5月,1002\n申請件数,2021年6月,7\n");
    let cut = format!("{HEAD}申請件数,2021年5月,10");
    let may = "applied 2021-05-01..2021-06-01 = 1002";
    // As the first version, and after a whole one; under one tag, and asked again at once.
    let mut first = poller(vec![answer("", &cut), answer("", &cut), answer("", &whole)]).await;
    let named = lines(&mut first).await;
    assert_eq!(named, ["applied 2021-04-01..2021-05-01 = 100100", "reject http:unended_record"]);
    assert!(first.state.files.values().all(|file| file.validators.is_empty()), "the whole file may have the same tag");
    assert_eq!(first.lines().await.len(), 1, "unchanged");
    assert!(first.lines().await.contains(&may.to_owned()));
    let mut later = poller(vec![answer("", &whole), answer("", &cut)]).await;
    assert_eq!(later.lines().await[1], may);
    let named = lines(&mut later).await;
    assert_eq!(named, ["reject http:unended_record"], "neither 10, nor June withdrawn");
    // What ends its last line is whole.
    let mut ended = poller(vec![answer("", &format!("{cut}\n"))]).await;
    assert_eq!(ended.lines().await[1], "applied 2021-05-01..2021-06-01 = 10");
}

#[tokio::test]
async fn a_body_with_a_length_is_whole_and_one_that_is_shorter_fails() {
    let body = format!("{HEAD}申請件数,2021年5月,1002");
    let length = format!("Content-Length: {}\r\n", body.len());
    let mut whole = poller(vec![answer(&length, &body)]).await;
    assert_eq!(whole.lines().await[1], "applied 2021-05-01..2021-06-01 = 1002");
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let mut whole = poller(vec![answer("Transfer-Encoding: chunked\r\n", &chunked)]).await;
    assert_eq!(whole.lines().await[1], "applied 2021-05-01..2021-06-01 = 1002");
    for cut in [
        answer(&length, &body[..body.len() - 2]),
        answer("Transfer-Encoding: chunked\r\n", &chunked[..chunked.len() - 9]),
    ] {
        let mut short = poller(vec![cut]).await;
        let lines = short.lines().await;
        assert!(lines.len() == 1 && lines[0].starts_with("failed("), "{lines:?}");
    }
}
