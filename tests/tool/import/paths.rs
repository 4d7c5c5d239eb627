//! A policy gets to the paths of its own routes, and to no others.

use super::{import, of_envoy};

#[test]
fn a_policy_that_no_host_is_known_of_is_not_for_every_host() {
    let (buckets, remarks) = of_envoy(
        "patch:\n  value:\n    typed_per_filter_config:\n      cors: {\"@type\": x.CorsPolicy, allow_methods: GET}\n",
    );
    assert_eq!(buckets, [""; 0]);
    assert_eq!(
        remarks,
        "(standard input):4:13: not carried over: a policy that is not of a route, a virtual host or a route \
         configuration: say in buckets what it is for [no-target]\nnothing to import was found\n"
    );
}

#[test]
fn the_filter_can_be_off_for_a_route() {
    let (buckets, remarks) = of_envoy(
        r#"
domains: [a.example]
typed_per_filter_config:
  cors: {"@type": x.CorsPolicy, allow_methods: GET, allow_origin_string_match: [{exact: https://b.example}]}
routes:
- match: {prefix: /off/}
  typed_per_filter_config:
    cors: {"@type": x.FilterConfig, disabled: true}
- match: {prefix: /on/}
- match: {prefix: /}
  route:
    cors: {allow_origin_string_match: [{exact: https://c.example}]}
"#,
    );
    assert_eq!(
        buckets,
        [r#"off/ on []: []"#, r#"* on []: ["https://b.example"]"#]
    );
    assert_eq!(
        remarks.lines().next().unwrap(),
        "(standard input):4:9: not carried over: that the bucket \"off\" has no policy, where the rest of its host has \
         one: it is written as a bucket without rules, whose preflights are refused and whose responses lose their CORS \
         headers [other-hosts]"
    );
}

/// The exit status, and the places of policies that are left out because others' requests would get them, with what
/// they are of.
fn widened(from: &str, text: &str) -> (i32, Vec<String>) {
    let printed = import(&["--from", from, "-"], text.as_bytes());
    let lines = printed.stderr.lines();
    let lines =
        lines.filter(|line| line.contains(": not carried over: ") && line.contains("which is left out: "));
    let places = lines.map(|line| {
        let (place, message) = line.split_once(": not carried over: ").unwrap();
        let (target, _) = message.split_once(", which is left out: ").unwrap();
        format!("{} {target}", place.trim_start_matches("(standard input):"))
    });
    (printed.status, places.collect())
}

#[test]
fn a_bucket_of_which_another_route_takes_a_part_is_left_out() {
    let policy = "route: {cors: {allow_methods: GET, allow_origin_string_match: [{exact: '*'}]}}";
    let strict =
        "route: {cors: {allow_methods: GET, allow_origin_string_match: [{exact: 'https://a.example'}]}}";
    let envoy = |narrow: &str, rest: &str| {
        format!("domains: [a.example]\nroutes:\n- match: {{{narrow}}}\n- match: {{{rest}}}\n  {policy}\n")
    };
    let photos = (1, vec![r#"4:10 the policy of the bucket "photos""#.to_owned()]);
    for narrow in [
        "prefix: /photos/private/",
        "path: /photos/secret.txt",
        "safe_regex: {regex: '/photos/s.*'}",
        "safe_regex: {regex: '.*secret'}",
        "prefix: /photos/, headers: [{name: x}]",
    ] {
        assert_eq!(
            widened("envoy", &envoy(narrow, "prefix: /photos/")),
            photos,
            "{narrow}"
        );
        let stricter = envoy(&format!("{narrow}}}, {strict}, x: {{"), "prefix: /photos/");
        let stricter = stricter
            .replace("- match: {", "- {match: {")
            .replacen("x: {}\n", "x: {}}\n", 1);
        let stricter = stricter.replacen(
            "- {match: {prefix: /photos/}\n",
            "- match: {prefix: /photos/}\n",
            1,
        );
        let (status, places) = widened("envoy", &stricter);
        assert_eq!((status, places.len()), (1, 1), "{stricter}");
    }
    // Nothing is left of it.
    let taken = import(
        &["--from", "envoy", "-"],
        envoy("prefix: /pho", "prefix: /photos/").as_bytes(),
    );
    assert!(taken.stderr.contains("[unreached-route]"), "{}", taken.stderr);
    assert_eq!((taken.status, taken.stdout.as_str()), (1, ""));
    assert_eq!(
        widened("envoy", &envoy("prefix: /photos/private/", "prefix: /")),
        (1, vec![r#"4:10 the policy of the bucket "photos""#.to_owned()])
    );
    // It is of another bucket, or requests do not come to it.
    for narrow in [
        "prefix: /docs/private/",
        "safe_regex: {regex: '/docs/s.*'}",
        "path: /docs",
    ] {
        let (status, places) = widened("envoy", &envoy(narrow, "prefix: /photos/"));
        assert_eq!((status, places.len()), (0, 0), "{narrow}");
    }
    let later = format!(
        "domains: [a.example]\nroutes:\n- match: {{prefix: /photos/}}\n  {policy}\n- match: {{prefix: /photos/private/}}\n"
    );
    assert_eq!(widened("envoy", &later), (0, Vec::new()));
    let istio = "kind: VirtualService\nspec:\n  hosts: [a.example]\n  http:\n  - match: [{uri: {prefix: /photos/private/}}]\n  \
                 - match: [{uri: {prefix: /photos/}}]\n    corsPolicy: {allowOrigins: [{exact: '*'}], allowMethods: [GET]}\n";
    assert_eq!(
        widened("istio", istio),
        (1, vec![r#"6:13 the policy of the bucket "photos""#.to_owned()])
    );
}

#[test]
fn a_path_that_is_compared_without_case_is_told() {
    let envoy = "domains: [a.example]\nroutes:\n- match: {prefix: /Photos/, case_sensitive: false}\n  route: {cors: \
                 {allow_methods: GET, allow_origin_string_match: [{exact: '*'}]}}\n";
    let istio = "kind: VirtualService\nspec:\n  hosts: [a.example]\n  http:\n  - match: [{uri: {prefix: /Photos/}, \
                 ignoreUriCase: true}]\n    corsPolicy: {allowOrigins: [{exact: '*'}], allowMethods: [GET]}\n";
    for (from, text, exact) in [
        (
            "envoy",
            envoy,
            envoy.replace("case_sensitive: false", "case_sensitive: true"),
        ),
        (
            "istio",
            istio,
            istio.replace("ignoreUriCase: true", "ignoreUriCase: false"),
        ),
    ] {
        let printed = import(&["--from", from, "-"], text.as_bytes());
        assert!(
            printed
                .stderr
                .contains("not carried over: that upper and lower case are alike"),
            "{}",
            printed.stderr
        );
        assert_eq!(printed.status, 1);
        assert_eq!(import(&["--from", from, "-"], exact.as_bytes()).status, 0);
    }
}

#[test]
fn where_the_longest_path_wins_it_is_named_from_wherever_it_stands() {
    let route = |path: &str, policy: &str| {
        format!(
            "kind: HTTPRoute\nspec:\n  hostnames: [a.example]\n  rules:\n  - matches: [{{path: {{value: {path}}}}}]\n{policy}"
        )
    };
    let open = route(
        "/photos",
        "    filters: [{type: CORS, cors: {allowOrigins: ['*'], allowMethods: [GET]}}]\n",
    );
    let narrow = route("/photos/private", "");
    for text in [format!("{open}---\n{narrow}"), format!("{narrow}---\n{open}")] {
        let (status, places) = widened("istio", &text);
        assert_eq!((status, places.len()), (1, 1), "{text}");
    }
    let ingress = |path: &str, annotations: &str| {
        format!(
            "kind: Ingress\nmetadata: {{name: x, annotations: {{{annotations}}}}}\nspec:\n  rules:\n  - host: a.example\n    \
             http: {{paths: [{{path: {path}, pathType: Prefix}}]}}\n"
        )
    };
    let open = ingress(
        "/photos",
        "higress.io/enable-cors: 'true', higress.io/cors-allow-credentials: 'false'",
    );
    let narrow = ingress("/photos/private", "");
    for text in [format!("{open}---\n{narrow}"), format!("{narrow}---\n{open}")] {
        let (status, places) = widened("higress", &text);
        assert_eq!((status, places.len()), (1, 1), "{text}");
    }
}
