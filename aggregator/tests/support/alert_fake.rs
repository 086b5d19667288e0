//! A small server that takes JSON by POST, or says what it is told to say.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    /// Header lines in lower case names.
    pub head: Vec<(String, String)>,
    pub body: String,
    /// What it was answered with.
    pub status: u16,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.head.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

struct State {
    status: u16,
    headers: &'static str,
    requests: Vec<Request>,
}

/// Takes what it is sent until told otherwise.
pub struct Fake {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Fake {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { status: 200, headers: "", requests: Vec::new() }));
        let shared = Arc::clone(&state);
        // Ends with the process: a test has nothing to gain from waiting for it.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(&stream, &shared);
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers with a status and further headers from now on.
    pub fn say(&self, status: u16, headers: &'static str) {
        let mut state = self.state.lock().unwrap();
        (state.status, state.headers) = (status, headers);
    }

    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    /// The requests that were taken.
    pub fn taken(&self) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.status == 200).collect()
    }
}

/// Waits until something is so.
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}: not within 30 s");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    let (mut first, mut head) = (String::new(), Vec::new());
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim().split_once(':') else { break };
        head.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut request = Request { path, head, body: String::new(), status: 0 };
    let mut body = vec![0; request.header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    request.body = String::from_utf8(body).unwrap();
    let mut state = state.lock().unwrap();
    request.status = state.status;
    let (status, headers) = (state.status, state.headers);
    state.requests.push(request);
    drop(state);
    let mut to = stream;
    let answer = format!("HTTP/1.1 {status} said\r\n{headers}content-length: 2\r\nconnection: close\r\n\r\nno");
    // Who was told to stop has hung up.
    let _ = to.write_all(answer.as_bytes());
}
