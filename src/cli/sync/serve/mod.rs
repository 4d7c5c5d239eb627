//! What `--listen` serves: Envoy's discovery over REST, metrics, and whether the process does its work.

mod access;
mod connections;
mod metrics;
mod published;

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

pub(super) use self::access::{Access, AccessArguments};
use self::access::{Authorities, Missing};
use self::connections::{Connection, Connections, PATIENCE};
pub(super) use self::published::{Published, Standing};
use super::moment::Moment;

/// Where Envoy asks for the configurations of filters.
const DISCOVERY: &str = "/v3/discovery:extension_configs";

/// An Envoy names all its extensions in each request, some hundred KiB.
const REQUEST_BYTES: usize = 4 * 1024 * 1024;

/// How long a connection may be silent whose client is let in: longer than Envoys wait between two polls.
const IDLE: Duration = Duration::from_secs(900);

/// Who serves.
struct SyncServer {
    published: Arc<Published>,
    access: Arc<Access>,
}

/// A request of Envoy's discovery, of which nothing else matters here.
#[derive(Debug, Default, Deserialize)]
struct DiscoveryRequest {
    #[serde(default, alias = "versionInfo")]
    version_info: String,
    #[serde(default, alias = "typeUrl")]
    type_url: String,
    #[serde(default, alias = "resourceNames")]
    resource_names: Vec<String>,
}

/// Serves from now on, on a thread of its own, so that no round keeps an Envoy waiting. Returns where.
///
/// `stores`: for the calls to so many, it leaves files to open.
///
/// # Errors
/// That the address cannot be listened on, for a person.
pub(super) fn start(
    address: &str,
    access: Arc<Access>,
    published: Arc<Published>,
    stores: usize,
) -> Result<SocketAddr, String> {
    let listen = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok((listener.local_addr()?, listener))
    };
    let said = |error: std::io::Error| format!("--listen {address}: {error}");
    let (local, listener) = listen().map_err(said)?;
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(said)?;
    let server = Arc::new(SyncServer { published, access });
    let connections = Arc::new(Connections::new(stores));
    thread::Builder::new()
        .name("serve".to_owned())
        .spawn(move || runtime.block_on(accept(listener, server, connections)))
        .map_err(said)?;
    Ok(local)
}

async fn accept(listener: TcpListener, server: Arc<SyncServer>, connections: Arc<Connections>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    let access = server.access.clone();
    tokio::spawn(async move { access.renew().await });
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Whoever has gone needs no answer.
                let _ = stream.set_nodelay(true);
                let server = server.clone();
                connections.begin(|connection| serve_connection(stream, server, connection));
                // One that had to go closes its file before another one is opened.
                yield_now().await;
            }
            // Too many files are open: others close theirs.
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn serve_connection(
    stream: tokio::net::TcpStream,
    server: Arc<SyncServer>,
    connection: Arc<Connection>,
) {
    match server.access.tls() {
        None => serve(stream, server, connection, None).await,
        Some((tls, authorities)) => {
            if let Ok(stream) = tls.accept(stream).await {
                let has_certificate = stream.get_ref().1.peer_certificates().is_some();
                let shown = authorities.filter(|_| has_certificate);
                serve(stream, server, connection, shown).await;
            }
        }
    }
}

/// `shown`: the client has shown a certificate of these authorities.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    server: Arc<SyncServer>,
    connection: Arc<Connection>,
    shown: Option<Authorities>,
) {
    let service = service_fn(move |request| {
        let (server, connection) = (server.clone(), connection.clone());
        async move { Ok::<_, Infallible>(server.answer(request, &connection, shown).await) }
    });
    // A connection that breaks is the client's to make anew.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl SyncServer {
    async fn answer(
        &self,
        request: Request<Incoming>,
        connection: &Connection,
        shown: Option<Authorities>,
    ) -> Response<Full<Bytes>> {
        // What looks whether a process works has neither token nor certificate.
        if request.uri().path() == "/healthz" {
            return self.health();
        }
        match self.access.missing(request.headers(), shown) {
            None if connection.let_in() => self.answer_client(request).await,
            None => closing(self.answer_client(request).await),
            // It is shown where a connection begins.
            Some(Missing::Certificate) => closing(plain(
                StatusCode::FORBIDDEN,
                "a client certificate is asked for\n",
            )),
            Some(Missing::Token) => {
                let mut response = plain(StatusCode::UNAUTHORIZED, "a bearer token is asked for\n");
                let headers = response.headers_mut();
                headers.insert(WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"));
                response
            }
        }
    }

    /// What a client gets that is let in.
    async fn answer_client(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/metrics") => self.metrics(),
            (&Method::POST, DISCOVERY) => {
                let response = self.discover(request.into_body()).await;
                let status = response.status().as_u16();
                self.published.note(|standing| {
                    let count = standing.answered.entry(status).or_default();
                    *count = count.saturating_add(1);
                });
                response
            }
            (_, "/metrics" | DISCOVERY) => {
                plain(StatusCode::METHOD_NOT_ALLOWED, "another method is asked for\n")
            }
            _ => plain(
                StatusCode::NOT_FOUND,
                "there are /metrics, /healthz and Envoy's discovery\n",
            ),
        }
    }

    /// Whether rounds go on: a store that does not answer is no reason to start the process anew.
    fn health(&self) -> Response<Full<Bytes>> {
        let standing = self.published.standing();
        // A round over many buckets that time out can take long.
        let patience = standing.interval.saturating_mul(3).saturating_add(600);
        let silent = standing.last_round.map(|last| last.age(Moment::now()));
        if silent.unwrap_or_default() > patience {
            return plain(StatusCode::SERVICE_UNAVAILABLE, "no round has ended for long\n");
        }
        plain(StatusCode::OK, "ok\n")
    }

    fn metrics(&self) -> Response<Full<Bytes>> {
        let standing = self.published.standing();
        let text = metrics::text(&standing, Moment::now());
        let kind = "text/plain; version=0.0.4; charset=utf-8";
        response(StatusCode::OK, kind, Bytes::from(text))
    }

    /// Envoy goes on with what it has for any status but 200, and knows by 304 that it is the newest.
    async fn discover(&self, body: Incoming) -> Response<Full<Bytes>> {
        let Some(discovery) = self.published.discovery() else {
            let said = "there is no configuration to discover: none is in force yet, or --into names no file of resources\n";
            return plain(StatusCode::SERVICE_UNAVAILABLE, said);
        };
        let body = timeout(PATIENCE, Limited::new(body, REQUEST_BYTES).collect()).await;
        let Ok(Ok(body)) = body else {
            return plain(StatusCode::BAD_REQUEST, "the request did not come whole\n");
        };
        let Ok(asked) = serde_json::from_slice::<DiscoveryRequest>(&body.to_bytes()) else {
            return plain(StatusCode::BAD_REQUEST, "it is no DiscoveryRequest in JSON\n");
        };
        match discovery.answer(&asked.type_url, &asked.resource_names) {
            None => plain(StatusCode::NOT_FOUND, "there is no such resource\n"),
            Some(_) if asked.version_info == discovery.version => {
                response(StatusCode::NOT_MODIFIED, "application/json", Bytes::new())
            }
            Some(answer) => response(StatusCode::OK, "application/json", answer),
        }
    }
}

/// The last answer on its connection.
fn closing(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    let headers = response.headers_mut();
    headers.insert(CONNECTION, http::HeaderValue::from_static("close"));
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    response(
        status,
        "text/plain; charset=utf-8",
        Bytes::from_static(text.as_bytes()),
    )
}

fn response(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let kind = http::HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
