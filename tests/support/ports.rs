//! Ports for servers that cannot say which one they got.

use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below those that the kernel gives to connections (from 32,768 on): one of these could be taken by any connection of
/// a test before the server listens.
const FIRST: u16 = 11_000;
const SPAN: u16 = 9_000;

/// Ports that nothing listens on, each given out once.
pub(crate) fn free<const COUNT: usize>() -> [u16; COUNT] {
    [(); COUNT].map(|()| free_port())
}

pub(crate) fn free_port() -> u16 {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    // Another test binary that runs at the same time starts elsewhere.
    let next = NEXT.get_or_init(|| AtomicU16::new((process::id() as u16).wrapping_mul(257)));
    loop {
        let port = FIRST + next.fetch_add(1, Ordering::Relaxed) % SPAN;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
