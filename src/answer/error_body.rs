//! The XML error documents of OSS and S3.

use crate::addressing::{self, Style};
use crate::decision::BadRequest;
use crate::http::head::RequestHead;
use crate::profile::ErrorBody;

/// How many bytes of a client's own words an error repeats.
const MAX_ECHO: usize = 256;

/// Why a preflight is refused with 403.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No rule matched.
    NotAllowed,
    /// The bucket has no rules.
    NotEnabled,
    /// The bucket is not listed.
    NoSuchBucket,
}

/// Writes the body of a refusal.
pub(super) fn refusal(
    kind: ErrorBody,
    reason: Refusal,
    head: &RequestHead<'_>,
    style: Style,
    out: &mut Vec<u8>,
) {
    let message = match (kind, reason) {
        (ErrorBody::Empty, _) => return out.clear(),
        (_, Refusal::NotEnabled) => "CORSResponse: CORS is not enabled for this bucket.",
        (ErrorBody::Oss, Refusal::NotAllowed) => "CORSResponse: This CORS request is not allowed.",
        (ErrorBody::Oss, Refusal::NoSuchBucket) => "CORSResponse: CORS is not enabled for this bucket.",
        // "evalution" is S3's own spelling, and clients compare messages.
        (ErrorBody::S3, Refusal::NotAllowed) => {
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request \
             method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the \
             resource's CORS spec."
        }
        (ErrorBody::S3, Refusal::NoSuchBucket) => "CORSResponse: Bucket not found",
    };
    document(
        out,
        "AccessForbidden",
        head.request_id.unwrap_or_default(),
        |out| {
            element(out, "Message", &[message.as_bytes()]);
            if kind == ErrorBody::S3 {
                let method = head
                    .request_method
                    .filter(|method| !method.is_empty())
                    .unwrap_or(b"OPTIONS");
                element(out, "Method", &[method]);
                let is_object = reason == Refusal::NotAllowed
                    && head
                        .path
                        .is_some_and(|path| addressing::names_object(path, style));
                element(
                    out,
                    "ResourceType",
                    &[if is_object { b"OBJECT" } else { b"BUCKET" }],
                );
            }
        },
    );
}

/// Writes the body of a 400.
pub(super) fn bad_request(
    kind: ErrorBody,
    reason: BadRequest<'_>,
    head: &RequestHead<'_>,
    out: &mut Vec<u8>,
) {
    const INVALID_METHOD: &[u8] = b"Invalid Access-Control-Request-Method: ";
    let message: [&[u8]; 3] = match (kind, reason) {
        (ErrorBody::Empty, _) => return out.clear(),
        (ErrorBody::Oss, BadRequest::NoOrigin) => [
            b"Insufficient information. Origin request header needed",
            b"",
            b"",
        ],
        (ErrorBody::S3, BadRequest::NoOrigin) => [
            b"Insufficient information. Origin request header needed.",
            b"",
            b"",
        ],
        (ErrorBody::Oss, BadRequest::NoRequestMethod) => [
            b"Insufficient information. Request Access-Control-Request-Method header needed",
            b"",
            b"",
        ],
        (ErrorBody::S3, BadRequest::NoRequestMethod) => [INVALID_METHOD, b"null", b""],
        (_, BadRequest::Method(method)) => [INVALID_METHOD, method, b""],
        (_, BadRequest::Header(name)) => [
            b"Access-Control-Request-Headers \"",
            name,
            b"\" contains invalid character.",
        ],
    };
    document(out, "BadRequest", head.request_id.unwrap_or_default(), |out| {
        element(out, "Message", &message)
    });
}

fn document(out: &mut Vec<u8>, code: &str, request_id: &[u8], content: impl FnOnce(&mut Vec<u8>)) {
    out.clear();
    out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
    element(out, "Code", &[code.as_bytes()]);
    content(out);
    element(out, "RequestId", &[request_id]);
    out.extend_from_slice(b"</Error>\n");
}

fn element(out: &mut Vec<u8>, name: &str, text: &[&[u8]]) {
    for part in [b"<", name.as_bytes(), b">"] {
        out.extend_from_slice(part);
    }
    for part in text {
        escape(out, part.get(..MAX_ECHO).unwrap_or(part));
    }
    for part in [b"</", name.as_bytes(), b">"] {
        out.extend_from_slice(part);
    }
}

/// Writes text that is fit for XML 1.0 whatever a client sent: markup escaped, what is no character replaced.
fn escape(out: &mut Vec<u8>, text: &[u8]) {
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '&' => out.extend_from_slice(b"&amp;"),
                '<' => out.extend_from_slice(b"&lt;"),
                '>' => out.extend_from_slice(b"&gt;"),
                '\t' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => {
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => out.push(b'?'),
            }
        }
        if !chunk.invalid().is_empty() {
            out.push(b'?');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(path: &'static str) -> RequestHead<'static> {
        RequestHead {
            path: Some(path.as_bytes()),
            request_method: Some(b"PUT"),
            request_id: Some(b"id-1"),
            ..RequestHead::default()
        }
    }

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = b"stale".to_vec();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn s3_names_the_method_and_what_was_asked_for() {
        let refused =
            |path, style| text(|out| refusal(ErrorBody::S3, Refusal::NotAllowed, &head(path), style, out));
        let object = refused("/bucket/object", Style::Path);
        assert!(object.contains("<Code>AccessForbidden</Code>"), "{object}");
        assert!(
            object.contains("<Method>PUT</Method><ResourceType>OBJECT</ResourceType><RequestId>id-1<"),
            "{object}"
        );
        assert!(refused("/bucket/?uploads", Style::Path).contains("<ResourceType>BUCKET<"));
        assert!(refused("/", Style::Host).contains("<ResourceType>BUCKET<"));
        assert!(refused("/object", Style::Host).contains("<ResourceType>OBJECT<"));
    }

    #[test]
    fn what_a_client_sent_cannot_break_the_document() {
        let body = text(|out| {
            bad_request(
                ErrorBody::S3,
                BadRequest::Header(b"<a>&\"\x01\xff\tb"),
                &head("/"),
                out,
            );
        });
        assert!(
            body.contains("Headers \"&lt;a&gt;&amp;\"??\tb\" contains invalid character.</Message>"),
            "{body}"
        );
    }

    #[test]
    fn what_a_client_sent_is_repeated_up_to_a_limit() {
        let method = b"Z".repeat(60_000);
        let body = text(|out| {
            bad_request(ErrorBody::S3, BadRequest::Method(&method), &head("/"), out);
        });
        assert_eq!(body.matches('Z').count(), MAX_ECHO, "{body}");
    }

    #[test]
    fn the_fetch_profile_has_no_body() {
        let body = text(|out| {
            refusal(
                ErrorBody::Empty,
                Refusal::NotAllowed,
                &head("/"),
                Style::Host,
                out,
            );
        });
        assert_eq!(body, "");
    }
}
