//! The texts in ConfigMaps and Secrets, which a pod has as files.

use super::cors_headers;
use super::kube;
use super::node::Node;

/// A text, by what it is called.
pub(crate) struct MountedText<'t> {
    pub(crate) key: &'t str,
    pub(crate) text: String,
    pub(crate) place: String,
}

/// The kinds of resources that have texts.
pub(crate) const KINDS: [&str; 2] = ["ConfigMap", "Secret"];

/// Where they have them, and whether as base64.
const FIELDS: [(&str, &str, bool); 4] = [
    ("ConfigMap", "data", false),
    ("ConfigMap", "binaryData", true),
    ("Secret", "stringData", false),
    ("Secret", "data", true),
];

/// The texts in a resource; of another kind none.
pub(crate) fn of<'t>(resource: &Node<'t>) -> Vec<MountedText<'t>> {
    let own = kube::kind(resource);
    let mut texts = Vec::new();
    for (_, field, is_base64) in FIELDS.iter().filter(|(kind, ..)| *kind == own) {
        let fields = resource
            .get(field)
            .map(|field| field.fields())
            .unwrap_or_default();
        texts.extend(fields.into_iter().filter_map(|(key, value)| {
            let text = value.text()?;
            Some(MountedText {
                key,
                text: if *is_base64 { decoded(&text)? } else { text },
                place: value.place,
            })
        }));
    }
    texts
}

impl MountedText<'_> {
    /// Whether it is for an Envoy.
    pub(crate) fn is_for_envoy(&self) -> bool {
        [
            "CorsPolicy",
            "allow_origin",
            "virtual_hosts",
            "static_resources",
            "http_filters",
            "virtualHosts",
            "httpFilters",
        ]
        .iter()
        .any(|word| self.text.contains(word))
    }

    fn is_of_cors(&self) -> bool {
        kube::is_of_cors(self.key)
            || kube::is_cors(&self.text)
            || cors_headers::named_in(&self.text).is_some()
    }
}

/// Where a resource has CORS in a text that is not for an Envoy, if it has: a store's document, or a web server's
/// configuration.
pub(crate) fn other_cors(resource: &Node<'_>) -> Option<String> {
    let texts = of(resource);
    let other = texts
        .iter()
        .find(|text| text.is_of_cors() && !text.is_for_envoy())?;
    Some(other.place.clone())
}

/// Where a resource has CORS in any of its texts.
pub(crate) fn any_cors(resource: &Node<'_>) -> Option<String> {
    let texts = of(resource);
    let any = texts.iter().find(|text| text.is_of_cors())?;
    Some(any.place.clone())
}

/// The text that base64 stands for, if it is one.
fn decoded(base64: &str) -> Option<String> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = base64
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=');
    let digits = digits.map(|byte| DIGITS.iter().position(|digit| *digit == byte)?.try_into().ok());
    let digits: Vec<u32> = digits.collect::<Option<_>>()?;
    let mut bytes = Vec::new();
    for four in digits.chunks(4) {
        let bits = (0..4).fold(0_u32, |bits, at| (bits << 6) | four.get(at).copied().unwrap_or(0));
        bytes.extend(bits.to_be_bytes().get(1..four.len())?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_with_its_end_and_without() {
        for (base64, text) in [
            ("", ""),
            ("YQ==", "a"),
            ("YWI=", "ab"),
            ("YWJj", "abc"),
            ("YWJj\nZA", "abcd"),
            ("w7w+", "\u{fc}>"),
        ] {
            assert_eq!(decoded(base64).as_deref(), Some(text), "{base64}");
        }
        for base64 in ["\u{fc}", "a-b_", "/w=="] {
            assert_eq!(decoded(base64), None, "{base64}");
        }
    }
}
