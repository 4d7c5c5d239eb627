//! The XML error documents of OSS and S3.

use crate::addressing::{self, Style};
use crate::decision::BadRequest;
use crate::http::head::RequestHead;
use crate::profile::ErrorWords;

/// How many bytes of a client's own words an error repeats.
const MAX_ECHO: usize = 256;

/// Why a preflight is refused with 403.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No rule matched.
    NotAllowed,
    /// The bucket has no rules.
    NotEnabled,
    /// It is clear of no bucket that is listed.
    NoSuchBucket,
}

/// Writes the body of a refusal.
pub(super) fn refusal(
    words: &ErrorWords,
    reason: Refusal,
    head: &RequestHead<'_>,
    style: Style,
    out: &mut Vec<u8>,
) {
    let message = match reason {
        Refusal::NotAllowed => words.not_allowed,
        Refusal::NotEnabled => words.not_enabled,
        Refusal::NoSuchBucket => words.no_such_bucket,
    };
    document(out, "AccessForbidden", head, |out| {
        element(out, "Message", &[message.as_bytes()]);
        if words.names_what_was_asked_for {
            let method = head.request_method.filter(|method| !method.is_empty());
            element(out, "Method", &[method.unwrap_or(b"OPTIONS")]);
            let names_object = |path| addressing::names_object(path, style);
            let is_object = reason == Refusal::NotAllowed && head.path.is_some_and(names_object);
            element(
                out,
                "ResourceType",
                &[if is_object { b"OBJECT" } else { b"BUCKET" }],
            );
        }
    });
}

/// Writes the body of a 400.
pub(super) fn bad_request(
    words: &ErrorWords,
    reason: BadRequest<'_>,
    head: &RequestHead<'_>,
    out: &mut Vec<u8>,
) {
    let message: [&[u8]; 3] = match reason {
        BadRequest::NoOrigin => [words.no_origin.as_bytes(), b"", b""],
        BadRequest::NoRequestMethod => [words.no_request_method.as_bytes(), b"", b""],
        BadRequest::Method(method) => [b"Invalid Access-Control-Request-Method: ", method, b""],
        BadRequest::Header(name) => [
            b"Access-Control-Request-Headers \"",
            name,
            b"\" contains invalid character.",
        ],
    };
    document(out, "BadRequest", head, |out| element(out, "Message", &message));
}

fn document(out: &mut Vec<u8>, code: &str, head: &RequestHead<'_>, content: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
    element(out, "Code", &[code.as_bytes()]);
    content(out);
    element(out, "RequestId", &[head.request_id.unwrap_or_default()]);
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
    use crate::profile;

    fn s3() -> &'static ErrorWords {
        profile::S3.error_words.unwrap()
    }

    fn head(path: &'static str) -> RequestHead<'static> {
        RequestHead {
            path: Some(path.as_bytes()),
            request_method: Some(b"PUT"),
            request_id: Some(b"id-1"),
            ..RequestHead::default()
        }
    }

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn s3_names_the_method_and_what_was_asked_for() {
        let refused = |path, style| text(|out| refusal(s3(), Refusal::NotAllowed, &head(path), style, out));
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
            bad_request(s3(), BadRequest::Header(b"<a>&\"\x01\xff\tb"), &head("/"), out);
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
            bad_request(s3(), BadRequest::Method(&method), &head("/"), out);
        });
        assert_eq!(body.matches('Z').count(), MAX_ECHO, "{body}");
    }
}
