//! The HTTP/2 side of the client.

use std::future::{Future, poll_fn};
use std::io;
use std::net::Ipv4Addr;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::ext::Protocol;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use super::client::{AUTHORITY, WorldRequest, WorldResponse};
use super::wire::{HeaderLines, PATIENCE};

pub(crate) struct Http2Connection {
    runtime: Runtime,
    requests: SendRequest<Bytes>,
    /// The exchange under way.
    sent: Option<SendStream<Bytes>>,
    awaited: Option<ResponseFuture>,
    received: Option<RecvStream>,
}

impl Http2Connection {
    pub(crate) fn open(port: u16) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let requests = patiently(&runtime, async {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
            let (requests, connection) = h2::client::handshake(stream).await.map_err(io::Error::other)?;
            // Its errors come up in each exchange.
            tokio::spawn(async { connection.await.ok() });
            Ok(requests)
        })?;
        Ok(Self {
            runtime,
            requests,
            sent: None,
            awaited: None,
            received: None,
        })
    }

    pub(crate) fn send(&mut self, request: &WorldRequest) -> io::Result<()> {
        let head = head(request)?;
        let trailers = map(&request.trailers)?;
        let requests = self.requests.clone();
        let (awaited, sent) = patiently(&self.runtime, async {
            let mut requests = requests.ready().await.map_err(io::Error::other)?;
            // The server's settings say that it knows extended CONNECT (RFC 8441); they come first of all.
            while request.upgrades && !requests.is_extended_connect_protocol_enabled() {
                tokio::task::yield_now().await;
            }
            let ends = request.body.is_empty() && trailers.is_empty() && !request.upgrades;
            let (awaited, mut sent) = requests.send_request(head, ends).map_err(io::Error::other)?;
            if !request.body.is_empty() {
                let body = Bytes::from(request.body.clone());
                sent.send_data(body, trailers.is_empty())
                    .map_err(io::Error::other)?;
            }
            if !trailers.is_empty() {
                sent.send_trailers(trailers).map_err(io::Error::other)?;
            }
            // Lets the connection write what was queued.
            tokio::task::yield_now().await;
            Ok((awaited, sent))
        })?;
        (self.awaited, self.sent) = (Some(awaited), Some(sent));
        Ok(())
    }

    /// Sends requests side by side and reads their responses, which are not looked at.
    pub(crate) fn batch(&mut self, heads: &[http::Request<()>]) -> io::Result<()> {
        let requests = self.requests.clone();
        patiently(&self.runtime, async {
            let mut requests = requests;
            let mut awaited = Vec::new();
            for head in heads {
                requests = requests.ready().await.map_err(io::Error::other)?;
                let sent = requests.send_request(head.clone(), true);
                awaited.push(sent.map_err(io::Error::other)?.0);
            }
            for response in awaited {
                let mut received = response.await.map_err(io::Error::other)?.into_body();
                while data(&mut received).await?.is_some() {}
            }
            Ok(())
        })
    }

    pub(crate) fn head(&mut self) -> io::Result<WorldResponse> {
        let awaited = self.awaited.take().ok_or_else(nothing_sent)?;
        let response = patiently(&self.runtime, async { awaited.await.map_err(io::Error::other) })?;
        let (parts, received) = response.into_parts();
        self.received = Some(received);
        Ok(WorldResponse {
            status: parts.status.as_u16(),
            lines: lines(&parts.headers),
            ..WorldResponse::default()
        })
    }

    pub(crate) fn finish(&mut self, response: &mut WorldResponse) -> io::Result<()> {
        let mut received = self.received.take().ok_or_else(nothing_sent)?;
        let (body, trailers) = patiently(&self.runtime, async {
            let mut body = Vec::new();
            while let Some(part) = data(&mut received).await? {
                body.extend_from_slice(&part);
            }
            let trailers = received.trailers().await.map_err(io::Error::other)?;
            Ok((body, trailers.unwrap_or_default()))
        })?;
        (response.body, response.trailers) = (body, lines(&trailers));
        self.sent = None;
        Ok(())
    }

    pub(crate) fn echo(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let sent = self.sent.as_mut().ok_or_else(nothing_sent)?;
        let received = self.received.as_mut().ok_or_else(nothing_sent)?;
        patiently(&self.runtime, async {
            sent.send_data(Bytes::copy_from_slice(bytes), false)
                .map_err(io::Error::other)?;
            let mut echoed = Vec::new();
            while echoed.len() < bytes.len() {
                let part = data(received).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
                echoed.extend_from_slice(&part);
            }
            Ok(echoed)
        })
    }
}

fn nothing_sent() -> io::Error {
    io::Error::other("no request was sent")
}

fn patiently<T>(runtime: &Runtime, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    runtime.block_on(async {
        tokio::time::timeout(PATIENCE, work)
            .await
            .map_err(io::Error::other)?
    })
}

async fn data(received: &mut RecvStream) -> io::Result<Option<Bytes>> {
    let Some(part) = poll_fn(|context| received.poll_data(context)).await else {
        return Ok(None);
    };
    let part = part.map_err(io::Error::other)?;
    // Makes room for more.
    received
        .flow_control()
        .release_capacity(part.len())
        .map_err(io::Error::other)?;
    Ok(Some(part))
}

pub(crate) fn head(request: &WorldRequest) -> io::Result<http::Request<()>> {
    let uri = Uri::builder()
        .scheme("http")
        .authority(AUTHORITY)
        .path_and_query(request.path.as_str())
        .build()
        .map_err(io::Error::other)?;
    let mut head = http::Request::new(());
    *head.uri_mut() = uri;
    *head.headers_mut() = map(&request.lines)?;
    *head.method_mut() = Method::from_bytes(request.method.as_bytes()).map_err(io::Error::other)?;
    if request.upgrades {
        *head.method_mut() = Method::CONNECT;
        head.extensions_mut().insert(Protocol::from_static("websocket"));
    }
    Ok(head)
}

fn map(lines: &HeaderLines) -> io::Result<HeaderMap> {
    let mut map = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(io::Error::other)?;
        map.append(name, HeaderValue::from_str(value).map_err(io::Error::other)?);
    }
    Ok(map)
}

fn lines(map: &HeaderMap) -> HeaderLines {
    map.iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect()
}
