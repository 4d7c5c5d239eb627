//! What a VirtualService has of those that it delegates to.

use super::istio::{P, Q, at_the_edge, cors, service, whole};

#[test]
fn a_delegate_has_what_both_ask_for() {
    let root = |around: &str, origin: &str| {
        let http = format!(
            "{{{around}{}delegate: {{name: deep, namespace: web}}}}",
            cors(origin)
        );
        let rest = format!("{{{}route: []}}", cors(Q));
        service("root", "hosts: [a.example], gateways: [gate]", &[&http, &rest])
    };
    let leaf = |matched: &str, origin: &str| {
        service(
            "deep",
            "hosts: []",
            &[&format!("{{{matched}{}route: []}}", cors(origin))],
        )
    };
    let prefix = |prefix: &str| format!("match: [{{uri: {{prefix: {prefix}}}}}], ");
    for (root, leaf, photos, rest, status, code) in [
        (root(&prefix("/photos/"), ""), leaf("", P), P, Q, 0, ""),
        (root("", ""), leaf(&prefix("/photos/"), P), P, Q, 0, ""),
        (
            root(&prefix("/photos"), ""),
            leaf(&prefix("/photos/"), P),
            P,
            Q,
            0,
            "",
        ),
        // The policy around it stands where the delegate has none.
        (root(&prefix("/photos/"), P), leaf("", ""), P, Q, 0, ""),
        (root(&prefix("/photos/"), Q), leaf("", P), P, Q, 0, ""),
        // It goes beyond what it is given.
        (
            root(&prefix("/photos/"), ""),
            leaf(&prefix("/"), P),
            Q,
            Q,
            0,
            "[not-applied]",
        ),
        (
            root("match: [{uri: {exact: /o}}], ", ""),
            leaf(&prefix("/photos/"), P),
            Q,
            Q,
            0,
            "[not-applied]",
        ),
        (
            root(&prefix("/photos/"), ""),
            leaf("match: [{uri: {prefix: /photos/}, ignoreUriCase: true}], ", P),
            Q,
            Q,
            0,
            "[not-applied]",
        ),
        // What both ask for of the rest of a request is a part of the requests.
        (
            root("match: [{uri: {prefix: /photos/}, method: {exact: PUT}}], ", ""),
            leaf("", P),
            "",
            Q,
            1,
            "[other-hosts]",
        ),
        (
            root(&prefix("/photos/"), ""),
            String::new(),
            "",
            Q,
            1,
            "[no-target]",
        ),
    ] {
        let asked = [("a.example", "/photos/o", photos), ("a.example", "/o", rest)];
        at_the_edge(&format!("{root}{leaf}"), &asked, status, code);
        at_the_edge(&format!("{leaf}{root}"), &asked, status, code);
    }
    // One match too many takes the whole route out.
    let two = leaf(
        "match: [{uri: {prefix: /photos/x/}}, {uri: {prefix: /docs/}}], ",
        P,
    );
    at_the_edge(
        &format!("{}{two}", root(&prefix("/photos/"), "")),
        &[("a.example", "/photos/x/o", Q)],
        0,
        "[not-applied]",
    );
    let hidden = leaf("", P).replace("hosts: []", "exportTo: [other]");
    at_the_edge(
        &format!("{}{hidden}", root(&prefix("/photos/"), "")),
        &[("a.example", "/photos/o", Q)],
        0,
        "[not-applied]",
    );
    // Without it, the host would be another one's there.
    let others = [whole("wide", "*", "gate", P), whole("far", "a.example", "far", Q)].concat();
    let gone = service(
        "root",
        "hosts: [a.example], gateways: [gate]",
        &["{match: [{uri: {prefix: /photos/}}], delegate: {name: deep}}"],
    );
    at_the_edge(
        &format!("{gone}{others}"),
        &[("a.example", "/o", "")],
        1,
        "[no-target]",
    );
    // Nobody delegates to it.
    at_the_edge(&leaf("", P), &[], 1, "[no-target]");
}
