//! An HTTP/1.1 client that sends the bytes it is given: repeated lines, obsolete folds and what is no text too.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use super::case::WireRequest;

/// Longer than anything here should take, and than Envoy waits for a store: a stream that hangs is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(70);

const MAX_HEADERS: usize = 256;

/// A response as it came.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Names in lower case, one entry per line, in order.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

/// The bytes of a request, with one more header line.
pub(crate) fn serialise(request: &WireRequest, extra: (&str, &str)) -> Vec<u8> {
    let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method, request.path).into_bytes();
    let mut line = |name: &str, value: &[u8]| {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    };
    line("host", request.authority.as_bytes());
    line(extra.0, extra.1.as_bytes());
    for (name, value) in &request.headers {
        line(name, value);
    }
    if !request
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("connection"))
    {
        line("connection", b"close");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// Sends a request's bytes to a port of this machine and reads the response.
pub(crate) fn exchange(port: u16, request: &[u8]) -> io::Result<Response> {
    exchange_within(PATIENCE, port, request)
}

/// The same, where each part of the response may take so long.
pub(crate) fn exchange_within(patience: Duration, port: u16, request: &[u8]) -> io::Result<Response> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_nodelay(true)?;
    // Of a request that is too large, Envoy may close the connection before it has read everything.
    let sent = stream.write_all(request);
    read_response(&mut stream, request.starts_with(b"HEAD ")).or_else(|error| sent.and(Err(error)))
}

/// `GET` of a path on this machine.
pub(crate) fn get(port: u16, path: &str) -> io::Result<Response> {
    exchange(
        port,
        format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n").as_bytes(),
    )
}

/// Reads the response to one request; nothing may follow it yet.
pub(crate) fn read_response(stream: &mut TcpStream, is_head: bool) -> io::Result<Response> {
    let mut bytes = Vec::new();
    loop {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        if let httparse::Status::Complete(length) = head.parse(&bytes).map_err(invalid)? {
            let status = head.code.unwrap_or_default();
            let headers = owned(head.headers);
            let rest = bytes.split_off(length);
            let has_body = !is_head && !matches!(status, 204 | 304);
            let body = if has_body {
                read_body(stream, &headers, rest)?
            } else {
                Vec::new()
            };
            return Ok(Response {
                status,
                headers,
                body,
            });
        }
        if read_more(stream, &mut bytes)? == 0 {
            return Err(invalid(format!(
                "the connection ended after {} bytes of a head",
                bytes.len()
            )));
        }
    }
}

/// Parsed headers, names in lower case.
pub(crate) fn owned(headers: &[httparse::Header<'_>]) -> Vec<(String, Vec<u8>)> {
    headers
        .iter()
        .map(|header| (header.name.to_ascii_lowercase(), header.value.to_vec()))
        .collect()
}

fn read_body(
    stream: &mut TcpStream,
    headers: &[(String, Vec<u8>)],
    mut bytes: Vec<u8>,
) -> io::Result<Vec<u8>> {
    let value = |name: &str| {
        let (_, value) = headers.iter().find(|(line, _)| line == name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    };
    if value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return read_chunks(stream, bytes);
    }
    let length: Option<usize> = value("content-length").and_then(|length| length.parse().ok());
    while length.is_none_or(|length| bytes.len() < length) && read_more(stream, &mut bytes)? > 0 {}
    Ok(bytes)
}

fn read_chunks(stream: &mut TcpStream, mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = httparse::parse_chunk_size(&bytes).map_err(|_| invalid("a chunk without a size"))?;
        if let httparse::Status::Complete((start, size)) = size {
            let end = start + usize::try_from(size).map_err(invalid)?;
            if bytes.len() >= end + 2 {
                body.extend_from_slice(&bytes[start..end]);
                bytes.drain(..end + 2);
                if size == 0 {
                    return Ok(body);
                }
                continue;
            }
        }
        if read_more(stream, &mut bytes)? == 0 {
            return Err(invalid("the connection ended within a chunk"));
        }
    }
}

fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let mut part = [0; 16 * 1024];
    loop {
        match stream.read(&mut part) {
            // A read with a time-out is not taken up again behind a signal (signal(7)), such as of a child that ends.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => {
                let count = read?;
                bytes.extend_from_slice(&part[..count]);
                return Ok(count);
            }
        }
    }
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
