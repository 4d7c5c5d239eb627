//! Hosts that have different buckets in their paths.

use super::imported;
use super::istio::{P, Q, cors, service};

fn paths(name: &str, host: &str, paths: &[(&str, &str)]) -> String {
    let routes = paths.iter().map(|(path, origin)| {
        let matched = format!("match: [{{uri: {{prefix: '{path}'}}}}], ");
        let matched = if path.is_empty() { String::new() } else { matched };
        format!("{{{matched}{}route: []}}", cors(origin))
    });
    let routes: Vec<_> = routes.collect();
    let routes: Vec<_> = routes.iter().map(String::as_str).collect();
    service(name, &format!("hosts: [{host}], gateways: [gate]"), &routes)
}

#[test]
fn each_has_its_own_where_the_other_has_no_route() {
    let one = paths("one", "h.example", &[("/photos/", P)]);
    let two = paths("two", "i.example", &[("/docs/", Q)]);
    let asked = [
        ("h.example", "/photos/o", P),
        ("i.example", "/docs/o", Q),
        ("h.example", "/z/o", ""),
        ("j.example", "/photos/o", ""),
    ];
    for text in [format!("{one}{two}"), format!("{two}{one}")] {
        imported::assert("istio", &text, &asked, 0, "");
    }
    // What both have stands once.
    let both = paths("two", "i.example", &[("/docs/", Q), ("/photos/", P)]);
    imported::assert("istio", &format!("{one}{both}"), &asked, 0, "");
}

#[test]
fn where_the_other_has_one_only_the_first_is_written() {
    let one = paths("one", "h.example", &[("/photos/", P)]);
    for (other, said) in [
        // Another policy, or none, for the same name.
        (&[("/docs/", Q), ("/photos/", Q)][..], "\"photos\""),
        (&[("/docs/", Q), ("/photos/", "")], "\"photos\""),
        (&[("/docs/", Q), ("/pho", "")], "\"photos\""),
        (&[("/docs/", Q), ("", "")], "\"photos\""),
        (&[("/docs/", P), ("", Q)], "[other-hosts]"),
    ] {
        let text = one.clone() + &paths("two", "i.example", other);
        let asked = [
            ("h.example", "/photos/o", P),
            ("i.example", "/docs/o", ""),
            ("i.example", "/photos/o", ""),
        ];
        imported::assert("istio", &text, &asked, 1, said);
    }
}
