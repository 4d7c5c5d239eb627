//! Which of several Ingresses has a path or an alias of ingress-nginx's.

use super::imported;
use super::ingress_nginx::ingress;

const P: &str = "https://p.example";
const Q: &str = "https://q.example";

const EARLY: &str = "2025-01-02T03:04:05Z";
const LATE: &str = "2025-11-02T03:04:05Z";

/// An Ingress of `/` with a policy, if it has an origin.
fn made(name: &str, made: &str, host: &str, origin: &str, more: &[(&str, &str)]) -> String {
    let own = [("enable-cors", "true"), ("cors-allow-origin", origin)];
    let own = if origin.is_empty() { &[][..] } else { &own[..] };
    let text = ingress(host, &[own, more].concat(), &[("/", "Prefix")]);
    let made = match made {
        "" => String::new(),
        made => format!("\n  creationTimestamp: '{made}'"),
    };
    text.replace("  name: x", &format!("  name: {name}{made}"))
}

#[test]
fn the_older_of_two_ingresses_has_the_path() {
    for (first, second, expected, status, code) in [
        (("z", EARLY, P), ("a", LATE, Q), P, 0, "[not-applied]"),
        (("a", LATE, P), ("z", EARLY, Q), Q, 0, "[not-applied]"),
        // Of two that were made at once, the last by name.
        (("a", EARLY, P), ("b", EARLY, Q), Q, 0, "[not-applied]"),
        (("a", EARLY, P), ("b", LATE, ""), P, 0, ""),
        (("a", EARLY, ""), ("b", LATE, P), "", 1, "[not-applied]"),
        (("a", EARLY, P), ("b", "", Q), "", 1, "creationTimestamp"),
        (("a", "", P), ("b", "", Q), "", 1, "creationTimestamp"),
        (("a", "", P), ("b", "", ""), "", 1, "creationTimestamp"),
        (("a", "", P), ("b", "", P), P, 0, ""),
    ] {
        let of = |(name, time, origin): (&str, &str, &str)| made(name, time, "a.example", origin, &[]);
        let text = of(first) + &of(second);
        imported::assert(
            "ingress-nginx",
            &text,
            &[("a.example", "/o", expected)],
            status,
            code,
        );
    }
    // Another type of the path is another location.
    let exact = made("a", EARLY, "a.example", P, &[]).replace("Prefix", "Exact");
    let both = (exact + &made("b", LATE, "a.example", Q, &[])).replace("path: '/'", "path: '/x'");
    imported::assert("ingress-nginx", &both, &[("a.example", "/x/o", Q)], 1, "");
}

#[test]
fn an_alias_is_that_of_one_host() {
    let alias = |names: &'static str| [("server-alias", names)];
    // Of one Ingress with two hosts, and of two.
    let hosts = |first: &str, second: &str, origin: &str| {
        let text = made("x", "", "HOST", origin, &alias("c.example"));
        let (before, rule) = text.split_at(text.find("  - http:").unwrap());
        let photos = rule
            .replace("path: '/'", "path: '/photos'")
            .replace("HOST", second);
        format!("{before}{}{photos}", rule.replace("HOST", first))
    };
    for (first, second) in [("a.example", "b.example"), ("b.example", "a.example")] {
        let text = hosts(first, second, P);
        let rest = if first == "a.example" { P } else { "" };
        let asked = [
            ("c.example", "/photos/o", P),
            (first, "/z/o", P),
            ("c.example", "/z/o", rest),
        ];
        imported::assert("ingress-nginx", &text, &asked[..2], 0, "");
        imported::assert("ingress-nginx", &text, &asked, 0, "");
        let two =
            made("x", "", first, P, &alias("c.example")) + &made("y", "", second, Q, &alias("c.example"));
        let own = if first == "a.example" { P } else { Q };
        let asked = [(first, "/o", P), (second, "/o", Q), ("c.example", "/o", own)];
        imported::assert("ingress-nginx", &two, &asked, 0, "[not-applied]");
    }
    // Two Ingresses of one host.
    for (times, b, c, status) in [
        ((EARLY, LATE), P, "", 0),
        ((LATE, EARLY), "", P, 0),
        (("", ""), "", "", 1),
    ] {
        let photos =
            made("y", times.1, "a.example", P, &alias("c.example")).replace("path: '/'", "path: '/photos'");
        let text = made("x", times.0, "a.example", P, &alias("b.example")) + &photos;
        let asked = [
            ("a.example", "/o", P),
            ("b.example", "/o", b),
            ("c.example", "/o", c),
        ];
        imported::assert("ingress-nginx", &text, &asked, status, "aliases of the host");
    }
}
