//! Warnings about what surrounds a configuration.

use std::rc::Rc;

use bucket_cors::config::{Code, Severity};

use super::position::Region;

/// What there is to say.
#[derive(Debug, Clone)]
pub(crate) struct Warning {
    pub(crate) code: &'static Code,
    /// The file that it stands in, which need not be the configuration's.
    pub(crate) file: Rc<str>,
    /// In its document.
    pub(crate) pointer: String,
    pub(crate) region: Region,
    pub(crate) message: String,
}

macro_rules! codes {
    ($($constant:ident $name:literal $meaning:literal)*) => {
        $(pub(super) static $constant: Code =
            Code { name: $name, severity: Severity::Warning, meaning: $meaning };)*

        /// Every kind of warning about what surrounds a configuration.
        pub(crate) static CODES: &[&Code] = &[$(&$constant,)*];
    };
}

codes! {
    FAILS_OPEN "fails-open" "where the filter fails, the proxy lets responses through as the store sent them"
    MISSING_CAPABILITY "missing-capability" "a list of capabilities without one that the filter needs"
    BEHIND_AUTHENTICATION "behind-authentication" "a place behind authentication, which refuses preflights"
    ANOTHER_CORS "another-cors" "another filter or policy in the same chain that has to do with CORS headers"
    NO_OPTIONS_ROUTE "no-options-route" "the filter is switched on by routes that match no preflight, which gets 404"
    NOT_ON_GATEWAYS "not-on-gateways" "Istio leaves the filter out of gateways"
    CHANGED_KEYS "changed-keys" "the proxy redirects, refuses or rewrites some object keys"
    REFUSED_HEADERS "refused-headers" "the proxy refuses or drops headers with an underscore in their names"
    CUTS_DOWNLOADS "cuts-downloads" "a time limit on whole responses, which cuts slow downloads"
    SWITCHED_OFF "switched-off" "the filter is on for some requests to the store, and off for others with `Origin`"
    NOT_PREPARED "not-prepared" "`route_prepares` with a route that does not do its part"
    NOT_WITHOUT_ORIGIN "not-without-origin" "headers for every response, where those without `Origin` pass by the filter"
    NOT_SWITCHED_ON "not-switched-on" "a filter that no request reaches: it is off everywhere, or is no HTTP filter there"
    REFUSED_UPDATE "refused-update" "Envoy has refused an update, and goes on with what it had"
    IMAGE_NOT_FETCHED "image-not-fetched" "Istio could not fetch the module, and denies every request in its place"
    DEFAULT_STANDS_IN "default-stands-in" "a `default_config` answers, since no good rules have come by ECDS"
}

impl Warning {
    /// Whether the proxy does something else than the configuration says, so that it explains nothing.
    pub(crate) fn is_of_what_runs(&self) -> bool {
        [
            &NOT_SWITCHED_ON,
            &REFUSED_UPDATE,
            &IMAGE_NOT_FETCHED,
            &DEFAULT_STANDS_IN,
        ]
        .iter()
        .any(|code| code.name == self.code.name)
    }
}
