//! A request through the compiled core, as the filter takes it.

use bucket_cors::answer::Scratch;
use bucket_cors::config::{Bucket, Mode, Settings};
use bucket_cors::edge::{self, Edge, ResponseHeaders};
use bucket_cors::http::head::RequestHead;
use bucket_cors::http::header_names;
use bucket_cors::http::pairs::Pairs;
use bucket_cors::matcher::MatcherBuilder;

use super::requests::{CorsRequest, SortedHeaders, Treatment};

pub fn compile(settings: &Settings, buckets: &[Bucket<'_>]) -> Edge {
    let mut builder = MatcherBuilder::default();
    for bucket in buckets {
        builder.add(bucket);
    }
    Edge::new(builder.finish(settings.clone()))
}

pub fn head(request: &CorsRequest) -> RequestHead<'_> {
    RequestHead {
        method: &request.method,
        authority: request.authority.as_deref(),
        path: request.path.as_deref(),
        origin: request.origin.as_deref(),
        request_method: request.request_method.as_deref(),
        request_headers: request.request_headers.as_deref(),
        request_private_network: request.private_network.as_deref(),
        request_id: Some(&request.request_id),
    }
}

pub fn serve(edge: &Edge, request: &CorsRequest, scratch: &mut Scratch) -> Treatment {
    let head = head(request);
    match edge.on_request(&head, scratch, &()) {
        edge::Outcome::Untouched => Treatment::Untouched,
        edge::Outcome::Answer { answer, .. } => Treatment::Answered {
            status: answer.status,
            headers: sorted(
                answer
                    .headers
                    .iter()
                    .map(|(name, value)| (name.to_owned(), value.to_vec())),
            ),
            body: answer.body.to_vec(),
        },
        edge::Outcome::Upstream(decided) => {
            let mut set = SetHeaders::default();
            let echo = decided.echo(edge, &head);
            edge.on_response(decided, echo, &Pairs::parse(b""), scratch, &mut set);
            let take = |name: &str, set: &mut SetHeaders| {
                let at = set.0.iter().position(|(set, _)| set == name)?;
                Some(set.0.remove(at).1)
            };
            let vary = take(header_names::VARY, &mut set)
                .map(|vary| String::from_utf8(vary).expect("Vary is ASCII"));
            let explanation = take(header_names::EXPLAIN, &mut set);
            let bucket = decided.bucket.and_then(|id| edge.matcher().bucket(id));
            let is_enforced = bucket.is_none_or(|bucket| bucket.mode() == Mode::Enforce);
            Treatment::Upstream {
                headers: is_enforced.then(|| sorted(set.0.into_iter())),
                vary,
                explanation,
            }
        }
    }
}

/// What is set on a response that came without CORS headers.
#[derive(Default)]
struct SetHeaders(SortedHeaders);

impl ResponseHeaders for SetHeaders {
    fn set(&mut self, name: &'static str, value: &[u8]) {
        self.0.push((name.to_owned(), value.to_vec()));
    }

    fn remove(&mut self, name: &[u8]) {
        unreachable!("{name:?} was not there to be removed");
    }
}

fn sorted(headers: impl Iterator<Item = (String, Vec<u8>)>) -> SortedHeaders {
    let mut headers: SortedHeaders = headers.collect();
    headers.sort();
    headers
}
