//! A store that can be stopped, with what it was about to say, and started again.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long after a start Envoy may still find connections that broke.
const AFTERMATH: Duration = Duration::from_secs(3);

/// What it says with each answer. Its CORS headers may reach a client only where the bucket is not managed.
pub(crate) const HEADERS: [(&str, &str); 3] = [
    ("access-control-allow-credentials", "true"),
    ("access-control-allow-origin", "*"),
    ("vary", "Accept-Encoding"),
];

/// Says that an answer is the store's.
pub(crate) const MARK: &str = "x-store";

pub(crate) struct SoakStore {
    address: SocketAddr,
    running: Mutex<Option<Running>>,
    stopped: Mutex<Option<Instant>>,
}

struct Running {
    ends: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    acceptor: JoinHandle<()>,
}

impl SoakStore {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            running: Mutex::new(Some(Running::start(listener))),
            stopped: Mutex::default(),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks every connection and refuses new ones for a while.
    pub(crate) fn restart(&self, pause: Duration) {
        let far = Instant::now() + pause + AFTERMATH;
        *self.stopped.lock().unwrap() = Some(far);
        let mut running = self.running.lock().unwrap();
        running.take().unwrap().stop(self.address);
        thread::sleep(pause);
        *running = Some(Running::start(TcpListener::bind(self.address).unwrap()));
        *self.stopped.lock().unwrap() = Some(Instant::now() + AFTERMATH);
    }

    /// Whether an answer to a request that was sent then may be Envoy's own 503.
    pub(crate) fn may_be_missing(&self, sent: Instant) -> bool {
        self.stopped.lock().unwrap().is_some_and(|until| sent < until)
    }
}

impl Running {
    fn start(listener: TcpListener) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let streams = Arc::<Mutex<Vec<TcpStream>>>::default();
        let (seen, kept) = (ends.clone(), streams.clone());
        let acceptor = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if seen.load(Ordering::SeqCst) {
                    break;
                }
                kept.lock().unwrap().push(stream.try_clone().unwrap());
                thread::spawn(move || serve(stream).ok());
            }
        });
        Self {
            ends,
            streams,
            acceptor,
        }
    }

    fn stop(self, address: SocketAddr) {
        self.ends.store(true, Ordering::SeqCst);
        // Wakes the acceptor.
        TcpStream::connect(address).ok();
        self.acceptor.join().unwrap();
        for stream in self.streams.lock().unwrap().drain(..) {
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = Vec::new();
    let mut part = [0; 16 * 1024];
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let Some(end) = end else {
            let count = stream.read(&mut part)?;
            if count == 0 {
                return Ok(());
            }
            bytes.extend_from_slice(&part[..count]);
            continue;
        };
        // Requests here have no body.
        let is_head = bytes.starts_with(b"HEAD ");
        bytes.drain(..end + 4);
        let mut answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 13\r\n{MARK}: 1\r\n");
        for (name, value) in HEADERS {
            answer.push_str(&format!("{name}: {value}\r\n"));
        }
        answer.push_str("\r\n");
        if !is_head {
            answer.push_str("just for test");
        }
        stream.write_all(answer.as_bytes())?;
    }
}
