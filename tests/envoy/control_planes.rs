//! What real control planes made of the manifests, recorded, in a real Envoy with the module or the library of this
//! tree in the place of the one that they fetched. The recordings stand beside the checkout; where they do not, nothing
//! runs.
//!
//! What is changed of a recording, its README says; see [`adapted`].

use std::path::PathBuf;

use libtest_mimic::{Arguments, Trial};
use serde_json::{Value, json};

use crate::support::answer::ClientAnswer;
use crate::support::case::{UpstreamAnswer, WireRequest};
use crate::support::envoy::{self, Envoy, module};
use crate::support::http;
use crate::support::upstream::{CASE_HEADER, Upstream};

/// A step of the walk-through: host, path, method, origin, then the method and the header names that a preflight asks
/// for.
type WalkStep = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Option<(&'static str, &'static str)>,
);

const SITE: &str = "https://www.a.example";
const APP: &str = "https://x.b.example";
const OSS: &str = "oss.example";

/// Each step, the status, and the origin that is allowed. The store sends `*` with everything.
const STEPS: [(WalkStep, u16, Option<&str>); 23] = [
    ((OSS, "/none/o", "OPTIONS", "null", Some(("POST", ""))), 403, None),
    ((OSS, "/none/o", "GET", "null", None), 200, None),
    ((OSS, "/loose/o", "GET", "null", None), 200, Some("*")),
    ((OSS, "/loose/o", "GET", SITE, None), 200, Some("*")),
    (
        (OSS, "/loose/o", "OPTIONS", "null", Some(("PUT", "x-a,x-b"))),
        200,
        Some("*"),
    ),
    (
        (OSS, "/loose/o", "OPTIONS", SITE, Some(("GET", ""))),
        200,
        Some("*"),
    ),
    (
        (OSS, "/loose/o", "OPTIONS", SITE, Some(("POST", "content-type"))),
        200,
        Some("*"),
    ),
    (
        (OSS, "/loose/o", "OPTIONS", SITE, Some(("DELETE", ""))),
        200,
        Some("*"),
    ),
    (
        (OSS, "/loose/o", "OPTIONS", SITE, Some(("HEAD", ""))),
        200,
        Some("*"),
    ),
    ((OSS, "/loose/o", "OPTIONS", SITE, Some(("PATCH", ""))), 403, None),
    (
        ("loose.oss.example", "/o", "OPTIONS", SITE, Some(("PUT", ""))),
        200,
        Some("*"),
    ),
    (
        (OSS, "/strict/o", "OPTIONS", SITE, Some(("GET", "x-oss-date"))),
        200,
        Some(SITE),
    ),
    ((OSS, "/strict/o", "OPTIONS", SITE, Some(("PUT", ""))), 403, None),
    (
        (OSS, "/strict/o", "OPTIONS", SITE, Some(("GET", "content-type"))),
        403,
        None,
    ),
    (
        (
            OSS,
            "/strict/o",
            "OPTIONS",
            "http://www.a.example",
            Some(("GET", "")),
        ),
        403,
        None,
    ),
    (
        (OSS, "/strict/o", "OPTIONS", APP, Some(("POST", "x-any"))),
        200,
        Some(APP),
    ),
    ((OSS, "/strict/o", "OPTIONS", APP, Some(("GET", ""))), 403, None),
    ((OSS, "/strict/o", "GET", SITE, None), 200, Some(SITE)),
    (
        (OSS, "/strict/o", "GET", "https://other.example", None),
        200,
        None,
    ),
    (
        ("cdn.example", "/o", "OPTIONS", SITE, Some(("GET", ""))),
        200,
        Some(SITE),
    ),
    (("cdn.example:8443", "/o", "GET", SITE, None), 200, Some(SITE)),
    (("strict.oss.example", "/o", "GET", SITE, None), 200, Some(SITE)),
    ((OSS, "/unlisted/o", "GET", SITE, None), 200, Some("*")),
];

/// What a chain makes of a step that its filter does not answer itself.
#[derive(Clone, Copy)]
enum Else {
    /// It goes to the store.
    Store,
    /// Another filter refuses it with this status, and the bucket's headers are there.
    Refused(u16),
}

/// What the README's table says of a recording.
struct RecordedChain {
    file: &'static str,
    of_actual_requests: Else,
    /// The methods that find a route.
    routed: &'static [&'static str],
    /// Whether keys and header names stay as they are.
    keeps_keys: bool,
}

const ALL: &[&str] = &["GET", "OPTIONS"];

const RECORDINGS: [RecordedChain; 11] = [
    RecordedChain::new("istio/wasm-plugin.json", Else::Store, ALL, true),
    RecordedChain::new("istio/traffic-extension.json", Else::Store, ALL, true),
    RecordedChain::new("istio/wasm-plugin-and-cors-policy.json", Else::Store, ALL, true),
    RecordedChain::new("istio/wasm-plugin-behind-jwt.json", Else::Refused(403), ALL, true),
    RecordedChain::new(
        "istio/envoy-filter-dynamic-module.json",
        Else::Refused(403),
        ALL,
        true,
    ),
    RecordedChain::new("envoy-gateway/basic-auth.json", Else::Refused(401), ALL, false),
    RecordedChain::new("envoy-gateway/client-traffic-policy.json", Else::Store, ALL, true),
    RecordedChain::new(
        "envoy-gateway/cors-policy-and-order.json",
        Else::Store,
        ALL,
        false,
    ),
    RecordedChain::new("envoy-gateway/dynamic-module.json", Else::Store, ALL, false),
    RecordedChain::new(
        "envoy-gateway/get-and-options-route.json",
        Else::Store,
        ALL,
        false,
    ),
    RecordedChain::new("envoy-gateway/get-only-route.json", Else::Store, &["GET"], false),
];

impl RecordedChain {
    const fn new(
        file: &'static str,
        of_actual_requests: Else,
        routed: &'static [&'static str],
        keeps_keys: bool,
    ) -> Self {
        Self {
            file,
            of_actual_requests,
            routed,
            keeps_keys,
        }
    }
}

/// Whether all of it holds.
pub(crate) fn run(arguments: &Arguments) -> bool {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/control-planes");
    // Which of the forms a control plane took, the recording says, not this run.
    if !folder.is_dir() || envoy::is_native() {
        return true;
    }
    let read = move |file: &str| -> Value {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let upstream = Upstream::start();
    let answer = UpstreamAnswer {
        headers: vec![("access-control-allow-origin".to_owned(), "*".to_owned())],
        ..UpstreamAnswer::default()
    };
    upstream.prepare("recorded", answer);
    let has_library = |file: &str| !file.contains("dynamic-module") || envoy::has_dynamic_modules();
    // Each Envoy ends with the thread that starts it.
    let start = |file: &str| RunningChain::start(&read(file), &upstream);
    let mut trials = Vec::new();
    for recording in RECORDINGS.into_iter().filter(|it| has_library(it.file)) {
        let chain = start(recording.file);
        trials.push(Trial::test(format!("recorded: {}", recording.file), move || {
            let problems = [chain.walk(&recording), chain.keys(&recording)].concat();
            if problems.is_empty() {
                Ok(())
            } else {
                Err(problems.join("\n").into())
            }
        }));
    }
    for (file, status) in [
        ("istio/wasm-plugin-image-missing.json", 403),
        ("istio/wasm-plugin-refused-rules.json", 500),
    ] {
        let chain = start(file);
        trials.push(Trial::test(format!("recorded: {file}"), move || {
            let wrong: Vec<u16> = STEPS.iter().map(|(step, ..)| chain.ask(step).status).collect();
            if wrong.iter().all(|answered| *answered == status) {
                Ok(())
            } else {
                Err(format!("{wrong:?}").into())
            }
        }));
    }
    !libtest_mimic::run(arguments, trials).has_failed()
}

/// A recorded chain that runs.
struct RunningChain {
    envoy: Envoy,
    port: u16,
}

impl RunningChain {
    fn start(recording: &Value, upstream: &Upstream) -> Self {
        let (bootstrap, files) = adapted(recording, upstream);
        let files: Vec<(&str, Value)> = files.into_iter().map(|file| ("filter.json", file)).collect();
        let envoy = Envoy::start_with(&bootstrap, &files)
            .unwrap_or_else(|refused| panic!("Envoy does not start, {}:\n{}", refused.status, refused.log));
        let port = envoy.port("recorded");
        Self { envoy, port }
    }

    fn ask(&self, (host, path, method, origin, asked): &WalkStep) -> ClientAnswer {
        let mut headers = vec![("origin".to_owned(), origin.as_bytes().to_vec())];
        if let Some((method, names)) = asked {
            headers.push((
                "access-control-request-method".to_owned(),
                method.as_bytes().to_vec(),
            ));
            if !names.is_empty() {
                headers.push((
                    "access-control-request-headers".to_owned(),
                    names.as_bytes().to_vec(),
                ));
            }
        }
        let request = WireRequest {
            method: (*method).to_owned(),
            authority: (*host).to_owned(),
            path: (*path).to_owned(),
            headers,
        };
        self.send(&request)
    }

    fn send(&self, request: &WireRequest) -> ClientAnswer {
        let response =
            http::exchange(self.port, &http::serialise(request, (CASE_HEADER, "recorded"))).unwrap();
        ClientAnswer {
            reached_upstream: false,
            status: response.status,
            headers: response.headers,
            body: response.body,
        }
    }

    /// In what the walk-through comes out otherwise than it should.
    fn walk(&self, recording: &RecordedChain) -> Vec<String> {
        let mut problems = self.envoy.failures();
        for (step, status, allowed) in &STEPS {
            let (_, path, method, _, preflight) = step;
            let is_routed = recording.routed.contains(method);
            let expected = match (preflight, recording.of_actual_requests) {
                _ if !is_routed => (404, None),
                // Whoever refuses it sends no headers of a store's.
                (None, Else::Refused(status)) if path.contains("unlisted") => (status, None),
                (None, Else::Refused(status)) => (status, *allowed),
                _ => (*status, *allowed),
            };
            let answer = self.ask(step);
            let given = answer.values("access-control-allow-origin");
            if answer.status != expected.0 || given != expected.1.into_iter().collect::<Vec<_>>() {
                problems.push(format!("{step:?}: {} {given:?}, not {expected:?}", answer.status));
            }
        }
        problems
    }

    /// What becomes of keys and header names as stores have them.
    fn keys(&self, recording: &RecordedChain) -> Vec<String> {
        let is_refused = matches!(recording.of_actual_requests, Else::Refused(_));
        if is_refused || !recording.routed.contains(&"OPTIONS") {
            return Vec::new();
        }
        let mut problems = Vec::new();
        let slash = (OSS, "/loose/a%2Fb", "OPTIONS", SITE, Some(("GET", "")));
        let status = self.ask(&slash).status;
        if status != if recording.keeps_keys { 200 } else { 307 } {
            problems.push(format!("a preflight for %2F: {status}"));
        }
        let named = WireRequest {
            method: "GET".to_owned(),
            authority: OSS.to_owned(),
            path: "/loose/o".to_owned(),
            headers: vec![("x-oss-meta-my_key".to_owned(), b"1".to_vec())],
        };
        let status = self.send(&named).status;
        if status != if recording.keeps_keys { 200 } else { 400 } {
            problems.push(format!("a header with an underscore: {status}"));
        }
        problems
    }
}

/// A recording as a stock Envoy can run it: without the filters of Istio's own build, with the routes, the filter's
/// configuration and the store's address in place of the control plane, the module or the library of this tree, and a
/// free port. The second is the file that the filter's configuration comes from, where one does.
fn adapted(recording: &Value, upstream: &Upstream) -> (Value, Option<Value>) {
    let mut all = recording["configs"].clone();
    let [listeners, routes, clusters, rest @ ..] = all.as_array_mut().unwrap().as_mut_slice() else {
        panic!("{recording}");
    };
    let listener = field(&mut first_list(listeners)[0], "active_state");
    let mut listener = field(listener, "listener").take();
    let mut routes = field(&mut first_list(routes)[0], "route_config").take();
    let mut cluster = field(&mut first_list(clusters)[0], "cluster").take();

    for part in [&mut listener, &mut routes, &mut cluster] {
        remove(part, "@type");
    }
    listener["name"] = json!("recorded");
    listener["address"] = json!({ "socket_address": { "address": "127.0.0.1", "port_value": 0 } });
    let chain = match find(&mut listener, "default_filter_chain") {
        Some(chain) => chain,
        None => &mut field(&mut listener, "filter_chains")[0],
    };
    let manager = field(&mut chain["filters"][0], "typed_config");
    remove(manager, "rds");
    manager["route_config"] = routes.take();
    let mut file = None;
    let filters = field(manager, "http_filters").as_array_mut().unwrap();
    filters.retain(|filter| !filter["name"].as_str().unwrap().starts_with("istio."));
    for filter in filters {
        if let Some(discovery) = find(filter, "config_discovery") {
            remove(discovery, "config_source");
            discovery["config_source"] = envoy::from_file("filter.json");
            let mut resource = field(&mut first_list(&mut rest[0])[0], "ecds_filter").take();
            take_our_code(field(&mut resource, "typed_config"));
            file = Some(envoy::resources(&[resource]));
        } else {
            take_our_code(field(filter, "typed_config"));
        }
    }
    let name = cluster["name"].as_str().unwrap().to_owned();
    remove(&mut cluster, "eds_cluster_config");
    remove(&mut cluster, "filters");
    cluster["type"] = json!("STATIC");
    cluster["load_assignment"] = envoy::cluster(&name, upstream.address())["load_assignment"].take();
    let mut bootstrap = envoy::bootstrap(&[], &[cluster]);
    bootstrap["static_resources"]["listeners"] = json!([listener]);
    (bootstrap, file)
}

/// The code of this tree, in the place of what was fetched.
fn take_our_code(config: &mut Value) {
    if let Some(module) = find(config, "dynamic_module_config") {
        remove(module, "name");
        module["module"] = json!({ "local": { "filename": envoy::library() } });
    } else if let Some(plugin) = config.get_mut("config")
        && let Some(vm) = find(plugin, "vm_config")
    {
        vm["code"] = json!({ "local": { "filename": module() } });
    }
}

/// A part of a dump holds one list.
fn first_list(part: &mut Value) -> &mut Value {
    let mut fields = part.as_object_mut().unwrap().values_mut();
    fields.find(|value| value.is_array()).unwrap()
}

fn field<'v>(value: &'v mut Value, name: &str) -> &'v mut Value {
    find(value, name).unwrap_or_else(|| panic!("there is no {name}"))
}

/// A field by either of its names in JSON.
fn find<'v>(value: &'v mut Value, name: &str) -> Option<&'v mut Value> {
    let name = spelling(value, name)?;
    value.get_mut(&name)
}

fn remove(value: &mut Value, name: &str) {
    if let Some(name) = spelling(value, name) {
        value.as_object_mut().unwrap().remove(&name);
    }
}

fn spelling(value: &Value, name: &str) -> Option<String> {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    let with_humps = words.fold(first, |name, word| {
        name + &word[..1].to_ascii_uppercase() + &word[1..]
    });
    [name.to_owned(), with_humps]
        .into_iter()
        .find(|name| value.get(name).is_some())
}
