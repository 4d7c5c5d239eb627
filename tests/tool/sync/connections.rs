//! `--listen` where others take its connections.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;
use std::time::Instant;

use serde_json::json;

use super::listen::following;
use super::process::{PATIENCE, Syncing, run_as, wait_for};
use super::stand_in::{StandInStore, rules_for};
use super::text;
use crate::support::http;
use crate::tool::Folder;

const BEARER: &str = "authorization: Bearer a-secret\r\n";

/// The command with another limit of open files.
fn limited(command: &Command, limit: &str) -> Command {
    let mut bound = Command::new("bash");
    bound.args(["-c", &format!("ulimit {limit}; exec \"$0\" \"$@\"")]);
    bound.arg(command.get_program()).args(command.get_args());
    run_as(&mut bound, command);
    bound
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The status of a request on a connection that stays.
fn metrics(stream: &mut TcpStream) -> u16 {
    ask(stream);
    status(stream)
}

fn ask(stream: &mut TcpStream) {
    let request = format!("GET /metrics HTTP/1.1\r\nhost: sync\r\n{BEARER}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
}

fn status(stream: &mut TcpStream) -> u16 {
    http::read_response(stream, false).unwrap().status
}

#[test]
fn who_is_not_let_in_stops_neither_rounds_nor_clients() {
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let folder = Folder::new("sync-connections").with("token", "a-secret\n");
    let command = following(&folder, &store, &["--token-file", "token"]);
    let syncing = Syncing::start(limited(&command, "-n 128"), "127.0.0.1:0");
    wait_for("an output", || folder.path().join("filter.json").exists());
    let mut client = connect(syncing.port);
    assert_eq!(metrics(&mut client), 200);
    let begun = Instant::now();
    let mut silent: Vec<TcpStream> = (0..150).map(|_| connect(syncing.port)).collect();
    let mut half: Vec<TcpStream> = (0..150).map(|_| connect(syncing.port)).collect();
    for stream in &mut half {
        // One that had to go for another is closed.
        stream.write_all(b"GET /healthz HTTP/1.1\r\n").ok();
    }
    store.say("photos", rules_for(&["https://b.example"]));
    wait_for("a round", || {
        text(&folder, "filter.json").contains("https://b.example")
    });
    assert_eq!(http::get(syncing.port, "/healthz").unwrap().status, 200);
    let asked = syncing.discover_with(&json!({ "resource_names": ["bucket-cors"] }), BEARER);
    assert_eq!(asked.status, 200);
    // The last of them have waited long enough.
    for stream in silent.iter_mut().chain(&mut half) {
        assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
        // A read that nobody ended takes as long as this.
        assert!(begun.elapsed() < PATIENCE);
    }
    // Who is let in may stay.
    assert_eq!(metrics(&mut client), 200);
    assert!(
        !syncing.said().contains("Too many open files"),
        "{}",
        syncing.said()
    );
}

#[test]
fn more_clients_than_there_is_room_for_are_answered_all_the_same() {
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let folder = Folder::new("sync-connections-full").with("token", "a-secret\n");
    let command = following(&folder, &store, &["--token-file", "token"]);
    let syncing = Syncing::start(limited(&command, "-n 64"), "127.0.0.1:0");
    let mut clients: Vec<TcpStream> = Vec::new();
    for _ in 0..100 {
        let mut client = connect(syncing.port);
        assert_eq!(metrics(&mut client), 200);
        clients.push(client);
    }
    store.say("photos", rules_for(&["https://b.example"]));
    wait_for("a round", || {
        fs::read_to_string(folder.path().join("filter.json"))
            .is_ok_and(|text| text.contains("https://b.example"))
    });
    assert_eq!(http::get(syncing.port, "/healthz").unwrap().status, 200);
    assert_eq!(metrics(&mut clients[0]), 200);
    let said = syncing.said();
    assert_eq!(
        said.matches(" clients stay connected, and the limit of open files")
            .count(),
        1,
        "{said}"
    );
}

#[test]
fn the_limit_of_open_files_is_raised_as_far_as_it_may_be() {
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let folder = Folder::new("sync-connections-raised");
    let syncing = Syncing::start(limited(&following(&folder, &store, &[]), "-Sn 64"), "127.0.0.1:0");
    let mut clients: Vec<TcpStream> = (0..300).map(|_| connect(syncing.port)).collect();
    for _ in 0..2 {
        // Each asks soon after it came, however long the answers take.
        clients.iter_mut().for_each(ask);
        assert!(clients.iter_mut().all(|client| status(client) == 200));
    }
}
