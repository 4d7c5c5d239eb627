//! The HTTP/1.1 side of the client.

use std::io;
use std::net::{Ipv4Addr, TcpStream};

use super::client::{AUTHORITY, WorldRequest, WorldResponse};
use super::wire::{Head, HeaderLines, PATIENCE, Wire};

pub(crate) struct Http1Connection {
    pub(crate) wire: Wire,
    is_head: bool,
    framing: Framing,
}

#[derive(Default)]
enum Framing {
    #[default]
    Nothing,
    Length(usize),
    Chunked,
    UntilClosed,
}

impl Http1Connection {
    pub(crate) fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            wire: Wire::new(stream)?,
            is_head: false,
            framing: Framing::Nothing,
        })
    }

    pub(crate) fn send(&mut self, request: &WorldRequest) -> io::Result<()> {
        self.is_head = request.method == "HEAD";
        self.wire.write(&serialise(request))
    }

    pub(crate) fn head(&mut self) -> io::Result<WorldResponse> {
        let head = self.wire.head()?;
        let status = head
            .start
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(head.start.clone()))?;
        self.framing = match status {
            _ if self.is_head => Framing::Nothing,
            101 | 204 | 304 => Framing::Nothing,
            _ => framing(&head),
        };
        Ok(WorldResponse {
            status,
            lines: head.lines,
            ..WorldResponse::default()
        })
    }

    pub(crate) fn finish(&mut self, response: &mut WorldResponse) -> io::Result<()> {
        match std::mem::take(&mut self.framing) {
            Framing::Nothing => {}
            Framing::Length(length) => response.body = self.wire.exactly(length)?,
            Framing::UntilClosed => response.body = self.wire.rest()?,
            Framing::Chunked => {
                loop {
                    let chunk = self.wire.chunk()?;
                    if chunk.is_empty() {
                        break;
                    }
                    response.body.extend(chunk);
                }
                response.trailers = self.wire.trailers()?;
            }
        }
        Ok(())
    }

    pub(crate) fn echo(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.wire.write(bytes)?;
        self.wire.exactly(bytes.len())
    }
}

fn framing(head: &Head) -> Framing {
    match head.length() {
        _ if head.is_chunked() => Framing::Chunked,
        Some(length) => Framing::Length(length),
        None => Framing::UntilClosed,
    }
}

pub(crate) fn serialise(request: &WorldRequest) -> Vec<u8> {
    let mut lines: HeaderLines = vec![("host".to_owned(), AUTHORITY.to_owned())];
    lines.extend(request.lines.clone());
    let mut line = |name: &str, value: &str| lines.push((name.to_owned(), value.to_owned()));
    if request.upgrades {
        line("connection", "upgrade");
        line("upgrade", "websocket");
    }
    let is_chunked = !request.trailers.is_empty();
    if is_chunked {
        line("transfer-encoding", "chunked");
    } else if !request.body.is_empty() {
        line("content-length", &request.body.len().to_string());
    }
    let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method, request.path).into_bytes();
    write_lines(&mut bytes, &lines);
    if is_chunked {
        bytes.extend(format!("{:x}\r\n", request.body.len()).bytes());
        bytes.extend(&request.body);
        bytes.extend(b"\r\n0\r\n");
        write_lines(&mut bytes, &request.trailers);
    } else {
        bytes.extend(&request.body);
    }
    bytes
}

fn write_lines(bytes: &mut Vec<u8>, lines: &HeaderLines) {
    for (name, value) in lines {
        bytes.extend(format!("{name}: {value}\r\n").bytes());
    }
    bytes.extend(b"\r\n");
}
