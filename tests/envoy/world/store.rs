//! A store that does more than answer: it redirects, streams, takes uploads, upgrades, and keeps a client waiting. It
//! sends permissive CORS headers with everything.

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use super::wire::{Head, HeaderLines, PATIENCE, Wire};

pub(crate) const BODY: &str = "just for test";

/// What every answer brings along, and nothing may be left of.
const PERMISSIVE: &str = "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\n\
     access-control-allow-methods: *\r\naccess-control-max-age: 5\r\nAccess-Control-Allow-Origin: null\r\n\
     access-control-allow-private-network: true\r\n";

#[derive(Clone)]
pub(crate) struct GatedStore {
    pub(crate) address: SocketAddr,
    gates: Arc<Gates>,
}

/// What requests wait for.
#[derive(Default)]
struct Gates {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    open: BTreeSet<String>,
    waiting: BTreeSet<String>,
}

impl Gates {
    /// Waits until the gate is open. Its name is the request's query.
    fn pass(&self, name: &str) {
        let mut state = self.state.lock().unwrap();
        state.waiting.insert(name.to_owned());
        self.changed.notify_all();
        let is_shut = |state: &mut GateState| !state.open.contains(name);
        // However long: the client loses its patience.
        drop(self.changed.wait_while(state, is_shut));
    }
}

impl GatedStore {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let store = Self {
            address: listener.local_addr().unwrap(),
            gates: Arc::default(),
        };
        let gates = store.gates.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let gates = gates.clone();
                // A proxy that goes away in the middle of a request is no concern of a store's.
                thread::spawn(move || serve(stream, &gates).ok());
            }
        });
        store
    }

    /// Lets the request go on that waits for this gate, or will.
    pub(crate) fn open_gate(&self, name: &str) {
        self.gates.state.lock().unwrap().open.insert(name.to_owned());
        self.gates.changed.notify_all();
    }

    /// Returns once a request is at this gate.
    pub(crate) fn wait_for_request(&self, name: &str) -> Result<(), String> {
        let state = self.gates.state.lock().unwrap();
        let is_missing = |state: &mut GateState| !state.waiting.contains(name);
        let (_state, waited) = self
            .gates
            .changed
            .wait_timeout_while(state, PATIENCE, is_missing)
            .unwrap();
        match waited.timed_out() {
            true => Err(format!("no request came to {name}")),
            false => Ok(()),
        }
    }
}

fn serve(stream: TcpStream, gates: &Gates) -> io::Result<()> {
    let mut wire = Wire::new(stream)?;
    loop {
        let head = wire.head()?;
        answer(&mut wire, &head, gates)?;
    }
}

fn answer(wire: &mut Wire, head: &Head, gates: &Gates) -> io::Result<()> {
    let mut words = head.start.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let send = |wire: &mut Wire, status: &str, more: &str| {
        wire.write(format!("HTTP/1.1 {status}\r\n{PERMISSIVE}{more}\r\n").as_bytes())
    };
    match path.rsplit('/').next().unwrap_or_default() {
        "unchanged" => send(wire, "304 Not Modified", "etag: \"1\"\r\n"),
        "moved" => send(
            wire,
            "307 Temporary Redirect",
            "location: https://elsewhere.example/\r\ncontent-length: 0\r\n",
        ),
        "forwarded" => send(
            wire,
            "302 Found",
            "location: http://edge.example/photos/o/object\r\ncontent-length: 0\r\n",
        ),
        // Says at once that something comes, and later what.
        "stream" => {
            send(wire, "200 OK", "transfer-encoding: chunked\r\n")?;
            gates.pass(query);
            wire.write(format!("{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len()).as_bytes())
        }
        // Says nothing at first.
        "held" => {
            gates.pass(query);
            send(wire, "200 OK", "content-length: 0\r\n")
        }
        "upload" => {
            let (body, _) = body(wire, head)?;
            let count = body.len().to_string();
            send(wire, "200 OK", &format!("content-length: {}\r\n", count.len()))?;
            wire.write(count.as_bytes())
        }
        "call" => {
            let (body, trailers) = body(wire, head)?;
            send(
                wire,
                "200 OK",
                "content-type: application/grpc\r\ntransfer-encoding: chunked\r\ntrailer: grpc-status\r\n",
            )?;
            wire.write(format!("{:x}\r\n", body.len()).as_bytes())?;
            wire.write(&body)?;
            let came = trailers.iter().any(|(name, _)| name == "x-checksum");
            let echoed = if came { "x-checksum-seen: true\r\n" } else { "" };
            wire.write(format!("\r\n0\r\ngrpc-status: 0\r\n{echoed}\r\n").as_bytes())
        }
        "socket" => {
            send(
                wire,
                "101 Switching Protocols",
                "connection: upgrade\r\nupgrade: websocket\r\n",
            )?;
            loop {
                let byte = wire.exactly(1)?;
                wire.write(&byte)?;
            }
        }
        "many" => {
            let many: String = (0..1_200).map(|at| format!("x-{at}: {at}\r\n")).collect();
            send(wire, "200 OK", &format!("{many}content-length: 0\r\n"))
        }
        _ => {
            body(wire, head)?;
            send(
                wire,
                "200 OK",
                &format!("etag: \"1\"\r\ncontent-length: {}\r\n", BODY.len()),
            )?;
            match method {
                "HEAD" => Ok(()),
                _ => wire.write(BODY.as_bytes()),
            }
        }
    }
}

/// A request's body and trailers.
fn body(wire: &mut Wire, head: &Head) -> io::Result<(Vec<u8>, HeaderLines)> {
    if !head.is_chunked() {
        return Ok((wire.exactly(head.length().unwrap_or_default())?, Vec::new()));
    }
    let mut body = Vec::new();
    loop {
        let chunk = wire.chunk()?;
        if chunk.is_empty() {
            return Ok((body, wire.trailers()?));
        }
        body.extend(chunk);
    }
}
