//! The listeners: our filter among others, on routes that end in every way.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::client::PAGE;
use super::store::GatedStore;
use crate::support::envoy::{self, Envoy, Listener, bucket_cors, cluster, http_filter};

/// What all situations share.
pub(crate) struct SituationWorld {
    pub(crate) envoy: Envoy,
    pub(crate) store: GatedStore,
}

/// One bucket, whose page may read and write.
pub(crate) fn rules(origin: &str) -> String {
    json!({ "buckets": [{ "name": "photos", "cors": { "CORSRules": [{
        "AllowedOrigins": [origin], "AllowedMethods": ["GET", "HEAD", "POST", "PUT"],
        "AllowedHeaders": ["content-type", "x-*", "authorization"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 600,
    }] } }] })
    .to_string()
}

/// The origin of the other rules.
pub(crate) const OTHER_PAGE: &str = "https://other.example";

/// What an actual response to [`PAGE`] has.
pub(crate) const ALLOWED: [&str; 3] = [
    "access-control-allow-origin: https://app.example.com",
    "access-control-expose-headers: ETag",
    "vary: Origin",
];

/// What a preflight's response has, where the page asked for `PUT` and no headers.
pub(crate) const MAY_PUT: [&str; 5] = [
    "access-control-allow-methods: GET, HEAD, POST, PUT",
    "access-control-allow-origin: https://app.example.com",
    "access-control-expose-headers: ETag",
    "access-control-max-age: 600",
    "vary: Origin",
];

/// What a response has that no rule applies to.
pub(crate) const NOT_ALLOWED: [&str; 1] = ["vary: Origin"];

/// The listeners that take their rules from a file, one for each protocol, since each swaps them.
pub(crate) const SWAPPED: [(&str, &str); 2] = [("swapped-1", "rules1.json"), ("swapped-2", "rules2.json")];

impl SituationWorld {
    pub(crate) fn start() -> Self {
        let store = GatedStore::start();
        // Nothing listens there.
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
        let clusters = [upstream(store.address), cluster("nowhere", nowhere)];
        let bootstrap = envoy::bootstrap(&listeners(), &clusters);
        let files = SWAPPED.map(|(name, file)| (file, rules_file(name, &rules(PAGE))));
        let envoy = Envoy::start_with(&bootstrap, &files)
            .unwrap_or_else(|refused| panic!("Envoy does not start, {}:\n{}", refused.status, refused.log));
        Self { envoy, store }
    }
}

/// The rules as a filter that Envoy discovers under a name.
pub(crate) fn rules_file(name: &str, rules: &str) -> Value {
    let mut filter = bucket_cors(rules);
    filter["name"] = name.into();
    filter["@type"] = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig".into();
    envoy::resources(&[filter])
}

fn upstream(store: SocketAddr) -> Value {
    let mut cluster = cluster("upstream", store);
    // Trailers, and more response headers than the filter's host hands over at once.
    cluster["typed_extension_protocol_options"] = json!({
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "common_http_protocol_options": { "max_headers_count": 3_000 },
            "explicit_http_config": { "http_protocol_options": { "enable_trailers": true } },
        },
    });
    cluster
}

fn listeners() -> Vec<Listener> {
    let ours = || bucket_cors(&rules(PAGE));
    let mut all = vec![
        listener("plain", vec![ours()]),
        listener("other rules", vec![bucket_cors(&rules(OTHER_PAGE))]),
        listener("credentials", vec![ours(), basic_auth()]),
        listener("credentials first", vec![basic_auth(), ours()]),
        listener("one by one", vec![without_pairs(ours())]),
        listener("limited", vec![ours(), rate_limit()]),
        listener("native behind", vec![ours(), native_cors()]),
        listener("native before", vec![native_cors(), ours()]),
        Listener::new("large", vec![ours()])
            .with_routes(routes())
            .with_manager(manager(json!({
                "max_request_headers_kb": 2_000, "common_http_protocol_options": { "max_headers_count": 3_000 },
            }))),
    ];
    all.extend(SWAPPED.map(|(name, file)| {
        let discovered = json!({
            "name": name,
            "config_discovery": {
                "config_source": envoy::from_file(file),
                "type_urls": [envoy::filter_type()],
            },
        });
        listener(name, vec![discovered])
    }));
    all
}

fn listener(name: &str, filters: Vec<Value>) -> Listener {
    Listener::new(name, filters)
        .with_routes(routes())
        .with_manager(manager(json!({})))
}

fn manager(mut fields: Value) -> Value {
    fields["http_protocol_options"] = json!({ "enable_trailers": true, "accept_http_10": true });
    fields["http2_protocol_options"] = json!({ "allow_connect": true });
    fields
}

/// No route for everything: what none of these is gets 404.
fn routes() -> Value {
    json!([
        { "match": { "prefix": "/photos/301" }, "redirect": { "path_redirect": "/photos/o/object" } },
        { "match": { "prefix": "/photos/direct" }, "direct_response": { "status": 410, "body": { "inline_string": "gone" } } },
        { "match": { "prefix": "/photos/nowhere" }, "route": { "cluster": "nowhere" } },
        { "match": { "prefix": "/photos/late" }, "route": { "cluster": "upstream", "timeout": "0.2s", "prefix_rewrite": "/held" } },
        {
            "match": { "prefix": "/photos/internal" },
            "route": {
                "cluster": "upstream", "prefix_rewrite": "/forwarded",
                "internal_redirect_policy": { "redirect_response_codes": [302] },
            },
        },
        {
            "match": { "prefix": "/photos/o/" },
            "route": { "cluster": "upstream", "timeout": "60s" },
            "typed_per_filter_config": { "envoy.filters.http.cors": native_policy() },
        },
    ])
}

/// The filter on a host that does not hand over all headers at once, in a VM of its own: capabilities are a VM's. A
/// library is restricted in nothing.
fn without_pairs(mut filter: Value) -> Value {
    if envoy::is_native() {
        return filter;
    }
    let config = &mut filter["typed_config"]["config"];
    config["vm_config"]["vm_id"] = "without pairs".into();
    let allowed = envoy::allowed_capabilities(config).as_object_mut();
    allowed.unwrap().remove("proxy_get_header_map_pairs").unwrap();
    filter
}

fn basic_auth() -> Value {
    // user:test
    let users = json!({ "inline_string": "user:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=" });
    http_filter(
        "envoy.filters.http.basic_auth",
        "basic_auth.v3.BasicAuth",
        json!({ "users": users }),
    )
}

/// One request, and no other for an hour.
fn rate_limit() -> Value {
    let always = json!({ "default_value": { "numerator": 100 } });
    let fields = json!({
        "stat_prefix": "limited",
        "token_bucket": { "max_tokens": 1, "fill_interval": "3600s" },
        "filter_enabled": always, "filter_enforced": always,
    });
    http_filter(
        "envoy.filters.http.local_ratelimit",
        "local_ratelimit.v3.LocalRateLimit",
        fields,
    )
}

fn native_cors() -> Value {
    http_filter("envoy.filters.http.cors", "cors.v3.Cors", json!({}))
}

/// What Envoy's own CORS filter would say, for the same page and another.
fn native_policy() -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
        "allow_origin_string_match": [{ "exact": PAGE }, { "exact": OTHER_PAGE }],
        "allow_methods": "DELETE", "allow_headers": "x-native", "expose_headers": "x-native", "max_age": "7",
        "allow_credentials": true,
    })
}
