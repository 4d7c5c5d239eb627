//! A store that answers as a test says: S3's calls, buckets in the path.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use super::process::wait_for;

/// What the store says to one question.
#[derive(Debug, Clone)]
pub(super) struct StoreReply {
    status: u16,
    body: String,
    /// The body ends after so many bytes, although more were promised.
    cut: Option<usize>,
    /// How long it takes.
    delay: Duration,
}

impl StoreReply {
    pub(super) fn rules(rules: &str) -> Self {
        Self::ok(format!("<CORSConfiguration>{rules}</CORSConfiguration>"))
    }

    fn ok(body: String) -> Self {
        Self {
            status: 200,
            body,
            cut: None,
            delay: Duration::ZERO,
        }
    }

    /// The list of its buckets.
    pub(super) fn list(names: &[&str]) -> Self {
        let names = names
            .iter()
            .map(|name| format!("<Bucket><Name>{name}</Name></Bucket>"));
        let names: String = names.collect();
        Self::ok(format!(
            "<ListAllMyBucketsResult><Buckets>{names}</Buckets></ListAllMyBucketsResult>"
        ))
    }

    /// A page of one that never ends: each has another bucket.
    pub(super) fn page(name: &str) -> Self {
        let mut page = Self::list(&[name, NUMBERED]);
        let end = "</ListAllMyBucketsResult>";
        page.body = page
            .body
            .replace(end, &format!("<ContinuationToken>t</ContinuationToken>{end}"));
        page
    }

    pub(super) fn error(status: u16, code: &str) -> Self {
        Self {
            status,
            ..Self::ok(format!(
                "<Error><Code>{code}</Code><Message>No.</Message></Error>"
            ))
        }
    }

    pub(super) fn no_rules() -> Self {
        Self::error(404, "NoSuchCORSConfiguration")
    }

    pub(super) fn cut_after(self, bytes: usize) -> Self {
        Self {
            cut: Some(bytes),
            ..self
        }
    }

    pub(super) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

/// A rule with these origins.
pub(super) fn rule(origins: &[&str]) -> String {
    let origins = origins
        .iter()
        .map(|origin| format!("<AllowedOrigin>{origin}</AllowedOrigin>"));
    let origins: String = origins.collect();
    format!("<CORSRule>{origins}<AllowedMethod>GET</AllowedMethod></CORSRule>")
}

/// Rules of one bucket as most tests have them.
pub(super) fn rules_for(origins: &[&str]) -> StoreReply {
    StoreReply::rules(&rule(origins))
}

/// A bucket whose name has a number in the place of this, which is another one in each answer.
const NUMBERED: &str = "NUMBER";

/// It serves as long as the test's process.
pub(super) struct StandInStore {
    port: u16,
    replies: Arc<Mutex<BTreeMap<String, StoreReply>>>,
    gate: Arc<Gate>,
}

/// Who holds the lock holds all answers back.
#[derive(Debug, Default)]
struct Gate {
    lock: Mutex<()>,
    /// How many answers are held back.
    waiting: AtomicUsize,
}

impl Gate {
    fn pass(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        // A test that failed holds nothing back.
        let passing = self.lock.lock();
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        drop(passing);
    }
}

impl StandInStore {
    /// With one bucket.
    pub(super) fn of_photos() -> Self {
        Self::start(&[("photos", rules_for(&["https://a.example"]))])
    }

    /// With the rules of these buckets.
    pub(super) fn start(buckets: &[(&str, StoreReply)]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let replies: Arc<Mutex<BTreeMap<String, StoreReply>>> = Arc::default();
        let gate = Arc::<Gate>::default();
        let shared = (replies.clone(), gate.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (replies, gate) = shared.clone();
                thread::spawn(move || answer(&stream.unwrap(), &replies, &gate));
            }
        });
        let store = Self { port, replies, gate };
        for (bucket, reply) in buckets {
            store.say(bucket, reply.clone());
        }
        store
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it says of a bucket from now on. The empty name: of its list.
    pub(super) fn say(&self, bucket: &str, reply: StoreReply) {
        self.replies.lock().unwrap().insert(bucket.to_owned(), reply);
    }

    pub(super) fn delete(&self, bucket: &str) {
        self.replies.lock().unwrap().remove(bucket);
    }

    /// It answers nobody until the guard is dropped.
    pub(super) fn hold(&self) -> MutexGuard<'_, ()> {
        self.gate.lock.lock().unwrap()
    }

    /// Waits until it is asked something that it holds back.
    pub(super) fn wait_until_asked(&self) {
        wait_for("a question", || self.gate.waiting.load(Ordering::SeqCst) > 0);
    }

    /// Does something in the midst of a round, which waits for this store: it reads and writes files when it has asked.
    pub(super) fn while_asked<T>(&self, act: impl FnOnce() -> T) -> T {
        let _held = self.hold();
        self.wait_until_asked();
        act()
    }
}

fn answer(stream: &TcpStream, replies: &Mutex<BTreeMap<String, StoreReply>>, gate: &Gate) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let target = head.split(' ').nth(1).unwrap();
        let bucket = target.trim_start_matches('/').split('?').next().unwrap();
        gate.pass();
        let mut reply = reply(bucket, &replies.lock().unwrap());
        thread::sleep(reply.delay);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        reply.body = reply.body.replace(NUMBERED, &format!("b-{number}"));
        let body = &reply.body[..reply.cut.unwrap_or(reply.body.len())];
        let head = format!(
            "HTTP/1.1 {} x\r\ncontent-type: application/xml\r\ncontent-length: {}\r\n\r\n",
            reply.status,
            reply.body.len()
        );
        let mut out = stream;
        if out.write_all(format!("{head}{body}").as_bytes()).is_err() || reply.cut.is_some() {
            return;
        }
    }
}

fn reply(bucket: &str, replies: &BTreeMap<String, StoreReply>) -> StoreReply {
    if let Some(reply) = replies.get(bucket) {
        return reply.clone();
    }
    if !bucket.is_empty() {
        return StoreReply::error(404, "NoSuchBucket");
    }
    let names: Vec<&str> = replies.keys().map(String::as_str).collect();
    StoreReply::list(&names)
}
