//! A host gets what its own policies say, and nothing of another's.

use bucket_cors::config;

use super::{import, imported, of_envoy};

/// A virtual host with a policy for each prefix, which allows one origin. No origin: no policy.
fn host(domains: &str, routes: &[(&str, &str)]) -> String {
    let mut text = format!("- domains: [{domains}]\n  routes:\n");
    for (prefix, origin) in routes {
        text.push_str(&format!("  - match: {{prefix: {prefix}}}\n"));
        if !origin.is_empty() {
            text.push_str(&format!(
                "    route: {{cors: {{allow_methods: GET, allow_origin_string_match: [{{exact: 'https://{origin}'}}]}}}}\n"
            ));
        }
    }
    text
}

/// What the edge is to be told: endpoints, and each bucket with its hosts and origins; and the remarks on what was
/// lost.
fn mapped(hosts: &[String]) -> (Vec<String>, Vec<String>, String, i32) {
    let text = format!("virtual_hosts:\n{}", hosts.concat());
    let printed = import(&["--from", "envoy", "-"], text.as_bytes());
    let parsed: serde_json::Value = serde_json::from_str(&printed.stdout).unwrap_or_default();
    let endpoints = parsed["endpoints"].as_array().into_iter().flatten();
    let endpoints = endpoints.map(|host| host.as_str().unwrap().to_owned()).collect();
    let lost = printed
        .stderr
        .lines()
        .filter(|line| line.contains("not carried over"));
    let lost = lost.collect::<Vec<_>>().join("\n");
    (endpoints, of_envoy(&text).0, lost, printed.status)
}

#[test]
fn two_hosts_with_the_same_policies_share_them() {
    let (endpoints, buckets, lost, status) = mapped(&[
        host("x.example", &[("/photos/", "a.example")]),
        host("y.example", &[("/photos/", "a.example")]),
    ]);
    assert_eq!(endpoints, ["x.example/", "y.example/"]);
    assert_eq!(buckets, [r#"photos on []: ["https://a.example"]"#]);
    assert_eq!((lost.as_str(), status), ("", 0));
}

#[test]
fn a_second_host_with_other_policies_is_left_out() {
    for second in [
        &[("/photos/", "b.example")][..],
        &[("/photos/", ""), ("/docs/", "a.example")],
        &[("/photos/", "a.example"), ("/", "b.example")],
    ] {
        let (endpoints, buckets, lost, status) = mapped(&[
            host("x.example", &[("/photos/", "a.example")]),
            host("y.example", second),
        ]);
        assert_eq!(endpoints, ["x.example/"], "{second:?}");
        assert_eq!(buckets, [r#"photos on []: ["https://a.example"]"#]);
        assert!(
            lost.contains("the host \"y.example\", which is left out"),
            "{lost}"
        );
        assert_eq!(status, 1);
    }
}

#[test]
fn a_host_without_a_policy_gets_none() {
    // It is neither an endpoint nor below one.
    let apart = [
        host("x.example", &[("/photos/", "a.example")]),
        host("y.example", &[("/photos/", "")]),
    ];
    let (endpoints, buckets, lost, status) = mapped(&apart);
    assert_eq!(endpoints, ["x.example/"]);
    assert_eq!((buckets.len(), lost.as_str(), status), (1, "", 0), "{buckets:?}");
    for (first, bare) in [
        (host("'*'", &[("/", "a.example")]), "y.example"),
        (host("'*'", &[("/photos/", "a.example")]), "y.example"),
    ] {
        let second = host(bare, &[("/", "")]);
        for hosts in [[first.clone(), second.clone()], [second, first.clone()]] {
            let (_, buckets, lost, status) = mapped(&hosts);
            assert!(
                buckets.contains(&format!("{bare} on [\"{bare}\"]: []")),
                "{buckets:?}"
            );
            assert!(
                lost.contains(&format!("the host {bare:?}, which would get")),
                "{lost}"
            );
            assert_eq!(status, 1);
        }
    }
    let (_, buckets, lost, _) = mapped(&[
        host("x.example", &[("/photos/", "a.example")]),
        host("other.x.example", &[("/", "")]),
    ]);
    assert_eq!((buckets.len(), lost.as_str()), (1, ""));
}

#[test]
fn a_policy_of_every_host_does_not_get_to_hosts_that_no_bucket_can_have() {
    for path in ["/", "/photos/"] {
        let (_, buckets, lost, status) = mapped(&[
            host("'*'", &[(path, "a.example")]),
            host("'*.y.example'", &[("/", "")]),
            host("z.example", &[("/", "b.example")]),
        ]);
        assert_eq!(buckets, [r#"z.example on ["z.example"]: ["https://b.example"]"#]);
        assert!(lost.contains("the policies of every other host"), "{lost}");
        assert_eq!(status, 1);
    }
}

#[test]
fn a_policy_of_every_host_and_one_of_unlisted_buckets_are_not_mixed() {
    for rest in ["", "b.example"] {
        let hosts = [
            host("'*'", &[("/", "a.example")]),
            host("x.example", &[("/photos/", "a.example"), ("/", rest)]),
        ];
        let (endpoints, buckets, lost, status) = mapped(&hosts);
        assert_eq!(endpoints, [""; 0]);
        assert_eq!(
            buckets,
            [
                r#"* on ["*"]: ["https://a.example"]"#,
                r#"x.example on ["x.example"]: []"#
            ]
        );
        assert!(lost.contains("\"x.example\", which is left out"), "{lost}");
        assert_eq!(status, 1);
        let (endpoints, buckets, lost, status) = mapped(&[hosts[1].clone(), hosts[0].clone()]);
        assert_eq!(endpoints, ["x.example/"]);
        assert!(
            !buckets.iter().any(|bucket| bucket.starts_with("* on [\"*\"]")),
            "{buckets:?}"
        );
        assert!(lost.contains("the host \"*\", which is left out"), "{lost}");
        assert_eq!(status, 1);
    }
}

#[test]
fn a_host_that_stands_twice_gets_what_all_its_places_say() {
    let first = || host("'x.example:80'", &[("/", "a.example")]);
    for other in ["", "b.example"] {
        let (_, buckets, lost, status) = mapped(&[first(), host("x.example", &[("/", other)])]);
        assert_eq!(buckets, [""; 0], "{other}");
        assert!(lost.contains("the rest of its host, which is left out"), "{lost}");
        assert_eq!(status, 1);
    }
    // Without that port, the requests are those of the hosts that no other has.
    for every in ["'*'", "'*.example'"] {
        let (_, buckets, _, status) = mapped(&[first(), host(every, &[("/", "")])]);
        assert_eq!((buckets.len(), status), (0, 1), "{every}: {buckets:?}");
    }
    let (_, buckets, lost, status) = mapped(&[first(), host("X.example", &[("/", "a.example")])]);
    assert_eq!(buckets, [r#"x.example on ["x.example"]: ["https://a.example"]"#]);
    assert_eq!((lost.as_str(), status), ("", 0));
}

#[test]
fn the_name_of_a_host_s_bucket_counts_in_no_other_host_s_path() {
    let own = host("a.example", &[("/", "p.example")]);
    let (endpoints, ..) = mapped(std::slice::from_ref(&own));
    assert_eq!(endpoints, [""; 0]);
    for others in ["", "q.example"] {
        let more = [host("b.example", &[("/", "")]), host("'*'", &[("/", others)])];
        let text = format!("virtual_hosts:\n{own}{}", more.concat());
        let rest = match others {
            "" => String::new(),
            others => format!("https://{others}"),
        };
        let asked = [
            ("a.example", "/o", PHOTOS),
            ("a.example", "/a.example/o", PHOTOS),
            ("b.example", "/a.example/o", ""),
            ("c.example", "/a.example/o", rest.as_str()),
        ];
        at_the_edge("envoy", &text, &asked);
    }
    // A name without dots may be one in paths.
    let short = [
        host("photos", &[("/", "p.example")]),
        host("b.example", &[("/photos/", "")]),
    ];
    let text = format!("virtual_hosts:\n{}", short.concat());
    let asked = [("photos", "/o", PHOTOS), ("b.example", "/photos/o", "")];
    assert_eq!(at_the_edge("envoy", &text, &asked), 0);
}

/// The exit status of an import, after which the edge allows each of these hosts and paths its origin.
#[track_caller]
pub(super) fn at_the_edge(from: &str, text: &str, asked: &[(&str, &str, &str)]) -> i32 {
    imported::asked(from, text, asked).status
}

pub(super) const PHOTOS: &str = "https://p.example";

#[test]
fn no_host_below_another_gets_its_policies() {
    let envoy = |others: &[String]| {
        let own = host("a.example", &[("/photos/", "p.example"), ("/", "r.example")]);
        format!("virtual_hosts:\n{own}{}", others.concat())
    };
    let istio = "kind: VirtualService\nspec:\n  hosts: [a.example]\n  http:\n  - match: [{uri: {prefix: /photos/}}]\n    corsPolicy: \
                 {allowOrigins: [{exact: 'https://p.example'}], allowMethods: [GET]}\n  - corsPolicy: {allowOrigins: [{exact: \
                 'https://r.example'}], allowMethods: [GET]}\n";
    let ingress = |name: &str, path: &str, origin: &str| {
        format!(
            "---\nkind: Ingress\nmetadata: {{name: {name}, annotations: {{nginx.ingress.kubernetes.io/enable-cors: 'true', \
             nginx.ingress.kubernetes.io/cors-allow-origin: 'https://{origin}'}}}}\nspec: {{rules: [{{host: a.example, http: \
             {{paths: [{{path: {path}, pathType: Prefix}}]}}}}]}}\n"
        )
    };
    let ingresses = ingress("one", "/photos", "p.example") + &ingress("two", "/", "r.example");
    for (from, text) in [
        ("envoy", envoy(&[])),
        ("envoy", envoy(&[host("'*.a.example'", &[("/", "")])])),
        ("envoy", envoy(&[host("'*'", &[("/", "")])])),
        ("envoy", envoy(&[host("photos.a.example", &[("/", "")])])),
        ("istio", istio.to_owned()),
        ("ingress-nginx", ingresses.clone()),
        ("higress", ingresses),
    ] {
        at_the_edge(
            from,
            &text,
            &[
                ("a.example:8080", "/photos/o", PHOTOS),
                ("a.example", "/other/o", "https://r.example"),
                ("photos.a.example", "/o", ""),
                ("photos.a.example", "/photos/o", ""),
                ("x.a.example", "/photos/o", ""),
                ("x.a.example", "/", ""),
                ("b.example", "/photos/o", ""),
            ],
        );
    }
}

#[test]
fn a_prefix_with_a_slash_leaves_out_the_path_without_it() {
    for rest in ["", "r.example"] {
        let own = host("a.example", &[("/photos/", "p.example"), ("/", rest)]);
        let rest = if rest.is_empty() { "" } else { "https://r.example" };
        let asked = [
            ("a.example", "/photos/", PHOTOS),
            ("a.example", "/photos/o", PHOTOS),
            ("a.example", "/photos", rest),
            ("a.example", "/photos?x=/", rest),
            ("a.example", "/other/o", rest),
        ];
        assert_eq!(at_the_edge("envoy", &format!("virtual_hosts:\n{own}"), &asked), 0);
        let every = own.replace("a.example", "'*'");
        assert_eq!(
            at_the_edge("envoy", &format!("virtual_hosts:\n{every}"), &asked),
            0
        );
    }
}

#[test]
fn a_rule_of_higress_that_is_off_takes_its_host_out() {
    let text = "kind: WasmPlugin\nspec:\n  url: cors\n  defaultConfig: {allow_origins: ['https://a.example']}\n  matchRules:\n  - \
                {domain: [y.example], configDisable: true}\n";
    let printed = import(&["--from", "higress", "-"], text.as_bytes());
    let buckets = config::parse(printed.stdout.as_bytes()).0.unwrap().buckets;
    let bare = buckets.iter().find(|bucket| bucket.name == "y.example").unwrap();
    assert!(bare.rules.is_empty());
    assert_eq!(printed.status, 1);
}
