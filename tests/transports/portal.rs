//! A city's servers, as small as can be: files below a folder, pages that link to all files of a folder, and a portal whose
//! `package_search` gives fifty data sets a page.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Data sets of one page, whatever is asked for.
const PAGE: usize = 50;

pub(crate) struct Portal {
    address: SocketAddr,
    asked: Arc<Mutex<BTreeMap<String, usize>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Portal {
    pub(crate) fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, stop) = (Arc::<Mutex<BTreeMap<String, usize>>>::default(), Arc::new(AtomicBool::new(false)));
        let (folder, seen, end) = (folder.to_owned(), Arc::clone(&asked), Arc::clone(&stop));
        let work = move || {
            for stream in listener.incoming().flatten() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                // A client that went away is none of our business.
                let _ = answer(stream, &folder, &seen);
            }
        };
        Self { address, asked, stop, thread: Some(std::thread::spawn(work)) }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often a path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.asked.lock().unwrap().get(path).copied().unwrap_or_default()
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes it.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(mut stream: TcpStream, folder: &Path, asked: &Mutex<BTreeMap<String, usize>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let target = first.split(' ').nth(1).unwrap_or("/").to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    *asked.lock().unwrap().entry(path.to_owned()).or_default() += 1;
    let body = match path.strip_prefix("/pages/").and_then(|page| page.strip_suffix(".html")) {
        Some(page) => Some(links(&folder.join(page), page).into_bytes()),
        None if path == "/api/3/action/package_search" => Some(search(folder, query)),
        None => file(folder, path),
    };
    let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
    let body = body.unwrap_or_default();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(&body)
}

fn file(folder: &Path, path: &str) -> Option<Vec<u8>> {
    let path: PathBuf = path.split('/').filter(|part| !part.is_empty() && *part != "..").collect();
    std::fs::read(folder.join(path)).ok()
}

/// A page that links to all files of a folder, among links that lead elsewhere.
fn links(folder: &Path, name: &str) -> String {
    let mut names: Vec<String> =
        folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort_by(|a, b| b.cmp(a));
    let links: String =
        names.iter().map(|file| format!("<li><a href='/{name}/{file}'>{file}（現在）</a></li>\n")).collect();
    format!(
        "<!DOCTYPE html><html><body><a href='/'>戻る</a><ul>\n{links}</ul><a href='guide.pdf'>手引き（現在）</a></body></html>"
    )
}

/// A page of the saved answer.
fn search(folder: &Path, query: &str) -> Vec<u8> {
    let saved: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("ckan/package_search.json")).unwrap()).unwrap();
    let number = |name: &str| {
        let part = query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        part.and_then(|number| number.parse::<usize>().ok())
    };
    let all = saved["result"]["results"].as_array().unwrap();
    let start = number("start").unwrap_or(0).min(all.len());
    let end = (start + number("rows").unwrap_or(PAGE).min(PAGE)).min(all.len());
    let page = serde_json::json!({"success": true, "result": {"count": all.len(), "results": all[start..end]}});
    page.to_string().into_bytes()
}
