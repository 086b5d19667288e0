//! A small server that speaks enough of InfluxDB's HTTP to be written to, and that fails as it is told. With a real
//! one behind it, it is a proxy.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What to do with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What InfluxDB does.
    Take,
    /// Take it, and close the connection without a word.
    TakeInSilence,
    /// Take the lines whose time is at least this, and refuse the request as InfluxDB does when some are too old.
    TakeSince(i64),
    /// A status, further headers and a body.
    Say(u16, &'static str, String),
    /// Read it and say nothing until the other side gives up.
    Hang,
    /// Reset the connection in the middle of the body.
    Reset,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub head: String,
    pub body: String,
}

impl Request {
    /// True when it writes points (not the comment that asks for permission).
    pub fn writes(&self) -> bool {
        self.path.starts_with("/api/v2/write") && !self.body.starts_with('#')
    }
}

type Script = Box<dyn FnMut(&Request) -> Answer + Send>;

pub struct Fake {
    pub url: String,
    state: Arc<Mutex<State>>,
}

struct State {
    script: Script,
    requests: Vec<Request>,
    points: BTreeMap<String, String>,
    retention: i64,
    behind: Option<String>,
    cut: usize,
}

/// InfluxDB's refusal of a point.
pub fn invalid() -> Answer {
    Answer::Say(400, "", r#"{"code":"invalid","message":"unable to parse 'x': bad timestamp"}"#.into())
}

pub fn say(status: u16) -> Answer {
    Answer::Say(status, "", r#"{"code":"some code","message":"some reason"}"#.into())
}

impl Fake {
    /// A server that does what `script` says, and stores what it takes in memory.
    pub fn new(script: impl FnMut(&Request) -> Answer + Send + 'static) -> Self {
        Self::before(None, script)
    }

    /// The same before a real one (`host:port`).
    pub fn before(behind: Option<String>, script: impl FnMut(&Request) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, points) = (Vec::new(), BTreeMap::new());
        let state = State { script: Box::new(script), requests, points, retention: 0, behind, cut: 0 };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        // Both kinds of thread end with the process: a test has nothing to gain from waiting for them.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream, &shared));
            }
        });
        Self { url, state }
    }

    pub fn set_script(&self, script: impl FnMut(&Request) -> Answer + Send + 'static) {
        self.state.lock().unwrap().script = Box::new(script);
    }

    pub fn set_retention(&self, seconds: i64) {
        self.state.lock().unwrap().retention = seconds;
    }

    /// Resets the next connections in the middle of a large body that we are sent.
    pub fn cut(&self, requests: usize) {
        self.state.lock().unwrap().cut = requests + 1;
    }

    /// Fields by `measurement,tags time`.
    pub fn points(&self) -> BTreeMap<String, String> {
        self.state.lock().unwrap().points.clone()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    /// Requests that wrote points, since the last time this was asked.
    pub fn writes(&self) -> usize {
        let requests = std::mem::take(&mut self.state.lock().unwrap().requests);
        requests.iter().filter(|request| request.writes()).count()
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let length = head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut words = head.split(' ').map(str::to_owned);
        let mut request =
            Request { method: words.next()?, path: words.next()?, head: head.clone(), body: String::new() };
        let mut body = vec![0; length.unwrap_or(0)];
        if body.len() > 10_000 && is_cut(state) {
            reader.read_exact(&mut body[..5_000]).ok()?;
            return None;
        }
        reader.read_exact(&mut body).ok()?;
        request.body = String::from_utf8(body).ok()?;
        let (answer, behind) = {
            let mut state = state.lock().unwrap();
            let answer = (state.script)(&request);
            state.requests.push(request.clone());
            (answer, state.behind.clone())
        };
        match answer {
            Answer::Hang => {
                let _ = reader.read(&mut [0]);
                return None;
            }
            Answer::Reset => return reset(stream),
            Answer::Say(status, headers, body) => write(stream, status, headers, &body)?,
            Answer::Take | Answer::TakeInSilence | Answer::TakeSince(_) => {
                if let Some(real) = behind {
                    let answered = pass_on(&real, &request)?;
                    if answer == Answer::Take {
                        (&mut &*stream).write_all(&answered).ok()?;
                    }
                    return None;
                }
                let (status, text) = take(&mut state.lock().unwrap(), &request, &answer);
                if answer == Answer::TakeInSilence {
                    return None;
                }
                write(stream, status, "", &text)?;
            }
        }
    }
}

fn is_cut(state: &Mutex<State>) -> bool {
    let cut = &mut state.lock().unwrap().cut;
    *cut = cut.saturating_sub(1);
    *cut > 0
}

/// A part of an answer, and then the connection is gone although more was promised.
fn reset(mut stream: &TcpStream) -> Option<()> {
    stream.write_all(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5000\r\n\r\nhalf").ok()?;
    stream.shutdown(std::net::Shutdown::Both).ok()
}

fn write(mut stream: &TcpStream, status: u16, headers: &str, body: &str) -> Option<()> {
    let head = format!("HTTP/1.1 {status} x\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len());
    // A 204 has no body and no length.
    let bare = format!("HTTP/1.1 {status} x\r\n{headers}\r\n");
    stream.write_all(if status == 204 { bare } else { head }.as_bytes()).ok()
}

fn take(state: &mut State, request: &Request, answer: &Answer) -> (u16, String) {
    if request.path.starts_with("/api/v2/buckets") {
        let rule = format!(r#"{{"type":"expire","everySeconds":{}}}"#, state.retention);
        let rules = if state.retention > 0 { rule } else { String::new() };
        return (200, format!(r#"{{"buckets":[{{"name":"b","retentionRules":[{rules}]}}]}}"#));
    }
    if request.method != "POST" {
        return (405, r#"{"code":"method not allowed","message":"allow: [POST]"}"#.into());
    }
    let mut old = 0;
    for line in request.body.lines().filter(|_| request.writes()) {
        let parts: Vec<&str> = line.split(' ').collect();
        let [key, fields, time] = parts[..] else { panic!("no line: {line}") };
        if matches!(answer, Answer::TakeSince(since) if time.parse::<i64>().unwrap() < *since) {
            old += 1;
            continue;
        }
        state.points.insert(format!("{key} {time}"), fields.to_owned());
    }
    let text = format!(r#"{{"code":"unprocessable entity","message":"partial write: dropped {old} points"}}"#);
    if old > 0 { (422, text) } else { (204, String::new()) }
}

fn pass_on(real: &str, request: &Request) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(real).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let head = request.head.trim_end().replace("HTTP/1.1", "HTTP/1.0");
    write!(stream, "{head}\r\nConnection: close\r\n\r\n{}", request.body).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(answer)
}
