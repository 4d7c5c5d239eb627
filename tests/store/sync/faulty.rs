//! A proxy before a store, which does to its answers what networks and stores do.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What it does to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing.
    None,
    /// Passes it on a piece at a time.
    Slow,
    /// Passes half of it on, and closes.
    Cut,
    /// Closes without a word.
    Reset,
    /// Says nothing for longer than anybody waits.
    Stall,
    /// Answers in the store's place, with a page that is none of a store's.
    Answer(u16),
    /// Answers that the store cannot, twice, and lets the third through.
    Twice,
}

/// Serves until the process ends.
pub(super) struct FaultyProxy {
    port: u16,
    /// And to how many answers it was done.
    fault: Arc<Mutex<(Fault, u32)>>,
}

impl FaultyProxy {
    pub(super) fn start(store: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            fault: Arc::new(Mutex::new((Fault::None, 0))),
        };
        let fault = proxy.fault.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (now, count) = {
                    let mut fault = fault.lock().unwrap();
                    fault.1 += 1;
                    *fault
                };
                // A client that gives up is no concern of its.
                thread::spawn(move || serve(client, store, now, count).ok());
            }
        });
        proxy
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = (fault, 0);
    }
}

/// One request of a connection, which it closes.
fn serve(mut client: TcpStream, store: u16, fault: Fault, count: u32) -> io::Result<()> {
    let mut request = vec![0; 16 * 1024];
    let length = client.read(&mut request)?;
    let page = |status: u16| {
        let body = "<html>NoSuchCORSConfiguration</html>";
        let length = body.len();
        format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
    };
    match fault {
        Fault::Reset => return Ok(()),
        Fault::Stall => {
            thread::sleep(Duration::from_secs(60));
            return Ok(());
        }
        Fault::Answer(status) => return client.write_all(page(status).as_bytes()),
        Fault::Twice if count <= 2 => return client.write_all(page(503).as_bytes()),
        Fault::None | Fault::Slow | Fault::Cut | Fault::Twice => {}
    }
    let mut upstream = TcpStream::connect((Ipv4Addr::LOCALHOST, store))?;
    // The store ends the connection, so that all that comes is one answer.
    let request = String::from_utf8_lossy(&request[..length]);
    let request = request.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    upstream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    match fault {
        // Into the body, which is longer than this.
        Fault::Cut => client.write_all(&answer[..answer.len() - 20]),
        Fault::Slow => {
            for piece in answer.chunks(answer.len() / 8 + 1) {
                client.write_all(piece)?;
                thread::sleep(Duration::from_millis(300));
            }
            Ok(())
        }
        _ => client.write_all(&answer),
    }
}
