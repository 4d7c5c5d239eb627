//! An origin pattern, taken apart.

use crate::config::reading::strings::{same_word, split_once};
use crate::wildcard::Pattern;

/// The parts of an origin pattern. The `*` may be in any part, or be all of one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts<'t> {
    pub(crate) text: &'t str,
    pub(crate) scheme: Option<&'t str>,
    pub(crate) host: &'t str,
    pub(crate) port: Option<&'t str>,
    pub(crate) path: &'t str,
}

impl Parts<'_> {
    /// `https//a.example`, whose host looks like a scheme and whose path like a host.
    pub(crate) fn lacks_colon(&self) -> bool {
        self.scheme.is_none() && is_web_scheme(self.host) && self.path.starts_with("//")
    }

    /// Whether it can be a website's. The origins of apps and extensions (`capacitor://`, `chrome-extension://`) follow
    /// other rules: their hosts are no domain names, keep their case and have no default port.
    pub(crate) fn may_be_web(&self) -> bool {
        self.scheme
            .is_none_or(|scheme| scheme_admits(scheme, "http") || scheme_admits(scheme, "https"))
    }
}

/// Whether a scheme, which may hold a `*`, stands for this one.
pub(crate) fn scheme_admits(scheme: &str, wanted: &str) -> bool {
    match split_once(scheme, b'*') {
        None => same_word(scheme, wanted),
        Some(_) => Pattern::new(scheme.into()).is_ok_and(|pattern| pattern.matches(wanted.as_bytes())),
    }
}

/// What stands before and after `://`, where the first colon is part of one.
pub(crate) fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let colon = text.bytes().position(|byte| byte == b':')?;
    let (scheme, rest) = text.split_at_checked(colon)?;
    Some((scheme, rest.strip_prefix("://")?))
}

/// Whether it is `http` or `https`.
pub(crate) fn is_web_scheme(text: &str) -> bool {
    same_word(text, "http") || same_word(text, "https")
}
