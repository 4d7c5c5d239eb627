//! A call to a store, signed and repeated where that can help.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use reqwest::Client;
use url::Url;

use super::answers::{self, Told};
use super::call;
use super::credentials::Signer;
use super::failure::{Failure, FailureKind};

/// How often a call is repeated that may be answered a moment later.
pub(super) const REPETITIONS: usize = 3;

/// What is asked.
pub(super) struct StoreCall {
    pub(super) url: Url,
    pub(super) region: String,
    /// Empty: of no bucket.
    pub(super) bucket: String,
    /// The longest answer that is read.
    pub(super) most_bytes: usize,
}

/// What asks.
pub(super) struct Caller {
    pub(super) client: Client,
    pub(super) signer: Signer,
}

impl Caller {
    /// What the store says.
    ///
    /// # Errors
    /// Why its word is not known.
    pub(super) async fn told(&self, call: &StoreCall) -> Result<Told, Failure> {
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_times(REPETITIONS)
            .with_jitter();
        let once = || self.once(call);
        once.retry(backoff)
            .when(|failure: &Failure| failure.kind.passes())
            .await
    }

    async fn once(&self, call: &StoreCall) -> Result<Told, Failure> {
        let StoreCall {
            url,
            region,
            bucket,
            most_bytes,
        } = call;
        // The host is signed too. Without any such header OSS would be told of an empty list of them, which no SDK
        // sends.
        let unsigned = http::Request::get(url.as_str())
            .header(http::header::HOST, url.authority())
            .body(());
        let unsigned = unsigned.map_err(|error| Failure::new(FailureKind::Unreadable, error.to_string()))?;
        let (mut parts, ()) = unsigned.into_parts();
        self.signer.sign(&mut parts, region, bucket).await?;
        let reply = call::call(&self.client, parts, *most_bytes).await?;
        answers::told(reply, region)
    }
}
