//! Resources in several files, which speak of each other.

use bucket_cors::config;

use crate::tool::Folder;

const GATEWAY: &str =
    "kind: Gateway\nmetadata: {name: gate}\nspec: {listeners: [{name: one, hostname: one.example}]}\n";
const ROUTE: &str =
    "kind: HTTPRoute\nmetadata: {name: r}\nspec:\n  parentRefs: [{name: gate}]\n  rules: [{}]\n";
const POLICY: &str = "kind: SecurityPolicy\nmetadata: {name: p}\nspec:\n  targetRefs: [{kind: HTTPRoute, name: r}]\n  cors: \
                      {allowOrigins: ['https://o.example'], allowMethods: [GET]}\n";
const WITH_FILTER: &str = "kind: HTTPRoute\nmetadata: {name: r}\nspec:\n  parentRefs: [{name: gate}]\n  rules:\n  - filters:\n    - {type: \
                           CORS, cors: {allowOrigins: ['https://o.example'], allowMethods: [GET]}}\n";
const SERVICE: &str = "kind: VirtualService\nspec:\n  hosts: [two.example]\n  http:\n  - corsPolicy: {allowOrigins: [{exact: \
                       'https://o.example'}], allowMethods: [GET]}\n";
const INGRESS: &str = "kind: Ingress\nmetadata: {annotations: {nginx.ingress.kubernetes.io/enable-cors: 'true', \
                       nginx.ingress.kubernetes.io/cors-allow-origin: 'https://o.example'}}\nspec: {rules: [{host: three.example}]}\n";

/// The files as they lie in a folder, and one by one.
fn import(name: &str, files: &[(&str, &str)], expected: &[&str]) {
    let folder = Folder::new(&format!("together-{name}"));
    std::fs::create_dir_all(folder.path().join("all")).unwrap();
    for (file, text) in files {
        folder.write(&format!("all/{file}"), text);
    }
    let named: Vec<String> = files.iter().map(|(file, _)| format!("all/{file}")).collect();
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    for paths in [&["all"][..], &named] {
        let output = folder.run(&[&["import"], paths].concat());
        assert_eq!(output.code, 0, "{paths:?}: {output:?}");
        let configuration = config::parse(output.stdout.as_bytes()).0.unwrap();
        let mut names: Vec<_> = configuration
            .buckets
            .iter()
            .map(|bucket| bucket.name.to_string())
            .collect();
        names.sort();
        assert_eq!(names, expected, "{paths:?}: {output:?}");
        assert!(!output.stderr.contains("[any-host]"), "{output:?}");
        for (file, _) in files {
            assert!(
                output.stderr.contains(&format!("all/{file}: read as --from ")),
                "{output:?}"
            );
        }
    }
}

#[test]
fn a_gateway_in_another_file_has_the_hosts_of_a_route() {
    import(
        "gateway",
        &[("gateway.yaml", GATEWAY), ("route.yaml", WITH_FILTER)],
        &["one.example"],
    );
    import(
        "route",
        &[("a.yaml", WITH_FILTER), ("b.yaml", GATEWAY), ("c.yaml", SERVICE)],
        &["one.example", "two.example"],
    );
}

#[test]
fn a_policy_in_another_file_is_that_of_its_route() {
    let files = [
        ("gateway.yaml", GATEWAY),
        ("policy.yaml", POLICY),
        ("route.yaml", ROUTE),
    ];
    import("policy", &files, &["one.example"]);
    // Each controller stays itself.
    let others = [&files[..], &[("service.yaml", SERVICE), ("web.yaml", INGRESS)]].concat();
    import(
        "others",
        &others,
        &["one.example", "three.example", "two.example"],
    );
}

#[test]
fn a_place_is_that_in_its_own_file() {
    let odd = WITH_FILTER.replace("allowMethods", "odd: 1, allowMethods");
    let folder = Folder::new("together-places")
        .with("a.yaml", GATEWAY)
        .with("b.yaml", odd);
    let output = folder.run(&["import", "a.yaml", "b.yaml"]);
    assert!(
        output.stderr.contains("b.yaml:7:64: not carried over: odd"),
        "{output:?}"
    );
}

#[test]
fn what_no_source_reads_counts_for_the_resources_of_other_files() {
    const OF_A_GATE: &str = "kind: VirtualService\nmetadata: {namespace: web}\nspec:\n  hosts: [two.example]\n  gateways: [gate]\n  \
                             exportTo: [infra]\n  http:\n  - corsPolicy: {allowOrigins: [{exact: 'https://o.example'}], \
                             allowMethods: [GET]}\n---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: gate, \
                             namespace: web}\nspec: {selector: {istio: edge}, servers: [{port: {number: 80, protocol: HTTP}, hosts: \
                             ['*']}]}\n";
    const PROXIES: &str = "kind: Deployment\nmetadata: {namespace: infra}\nspec: {template: {metadata: {labels: {istio: edge}}}}\n";
    const REMOVED: &str = "kind: EnvoyFilter\nspec: {configPatches: [{applyTo: HTTP_FILTER, match: {listener: {filterChain: {filter: \
                           {subFilter: {name: envoy.filters.http.cors}}}}}, patch: {operation: REMOVE}}]}\n";
    const CLASS: &str =
        "kind: IngressClass\nmetadata: {name: web}\nspec: {controller: traefik.io/ingress-controller}\n";
    let of_class = INGRESS.replace("spec: {", "spec: {ingressClassName: web, ");
    for (name, own, beside, is_given, status, said) in [
        ("proxies", OF_A_GATE, PROXIES, true, 0, ""),
        ("removed", SERVICE, REMOVED, false, 1, "left out: the EnvoyFilter"),
        ("class", &*of_class, CLASS, false, 1, "[not-applied]"),
    ] {
        let folder = Folder::new(&format!("beside-{name}"));
        std::fs::create_dir_all(folder.path().join("all")).unwrap();
        folder.write("all/own.yaml", own);
        // What stands in a file that another source reads counts too.
        let with_another = format!("{beside}---\n{}", INGRESS.replace("three", "four"));
        for (beside, status) in [(beside, status), (&*with_another, i32::from(name == "removed"))] {
            folder.write("all/with.yaml", beside);
            for paths in [&["all"][..], &["all/own.yaml", "all/with.yaml"]] {
                let output = folder.run(&[&["import"], paths].concat());
                let has = |host: &str| !super::imported::allows(&output.stdout, host, "/o").is_empty();
                let own = has("two.example") || has("three.example");
                assert_eq!(own, is_given, "{name} {paths:?}: {output:?}");
                assert_eq!(output.code, status, "{name} {paths:?}: {output:?}");
                assert!(output.stderr.contains(said), "{output:?}");
            }
        }
    }
}

#[test]
fn a_resource_that_stands_there_twice_is_named() {
    let service = |origin: &str, head: &str| {
        let named = format!("kind: VirtualService\nmetadata: {{name: a, namespace: web{head}}}\n");
        SERVICE
            .replace("kind: VirtualService\n", &named)
            .replace("https://o.example", origin)
    };
    let base = service("https://o.example", "");
    for (over, status) in [
        (service("https://p.example", ""), 1),
        (
            service(
                "https://o.example",
                ", labels: {a: b}, creationTimestamp: '2024-01-01T00:00:00Z'",
            ),
            0,
        ),
        (
            service("https://p.example", "")
                .replace("name: a", "name: b")
                .replace("two.", "three."),
            0,
        ),
    ] {
        let folder = Folder::new("together-twice")
            .with("base.yaml", &base)
            .with("over.yaml", &over);
        for files in [["base.yaml", "over.yaml"], ["over.yaml", "base.yaml"]] {
            let output = folder.run(&[&["import"], &files[..]].concat());
            let said = format!(
                "{}:1:1: not carried over: the VirtualService \"a\" of the namespace \"web\" a second time: the one at {}:1:1",
                files[1], files[0]
            );
            assert_eq!(output.code, status, "{output:?}");
            assert_eq!(output.stderr.contains(&said), status == 1, "{said} {output:?}");
            let is_given = !super::imported::allows(&output.stdout, "two.example", "/o").is_empty();
            assert_eq!(is_given, status == 0, "{output:?}");
        }
    }
}
