//! HTTP/1.1 as bytes: what the client and the store stand-in share.

use std::io::{self, Read, Write};
use std::net::TcpStream;

pub(crate) use crate::support::http::PATIENCE;

/// Header lines in order, names in lower case.
pub(crate) type HeaderLines = Vec<(String, String)>;

pub(crate) struct Wire {
    stream: TcpStream,
    /// What was read and not used.
    bytes: Vec<u8>,
}

pub(crate) struct Head {
    /// The request line or the status line.
    pub(crate) start: String,
    pub(crate) lines: HeaderLines,
}

impl Head {
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.lines.iter().find(|(line, _)| line == name)?;
        Some(value)
    }

    pub(crate) fn is_chunked(&self) -> bool {
        self.value("transfer-encoding")
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    }

    pub(crate) fn length(&self) -> Option<usize> {
        self.value("content-length")?.parse().ok()
    }
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            bytes: Vec::new(),
        })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// A start line and headers.
    pub(crate) fn head(&mut self) -> io::Result<Head> {
        let end = loop {
            if let Some(end) = find(&self.bytes, b"\r\n\r\n") {
                break end;
            }
            self.more()?;
        };
        let text: Vec<u8> = self.bytes.drain(..end + 4).collect();
        let text = String::from_utf8_lossy(&text);
        let mut lines = text.split("\r\n");
        Ok(Head {
            start: lines.next().unwrap_or_default().to_owned(),
            lines: lines.filter_map(header).collect(),
        })
    }

    /// So many bytes.
    pub(crate) fn exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.bytes.len() < count {
            self.more()?;
        }
        Ok(self.bytes.drain(..count).collect())
    }

    /// The next chunk of a body; empty: the last one.
    pub(crate) fn chunk(&mut self) -> io::Result<Vec<u8>> {
        let size = self.line()?;
        let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
        let chunk = self.exactly(size)?;
        if size > 0 {
            self.exactly(2)?;
        }
        Ok(chunk)
    }

    /// What follows the last chunk.
    pub(crate) fn trailers(&mut self) -> io::Result<HeaderLines> {
        let mut trailers = Vec::new();
        while let Some(trailer) = header(&self.line()?) {
            trailers.push(trailer);
        }
        Ok(trailers)
    }

    /// Everything until the peer closes.
    pub(crate) fn rest(&mut self) -> io::Result<Vec<u8>> {
        self.stream.read_to_end(&mut self.bytes)?;
        Ok(std::mem::take(&mut self.bytes))
    }

    fn line(&mut self) -> io::Result<String> {
        let end = loop {
            if let Some(end) = find(&self.bytes, b"\r\n") {
                break end;
            }
            self.more()?;
        };
        let line: Vec<u8> = self.bytes.drain(..end + 2).collect();
        Ok(String::from_utf8_lossy(&line[..end]).into_owned())
    }

    fn more(&mut self) -> io::Result<()> {
        let mut part = [0; 64 * 1024];
        match self.stream.read(&mut part)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.bytes.extend_from_slice(&part[..count]);
                Ok(())
            }
        }
    }
}

fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text)
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    Some((name.to_ascii_lowercase(), value.trim().to_owned()))
}
