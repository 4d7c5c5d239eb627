//! Ingresses as ingress-nginx reads them: classes, values of annotations, and paths that are regular expressions.

use super::{import, imported};

const PREFIX: &str = "nginx.ingress.kubernetes.io";

/// An Ingress of these annotations, without what they start with, and paths with their types.
pub(super) fn ingress(host: &str, annotations: &[(&str, &str)], paths: &[(&str, &str)]) -> String {
    let mut text = "---\nkind: Ingress\nmetadata:\n  name: x\n  annotations:\n    x: y\n".to_owned();
    for (name, value) in annotations {
        let name = match name.contains('/') {
            true => (*name).to_owned(),
            false => format!("{PREFIX}/{name}"),
        };
        text += &format!("    {name}: '{value}'\n");
    }
    text += "spec:\n  rules:\n  - http:\n      paths:\n";
    for (path, kind) in paths {
        text += &format!("      - {{path: '{path}', pathType: {kind}, backend: {{service: {{name: s}}}}}}\n");
    }
    if host.is_empty() {
        text
    } else {
        text + &format!("    host: '{host}'\n")
    }
}

/// With a policy for one origin.
fn with_policy(origin: &str, more: &[(&str, &str)], paths: &[(&str, &str)]) -> String {
    let own = [("enable-cors", "true"), ("cors-allow-origin", origin)];
    ingress("a.example", &[&own[..], more].concat(), paths)
}

/// What the edge answers for a path of the host, the remarks, and the exit status.
fn asked(text: &str, paths: &[&str]) -> (Vec<String>, String, i32) {
    let printed = import(&["--from", "ingress-nginx", "-"], text.as_bytes());
    let answers = paths
        .iter()
        .map(|path| imported::allows(&printed.stdout, "a.example", path));
    (answers.collect(), printed.stderr, printed.status)
}

const PHOTOS: &str = "https://p.example";
const REST: &str = "https://r.example";
const REGEX: (&str, &str) = ("use-regex", "true");

#[test]
fn an_ingress_of_another_controller_is_left_out() {
    let root = [("/", "Prefix")];
    let own = with_policy(PHOTOS, &[], &root);
    for class in ["traefik", "haproxy-internal", "kong", "alb"] {
        let other = with_policy(REST, &[("kubernetes.io/ingress.class", class)], &root);
        let named = with_policy(REST, &[], &root)
            .replace("spec:\n", &format!("spec:\n  ingressClassName: {class}\n"));
        for other in [other, named] {
            let (answers, remarks, status) = asked(&format!("{other}{own}"), &["/o"]);
            assert_eq!((answers[0].as_str(), status), (PHOTOS, 0), "{other}{remarks}");
            assert!(
                remarks.contains("changes nothing: the policy of an Ingress of the class"),
                "{remarks}"
            );
        }
    }
    // A name that tells nothing, or that an IngressClass explains.
    let named = |class: &str| own.replace("spec:\n", &format!("spec:\n  ingressClassName: {class}\n"));
    for class in ["public", "nginx-internal", "kong-nginx"] {
        assert_eq!(asked(&named(class), &["/o"]).0, [PHOTOS], "{class}");
    }
    for (class, controller, answer) in [
        ("public", "traefik.io/ingress-controller", ""),
        ("public", "nginx.org/ingress-controller", ""),
        ("traefik", "k8s.io/ingress-nginx", PHOTOS),
    ] {
        let text = format!(
            "{}---\nkind: IngressClass\nmetadata: {{name: {class}}}\nspec: {{controller: {controller}}}\n",
            named(class)
        );
        assert_eq!(asked(&text, &["/o"]).0, [answer], "{class} {controller}");
    }
}

#[test]
fn origins_are_those_that_the_controller_takes() {
    for (value, answer, code, status) in [
        ("https://A.Example", "https://a.example", "[lower-case]", 0),
        (
            "https://b.example/, https://a.example",
            "https://a.example",
            "[refused-value]",
            1,
        ),
        (
            "https://b.example/x, https://a.example",
            "https://a.example",
            "[refused-value]",
            1,
        ),
        (
            "HTTPS://b.example, https://a.example",
            "https://a.example",
            "[refused-value]",
            1,
        ),
        (
            "b.example, https://a.example",
            "https://a.example",
            "changes nothing: \"b.example\"",
            0,
        ),
        (
            "*.b.example, https://a.example",
            "https://a.example",
            "[one-label]",
            1,
        ),
        ("https://b.example/, *", "*", "[no-effect]", 0),
        ("", "*", "[no-effect]", 0),
        ("null", "null", "", 0),
    ] {
        let text = with_policy(value, &[], &[("/", "Prefix")]);
        let (answers, remarks, found) = asked(&text, &["/o"]);
        assert_eq!(
            (answers[0].as_str(), found),
            (answer, status),
            "{value}: {remarks}"
        );
        assert!(remarks.contains(code), "{value}: {remarks}");
        assert_eq!(
            remarks.contains("refused-value"),
            code == "[refused-value]",
            "{remarks}"
        );
    }
}

#[test]
fn a_value_that_the_controller_does_not_take_stands_for_none() {
    for (name, value, written) in [
        ("cors-allow-methods", "*", "PATCH"),
        ("cors-allow-methods", "GET,  PUT", "PATCH"),
        ("cors-allow-headers", "*", "Keep-Alive"),
        ("cors-max-age", "1h", "1728000"),
    ] {
        let text = with_policy(PHOTOS, &[(name, value)], &[("/", "Prefix")]);
        let printed = import(&["--from", "ingress-nginx", "-"], text.as_bytes());
        assert!(
            printed.stdout.contains(written),
            "{name}: {value}: {}",
            printed.stdout
        );
        assert!(
            printed.stderr.contains("that ingress-nginx takes"),
            "{}",
            printed.stderr
        );
        assert_eq!(printed.status, 0);
    }
    let text = with_policy(PHOTOS, &[("cors-allow-methods", "GET, put")], &[("/", "Prefix")]);
    assert!(
        !import(&["--from", "ingress-nginx", "-"], text.as_bytes())
            .stdout
            .contains("PATCH")
    );
}

#[test]
fn annotations_that_switch_no_policy_on_are_named() {
    let root = [("/", "Prefix")];
    let other = with_policy(REST, &[], &root).replace("a.example", "z.example");
    let origin = ("cors-allow-origin", PHOTOS);
    let on = ("enable-cors", "true");
    for (annotations, is_on, status, said) in [
        (
            &[("enable-cors", "{{ .Values.cors }}"), origin][..],
            false,
            1,
            "[template]",
        ),
        (&[("enable-cors", "${CORS}")], false, 1, "[template]"),
        (&[("enable-cors", "yes"), origin], false, 0, "\"yes\""),
        (&[("enable-cors", "yes")], false, 0, "[policy-off]"),
        (&[("enable-cors", "false"), origin], false, 0, "[policy-off]"),
        (&[origin], false, 0, "[policy-off]"),
        (&[("cors-max-age", "5")], false, 0, "[policy-off]"),
        (&[("enable-cor", "true"), origin], false, 1, "write enable-cors"),
        (&[("enable-crs", "true")], false, 1, "write enable-cors"),
        (
            &[("cors-alow-origin", PHOTOS)],
            false,
            1,
            "write cors-allow-origin",
        ),
        (
            &[on, origin, ("cors-alow-methods", "GET")],
            true,
            1,
            "write cors-allow-methods",
        ),
        (&[on, origin, ("cors-other", "GET")], true, 1, "[unknown-field]"),
        (&[on, origin, ("enable-core-dumps", "true")], true, 0, ""),
        (
            &[on, origin, ("cors-allow-credentials", "${CRED}")],
            true,
            1,
            "[template]",
        ),
        (
            &[on, origin, ("cors-allow-credentials", "{{ .Values.cred }}")],
            true,
            1,
            "[template]",
        ),
    ] {
        let text = format!("{}{other}", ingress("a.example", annotations, &root));
        let (answers, stderr, found) = asked(&text, &["/o"]);
        assert_eq!(
            answers,
            [if is_on { PHOTOS } else { "" }],
            "{annotations:?}\n{stderr}"
        );
        assert_eq!(found, status, "{annotations:?}\n{stderr}");
        assert!(stderr.contains(said), "{annotations:?}\n{stderr}");
        let printed = import(&["--from", "ingress-nginx", "-"], text.as_bytes());
        let before = printed.stdout.split(PHOTOS).next().unwrap();
        let is_given = is_on && before.contains("allow_credentials");
        let has_template = annotations
            .iter()
            .any(|(name, _)| *name == "cors-allow-credentials");
        assert_eq!(
            is_given,
            is_on && !has_template,
            "{annotations:?}\n{}",
            printed.stdout
        );
    }
}

#[test]
fn expressions_that_stand_for_a_prefix_are_the_bucket_s() {
    let rewrites = ("rewrite-target", "/$2");
    for (annotation, path, answers) in [
        (rewrites, "/photos(/|$)(.*)", ["", PHOTOS, PHOTOS, ""]),
        (REGEX, "/photos(/|$)(.*)", ["", PHOTOS, PHOTOS, ""]),
        (REGEX, "/photos/.*", ["", "", PHOTOS, ""]),
        (REGEX, "/photos/(.*)", ["", "", PHOTOS, ""]),
        (REGEX, "/(.*)", [PHOTOS, PHOTOS, PHOTOS, PHOTOS]),
        (REGEX, "/photos/[a-z]+", [""; 4]),
    ] {
        for kind in ["ImplementationSpecific", "Prefix"] {
            let text = with_policy(PHOTOS, &[annotation], &[(path, kind)]);
            let (found, remarks, _) = asked(&text, &["/", "/photos", "/photos/o", "/z/o"]);
            // A name that a prefix has alone goes with its bucket: nothing else is there.
            let without = |answers: &[&str]| {
                answers
                    .iter()
                    .map(|answer| (*answer).to_owned())
                    .collect::<Vec<_>>()
            };
            let mut expected = without(&answers);
            if expected[2] == PHOTOS {
                expected[1] = PHOTOS.to_owned();
            }
            assert_eq!(found, expected, "{path} {kind}: {remarks}");
            assert_eq!(
                remarks.contains("[path-case]"),
                path.starts_with("/photos") && !path.contains("a-z")
            );
        }
    }
    // Not one without an annotation that says so.
    let text = with_policy(PHOTOS, &[], &[("/photos(/|$)(.*)", "ImplementationSpecific")]);
    assert_eq!(asked(&text, &["/photos/o"]).0, [""]);
}

#[test]
fn the_longest_expression_comes_first_and_counts_for_the_whole_host() {
    // Longer than what follows, and wider.
    let wide = with_policy(
        PHOTOS,
        &[REGEX],
        &[("/photos(/|$)(.*)", "ImplementationSpecific")],
    );
    let exact = with_policy(REST, &[], &[("/photos/x", "Exact")]);
    for text in [format!("{wide}{exact}"), format!("{exact}{wide}")] {
        assert_eq!(
            asked(&text, &["/photos/x", "/photos/o"]).0,
            [PHOTOS, PHOTOS],
            "{text}"
        );
    }
    // A short prefix behind it. The first takes names in other spellings from it, so that it is left out.
    let rest = with_policy(REST, &[], &[("/", "Prefix")]);
    let (answers, remarks, status) = asked(&format!("{rest}{wide}"), &["/photos/o", "/z/o"]);
    assert_eq!((answers, status), (vec![PHOTOS.to_owned(), String::new()], 1));
    assert!(
        remarks.contains("which takes upper and lower case alike, have not this policy"),
        "{remarks}"
    );
    // A long one before it.
    let long = with_policy(REST, &[], &[("/photosandmuchmorethanthat", "Prefix")]);
    let (answers, ..) = asked(
        &format!("{long}{wide}"),
        &["/photos/o", "/photosandmuchmorethanthat/o"],
    );
    assert_eq!(answers, [PHOTOS, REST]);
    // Without expressions the exact path comes first.
    let plain = with_policy(PHOTOS, &[], &[("/photos", "Prefix")]);
    let exact = ingress("a.example", &[], &[("/photos", "Exact")]);
    assert_eq!(
        asked(&format!("{plain}{exact}"), &["/photos", "/photos/o"]).0,
        ["", PHOTOS]
    );
}

#[test]
fn a_default_backend_is_for_the_hosts_of_its_ingress() {
    let text = with_policy(PHOTOS, &[], &[("/photos", "Prefix")])
        .replace("spec:\n", "spec:\n  defaultBackend: {service: {name: s}}\n");
    let printed = import(&["--from", "ingress-nginx", "-"], text.as_bytes());
    for (host, answer) in [("a.example", PHOTOS), ("b.example", "")] {
        assert_eq!(
            imported::allows(&printed.stdout, host, "/o"),
            answer,
            "{}",
            printed.stdout
        );
    }
    let alone = format!(
        "kind: Ingress\nmetadata: {{annotations: {{{PREFIX}/enable-cors: 'true', {PREFIX}/cors-allow-origin: '{PHOTOS}'}}}}\nspec: \
         {{defaultBackend: {{service: {{name: s}}}}}}\n"
    );
    let printed = import(&["--from", "ingress-nginx", "-"], alone.as_bytes());
    assert_eq!(imported::allows(&printed.stdout, "b.example", "/o"), PHOTOS);
}

#[test]
fn an_ingress_that_only_redirects_takes_no_policy_away() {
    let own = with_policy(PHOTOS, &[], &[("/", "Prefix")]);
    let old = ingress(
        "a.example",
        &[("permanent-redirect", "https://b.example")],
        &[("/old", "Prefix")],
    );
    let (answers, remarks, status) = asked(&format!("{own}{old}"), &["/o", "/old/o"]);
    assert_eq!((answers, status), (vec![PHOTOS.to_owned(); 2], 0), "{remarks}");
    assert!(
        remarks.contains("loses meaning: a route that only redirects"),
        "{remarks}"
    );
}
