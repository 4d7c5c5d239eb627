//! What a request is answered.

use bucket_cors::config::{Bucket, Mode};

use super::super::requests::{CorsRequest, SortedHeaders, Treatment};
use super::headers::push;
use super::owner::NaiveStyle;
use super::{NaiveFault, Oracle, Reason};

impl Oracle<'_> {
    pub(super) fn answer_allowed(
        &self,
        bucket: &Bucket<'_>,
        rule: usize,
        method: &[u8],
        request: &CorsRequest,
    ) -> Treatment {
        let profile = bucket.profile.name;
        let mut headers = self.common_headers(Some(bucket), Ok(rule));
        let Some(rule) = bucket.rules.get(rule) else {
            return answered(200, headers, Vec::new());
        };
        self.push_origin(bucket, rule, request, &mut headers);
        let methods = if self.has(NaiveFault::OnlyRequestedMethodAllowed) {
            method.to_vec()
        } else {
            rule.allowed_methods.join(", ").into_bytes()
        };
        push(&mut headers, "access-control-allow-methods", methods);
        self.push_allow_headers(bucket, rule, request, &mut headers);
        if profile != "fetch" {
            self.push_expose_headers(rule, &mut headers);
        }
        self.push_max_age(rule, &mut headers);
        let asks = request.private_network.as_deref() == Some(b"true");
        if bucket.allow_private_network && (asks || self.has(NaiveFault::PrivateNetworkUnasked)) {
            push(&mut headers, "access-control-allow-private-network", "true");
        }
        let status = if profile == "fetch" && !self.has(NaiveFault::AllowedIs200) {
            204
        } else {
            200
        };
        answered(status, headers, Vec::new())
    }

    pub(super) fn answer_403(
        &self,
        bucket: Option<&Bucket<'_>>,
        rule: Result<usize, Reason>,
        method: &[u8],
        style: NaiveStyle,
        request: &CorsRequest,
    ) -> Treatment {
        let no_rules = bucket.is_some_and(|bucket| bucket.rules.is_empty());
        let status = if self.has(NaiveFault::RefusalIs200) || no_rules && self.has(NaiveFault::NoRulesIs200) {
            200
        } else {
            403
        };
        let profile = bucket.map_or(self.settings.profile, |bucket| bucket.profile).name;
        let mut headers = self.common_headers(bucket, rule);
        if profile == "fetch" {
            return answered(status, headers, Vec::new());
        }
        push(&mut headers, "content-type", "application/xml");
        let is_s3 = profile == "s3";
        let message: &[u8] = match bucket {
            None if is_s3 => b"CORSResponse: Bucket not found",
            None => b"CORSResponse: CORS is not enabled for this bucket.",
            Some(_) if no_rules => b"CORSResponse: CORS is not enabled for this bucket.",
            Some(_) if is_s3 => {
                b"CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, \
                  request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted \
                  by the resource's CORS spec."
            }
            Some(_) => b"CORSResponse: This CORS request is not allowed.",
        };
        let mut elements: Vec<(&str, Vec<&[u8]>)> =
            vec![("Code", vec![b"AccessForbidden"]), ("Message", vec![message])];
        if is_s3 {
            let object = bucket.is_some() && !no_rules && names_object(request.path.as_deref(), style);
            elements.push((
                "Method",
                vec![if method.is_empty() { b"OPTIONS" } else { method }],
            ));
            elements.push(("ResourceType", vec![if object { b"OBJECT" } else { b"BUCKET" }]));
        }
        answered(status, headers, self.xml(elements, request))
    }

    pub(super) fn answer_400(
        &self,
        bucket: Option<&Bucket<'_>>,
        message: &[&[u8]],
        reason: Reason,
        request: &CorsRequest,
    ) -> Treatment {
        let mut headers = self.common_headers(bucket, Err(reason));
        push(&mut headers, "content-type", "application/xml");
        let elements = vec![("Code", vec![&b"BadRequest"[..]]), ("Message", message.to_vec())];
        answered(400, headers, self.xml(elements, request))
    }

    fn xml(&self, elements: Vec<(&str, Vec<&[u8]>)>, request: &CorsRequest) -> Vec<u8> {
        let mut body = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>".to_vec();
        for (name, parts) in elements
            .into_iter()
            .chain([("RequestId", vec![&request.request_id[..]])])
        {
            body.extend_from_slice(format!("<{name}>").as_bytes());
            for part in parts {
                // What a client sent is repeated up to 256 bytes.
                let part = &part[..part.len().min(256)];
                if self.has(NaiveFault::ErrorTextUnescaped) {
                    body.extend_from_slice(part);
                } else {
                    body.extend_from_slice(escaped(part).as_bytes());
                }
            }
            body.extend_from_slice(format!("</{name}>").as_bytes());
        }
        body.extend_from_slice(b"</Error>\n");
        body
    }

    pub(super) fn upstream(
        &self,
        bucket: &Bucket<'_>,
        rule: Result<usize, Reason>,
        request: &CorsRequest,
    ) -> Treatment {
        let explanation = self
            .settings
            .explain
            .then(|| self.explanation(Some(bucket), rule));
        if bucket.mode == Mode::Shadow && !self.has(NaiveFault::ShadowAnswers) {
            let vary = self.vary(bucket, rule.is_ok());
            return Treatment::Upstream {
                headers: None,
                vary: vary
                    .filter(|_| !self.has(NaiveFault::NoVaryInShadow))
                    .map(str::to_owned),
                explanation,
            };
        }
        let mut headers = SortedHeaders::new();
        self.push_policies(bucket, &mut headers);
        if let Some(rule) = rule.ok().and_then(|rule| bucket.rules.get(rule)) {
            self.push_origin(bucket, rule, request, &mut headers);
            self.push_expose_headers(rule, &mut headers);
            // S3 repeats on an actual response what only a preflight needs.
            if bucket.profile.name == "s3" {
                push(
                    &mut headers,
                    "access-control-allow-methods",
                    rule.allowed_methods.join(", "),
                );
                self.push_allow_headers(bucket, rule, request, &mut headers);
                self.push_max_age(rule, &mut headers);
            }
        }
        headers.sort();
        Treatment::Upstream {
            headers: Some(headers),
            vary: self.vary(bucket, rule.is_ok()).map(str::to_owned),
            explanation,
        }
    }

    pub(super) fn explanation(&self, bucket: Option<&Bucket<'_>>, rule: Result<usize, Reason>) -> Vec<u8> {
        let is_shadow = bucket.is_some_and(|bucket| bucket.mode == Mode::Shadow);
        let shadow = if is_shadow { "shadow; " } else { "" };
        let text = match rule {
            Err(reason) => format!("{shadow}no-match; reason={reason}"),
            Ok(rule) => {
                let id = bucket
                    .and_then(|bucket| bucket.rules.get(rule)?.id.as_deref())
                    .unwrap_or_default();
                let visible: String = id
                    .chars()
                    .map(|c| if (' '..='~').contains(&c) { c } else { '?' })
                    .collect();
                let quoted = visible.replace('\\', "\\\\").replace('"', "\\\"");
                if quoted.is_empty() {
                    format!("{shadow}match; rule={rule}")
                } else {
                    format!("{shadow}match; rule={rule}; id=\"{quoted}\"")
                }
            }
        };
        text.into_bytes()
    }
}

fn answered(status: u32, mut headers: SortedHeaders, body: Vec<u8>) -> Treatment {
    headers.sort();
    Treatment::Answered {
        status,
        headers,
        body,
    }
}

/// Whether a path goes on after what names the bucket.
fn names_object(path: Option<&[u8]>, style: NaiveStyle) -> bool {
    let path = path.unwrap_or_default();
    let path = path.split(|&byte| byte == b'?').next().unwrap_or_default();
    let path = path.strip_prefix(b"/").unwrap_or(path);
    match (style, path.iter().position(|&byte| byte == b'/')) {
        (NaiveStyle::Host, _) => !path.is_empty() && path != b"/",
        (NaiveStyle::Path, None) => false,
        (NaiveStyle::Path, Some(slash)) => path.len() > slash + 1,
    }
}

/// Text for XML 1.0: markup escaped, what is no character of XML replaced.
fn escaped(text: &[u8]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (valid, invalid) = match std::str::from_utf8(rest) {
            Ok(valid) => (valid, 0),
            Err(error) => (
                std::str::from_utf8(&rest[..error.valid_up_to()]).expect("valid up to there"),
                error.error_len().unwrap_or(rest.len() - error.valid_up_to()),
            ),
        };
        for c in valid.chars() {
            let is_character = c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}';
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '\t' => out.push('\t'),
                _ => out.push(if is_character { c } else { '?' }),
            }
        }
        if invalid > 0 {
            out.push('?');
        }
        rest = &rest[valid.len() + invalid..];
    }
    out
}
