//! A request through the compiled core, in the steps in which the filter takes it.

use bucket_cors::addressing::Style;
use bucket_cors::answer::{Answer, ErrorContext, HeaderList, Responder, Scratch};
use bucket_cors::config::{Bucket, Mode, Settings};
use bucket_cors::decision::{self, Decision};
use bucket_cors::matcher::{Matcher, MatcherBuilder, Place};

use super::requests::{Headers, Outcome, Request};

pub fn compile(settings: &Settings, buckets: &[Bucket<'_>]) -> Matcher {
    let mut builder = MatcherBuilder::default();
    for bucket in buckets {
        builder.add(bucket);
    }
    builder.finish(settings.clone())
}

fn core_request(request: &Request) -> decision::Request<'_> {
    decision::Request {
        method: &request.method,
        origin: request.origin.as_deref(),
        request_method: request.request_method.as_deref(),
        request_headers: request.request_headers.as_deref(),
        request_private_network: request.private_network.as_deref(),
    }
}

pub fn serve(matcher: &Matcher, request: &Request, scratch: &mut Scratch) -> Outcome {
    let (authority, path) = (request.authority.as_deref(), request.path.as_deref());
    let place = matcher.locate(authority, path);
    let needs = matcher.needs();
    assert_eq!(
        place,
        matcher.locate(authority.filter(|_| needs.authority), path.filter(|_| needs.path)),
        "what the matcher says it does not need makes no difference"
    );
    match place {
        Place::Bucket(id, style) => {
            let bucket = matcher.bucket(id).expect("a place is a bucket that exists");
            let is_shadow = bucket.mode() == Mode::Shadow;
            if is_shadow && !matcher.settings().explain {
                return Outcome::Untouched;
            }
            let responder = Responder::new(matcher, id, bucket);
            let decision = decision::decide(matcher, id, bucket, &core_request(request));
            let verdict = match decision {
                Decision::Actual(verdict) => verdict,
                Decision::Preflight(verdict) if is_shadow => verdict,
                Decision::BadPreflight(reason) if is_shadow => Err(reason.into()),
                _ => return answer(&responder, decision, request, style, scratch),
            };
            let headers =
                (!is_shadow).then(|| collect(&responder.actual(verdict, &core_request(request), scratch)));
            Outcome::Upstream {
                headers,
                vary: responder.vary(verdict).filter(|_| !is_shadow).map(str::to_owned),
                explanation: responder.explanation(verdict, scratch).map(<[u8]>::to_vec),
            }
        }
        Place::Unlisted if matcher.refuses_unlisted() && request.method == b"OPTIONS" => {
            match decision::decide_unlisted(matcher, &core_request(request)) {
                Decision::Actual(_) => Outcome::Untouched,
                decision => answer(
                    &Responder::unlisted(matcher),
                    decision,
                    request,
                    Style::Path,
                    scratch,
                ),
            }
        }
        Place::Unlisted | Place::Nowhere => Outcome::Untouched,
    }
}

fn answer(
    responder: &Responder<'_>,
    decision: Decision<'_>,
    request: &Request,
    style: Style,
    scratch: &mut Scratch,
) -> Outcome {
    let context = ErrorContext {
        request_id: &request.request_id,
        path: request.path.as_deref(),
        style,
    };
    let core = core_request(request);
    let Answer {
        status,
        headers,
        body,
    } = match decision {
        Decision::BadPreflight(reason) => responder.bad_request(reason, &context, scratch),
        Decision::Actual(verdict) | Decision::Preflight(verdict) => {
            responder.preflight(verdict, &core, &context, scratch)
        }
    };
    Outcome::Answered {
        status,
        headers: collect(&headers),
        body: body.to_vec(),
    }
}

fn collect(list: &HeaderList<'_>) -> Headers {
    let mut headers: Headers = list
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_vec()))
        .collect();
    headers.sort();
    headers
}
