//! What no client should send.

use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use crate::proofs::choices::Random;
use crate::support::http;
use crate::versions::PAGE;

/// Some get no answer at all.
const PATIENCE: Duration = Duration::from_secs(10);

const HOST: &str = "host: versioned.example\r\n";

/// A request of the collection. It asks for the bucket whose rules admit [`PAGE`] and nothing like it.
fn request(random: &mut Random) -> Vec<u8> {
    let preflight = |lines: String| format!("OPTIONS /object HTTP/1.1\r\n{HOST}{lines}\r\n").into_bytes();
    let method = "access-control-request-method: GET\r\n";
    let kind = random.next();
    match kind % 18 {
        0 => preflight(format!("origin: {PAGE}\r\norigin: {PAGE}\r\n{method}")),
        1 => preflight(format!("origin: {PAGE},{PAGE}\r\n{method}")),
        2 => preflight(format!("origin: {PAGE}.evil.example\r\n{method}")),
        3 => preflight(format!("origin: {}\r\n{method}", "https://a".repeat(4_000))),
        4 => preflight(format!("origin: {}\r\n{method}", "a".repeat(70_000))),
        5 => preflight(format!(
            "origin: {PAGE}\r\n{method}access-control-request-headers: {}\r\n",
            "a,".repeat(5_000)
        )),
        6 => preflight(format!(
            "origin: {PAGE}\r\n{method}access-control-request-headers: {}\r\n",
            ",".repeat(20_000)
        )),
        7 => preflight((0..200).map(|n| format!("x-{n}: 1\r\n")).collect()),
        8 => preflight(format!("origin: {PAGE}\0\r\n{method}")),
        9 => [
            format!("OPTIONS /object HTTP/1.1\r\n{HOST}origin: {PAGE}").as_bytes(),
            b"\xff\xfe\r\n",
            method.as_bytes(),
            b"\r\n",
        ]
        .concat(),
        10 => format!("OPTIONS * HTTP/1.1\r\n{HOST}\r\n").into_bytes(),
        11 => format!("CONNECT versioned.example:443 HTTP/1.1\r\n{HOST}\r\n").into_bytes(),
        12 => b"GET /object HTTP/1.1\r\n\r\n".to_vec(),
        13 => format!("get /object HTTP/1.1\r\n{HOST}\r\n").into_bytes(),
        14 => {
            format!("GET /%zz/../%2e%2e/%00 HTTP/1.1\r\n{HOST}origin: https://x.example\r\n\r\n").into_bytes()
        }
        15 => format!(
            "GET {} HTTP/1.1\r\n{HOST}origin: null\r\n\r\n",
            "/a".repeat(20_000)
        )
        .into_bytes(),
        16 => {
            let mut bytes = vec![0; 4096];
            random.fill(&mut bytes);
            bytes.extend_from_slice(b"\r\n\r\n");
            bytes
        }
        _ => {
            format!("GET /object HTTP/1.1\r\n{HOST}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\nzz")
                .into_bytes()
        }
    }
}

/// Sends one, or a part of one, and looks at what comes back: a refusal or a closed connection, without permission for
/// anybody.
pub(crate) fn attack(port: u16, random: &mut Random) -> Result<(), String> {
    let request = request(random);
    if random.next().is_multiple_of(4) {
        // Gone in the middle of it, or before the answer.
        let part = usize::try_from(random.next()).unwrap_or_default() % (request.len() + 1);
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
        stream
            .and_then(|mut stream| stream.write_all(&request[..part]))
            .ok();
        return Ok(());
    }
    let Ok(response) = http::exchange_within(PATIENCE, port, &request) else {
        return Ok(());
    };
    let is_allowed = |(name, _): &(String, Vec<u8>)| name == "access-control-allow-origin";
    if response.status >= 500 || response.headers.iter().any(is_allowed) {
        return Err(format!(
            "{}\n{}",
            request[..request.len().min(300)].escape_ascii(),
            crate::answers::shown(&response)
        ));
    }
    Ok(())
}
