//! A store that answers as a script says, for tests.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use reqsign_core::StaticEnv;
use url::Url;

use super::{Asker, BucketAnswer, FailureKind, StoreLocation};
use crate::import::store::Dialect;

/// Longer than any answer takes, on a machine under load too.
pub(in crate::sync) const PATIENT: Duration = Duration::from_secs(30);

/// What a store does with a connection.
#[derive(Debug, Clone)]
pub(in crate::sync) enum Act {
    /// Answers, and closes.
    Answer(u16, String),
    /// Answers with a header more.
    Header(u16, String, String),
    /// Sends these bytes, and closes.
    Raw(Vec<u8>),
    /// Promises more than it sends.
    Half(String),
    /// Closes without a word.
    Hangs,
    /// Says nothing for a while.
    Sleeps(Duration),
    /// Says for ever that it goes on.
    Continues,
}

/// A store that does what a script says, and its last line for ever. It serves until the process ends.
pub(in crate::sync) struct Store {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Store {
    pub(in crate::sync) fn start(script: Vec<Act>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let store = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
        };
        let requests = store.requests.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let number = {
                    let mut requests = requests.lock().unwrap();
                    requests.push(String::new());
                    requests.len().saturating_sub(1)
                };
                let act = script.get(number).or(script.last()).unwrap().clone();
                let requests = requests.clone();
                // A client that has gone is no concern of a store's.
                thread::spawn(move || {
                    let mut read = vec![0; 8192];
                    let mut stream: TcpStream = stream;
                    let length = stream.read(&mut read).unwrap_or(0);
                    requests.lock().unwrap()[number] = String::from_utf8_lossy(&read[..length]).into_owned();
                    let bytes = act.bytes();
                    while stream.write_all(&bytes).is_ok() && matches!(act, Act::Continues) {}
                });
            }
        });
        store
    }

    /// The address of something on it.
    pub(in crate::sync) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(in crate::sync) fn location(&self) -> StoreLocation {
        StoreLocation {
            from: Dialect::S3,
            endpoint: Some(Url::parse(&self.url("")).unwrap()),
            region: None,
            path_style: true,
        }
    }

    pub(in crate::sync) fn asker(&self) -> Asker {
        asker(&self.location(), PATIENT)
    }

    /// It gives up soon, for what never comes.
    pub(in crate::sync) fn hasty_asker(&self) -> Asker {
        asker(&self.location(), Duration::from_millis(500))
    }

    pub(in crate::sync) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Act {
    fn bytes(&self) -> Vec<u8> {
        let whole = |status: &u16, header: &str, body: &str| {
            let length = body.len();
            format!(
                "HTTP/1.1 {status} x\r\nconnection: close\r\n{header}content-length: {length}\r\n\r\n{body}"
            )
            .into_bytes()
        };
        match self {
            Self::Answer(status, body) => whole(status, "", body),
            Self::Header(status, header, body) => whole(status, &format!("{header}\r\n"), body),
            Self::Raw(bytes) => bytes.clone(),
            Self::Half(body) => {
                format!("HTTP/1.1 200 x\r\ncontent-length: 100000\r\n\r\n{body}").into_bytes()
            }
            Self::Hangs => Vec::new(),
            Self::Continues => b"HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000),
            Self::Sleeps(time) => {
                thread::sleep(*time);
                Vec::new()
            }
        }
    }
}

pub(in crate::sync) const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";
pub(in crate::sync) const TOKEN: &str = "FwoGZXIvYXdzEJr2EXAMPLETOKEN";

pub(in crate::sync) fn environment(of: &[(&str, &str)]) -> StaticEnv {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    StaticEnv {
        home_dir: None,
        envs: of.iter().map(own).collect::<HashMap<_, _>>(),
    }
}

/// `answer`: how long it waits for one.
pub(in crate::sync) fn asker(location: &StoreLocation, answer: Duration) -> Asker {
    let environment = environment(&[
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", TOKEN),
        ("OSS_ACCESS_KEY_ID", "LTAIEXAMPLE"),
        ("OSS_ACCESS_KEY_SECRET", SECRET),
        ("OSS_SESSION_TOKEN", TOKEN),
    ]);
    Asker::with(location, environment, answer).unwrap()
}

pub(in crate::sync) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

pub(in crate::sync) fn error(code: &str) -> String {
    format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{SECRET} {TOKEN}</Message></Error>")
}

pub(in crate::sync) const RULES: &str = "<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin>\
                     <AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>";

pub(in crate::sync) fn good() -> Act {
    Act::Answer(200, RULES.to_owned())
}

/// The kind of failure, which holds no secret.
pub(in crate::sync) fn kind(answer: BucketAnswer) -> FailureKind {
    match answer {
        BucketAnswer::Unknown(failure) | BucketAnswer::NoBucket(failure) => {
            let said = format!("{failure} {failure:?}");
            assert!(!said.contains(SECRET) && !said.contains(TOKEN), "{said}");
            failure.kind
        }
        other => panic!("{other:?}"),
    }
}
