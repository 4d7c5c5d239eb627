//! What a configuration needs of the host, tried when it loads: a host that refuses a call is told of to the operator
//! then, and not found out by the first request.
//!
//! While a configuration loads there is no request, so that each of these calls fails, or changes nothing. What tells
//! is how: Envoy has one status for what its capability list does not allow, whatever the arguments.

use log::error;

#[cfg(feature = "metrics")]
use super::host::{self, HeaderMap, Status};
#[cfg(feature = "metrics")]
use super::metrics;
#[cfg(feature = "metrics")]
use super::shelf::OfPlugin;
use crate::config::{OnRefused, Settings};
#[cfg(feature = "metrics")]
use crate::{config::Metering, http::header_names};

/// Whether the host gives all that the configuration needs; the log says what it does not.
#[cfg(feature = "metrics")]
#[cold]
pub(super) fn are_met(settings: &Settings) -> bool {
    let mut are_met = true;
    let mut check = |call: &str, is_refused: bool, instead: &str| {
        if is_refused {
            say_refused(call, instead);
            are_met = false;
        }
    };
    let (map, vary) = (HeaderMap::Response, header_names::VARY);
    // One of the two is enough to read headers.
    let is_unreadable = host::header(map, vary).is_err_and(Status::is_refusal)
        && host::headers(map).is_err_and(Status::is_refusal);
    check("proxy_get_header_map_pairs", is_unreadable, "");
    let set = host::set_header(map, vary.as_bytes(), &[]);
    check("proxy_replace_header_map_value", set.is_refusal(), "");
    let remove = host::remove_header(map, vary.as_bytes());
    check("proxy_remove_header_map_value", remove.is_refusal(), "");
    let answer = host::try_local_response();
    check("proxy_send_local_response", answer.is_refusal(), "");
    if settings.access_log {
        let set = host::set_property(host::ACCESS_LOG, &[]);
        check(
            "proxy_set_property",
            set.is_refusal(),
            ", or take \"access_log\" out",
        );
    }
    if settings.metrics != Metering::Off {
        metrics::try_calls(|call, is_refused| check(call, is_refused, ", or write \"metrics\": \"off\""));
    }
    if settings.on_refused_rules == OnRefused::LastGood {
        let calls = "proxy_get_property, proxy_get_shared_data, proxy_set_shared_data";
        check(calls, !OfPlugin::is_given(), ", or take \"on_refused_rules\" out");
    }
    are_met
}

/// The portable module does not try: it is for hosts of which some end a VM that makes a call at the wrong time. What
/// they refuse later fails closed. And it asks no host to keep anything.
#[cfg(not(feature = "metrics"))]
pub(super) fn are_met(settings: &Settings) -> bool {
    let are_met = settings.on_refused_rules == OnRefused::Reject;
    if !are_met {
        error!(
            "bucket-cors: configuration refused: this build of the filter keeps no last good rules: take \
             \"on_refused_rules\" out, or take bucket_cors.wasm"
        );
    }
    are_met
}

/// Says that the host does not give a call, and what to do.
#[cold]
pub(super) fn say_refused(call: &str, instead: &str) {
    error!(
        "bucket-cors: configuration refused: the host does not give the filter {call}: allow it, in Envoy under \
         allowed_capabilities{instead}"
    );
}
