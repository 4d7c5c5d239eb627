//! `bucket-cors explain --client`.

use clap::ValueHint;

use super::to_try::OperationLine;
use super::trial::Trial;
use crate::explain::explanation::Question;
use crate::explain::site::Site;

/// The operation that `explain` is to play.
#[derive(Debug, clap::Args)]
pub(crate) struct ClientToPlay {
    /// Play an operation of this client, to the URL: `bucket-cors clients` lists them
    #[arg(
        long,
        value_name = "NAME",
        value_hint = ValueHint::Other,
        requires_all = ["operation", "url", "origin"],
        conflicts_with_all = ["har", "access_log", "method", "request_method", "request_headers", "headers", "response_headers", "credentials"]
    )]
    client: Option<String>,

    /// The operation
    #[arg(long, value_name = "NAME", requires = "client", value_hint = ValueHint::Other)]
    operation: Option<String>,
}

impl ClientToPlay {
    pub(crate) fn is_given(&self) -> bool {
        self.client.is_some()
    }

    /// The operation's requests, and how it ends, where the configuration lists the bucket.
    ///
    /// # Errors
    /// Which name is none, or what is wrong with the URL.
    pub(crate) fn play(
        &self,
        file: &str,
        site: &Site<'_>,
        url: &str,
        origin: &str,
    ) -> Result<(Vec<Question>, Option<OperationLine>), String> {
        let mut clients = super::named(self.client.as_slice())?;
        super::only(&mut clients, self.operation.as_slice())?;
        let (Some(client), Some(operation)) = (
            clients.first(),
            clients.first().and_then(|client| client.operations.first()),
        ) else {
            return Err("name a client and one of its operations".to_owned());
        };
        let questions = operation.questions(url, origin)?;
        let bucket = questions.first().and_then(|it| site.bucket_of(&it.request));
        let line = bucket
            .map(|bucket| OperationLine::of(file, bucket, &Trial::of(bucket), origin, client, operation));
        Ok((questions, line))
    }
}
