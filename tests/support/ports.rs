//! Ports for servers that cannot say which one they got.

use std::net::{Ipv4Addr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, OnceLock};

/// Below those that the kernel gives to connections (from 32,768 on): one of these could be taken by any connection of
/// a test before the server listens.
const FIRST: u16 = 11_000;
const SPAN: u16 = 9_000;

/// Ports that nothing listens on, each given out once: while this process lives, no other test gets one of them, nor do
/// the launchers of the samples, before a server listens on it.
pub(crate) fn free<const COUNT: usize>() -> [u16; COUNT] {
    [(); COUNT].map(|()| free_port())
}

pub(crate) fn free_port() -> u16 {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    static CHOSEN: Mutex<Vec<UnixListener>> = Mutex::new(Vec::new());
    // Another test binary that runs at the same time starts elsewhere.
    let next = NEXT.get_or_init(|| AtomicU16::new((process::id() as u16).wrapping_mul(257)));
    loop {
        let port = FIRST + next.fetch_add(1, Ordering::Relaxed) % SPAN;
        // As in envoy/launch.py.
        let name = SocketAddr::from_abstract_name(format!("bucket-cors port {port}")).unwrap();
        let Ok(name) = UnixListener::bind_addr(&name) else {
            continue;
        };
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            CHOSEN.lock().unwrap().push(name);
            return port;
        }
    }
}
