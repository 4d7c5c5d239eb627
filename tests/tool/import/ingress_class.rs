//! Whose an Ingress is: each belongs to the controller of its class.

use super::import;
use super::imported;

const P: &str = "https://p.example";
const Q: &str = "https://q.example";

/// An Ingress with a policy, by annotations that start so.
fn ingress(host: &str, class: &str, prefix: &str, origin: &str) -> String {
    let class = match class {
        "" => String::new(),
        class => format!("  ingressClassName: {class}\n"),
    };
    format!(
        "---\nkind: Ingress\nmetadata:\n  name: {}\n  annotations:\n    {prefix}/enable-cors: 'true'\n    \
         {prefix}/cors-allow-origin: {origin}\nspec:\n{class}  rules: [{{host: {host}, http: {{paths: [{{path: /, pathType: \
         Prefix}}]}}}}]\n",
        host.split('.').next().unwrap()
    )
}

fn class(name: &str, controller: &str, more: &str) -> String {
    format!("---\nkind: IngressClass\nmetadata: {{name: {name}{more}}}\nspec: {{controller: {controller}}}\n")
}

const NGINX: &str = "nginx.ingress.kubernetes.io";
const HIGRESS: &str = "higress.io";
const DEFAULT: &str = ", annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}";

#[test]
fn each_of_two_controllers_in_one_file_has_its_own() {
    let of_nginx = ingress("a.example", "nginx", NGINX, P);
    for of_higress in [
        ingress("b.example", "higress", HIGRESS, Q),
        // Higress reads both kinds of annotations.
        ingress("b.example", "higress", NGINX, Q),
    ] {
        let both = format!("{of_nginx}{of_higress}");
        let asked = |a, b| [("a.example", "/o", a), ("b.example", "/o", b)];
        imported::assert(
            "higress",
            &both,
            &asked("", Q),
            1,
            "import it with --from ingress-nginx",
        );
        imported::assert(
            "ingress-nginx",
            &both,
            &asked(P, ""),
            1,
            "import it with --from higress",
        );
        // The annotation that was before the field.
        let older = both.replace("  ingressClassName: nginx\n", "").replacen(
            "annotations:\n",
            "annotations:\n    kubernetes.io/ingress.class: nginx\n",
            1,
        );
        imported::assert(
            "higress",
            &older,
            &asked("", Q),
            1,
            "import it with --from ingress-nginx",
        );
    }
    // What is for neither.
    let other = ingress("a.example", "nginx", HIGRESS, P) + &ingress("b.example", "nginx", NGINX, Q);
    let asked = [("a.example", "/o", ""), ("b.example", "/o", Q)];
    imported::assert("ingress-nginx", &other, &asked, 0, "[no-effect]");
    // An Ingress without a class may be either's.
    let open = ingress("a.example", "", HIGRESS, P) + &of_nginx.replace("a.example", "b.example");
    imported::assert("ingress-nginx", &open, &[("b.example", "/o", P)], 1, "[not-read]");
}

#[test]
fn a_policy_of_every_host_is_not_that_of_another_controller_s_hosts() {
    let every = ingress("'*'", "nginx", NGINX, P)
        .replace("host: '*', ", "")
        .replace("name: '*'", "name: every");
    for class in ["higress", "traefik"] {
        let other = ingress("a.example", class, NGINX, Q);
        let asked = [("a.example", "/o", ""), ("b.example", "/o", P)];
        imported::assert(
            "ingress-nginx",
            &format!("{every}{other}"),
            &asked,
            1,
            "[other-hosts]",
        );
    }
    let plugin = "---\nkind: WasmPlugin\nmetadata: {name: cors}\nspec:\n  url: oci://x/cors:1.0.0\n  defaultConfig: {allow_origins: \
                  ['https://p.example'], allow_methods: [GET]}\n";
    let other = ingress("a.example", "nginx", NGINX, Q);
    let asked = [("a.example", "/o", ""), ("b.example", "/o", P)];
    imported::assert("higress", &format!("{plugin}{other}"), &asked, 1, "[other-hosts]");
}

#[test]
fn an_ingress_class_says_whose_its_ingresses_are() {
    let own = |host: &str, class: &str, origin: &str| ingress(host, class, NGINX, origin);
    for (named, controller, of_nginx, of_higress) in [
        ("web", "k8s.io/ingress-nginx", P, ""),
        ("web", "higress.io/higress-controller", "", P),
        ("web", "traefik.io/ingress-controller", "", ""),
        ("web", "nginx.org/ingress-controller", "", ""),
        ("web", "example.com/of-our-own", "", ""),
        ("nginx", "higress.io/higress-controller", "", P),
        ("higress", "k8s.io/ingress-nginx", P, ""),
    ] {
        let classes = class(named, controller, "");
        let text = own("a.example", named, P) + &classes;
        // By default it is the class of an Ingress that has none.
        let default = own("a.example", "", P) + &class(named, controller, DEFAULT);
        for text in [text, default] {
            for (from, expected) in [("ingress-nginx", of_nginx), ("higress", of_higress)] {
                let printed = imported::asked(from, &text, &[("a.example", "/o", expected)]);
                assert_eq!(
                    printed.status,
                    i32::from(expected.is_empty()),
                    "{text}{}",
                    printed.stderr
                );
                let is_named = printed.stderr.contains("of the class");
                assert_eq!(is_named, expected.is_empty(), "{from}: {text}{}", printed.stderr);
            }
        }
    }
    // One that nobody knows is not told to change nothing.
    let unknown =
        own("a.example", "web", P) + &class("web", "example.com/x", "") + &own("b.example", "nginx", Q);
    let asked = [("a.example", "/o", ""), ("b.example", "/o", Q)];
    imported::assert("ingress-nginx", &unknown, &asked, 1, "[not-read]");
}

#[test]
fn a_rule_of_higress_s_plugin_is_for_its_own_ingresses() {
    let plugin = "---\nkind: WasmPlugin\nmetadata: {name: cors}\nspec:\n  url: oci://x/cors:1.0.0\n  matchRules:\n  - ingress: \
                  [default/a]\n    config: {allow_origins: ['https://p.example'], allow_methods: [GET]}\n  - ingress: [default/b]\n    \
                  config: {allow_origins: ['https://q.example'], allow_methods: [GET]}\n";
    let plain = |host: &str, class: &str| {
        ingress(host, class, NGINX, P)
            .lines()
            .filter(|line| !line.contains("cors"))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let text = format!(
        "{plugin}{}{}",
        plain("a.example", "nginx"),
        plain("b.example", "higress")
    );
    let asked = [("a.example", "/o", ""), ("b.example", "/o", Q)];
    imported::assert("higress", &text, &asked, 0, "whose class is another controller's");
    // Another plugin is named where it has headers of CORS.
    let other = "---\nkind: WasmPlugin\nmetadata: {name: x}\nspec:\n  url: oci://x/custom-response:1\n  defaultConfig: {headers: \
                 ['Access-Control-Allow-Origin=*']}\n";
    let printed = import(&["--from", "higress", "-"], format!("{text}{other}").as_bytes());
    assert!(printed.stderr.contains("[not-read]"), "{}", printed.stderr);
    assert_eq!(printed.status, 1);
}

#[test]
fn two_controllers_of_a_kind_have_ingresses_of_their_own() {
    let made = |class: &str, day: usize, origin: &str| {
        let made = format!("metadata:\n  creationTimestamp: '2025-01-0{day}T00:00:00Z'\n");
        ingress("a.example", class, NGINX, origin).replace("metadata:\n", &made)
    };
    // The older one has the path only of the same controller.
    for (first, second, classes, expected, status) in [
        ("nginx", "nginx", String::new(), P, 0),
        ("nginx-inside", "nginx-outside", String::new(), "", 1),
        ("nginx", "", String::new(), P, 0),
        (
            "inside",
            "outside",
            class("inside", "k8s.io/ingress-nginx", "") + &class("outside", "k8s.io/ingress-nginx", ""),
            P,
            0,
        ),
        (
            "inside",
            "outside",
            class("inside", "k8s.io/ingress-nginx", "")
                + &class("outside", "k8s.io/second-ingress-nginx", ""),
            "",
            1,
        ),
    ] {
        let text = made(first, 1, P) + &made(second, 2, Q) + &classes;
        imported::assert(
            "ingress-nginx",
            &text,
            &[("a.example", "/o", expected)],
            status,
            "",
        );
    }
    // What both say stands.
    let same = made("nginx-inside", 1, P) + &made("nginx-outside", 2, P);
    imported::assert("ingress-nginx", &same, &[("a.example", "/o", P)], 0, "");
}
