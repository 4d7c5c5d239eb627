//! `bucket-cors import`.

#[path = "import/beside.rs"]
mod beside;
#[path = "import/by_hand.rs"]
mod by_hand;
#[path = "import/chain.rs"]
mod chain;
#[path = "import/codes.rs"]
mod codes;
#[path = "import/documents.rs"]
mod documents;
#[path = "import/edge.rs"]
mod edge;
#[path = "import/envoy.rs"]
mod envoy;
#[path = "import/envoy_gateway.rs"]
mod envoy_gateway;
#[path = "import/envoy_levels.rs"]
mod envoy_levels;
#[path = "import/exports.rs"]
mod exports;
#[path = "import/fields.rs"]
mod fields;
#[path = "import/gateway_listeners.rs"]
mod gateway_listeners;
#[path = "import/held.rs"]
mod held;
#[path = "import/held_envoy_gateway.rs"]
mod held_envoy_gateway;
#[path = "import/held_istio.rs"]
mod held_istio;
#[path = "import/hosts.rs"]
mod hosts;
#[path = "import/ingress_class.rs"]
mod ingress_class;
#[path = "import/ingress_nginx.rs"]
mod ingress_nginx;
#[path = "import/ingress_order.rs"]
mod ingress_order;
#[path = "import/istio.rs"]
mod istio;
#[path = "import/met.rs"]
mod met;
#[path = "import/nginx_held.rs"]
mod nginx_held;
#[path = "import/no_object.rs"]
mod no_object;
#[path = "import/origins.rs"]
mod origins;
#[path = "import/patches.rs"]
mod patches;
#[path = "import/plans.rs"]
mod plans;
#[path = "import/reach.rs"]
mod reach;
#[path = "import/real_envoy.rs"]
mod real_envoy;
#[path = "import/second.rs"]
mod second;
#[path = "import/templates.rs"]
mod templates;
#[path = "import/together.rs"]
mod together;
#[path = "import/told.rs"]
mod told;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use bucket_cors::config;

/// Samples, as the tools named in them print them; beside each what is printed for it.
const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tool/import");

/// What a run printed.
#[derive(Debug, PartialEq)]
struct Printed {
    status: i32,
    stdout: String,
    stderr: String,
}

/// Runs `bucket-cors import` among the samples, with something on standard input.
fn import(arguments: &[&str], stdin: &[u8]) -> Printed {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bucket-cors"))
        .arg("import")
        .args(arguments)
        .current_dir(SAMPLES)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let stdin = stdin.to_vec();
    // What a run does not read to its end is its own matter.
    let writer = std::thread::spawn(move || _ = pipe.write_all(&stdin));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let mut printed = Printed {
        status: output.status.code().expect("no exit status: a signal ended it"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    if !printed.stdout.is_empty() {
        take_summary(&mut printed);
    }
    assert!(!printed.stderr.contains("panicked"), "{}", printed.stderr);
    printed
}

/// Takes the last line off, which says how much there was of everything.
fn take_summary(printed: &mut Printed) {
    let stderr = printed.stderr.trim_end();
    let (rest, summary) = stderr.rsplit_once('\n').unwrap_or(("", stderr));
    let buckets = config::parse(printed.stdout.as_bytes()).0.unwrap().buckets;
    let said = |weight: &str| rest.lines().filter(|line| line.contains(weight)).count();
    let rules: usize = buckets.iter().map(|bucket| bucket.rules.len()).sum();
    let start = format!("buckets: {}, rules: {rules}, not carried over: ", buckets.len());
    let counts = summary
        .strip_prefix(&start)
        .unwrap_or_else(|| panic!("{summary}"));
    let (lost, less) = counts.split_once(", loses meaning: ").unwrap();
    if !rest.contains("\nand ") {
        assert_eq!(lost.parse(), Ok(said(": not carried over: ")), "{stderr}");
        assert_eq!(less.parse(), Ok(said(": loses meaning: ")), "{stderr}");
    }
    let end = if rest.is_empty() { 0 } else { rest.len() + 1 };
    printed.stderr.truncate(end);
}

/// The same with the file that comes first among the arguments on standard input.
fn import_text(from: &str, text: &str) -> Printed {
    import(&["--from", from, "--bucket", "b", "-"], text.as_bytes())
}

/// Holds a run against the files `expected/<name>.json` and `expected/<name>.txt`.
fn assert_prints(name: &str, arguments: &[&str], status: i32) {
    let printed = import(arguments, b"");
    let expected = |kind: &str| {
        let path = Path::new(SAMPLES).join(format!("expected/{name}.{kind}"));
        std::fs::read_to_string(path).unwrap_or_default()
    };
    assert_eq!(printed.stderr, expected("txt"), "{name}");
    assert_eq!(printed.stdout, expected("json"), "{name}");
    assert_eq!(printed.status, status, "{name}");
    assert_loads(&printed.stdout);
}

/// The core takes what was printed, if anything was.
fn assert_loads(stdout: &str) {
    if !stdout.is_empty() {
        let (_, report) = config::read(stdout.as_bytes(), &mut Vec::new());
        assert!(report.errors.is_empty(), "{:?}", report.errors);
    }
}

#[test]
fn documents_of_oss() {
    assert_prints("oss", &["--from", "oss", "--bucket", "photos", "oss.xml"], 0);
    assert_prints(
        "ossutil",
        &["--from", "oss", "ossutil-1.json", "ossutil-2.json"],
        0,
    );
}

#[test]
fn documents_of_s3() {
    let s3 = |file| import(&["--from", "s3", "--bucket", "photos", file], b"");
    assert_prints("s3", &["--from", "s3", "--bucket", "photos", "s3.xml"], 0);
    assert_eq!(s3("get-bucket-cors.json"), s3("s3.xml"));
    assert_prints("s3-several", &["--from", "s3", "console.json", "wrapped.json"], 0);
    assert_prints(
        "s3-faults",
        &["--from", "s3", "--bucket", "photos", "s3-faults.xml"],
        1,
    );
}

#[test]
fn documents_of_cloud_storage() {
    assert_prints("gcs", &["--from", "gcs", "--bucket", "assets", "gcs.json"], 1);
    assert_prints("gcs-describe", &["--from", "gcs", "gcs-describe.json"], 0);
    assert_eq!(
        import(&["--from", "gcs", "gcs-describe.yaml"], b""),
        import(&["--from", "gcs", "gcs-describe.json"], b"")
    );
}

#[test]
fn several_documents_are_several_buckets_or_refused() {
    let list = b"cors_config:\n- {origin: ['*'], method: [GET]}\nname: one\n---\nname: two\n";
    let printed = import(&["--from", "gcs", "-"], list);
    let configuration = config::parse(printed.stdout.as_bytes()).0.unwrap();
    let buckets = configuration.buckets.iter();
    let buckets: Vec<_> = buckets
        .map(|bucket| (bucket.name.as_ref(), bucket.rules.len()))
        .collect();
    assert_eq!(buckets, [("one", 1), ("two", 0)]);
    let printed = import_text("s3", "CORSRules: []\n---\nCORSRules: []\n");
    assert_eq!(
        printed.stderr,
        "(standard input):3:1: a second document begins here, and nothing says which bucket each of them is for: put each into a \
         file of its own, called after its bucket\n"
    );
    assert_eq!(printed.status, 2);
}

#[test]
fn of_two_resources_of_a_bucket_the_one_of_its_rules_stands() {
    let resource = |kind: &str, origin: &str| {
        format!(
            r#"{{"type": "{kind}", "values": {{"bucket": "b",
                "cors_rule": [{{"allowed_origins": ["{origin}"], "allowed_methods": ["GET"]}}]}}}}"#
        )
    };
    let rules = resource("aws_s3_bucket_cors_configuration", "https://new.example");
    let bucket = resource("aws_s3_bucket", "https://old.example");
    for pair in [[&rules, &bucket], [&bucket, &rules]] {
        let state = format!(
            r#"{{"values": {{"root_module": {{"resources": [{},{}]}}}}}}"#,
            pair[0], pair[1]
        );
        let printed = import(&["--from", "terraform", "-"], state.as_bytes());
        assert!(
            printed.stdout.contains("https://new.example"),
            "{}",
            printed.stdout
        );
        assert!(
            !printed.stdout.contains("https://old.example"),
            "{}",
            printed.stdout
        );
        assert!(
            printed
                .stderr
                .ends_with("these rules of \"b\" are others than those of another resource, which stand [second-policy]\n"),
            "{}",
            printed.stderr
        );
        assert_eq!(printed.status, 1);
    }
}

#[test]
fn states_and_plans_of_terraform() {
    assert_prints(
        "terraform-state",
        &["--from", "terraform", "terraform-state.json"],
        1,
    );
    assert_prints(
        "terraform-plan",
        &["--from", "terraform", "terraform-plan.json"],
        1,
    );
    // Only one of its buckets, whose order the state still has.
    assert_prints(
        "terraform-site",
        &[
            "--from",
            "terraform",
            "--bucket",
            "example-site",
            "terraform-state.json",
        ],
        0,
    );
}

#[test]
fn policies_of_envoy() {
    assert_prints("envoy", &["--from", "envoy", "envoy.yaml"], 1);
    assert_prints("envoy-legacy", &["--from", "envoy", "envoy-legacy.json"], 1);
}

/// What Envoy's routes become: the buckets, with what they have beside their rules, and the remarks.
fn of_envoy(text: &str) -> (Vec<String>, String) {
    let printed = import(&["--from", "envoy", "-"], text.as_bytes());
    assert_loads(&printed.stdout);
    let parsed = config::parse(printed.stdout.as_bytes()).0;
    let buckets = parsed
        .map(|configuration| configuration.buckets)
        .unwrap_or_default();
    let shown = buckets.iter().map(|bucket| {
        let origins: Vec<_> = bucket
            .rules
            .iter()
            .flat_map(|rule| &rule.allowed_origins)
            .collect();
        let origins: Vec<_> = origins.iter().map(|origin| origin.as_str()).collect();
        format!("{} on {:?}: {origins:?}", bucket.name, bucket.hosts)
    });
    (shown.collect(), printed.stderr)
}

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

/// The places of policies that are left out because others' requests would get them, with what they are of, and the exit status.
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

#[test]
fn policies_of_istio_and_the_gateway_api() {
    assert_prints("istio", &["--from", "istio", "istio.yaml"], 1);
    assert_prints("httproute", &["--from", "istio", "httproute.yaml"], 0);
}

#[test]
fn policies_of_higress() {
    assert_prints("higress", &["--from", "higress", "higress.yaml"], 1);
    assert_prints("ingress", &["--from", "higress", "ingress.yaml"], 1);
}

#[test]
fn annotations_of_ingress_nginx() {
    assert_prints(
        "ingress-nginx",
        &["--from", "ingress-nginx", "ingress-nginx.yaml"],
        1,
    );
}

#[test]
fn the_bucket_behind_a_policy_of_a_whole_host_can_be_named() {
    let policy = b"allow_origin_string_match: [{exact: https://a.example}]\nallow_methods: GET\n";
    let printed = import(&["--from", "envoy", "--bucket", "photos", "-"], policy);
    assert_eq!(printed.status, 0, "{}", printed.stderr);
    let (configuration, _) = config::parse(printed.stdout.as_bytes());
    let bucket = &configuration.unwrap().buckets[0];
    assert_eq!((bucket.name.as_ref(), bucket.hosts[0].as_ref()), ("photos", "*"));
}

#[test]
fn a_profile_of_choice_takes_out_what_it_does_not_take() {
    let printed = import(
        &["--from", "gcs", "--bucket", "b", "--profile", "oss", "-"],
        br#"[{"origin": ["*"], "method": ["GET", "PATCH"]}]"#,
    );
    assert_eq!(
        printed.stderr,
        "(standard input):1:38: not carried over: \"PATCH\" is none of GET, PUT, POST, DELETE, HEAD, which the \
         oss profile takes [method]\n"
    );
    assert!(
        printed.stdout.contains("\"profile\": \"oss\""),
        "{}",
        printed.stdout
    );
    assert_eq!(printed.status, 1);
}

#[test]
fn what_cannot_be_taken_out_leaves_nothing_to_print() {
    let rule = r#"{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}"#;
    let printed = import_text("s3", &format!("[{}]", [rule; 101].join(",")));
    assert_eq!(printed.stdout, "");
    assert!(
        printed.stderr.starts_with("(standard input): "),
        "{}",
        printed.stderr
    );
    assert!(
        printed.stderr.ends_with("[too-many-rules]\n"),
        "{}",
        printed.stderr
    );
    assert_eq!(printed.status, 1);
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = crate::tool::Folder::new("import-output");
    let rules = std::fs::read(Path::new(SAMPLES).join("s3.xml")).unwrap();
    folder.write("photos.xml", rules);
    folder.write("bad.xml", "<CORSConfiguration>");
    folder.write("cors.json", "before");
    let read = || std::fs::read_to_string(folder.path().join("cors.json")).unwrap();
    assert_eq!(folder.run(&["import", "bad.xml", "-o", "cors.json"]).code, 2);
    assert_eq!(read(), "before");
    let output = folder.run(&["import", "photos.xml", "-o", "cors.json"]);
    assert_eq!(
        (output.code, output.stdout.as_str()),
        (0, ""),
        "{}",
        output.stderr
    );
    assert_eq!(read(), folder.run(&["import", "photos.xml"]).stdout);
    let output = folder.run(&["import", "photos.xml", "-o", "none/cors.json"]);
    assert!(output.stderr.starts_with("none/cors.json: "), "{}", output.stderr);
    assert_eq!(output.code, 2);
    let mut left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["bad.xml", "cors.json", "photos.xml"]);
}

#[test]
fn everything_is_said_to_programs_too() {
    let folder = crate::tool::Folder::new("import-format");
    let rules = std::fs::read(Path::new(SAMPLES).join("s3-faults.xml")).unwrap();
    folder.write("photos.xml", rules);
    let said = folder.run(&["import", "photos.xml", "--format", "json"]);
    let plain = folder.run(&["import", "photos.xml"]);
    assert_eq!((said.code, said.stderr.as_str()), (plain.code, ""));
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let configuration: serde_json::Value = serde_json::from_str(&plain.stdout).unwrap();
    assert_eq!(json["configuration"], configuration);
    let remarks = json["remarks"].as_array().unwrap();
    let lines = remarks.iter().map(|remark| {
        format!(
            "{}:{}:{}: {}: {} [{}]",
            remark["file"].as_str().unwrap(),
            remark["line"],
            remark["column"],
            remark["weight"].as_str().unwrap(),
            remark["message"].as_str().unwrap(),
            remark["code"].as_str().unwrap()
        )
    });
    let printed: Vec<_> = plain
        .stderr
        .lines()
        .filter(|line| line.contains(".xml:"))
        .collect();
    let printed: Vec<_> = printed
        .into_iter()
        .filter(|line| !line.contains("read as"))
        .collect();
    assert_eq!(lines.collect::<Vec<_>>(), printed);
    let lost = remarks
        .iter()
        .filter(|remark| remark["weight"] == "not carried over");
    assert_eq!(json["not_carried_over"], lost.count());
    assert_eq!(json["told"][0]["file"], "photos.xml");
}

#[test]
fn strict_weighs_lost_meaning() {
    let entry = br#"[{"origin": ["*"], "method": ["GET"], "responseHeader": ["ETag"]}]"#;
    for (arguments, status) in [(&["--from", "gcs"][..], 0), (&["--from", "gcs", "--strict"], 1)] {
        let printed = import(&[arguments, &["--bucket", "b", "-"]].concat(), entry);
        assert_eq!(printed.status, status);
        assert!(printed.stderr.contains(": loses meaning: "), "{}", printed.stderr);
    }
}

#[test]
fn wrong_usage_is_told() {
    let rules = br#"[{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]"#;
    for (arguments, complaint) in [
        (
            &["--from", "s3", "-"][..],
            "(standard input): it does not say whose rules it holds: name the bucket with --bucket\n",
        ),
        (
            &["--from", "s3", "--bucket", "a", "s3.xml", "console.json"],
            "--bucket is given 1 times for 2 files: name the bucket of each file, in their order, or none\n",
        ),
        (
            &["--from", "s3", "--bucket", "a", "no-such-file.xml"],
            "no-such-file.xml: No such file or directory (os error 2)\n",
        ),
        (
            &["--from", "terraform", "s3.xml"],
            "s3.xml: it is neither a state of Terraform nor what `terraform show -json` prints: it has no \
             values, no planned_values and no resources; it looks like what --from s3 reads\n",
        ),
        (
            &["--from", "terraform", "console.json"],
            "console.json: it is neither a state of Terraform nor what `terraform show -json` prints: it has no \
             values, no planned_values and no resources; it looks like what --from s3 reads\n",
        ),
        (
            &["--from", "s3", "--bucket", "a", "gcs-describe.json"],
            "gcs-describe.json: no CORS document: an object with CORSRules (S3) or CORSRule (OSS), or a list of rules, \
             is one; it looks like what --from gcs reads\n",
        ),
        (
            &["--from", "gcs", "--bucket", "a", "console.json"],
            "console.json: no CORS of Cloud Storage: a list of entries with origin and method, or a bucket with cors or \
             cors_config, is read; it looks like what --from s3 reads\n",
        ),
    ] {
        let printed = import(arguments, rules);
        assert_eq!(printed.stderr, complaint);
        assert_eq!((printed.status, printed.stdout.as_str()), (2, ""));
    }
    assert_eq!(import(&["--from", "s3"], b"").status, 2);
}

#[test]
fn a_bucket_without_rules_is_told() {
    for text in ["", " \n"] {
        let printed = import_text("s3", text);
        assert_eq!(printed.stderr, "(standard input): it is empty\n");
        assert_eq!(printed.status, 2);
    }
    for text in ["[]", "<CORSConfiguration/>", r#"{"CORSRules": []}"#] {
        let printed = import_text("s3", text);
        assert_eq!(
            printed.stderr,
            "(standard input): not carried over: no rule was found: the preflights of a bucket without rules are \
             refused [no-rule]\n"
        );
        assert_eq!(printed.status, 1);
        assert!(printed.stdout.contains("\"CORSRules\": []"), "{}", printed.stdout);
    }
    let state = br#"{"values": {"root_module": {}}}"#;
    let printed = import(&["--from", "terraform", "--bucket", "x", "-"], state);
    assert_eq!(
        printed.stderr,
        "--bucket: not carried over: no rules of a bucket \"x\" were found [no-target]\nnothing to import was found\n"
    );
    let printed = import(&["--from", "terraform", "-"], state);
    assert_eq!(printed.stderr, "nothing to import was found\n");
    assert_eq!((printed.status, printed.stdout.as_str()), (1, ""));
}

#[test]
fn hostile_xml_is_a_clear_error() {
    const RULE: &str =
        "<CORSRule><AllowedOrigin>&a;</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>";
    let laughs = (1..10).fold("<!ENTITY l0 \"lol\">".to_owned(), |entities, level| {
        let ten = format!("&l{};", level - 1).repeat(10);
        format!("{entities}<!ENTITY l{level} \"{ten}\">")
    });
    let dtd =
        "1:1: the XML has a DTD (<!DOCTYPE …>), which no store prints and which is not read: take it out\n";
    let deep = "<CORSConfiguration>".repeat(100_000);
    let closed = format!("{deep}{}", "</CORSConfiguration>".repeat(100_000));
    let many = format!(
        "<CORSConfiguration>{}</CORSConfiguration>",
        "<a/>".repeat(1_000_001)
    );
    let document = |text: &str| format!("<CORSConfiguration>{text}</CORSConfiguration>");
    for (text, complaint) in [
        (format!("<!DOCTYPE c [{laughs}]>{}", document("&l9;")), dtd),
        (
            format!(
                "<!DOCTYPE c [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>{}",
                document(RULE)
            ),
            dtd,
        ),
        (document(RULE), "1:45: bad XML: unknown entity reference 'a'\n"),
        (
            document(RULE).replace("</CORSConfiguration>", ""),
            "1:45: bad XML: unknown entity reference 'a'\n",
        ),
        (
            "<CORSConfiguration><CORSRule>".to_owned(),
            "1:1: bad XML: the root element, which opens here, is never closed\n",
        ),
        (
            "<CORSConfiguration><CORSR".to_owned(),
            "1:1: bad XML: the root element, which opens here, is never closed\n",
        ),
        (
            deep,
            "1:1: bad XML: the root element, which opens here, is never closed\n",
        ),
        (
            "<?xml version=\"1.0\"?>\n<!-- é > -->  <!DOCTYPE c>\n<c/>".to_owned(),
            "2:15: the XML has a DTD (<!DOCTYPE …>), which no store prints and which is not read: take it out\n",
        ),
        (
            "\n<!-- <a> -->\n <CORSConfiguration>\n".to_owned(),
            "3:2: bad XML: the root element, which opens here, is never closed\n",
        ),
        (
            "<!-- no rules -->\n".to_owned(),
            "1:18: bad XML: there is no root element\n",
        ),
        (many, " the XML has more than 1000000 elements and texts\n"),
        (
            format!(
                "<CORSConfiguration>\n<CORSRule{}/>",
                (0..50_000).map(|at| format!(" a{at}=''")).collect::<String>()
            ),
            "2:1: the XML has a tag, a text or a comment of more than 16384 bytes, which no store prints\n",
        ),
        (
            format!("<CORSConfiguration>{}", "<a xmlns:b='c'>".repeat(30_000)),
            "1:1523: the XML declares more than 100 namespaces, which no store prints\n",
        ),
        (
            "<Error><Code>NoSuchCORSConfiguration</Code><Message>none here</Message></Error>".to_owned(),
            "1:1: it is an error of the store, NoSuchCORSConfiguration, and no rules: none here\n",
        ),
        (
            "<html/>".to_owned(),
            "1:1: its root is <html>, where <CORSConfiguration> is read\n",
        ),
    ] {
        let printed = import_text("s3", &text);
        assert_eq!(printed.stderr, format!("(standard input):{complaint}"));
        assert_eq!((printed.status, printed.stdout.as_str()), (2, ""));
    }
    // Well-formed, so that it is only no document.
    let printed = import_text("s3", &closed);
    assert!(
        printed
            .stderr
            .contains("<CORSConfiguration> is no element of a CORS document"),
        "{}",
        printed.stderr
    );
    assert_eq!(printed.status, 1);
    let latin = b"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><CORSConfiguration>\xfc</CORSConfiguration>";
    let printed = import(&["--from", "s3", "--bucket", "b", "-"], latin);
    assert_eq!(
        printed.stderr,
        "(standard input): byte 62 is not UTF-8: save it as UTF-8\n"
    );
    assert_eq!(printed.status, 2);
}

#[test]
fn hostile_yaml_is_a_clear_error() {
    let levels = (1..12).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
        let list = [format!("*a{}", level - 1).as_str(); 10].join(", ");
        format!("{text}a{level}: &a{level} [{list}]\n")
    });
    for (text, complaint) in [
        (
            levels,
            "8:58: it is too large, with everything that its aliases stand for\n",
        ),
        (
            "- ".repeat(100_000),
            "1:257: it is nested more than 128 levels deep\n",
        ),
        (
            format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
            " it is too large, or nested too deep\n",
        ),
        ("a: 1\na: 2\n".to_owned(), "2:1: the key \"a\" is given twice\n"),
    ] {
        for from in ["gcs", "terraform", "envoy", "istio", "higress"] {
            let printed = import(&["--from", from, "-"], text.as_bytes());
            assert_eq!(printed.stderr, format!("(standard input):{complaint}"), "{from}");
            assert_eq!((printed.status, printed.stdout.as_str()), (2, ""));
        }
    }
}

#[test]
fn damaged_samples_are_read_without_a_panic() {
    let mut random = crate::choices::Random(7);
    for (from, file) in [
        ("oss", "oss.xml"),
        ("s3", "get-bucket-cors.json"),
        ("gcs", "gcs.json"),
        ("terraform", "terraform-plan.json"),
        ("envoy", "envoy.yaml"),
        ("istio", "istio.yaml"),
        ("istio", "httproute.yaml"),
        ("higress", "higress.yaml"),
        ("higress", "ingress.yaml"),
    ] {
        let text = std::fs::read(Path::new(SAMPLES).join(file)).unwrap();
        for _ in 0..40 {
            let mut text = text.clone();
            for _ in 0..=random.next() % 4 {
                let mut place = || (random.next() % text.len() as u64) as usize;
                let (from, to) = (place(), place());
                let byte = b"*\"/:-[]{}<>&,0 \n\xff"[place() % 17];
                match to % 3 {
                    0 => text[to] = byte,
                    1 => text.insert(to, byte),
                    _ => {
                        let piece = text[from..text.len().min(from + 20)].to_vec();
                        text.splice(to..to, piece);
                    }
                }
            }
            let printed = import(&["--from", from, "--bucket", "b", "-"], &text);
            assert!((0..=2).contains(&printed.status), "{printed:?}");
            assert_loads(&printed.stdout);
        }
    }
}

#[test]
fn utf_16_as_power_shell_writes_it_is_read() {
    let xml = std::fs::read_to_string(Path::new(SAMPLES).join("s3.xml")).unwrap();
    let wide: Vec<u8> = ['\u{feff}']
        .into_iter()
        .chain(xml.chars())
        .flat_map(|c| (c as u16).to_le_bytes())
        .collect();
    let printed = import(&["--from", "s3", "--bucket", "photos", "-"], &wide);
    assert_eq!(
        printed,
        import(&["--from", "s3", "--bucket", "photos", "s3.xml"], b"")
    );
}

#[test]
fn cut_samples_are_read_without_a_panic() {
    for (from, file) in [
        ("oss", "oss.xml"),
        ("s3", "s3-faults.xml"),
        ("gcs", "gcs.json"),
        ("gcs", "gcs-describe.yaml"),
        ("terraform", "terraform-plan.json"),
        ("envoy", "envoy.yaml"),
        ("istio", "istio.yaml"),
        ("higress", "higress.yaml"),
    ] {
        let text = std::fs::read_to_string(Path::new(SAMPLES).join(file)).unwrap();
        for end in (0..text.len())
            .step_by(29)
            .filter(|&end| text.is_char_boundary(end))
        {
            let printed = import_text(from, &text[..end]);
            assert!((0..=2).contains(&printed.status), "{printed:?}");
            assert!(
                printed.status == 0 || !printed.stderr.is_empty(),
                "{file} cut at {end}"
            );
            assert_loads(&printed.stdout);
        }
    }
}

/// Each of them is named with its place, which in a document of one line must not be counted from the start each time.
#[test]
fn a_long_line_of_unknown_elements_is_read_in_time() {
    let elements = "<Unknown/>".repeat(100_000);
    let began = std::time::Instant::now();
    let printed = import_text(
        "s3",
        &format!("<CORSConfiguration>{elements}</CORSConfiguration>"),
    );
    assert!(printed.stderr.ends_with("and 99001 more\n"), "{}", printed.status);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}
