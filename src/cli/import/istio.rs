//! `--from istio`: the policies of VirtualServices, and the CORS filters of the Gateway API's HTTPRoutes.

use super::document::Sourced;
use super::node::{Documents, Node};
use super::policy::{self, Lists, Policy};
use super::report::Report;
use super::routes::{self, Host, Paths, Reach, Route};
use super::{Source, store, string_match};

/// The fields of both kinds of policy, which they spell alike.
const FIELDS: [&str; 6] = [
    "allowOrigins",
    "allowMethods",
    "allowHeaders",
    "exposeHeaders",
    "maxAge",
    "allowCredentials",
];

/// Reads the resources of both kinds.
///
/// # Errors
/// That it is no YAML and no JSON, for a person.
pub(crate) fn read(source: &Source<'_>, report: &mut Report) -> Result<Vec<Host>, String> {
    let documents = Documents::read(source.file, source.text)?;
    let mut hosts = Vec::new();
    for resource in resources(&documents) {
        let Some(spec) = resource.get("spec") else {
            continue;
        };
        match resource.text_of("kind").as_deref() {
            Some("VirtualService") => hosts.push(virtual_service(&spec, report)),
            Some("HTTPRoute") => {
                let host = http_route(&spec, report);
                routes::join(&mut hosts, host, report);
            }
            _ => {}
        }
    }
    Ok(hosts)
}

/// The Kubernetes resources of a file: its documents, or the items of a list, as `kubectl get -o json` prints them.
pub(crate) fn resources<'t>(documents: &'t Documents<'_>) -> Vec<Node<'t>> {
    let resources = documents
        .roots()
        .flat_map(|document| match document.get("items") {
            Some(items) => items.items(),
            None => vec![document],
        });
    resources.collect()
}

fn virtual_service(spec: &Node<'_>, report: &mut Report) -> Host {
    let mut routes = Vec::new();
    for http in spec.list("http") {
        let matches = http.list("match");
        let mut paths: Vec<_> = matches
            .iter()
            .map(|matched| Sourced::new(paths_of(matched), &matched.place))
            .collect();
        if paths.is_empty() {
            paths.push(Sourced::new(Paths::All, &http.place));
        }
        let policy = http.get("corsPolicy").map(|policy| cors_policy(&policy, report));
        for (matched, paths) in matches.iter().zip(&paths) {
            let case = matched
                .get("ignoreUriCase")
                .filter(|flag| flag.flag() == Some(true));
            if let (Some(case), Some(_), Paths::Bucket(_) | Paths::Prefix(_)) = (case, &policy, &paths.value)
            {
                routes::say_any_case(&case.place, report);
            }
        }
        routes.push(Route {
            paths,
            bucket: policy.map(|policy| policy.into_bucket(Lists::Printed, report)),
            place: http.place,
        });
    }
    Host {
        domains: policy::texts(spec.get("hosts"), report),
        routes,
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

fn cors_policy(node: &Node<'_>, report: &mut Report) -> Policy {
    let of_istio = [&FIELDS[..], &["allowOrigin", "unmatchedPreflights"]].concat();
    node.say_unknown(&of_istio, "a CORS policy", report);
    if let Some(unmatched) = node.get("unmatchedPreflights") {
        match unmatched.text().as_deref() {
            Some("UNSPECIFIED") => {}
            Some("FORWARD") => policy::say_unmatched_preflights(true, &unmatched.place, report),
            Some("IGNORE") => policy::say_unmatched_preflights(false, &unmatched.place, report),
            _ => report.lost(
                &unmatched.place,
                "neither FORWARD nor IGNORE: see whether it changes answers",
            ),
        }
    }
    let mut origins = Vec::new();
    let matchers = node.list("allowOrigins");
    for matcher in &matchers {
        origins.extend(string_match::read_istio(matcher, report));
    }
    // Of before 1.5.
    if matchers.is_empty() {
        for value in policy::texts(node.get("allowOrigin"), report) {
            let patterns = string_match::patterns(
                string_match::Kind::Exact,
                &value.value,
                false,
                &value.place,
                report,
            );
            origins.extend(
                patterns
                    .into_iter()
                    .map(|pattern| Sourced::new(pattern, &value.place)),
            );
        }
    }
    let max_age = node.get("maxAge").and_then(|value| {
        let Sourced { value: text, place } = policy::text(&value, report)?;
        let seconds = duration(&text);
        if seconds.is_none() {
            report.lost(
                &place,
                format!("{text:?} is no duration in whole seconds: write MaxAgeSeconds as a number"),
            );
        }
        Some(Sourced::new(seconds?, &place))
    });
    Policy {
        origins,
        max_age,
        ..lists(node, report)
    }
}

/// What both kinds of policy spell alike.
fn lists(node: &Node<'_>, report: &mut Report) -> Policy {
    Policy {
        methods: policy::texts(node.get("allowMethods"), report),
        headers: policy::texts(node.get("allowHeaders"), report),
        exposed: policy::texts(node.get("exposeHeaders"), report),
        credentials: policy::credentials(node, node.get("allowCredentials"), report),
        place: node.place.clone(),
        ..Policy::default()
    }
}

/// A duration of Go or of protobuf: `24h`, `1h30m`, `3600s`. `None`: it is none, or has a part of a second.
fn duration(text: &str) -> Option<i64> {
    let mut seconds = 0_i64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at_checked(digits)?;
        let unit = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at_checked(unit)?;
        let factor = match unit {
            "h" => 3600,
            "m" => 60,
            "s" => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.parse::<i64>().ok()?.checked_mul(factor)?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(seconds)
}

fn http_route(spec: &Node<'_>, report: &mut Report) -> Host {
    let mut domains = policy::texts(spec.get("hostnames"), report);
    if domains.is_empty() {
        domains.push(Sourced::new("*".to_owned(), &spec.place));
    }
    let mut routes = Vec::new();
    for rule in spec.list("rules") {
        let mut paths = Vec::new();
        for matched in rule.list("matches") {
            paths.push(Sourced::new(route_paths(&matched), &matched.place));
        }
        if paths.is_empty() {
            paths.push(Sourced::new(Paths::All, &rule.place));
        }
        let mut filters = cors_filters(&rule).into_iter();
        let policy = filters.next().map(|filter| filter_policy(&filter, report));
        for second in filters {
            report.lost(
                &second.place,
                "a second CORS filter of one rule: the first stands",
            );
        }
        for own in rule.list("backendRefs").iter().flat_map(cors_filters) {
            report.lost(
                &own.place,
                "the CORS filter of one of several backends: rules belong to a bucket; give the rule one filter",
            );
        }
        let bucket = policy.map(|policy| policy.into_bucket(Lists::Printed, report));
        // Each has its own length.
        routes.extend(paths.into_iter().map(|paths| Route {
            paths: vec![paths],
            bucket: bucket.clone(),
            place: rule.place.clone(),
        }));
    }
    Host { domains, routes }
}

fn cors_filters<'t>(of: &Node<'t>) -> Vec<Node<'t>> {
    let filters = of.list("filters").into_iter();
    filters.filter_map(|filter| filter.get("cors")).collect()
}

fn route_paths(matched: &Node<'_>) -> Paths {
    let paths = match matched.get("path") {
        None => Paths::All,
        Some(path) => {
            let value = path.text_of("value").unwrap_or_else(|| "/".to_owned());
            match path.text_of("type").as_deref() {
                None | Some("PathPrefix") => Paths::prefix(&value, true),
                Some("Exact") => Paths::no_prefix(Reach::of_path(&value)),
                Some(_) => Paths::no_prefix(Reach::of_regex(&value)),
            }
        }
    };
    if matched.fields().iter().any(|(key, _)| *key != "path") {
        paths.conditional()
    } else {
        paths
    }
}

/// Its origins are whole, `*`, or with a `*` before the rest of a name, which is a pattern's own form.
fn filter_policy(node: &Node<'_>, report: &mut Report) -> Policy {
    node.say_unknown(&FIELDS, "a CORS filter", report);
    let max_age = match node.get("maxAge") {
        Some(value) => {
            policy::text(&value, report).and_then(|text| store::seconds(&text.value, &text.place, report))
        }
        None => Some(Sourced::new(5, &node.place)),
    };
    Policy {
        origins: policy::texts(node.get("allowOrigins"), report),
        max_age,
        ..lists(node, report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_seconds() {
        for (text, seconds) in [("24h", 86_400), ("1h30m", 5_400), ("3600s", 3_600), ("0s", 0)] {
            assert_eq!(duration(text), Some(seconds), "{text}");
        }
        for text in [
            "",
            "24",
            "h",
            "1.5h",
            "100ms",
            "-1s",
            "9223372036854775807h",
            "1d",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
