//! A recorded operation as requests of a page.

use bucket_cors::http::header_names;

use super::{ClientRequest, Operation};
use crate::explain::explanation::Question;
use crate::explain::request::Request;

impl Operation {
    /// Its requests, sent to a URL by a page of an origin.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub(crate) fn questions(&self, url: &str, origin: &str) -> Result<Vec<Question>, String> {
        self.requests
            .iter()
            .map(|sent| sent.question(url, origin))
            .collect()
    }
}

impl ClientRequest {
    /// A GET as an image sends it, which takes no preflight.
    pub(super) fn simple() -> Self {
        Self {
            method: "GET".to_owned(),
            preflight: None,
            needs: Vec::new(),
            wants: Vec::new(),
            range: false,
            no_cors: false,
        }
    }

    /// The request, sent to a URL by a page of an origin.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub(super) fn question(&self, url: &str, origin: &str) -> Result<Question, String> {
        let mut request = Request::new(&self.method, url)?;
        if !self.no_cors {
            request.push(header_names::ORIGIN, origin.as_bytes());
        }
        if self.range {
            request.push("range", b"bytes=0-1023");
        }
        Ok(Question {
            request,
            credentials: false,
            unsafe_names: Some(self.preflight.clone().unwrap_or_default()),
            use_preflight: self.preflight.is_some(),
            store: None,
        })
    }
}
