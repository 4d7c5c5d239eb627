//! What becomes of the filter in an Envoy that does not allow it everything: it says so and is not loaded, or it works,
//! or it answers nothing as the store sent it. One listener for each capability that is missing, each with a VM of its
//! own, since capabilities are a VM's.

use serde_json::{Value, json};

use super::live_edge::{LiveConnection, TWO_WORKERS, header, wait_for};
use super::{alone, with_sample_log};
use crate::support::envoy::{self, Envoy, FilterLog, Listener};
use crate::support::http::Response;

const PAGE: &str = "https://app.example";
const OTHER: &str = "https://other.example";

/// What comes of a capability that is missing.
#[derive(Clone, Copy)]
enum Consequence {
    /// The configuration is refused, and the log says for which.
    Refused,
    /// Every answer is as if it were there.
    Works,
    /// Every request is answered 503, and the access log says why.
    Answers503,
    /// No response has CORS headers; no preflight is answered.
    Closed,
    /// The store's own CORS headers pass, and no host call tells. `check` of the command-line tool does.
    Open,
}

const CAPABILITIES: [(&str, Consequence); 22] = [
    ("proxy_on_context_create", Consequence::Refused),
    ("proxy_on_configure", Consequence::Answers503),
    ("proxy_on_request_headers", Consequence::Closed),
    ("proxy_on_response_headers", Consequence::Open),
    ("proxy_on_delete", Consequence::Works),
    ("proxy_log", Consequence::Works),
    ("proxy_get_buffer_bytes", Consequence::Refused),
    // Either of these two reads headers.
    ("proxy_get_header_map_pairs", Consequence::Works),
    ("proxy_get_header_map_value", Consequence::Works),
    ("proxy_replace_header_map_value", Consequence::Refused),
    ("proxy_remove_header_map_value", Consequence::Refused),
    ("proxy_send_local_response", Consequence::Refused),
    // Nothing is counted then.
    ("proxy_on_tick", Consequence::Works),
    ("proxy_set_tick_period_milliseconds", Consequence::Refused),
    ("proxy_define_metric", Consequence::Refused),
    ("proxy_increment_metric", Consequence::Refused),
    ("proxy_record_metric", Consequence::Refused),
    ("proxy_get_current_time_nanoseconds", Consequence::Refused),
    ("proxy_set_property", Consequence::Refused),
    ("proxy_get_property", Consequence::Refused),
    ("proxy_get_shared_data", Consequence::Refused),
    ("proxy_set_shared_data", Consequence::Refused),
];

/// The filter in an Envoy that allows everything but that.
fn without(capability: &str, configuration: &str) -> Value {
    let mut filter = envoy::bucket_cors_named(capability, configuration.as_bytes());
    filter["name"] = capability.into();
    let config = &mut filter["typed_config"]["config"];
    config["vm_config"]["vm_id"] = capability.into();
    let allowed = envoy::allowed_capabilities(config).as_object_mut().unwrap();
    allowed
        .remove(capability)
        .unwrap_or_else(|| panic!("the sample does not have {capability}"));
    assert_eq!(allowed.len(), CAPABILITIES.len() - 1);
    filter["@type"] = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig".into();
    filter
}

/// Its store lets everyone in.
fn listener(capability: &str) -> Listener {
    let discovered = json!({
        "name": capability,
        "config_discovery": {
            "config_source": envoy::from_file(capability),
            "type_urls": [envoy::filter_type()],
        },
    });
    let everyone = json!([
        { "header": { "key": "access-control-allow-origin", "value": "*" } },
        { "header": { "key": "access-control-allow-methods", "value": "DELETE" } },
        { "header": { "key": "vary", "value": "Accept-Encoding" } },
    ]);
    let routes = json!([{
        "match": { "prefix": "/" }, "direct_response": { "status": 200 }, "response_headers_to_add": everyone,
    }]);
    with_sample_log(Listener::new(capability, vec![discovered]).with_routes(routes))
}

fn cors(response: &Response) -> (u16, String, String, String) {
    let value = |name| header(response, name);
    (
        response.status,
        value("access-control-allow-origin"),
        value("access-control-allow-methods"),
        value("vary"),
    )
}

type ExpectedAnswer<'e> = (u16, &'e str, &'e str, &'e str);

const OF_STORE: ExpectedAnswer<'_> = (200, "*", "DELETE", "Accept-Encoding");
const CLOSED: ExpectedAnswer<'_> = (200, "", "", "Accept-Encoding, Origin");

/// What comes of a page that may read, another one, an allowed preflight and a refused one.
fn expected(outcome: Consequence) -> [ExpectedAnswer<'static>; 4] {
    match outcome {
        Consequence::Works => [
            (200, PAGE, "", "Accept-Encoding, Origin"),
            CLOSED,
            (200, PAGE, "GET", "Origin"),
            (403, "", "", "Origin"),
        ],
        // As Envoy answers where a filter's configuration never came.
        Consequence::Refused => [(500, "", "", ""); 4],
        Consequence::Answers503 => [(503, "", "", ""); 4],
        Consequence::Closed => [CLOSED; 4],
        Consequence::Open => [
            OF_STORE,
            OF_STORE,
            (200, PAGE, "GET", "Origin"),
            (403, "", "", "Origin"),
        ],
    }
}

pub(crate) fn a_capability_that_is_missing_opens_nothing_unseen() {
    if envoy::is_native() {
        return;
    }
    let _alone = alone();
    let configuration = json!({ "access_log": true, "on_refused_rules": "last_good", "buckets": [{ "name": "b", "cors": { "CORSRules": [
        { "AllowedOrigins": [PAGE], "AllowedMethods": ["GET"] },
    ] } }] })
    .to_string();
    let listeners = CAPABILITIES.map(|(capability, _)| listener(capability));
    let files = CAPABILITIES.map(|(capability, _)| {
        let filter = without(capability, &configuration);
        (capability, envoy::resources(&[filter]))
    });
    let envoy = Envoy::start_as(&envoy::bootstrap(&listeners, &[]), &files, &TWO_WORKERS)
        .unwrap_or_else(|refused| panic!("Envoy does not start, {}:\n{}", refused.status, refused.log));

    let mut answered_503 = 0;
    for (capability, outcome) in CAPABILITIES {
        let mut connection = LiveConnection::open(envoy.port(capability)).unwrap();
        for ((method, origin), expected) in [
            ("GET", PAGE),
            ("GET", OTHER),
            ("OPTIONS", PAGE),
            ("OPTIONS", OTHER),
        ]
        .into_iter()
        .zip(expected(outcome))
        {
            let lines = [("origin", origin), ("access-control-request-method", "GET")];
            let asks = if method == "GET" { &lines[..1] } else { &lines };
            let response = connection.exchange(method, "/b/o", asks).unwrap();
            let (status, allowed, methods, vary) = cors(&response);
            assert_eq!(
                (status, &*allowed, &*methods, &*vary),
                expected,
                "{method} from {origin} without {capability}"
            );
            answered_503 += usize::from(status == 503);
        }
    }

    let log = envoy.log();
    let log = FilterLog::of(&log);
    for (capability, outcome) in CAPABILITIES {
        // Root id and VM id.
        let errors = log.said_by(&format!("{capability} {capability}"), "error");
        match outcome {
            Consequence::Refused => assert!(
                errors.len() == 1
                    && errors[0].contains(capability)
                    && errors[0].contains("allowed_capabilities"),
                "{capability}: {errors:?}"
            ),
            _ => assert_eq!(errors, [""; 0], "{capability}"),
        }
    }
    let reason = "bucket_cors_no_configuration";
    wait_for("the reasons", || {
        envoy.output().matches(reason).count() == answered_503
    });
    assert!(envoy.failures().is_empty(), "{:#?}", envoy.failures());
}
