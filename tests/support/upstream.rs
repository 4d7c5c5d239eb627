//! The store behind the filter: answers each case as the case says, and remembers what reached it.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::case::UpstreamAnswer;
use super::http::owned;

/// The header that says which case a request belongs to. It means nothing to the filter.
pub(crate) const CASE_HEADER: &str = "x-case";

/// The header of a request that is never answered, so that Envoy gives up. It means nothing to the filter.
pub(crate) const LATE_HEADER: &str = "x-late";

/// What the sample's origin says as well.
pub(crate) const BODY: &str = "just for test";

/// A request as it reached the store.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

/// A store on a port of its own, which serves until the process ends.
#[derive(Clone)]
pub(crate) struct Upstream {
    address: SocketAddr,
    state: Arc<Mutex<UpstreamState>>,
}

#[derive(Default)]
struct UpstreamState {
    answers: HashMap<String, UpstreamAnswer>,
    received: HashMap<String, Vec<ReceivedRequest>>,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let upstream = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::default(),
        };
        let state = upstream.state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = state.clone();
                // A proxy that goes away in the middle of a request is no concern of a store's.
                thread::spawn(move || serve(stream, &state).ok());
            }
        });
        upstream
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, requests of this case get this answer; those of an unknown case get 200.
    pub(crate) fn prepare(&self, case: &str, answer: UpstreamAnswer) {
        self.state.lock().unwrap().answers.insert(case.to_owned(), answer);
    }

    /// The requests of a case that came this far.
    pub(crate) fn received(&self, case: &str) -> Vec<ReceivedRequest> {
        self.state
            .lock()
            .unwrap()
            .received
            .get(case)
            .cloned()
            .unwrap_or_default()
    }
}

/// Serves one connection, request after request. Requests here have no body.
fn serve(mut stream: TcpStream, state: &Mutex<UpstreamState>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 16 * 1024];
        let count = stream.read(&mut part)?;
        if count == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&part[..count]);
        while let Some((received, length)) = parse(&bytes)? {
            bytes.drain(..length);
            let is_head = received.method == "HEAD";
            let is_late = received.headers.iter().any(|(name, _)| name == LATE_HEADER);
            let answer = look_up(state, received);
            if is_late {
                // Until Envoy hangs up.
                return io::copy(&mut stream, &mut io::sink()).map(drop);
            }
            thread::sleep(Duration::from_millis(answer.delay_ms));
            stream.write_all(&serialise(&answer, is_head))?;
        }
    }
}

fn parse(bytes: &[u8]) -> io::Result<Option<(ReceivedRequest, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 256];
    let mut head = httparse::Request::new(&mut headers);
    let parsed = head
        .parse(bytes)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let httparse::Status::Complete(length) = parsed else {
        return Ok(None);
    };
    let received = ReceivedRequest {
        method: head.method.unwrap_or_default().to_owned(),
        path: head.path.unwrap_or_default().to_owned(),
        headers: owned(head.headers),
    };
    Ok(Some((received, length)))
}

fn look_up(state: &Mutex<UpstreamState>, received: ReceivedRequest) -> UpstreamAnswer {
    let case = received.headers.iter().find(|(name, _)| name == CASE_HEADER);
    let case = case
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        .unwrap_or_default();
    let mut state = state.lock().unwrap();
    let answer = state.answers.get(&case).cloned().unwrap_or_default();
    state.received.entry(case).or_default().push(received);
    answer
}

fn serialise(answer: &UpstreamAnswer, is_head: bool) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {} Whatever\r\n", answer.status).into_bytes();
    let mut line = |name: &str, value: &[u8]| {
        bytes.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    };
    for (name, value) in &answer.headers {
        line(name, value.as_bytes());
    }
    for (name, value) in &answer.raw_headers {
        line(name, value);
    }
    let has_body = !matches!(answer.status, 204 | 304);
    if has_body {
        line("content-length", BODY.len().to_string().as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    if has_body && !is_head {
        bytes.extend_from_slice(BODY.as_bytes());
    }
    bytes
}
