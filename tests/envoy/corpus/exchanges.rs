//! A request through Envoy, and what the naive edge says of it.

use std::collections::BTreeMap;

use super::codec;
use super::tapes::Tape;
use crate::bodies;
use crate::bodies::proofs::generate::GeneratedCase;
use crate::bodies::proofs::oracle::{NaiveFault, Oracle};
use crate::bodies::proofs::requests::{CorsRequest, SortedHeaders, Treatment};
use crate::support::case::UpstreamAnswer;
use crate::support::http;
use crate::support::upstream::{CASE_HEADER, Upstream};

/// A request, and what came back.
pub(crate) struct CorpusExchange<'t> {
    tape: &'t Tape,
    case: &'t GeneratedCase,
    /// As the filter saw it.
    request: CorsRequest,
    is_mended: bool,
    seen: Result<SeenAnswer, String>,
}

/// What can be seen of an answer.
#[derive(Debug, PartialEq, Eq)]
struct SeenAnswer {
    reached_upstream: bool,
    status: u32,
    /// Those that the filter or the generated store may have set, in the order of their names.
    headers: SortedHeaders,
    /// Of an answer of the filter.
    body: Option<String>,
}

/// Sends what is asked of a tape's configuration, and counts what Envoy would not let through.
pub(crate) fn of<'t>(
    tape: &'t Tape,
    case: &'t GeneratedCase,
    port: u16,
    upstream: &Upstream,
    exchanges: &mut Vec<CorpusExchange<'t>>,
    skipped: &mut BTreeMap<&'static str, usize>,
) {
    for (number, request) in case.requests.iter().enumerate() {
        let mut read = match codec::read(request) {
            Ok(read) => read,
            Err(why) => {
                *skipped.entry(why).or_default() += 1;
                continue;
            }
        };
        let name = format!("{}#{number}", tape.name);
        let answer = UpstreamAnswer {
            raw_headers: tape.sent.clone(),
            ..UpstreamAnswer::default()
        };
        upstream.prepare(&name, answer);
        let response = http::exchange(port, &codec::written(&read, (CASE_HEADER, &name)));
        let seen = response.map(|response| {
            // Envoy gives an id to a request that comes without one.
            let id = response.headers.iter().find(|(name, _)| name == "x-request-id");
            if let Some((_, id)) = id {
                read.request_id.clone_from(id);
            }
            let reached_upstream = !upstream.received(&name).is_empty();
            SeenAnswer {
                reached_upstream,
                status: response.status.into(),
                headers: compared(response.headers),
                body: (!reached_upstream).then(|| response.body.escape_ascii().to_string()),
            }
        });
        exchanges.push(CorpusExchange {
            tape,
            case,
            is_mended: (&read.authority, &read.path) != (&request.authority, &request.path),
            request: read,
            seen: seen.map_err(|error| error.to_string()),
        });
    }
}

impl CorpusExchange<'_> {
    pub(crate) fn file(&self) -> &str {
        &self.tape.name
    }

    pub(crate) fn reached_upstream(&self) -> bool {
        self.seen.as_ref().is_ok_and(|seen| seen.reached_upstream)
    }

    /// Whether the tape's own host or target could not be sent.
    pub(crate) fn is_mended(&self) -> bool {
        self.is_mended
    }

    /// In what the answer is another than the naive edge's, or than that of a naive edge with a fault.
    pub(crate) fn problem(&self, fault: Option<NaiveFault>) -> Option<String> {
        let oracle = Oracle {
            fault,
            ..Oracle::new(&self.case.settings, &self.case.buckets)
        };
        let expected = self.expected(oracle.serve(&self.request), oracle.keeps(&self.request));
        let is_right = self.seen.as_ref().is_ok_and(|seen| *seen == expected);
        (!is_right).then(|| {
            format!(
                "{}\n{}\n{:#?}\nseen {:#?}\nexpected {expected:#?}",
                self.tape.name, self.case, self.request, self.seen
            )
        })
    }

    fn expected(&self, outcome: Treatment, keeps: bool) -> SeenAnswer {
        if let Treatment::Answered {
            status,
            headers,
            body,
        } = outcome
        {
            return SeenAnswer {
                reached_upstream: false,
                status,
                headers: compared(headers),
                body: Some(body.escape_ascii().to_string()),
            };
        }
        SeenAnswer {
            reached_upstream: true,
            status: 200,
            headers: compared(bodies::naive_response(
                codec::folded(&self.tape.sent),
                keeps,
                outcome,
            )),
            body: None,
        }
    }
}

fn compared(mut headers: SortedHeaders) -> SortedHeaders {
    const OTHERS: [&str; 4] = ["vary", "x-bucket-cors", "timing-allow-origin", "content-type"];
    headers.retain(|(name, _)| name.starts_with("access-control") || OTHERS.contains(&name.as_str()));
    headers.sort();
    headers
}
