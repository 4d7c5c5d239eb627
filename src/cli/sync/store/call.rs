//! One call to a store, within bounds.

use std::time::Duration;

use bytes::Bytes;
use reqwest::redirect::Policy;
use reqwest::{Client, Request, StatusCode};

use super::failure::{Failure, FailureKind, cause_of};

/// For how long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// What a store answered.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    /// The region that Amazon says a bucket is in.
    pub(super) region: Option<String>,
    pub(super) body: String,
}

/// What makes calls, each answered to its last byte within a time. It follows no redirect: a signature is for one
/// address.
///
/// # Errors
/// What is wrong with the machine's certificates or its proxy, for a person.
pub(super) fn client(answer: Duration) -> Result<Client, String> {
    // Another part of the process may have named the same one before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .connect_timeout(CONNECT)
        .timeout(answer)
        .redirect(Policy::none())
        .user_agent(concat!("bucket-cors/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| {
            let cause = cause_of(&error).map_or_else(|| error.to_string(), ToString::to_string);
            format!("no connections can be made: {cause}")
        })
}

/// Makes a call.
///
/// # Errors
/// That no answer came, or half of one, or one longer than the bound.
pub(super) async fn call(
    client: &Client,
    call: http::request::Parts,
    most_bytes: usize,
) -> Result<Reply, Failure> {
    let failure = |error| Failure::of(&error);
    let request = http::Request::from_parts(call, Bytes::new());
    let request = Request::try_from(request).map_err(failure)?;
    let mut response = client.execute(request).await.map_err(failure)?;
    let region = response.headers().get("x-amz-bucket-region");
    let region = region.and_then(|region| region.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(failure)? {
        if body.len().saturating_add(part.len()) > most_bytes {
            return Err(Failure::new(
                FailureKind::Unreadable,
                format!("the store's answer is longer than {most_bytes} bytes"),
            ));
        }
        body.extend_from_slice(&part);
    }
    let body = String::from_utf8(body)
        .map_err(|_| Failure::new(FailureKind::Unreadable, "the store's answer is no UTF-8"))?;
    Ok(Reply {
        status: response.status(),
        region,
        body,
    })
}
