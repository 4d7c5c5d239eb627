//! `--from istio`: the policies of VirtualServices, and the CORS filters of the Gateway API's HTTPRoutes.

use bucket_cors::profile;

use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::document::Sourced;
use crate::import::file::{File, FileContent};
use crate::import::node::Node;
use crate::import::policy::{self, ListUse, Policy};
use crate::import::remarks::Remarks;
use crate::import::routes::{Host, Joining, Paths, Reach, Route};
use crate::import::{gateway_api, kubernetes, string_match};
use crate::source::Trouble;

pub(super) static SOURCE: Source = Source {
    name: "istio",
    holds: "Istio's VirtualService, or the Gateway API's HTTPRoute",
    about: "\
corsPolicy of a VirtualService, and the CORS filter of the Gateway API's HTTPRoute: `kubectl get virtualservices -A -o yaml`. The same is lost as of Envoy's.",
    profile: &profile::FETCH,
    names: BucketNames::Routes,
    kinds: &["VirtualService", "HTTPRoute", "Gateway"],
    recognises: |file| kubernetes::has_kind(file, &["VirtualService", "HTTPRoute"]),
    read,
};

/// Reads the resources of both kinds.
///
/// # Errors
/// That it is no YAML and no JSON, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let mut hosts = Vec::new();
    let resources = file.documents()?.values();
    for resource in &resources {
        let Some(spec) = resource.get("spec") else {
            continue;
        };
        match resource.text_of("kind").as_deref() {
            Some("VirtualService") => hosts.push(virtual_service(&spec, remarks)),
            Some("HTTPRoute") => {
                hosts.extend(gateway_api::http_route(resource, &resources, |_| None, remarks));
            }
            _ => {}
        }
    }
    Ok(FileContent::Hosts(hosts))
}

fn virtual_service(spec: &Node<'_>, remarks: &mut Remarks) -> Host {
    let mut routes = Vec::new();
    for http in spec.list("http") {
        let matches = http.list("match");
        let mut paths = Vec::new();
        for matched in &matches {
            let ignores_case = matched.get("ignoreUriCase").and_then(|flag| flag.flag()) == Some(true);
            let own = paths_of(matched);
            let own = if ignores_case {
                own.ignoring_case()
            } else {
                vec![own]
            };
            paths.extend(own.into_iter().map(|own| Sourced::new(own, &matched.place)));
        }
        if paths.is_empty() {
            paths.push(Sourced::new(Paths::All, &http.place));
        }
        let policy = http.get("corsPolicy").map(|policy| cors_policy(&policy, remarks));
        routes.push(Route {
            paths,
            bucket: policy.map(|policy| policy.into_bucket(ListUse::Printed, remarks)),
            ..Route::default()
        });
    }
    Host {
        domains: policy::texts(spec.get("hosts"), remarks),
        routes,
        joining: Joining::InTurn,
    }
}

fn paths_of(matched: &Node<'_>) -> Paths {
    let mut paths = Paths::All;
    let mut is_conditional = false;
    for (key, value) in matched.fields() {
        match key {
            // How a path compares, and what the match is called.
            "name" | "statPrefix" | "ignoreUriCase" => {}
            "uri" => {
                paths = match (value.text_of("prefix"), value.text_of("regex").as_deref()) {
                    (Some(prefix), _) => Paths::prefix(&prefix, false),
                    (None, Some(".*" | "/.*")) => Paths::All,
                    (None, Some(regex)) => Paths::no_prefix(Reach::of_regex(regex)),
                    (None, None) => {
                        Paths::no_prefix(Reach::of_path(&value.text_of("exact").unwrap_or_default()))
                    }
                };
            }
            _ => is_conditional = true,
        }
    }
    if is_conditional {
        paths.conditional()
    } else {
        paths
    }
}

fn cors_policy(node: &Node<'_>, remarks: &mut Remarks) -> Policy {
    let of_istio = [&gateway_api::FIELDS[..], &["allowOrigin", "unmatchedPreflights"]].concat();
    node.say_unknown(&of_istio, "a CORS policy", remarks);
    if let Some(unmatched) = node.get("unmatchedPreflights") {
        match unmatched.text().as_deref() {
            Some("UNSPECIFIED") => {}
            Some("FORWARD") => policy::say_unmatched_preflights(true, &unmatched.place, remarks),
            Some("IGNORE") => policy::say_unmatched_preflights(false, &unmatched.place, remarks),
            _ => remarks.say(
                code::OTHER_TYPE,
                &unmatched.place,
                "neither FORWARD nor IGNORE: see whether it changes answers",
            ),
        }
    }
    let mut origins = Vec::new();
    let matchers = node.list("allowOrigins");
    for matcher in &matchers {
        origins.extend(string_match::read_istio(matcher, remarks));
    }
    // Of before 1.5. Istio leaves it out where there are matchers.
    if let Some(old) = node.get("allowOrigin") {
        if matchers.is_empty() {
            for Sourced { value, place } in policy::texts(Some(old), remarks) {
                let exact = string_match::Comparison::Exact;
                let patterns = string_match::patterns(exact, &value, false, &place, remarks);
                origins.extend(patterns.into_iter().map(|pattern| Sourced::new(pattern, &place)));
            }
        } else {
            remarks.say(code::SECOND_VALUE, &old.place,
                "allowOrigin beside allowOrigins: Istio leaves the older field out: add its origins to allowOrigins if they \
                 are meant",
            );
        }
    }
    let max_age = gateway_api::max_age(node, remarks);
    Policy {
        origins,
        max_age,
        ..gateway_api::lists(node, remarks)
    }
}
