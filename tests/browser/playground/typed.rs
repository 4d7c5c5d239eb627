//! What one types, and what is shown.

use std::process::Command;

use serde_json::{Value, json};

use super::world::{PlaygroundWorld, texts};

/// The status line and the headers that the filter decides on, sorted.
fn decided(lines: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = lines
        .iter()
        .map(|line| line.trim_end().to_owned())
        .filter(|line| {
            [
                "HTTP/",
                "access-control-",
                "vary:",
                "content-type:",
                "x-bucket-cors:",
            ]
            .iter()
            .any(|start| line.starts_with(start))
        })
        .collect();
    lines.sort();
    lines
}

/// What a line for a terminal answers.
fn answer(command: &str) -> Vec<String> {
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    head.split("\r\n").map(str::to_owned).collect()
}

/// With the sample's rules in force in both.
pub(crate) fn examples_are_what_curl_gets(world: &PlaygroundWorld) {
    world.open();
    let titles = texts(&world.run(
        "return [...document.querySelectorAll('#request-examples button')].map((button) => button.textContent)",
        &[],
    ));
    assert!(titles.len() > 7, "{titles:?}");
    let mut verdicts = Vec::new();
    let mut compare = |title: &str| {
        let shown = world.shown();
        let first = &shown["exchanges"][0];
        assert_eq!(
            decided(&texts(&first["received"])),
            decided(&answer(shown["curl"].as_str().unwrap())),
            "{title}: {shown:#}"
        );
        verdicts.push(shown["title"].as_str().unwrap().to_owned());
    };
    for title in &titles {
        world.press(title);
        compare(title);
    }
    for (name, fields) in [
        (
            "HEAD",
            json!({ "method": "HEAD", "origin": "https://www.example.com" }),
        ),
        (
            "a path in need of care",
            json!({ "url": "/oss-cors-test/a b/ü%41?q='x'#part" }),
        ),
        ("dots", json!({ "url": "/oss-cors-test/../other/x" })),
        (
            "an origin that is none",
            json!({ "origin": "https://www.example.com, x" }),
        ),
        (
            "bytes beyond ASCII",
            json!({ "origin": "https://wwẅ.example.com" }),
        ),
        (
            "headers of one's own",
            json!({
                "preflight": true, "method": "PUT", "origin": "https://app.example.com",
                "extra": "Access-Control-Request-Private-Network: true\nX-Other: é",
            }),
        ),
        (
            "a list that is none",
            json!({ "names": "content-type,,x-oss-a, @", "extra": "" }),
        ),
    ] {
        world.fill(&fields);
        compare(name);
    }
    verdicts.sort();
    verdicts.dedup();
    assert!(verdicts.len() > 6, "{verdicts:?}");
}

pub(crate) fn answer_follows(world: &PlaygroundWorld) {
    world.open();
    let shown = world.shown();
    assert_eq!(shown["title"], "Allowed by rule 1 (read-from-the-site)");
    assert_eq!(shown["tone"], "good");
    // The store's star goes, the rule's headers come.
    assert_eq!(
        shown["exchanges"][0]["removed"],
        json!(["access-control-allow-origin: *"])
    );
    let received = texts(&shown["exchanges"][0]["received"]);
    assert_eq!(
        received
            .iter()
            .filter(|line| line.starts_with("access-control-allow-origin:"))
            .count(),
        1
    );
    // Nobody asked the filter to explain itself to clients.
    assert!(
        !received.iter().any(|line| line.starts_with("x-bucket-cors")),
        "{received:?}"
    );

    // Its rules as they are typed: each state on the way is shown as soon as one pauses.
    let rules = world.run("return document.getElementById('rules').value", &[]);
    let rules = rules.as_str().unwrap();
    let typed = rules.replace("https://*.example.com", "https://*.example.org");
    world.fill(&json!({ "rules": typed }));
    assert_eq!(world.shown()["title"], "No rule applies: origin");
    world.fill(&json!({ "origin": "https://www.example.org" }));
    let shown = world.shown();
    assert_eq!(shown["title"], "Allowed by rule 1 (read-from-the-site)");
    // The other half of what a browser sends comes with it.
    assert_eq!(shown["exchanges"][1]["part"], json!(null));
    world.fill(&json!({ "method": "DELETE" }));
    let shown = world.shown();
    let sent = texts(&shown["exchanges"][1]["sent"]).join("\n");
    assert!(
        sent.starts_with("OPTIONS ") && sent.contains("Access-Control-Request-Method: DELETE"),
        "{sent}"
    );
    assert!(
        shown["browser"].as_str().unwrap().starts_with("Refused"),
        "{shown:#}"
    );
}

fn rules(explain: bool) -> String {
    let rule = |id: &str, origin: &str, method: &str, header: &str| json!({ "ID": id, "AllowedOrigins": [origin], "AllowedMethods": [method], "AllowedHeaders": [header] });
    json!({
        "explain": explain,
        "buckets": [
            { "name": "other", "cors": null },
            { "name": "b", "cors": { "CORSConfiguration": { "CORSRule": [
                rule("elsewhere", "https://b.example", "PUT", "*"),
                rule("reads", "https://a.example", "GET", "*"),
                rule("plain", "https://a.example", "PUT", "content-type"),
                rule("wanted", "https://a.example", "PUT", "x-*"),
                rule("late", "*", "PUT", "*"),
            ] } } },
        ],
    })
    .to_string()
}

pub(crate) fn rule_by_rule(world: &PlaygroundWorld) {
    world.open();
    let request = json!({
        "rules": rules(false), "preflight": true, "method": "PUT", "url": "/b/x", "origin": "https://a.example", "names": "x-a",
    });
    world.fill(&request);
    let shown = world.shown();
    assert_eq!(shown["title"], "Preflight allowed by rule 3 (wanted)");
    assert!(shown["text"].as_str().unwrap().contains("Bucket b"), "{shown:#}");
    assert_eq!(
        shown["rules"],
        json!([
            { "result": "fails at origin", "checks": ["bad", "none", "none"] },
            { "result": "fails at method", "checks": ["good", "bad", "none"] },
            { "result": "fails at header", "checks": ["good", "good", "bad"] },
            { "result": "applies", "checks": ["good", "good", "good"] },
            { "result": "would apply, but rule 3 comes first", "checks": ["good", "good", "good"] },
        ])
    );
    let says = |shown: &Value| texts(&shown["exchanges"][0]["received"]).join("\n");
    assert!(!says(&shown).contains("x-bucket-cors"));
    world.fill(&json!({ "rules": rules(true) }));
    assert!(says(&world.shown()).contains("x-bucket-cors: match; rule=3; id=\"wanted\""));
    // What an operator alone sees, where the configuration asks for it.
    let log = "return document.querySelector('.log').textContent";
    assert_eq!(world.run(log, &[]), "Access log: bucket_cors_allowed");
    let logged = rules(true).replacen('{', "{\"access_log\": true, ", 1);
    world.fill(&json!({ "rules": logged }));
    let text = "Access log: bucket_cors_allowed; bucket_cors: bucket=\"b\"; match; rule=3; id=\"wanted\"";
    assert_eq!(world.run(log, &[]), text);
    world.fill(&json!({ "url": "/other/x" }));
    let shown = world.shown();
    assert_eq!(shown["title"], "Preflight refused: no-rules");
    assert_eq!(shown["rules"], json!([]));
    world.fill(&json!({ "url": "/nobody/x" }));
    assert_eq!(world.shown()["tone"], "none");
    // What the store says of itself is not what the filter says.
    world.fill(&json!({ "storeHeaders": "x-bucket-cors: match; rule=0", "actual": true }));
    assert_eq!(world.shown()["title"], "No rules for this request");
}

pub(crate) fn findings_have_places(world: &PlaygroundWorld) {
    world.open();
    world.press("With mistakes");
    let shown = world.shown();
    assert_eq!(shown["title"], "These rules are refused");
    assert_eq!(shown["summary"], "Configuration refused, errors: 3");
    let findings = texts(&shown["findings"]);
    assert_eq!(findings.len(), 5, "{findings:#?}");
    // Word by word what an Envoy logs: the place, the value, the way out and the code.
    let rules = world.run("return document.getElementById('rules').value", &[]);
    let (_, report) = bucket_cors::config::parse(rules.as_str().unwrap().as_bytes());
    for finding in report.errors.kept().iter().chain(report.warnings.kept()) {
        let found = findings.iter().find(|shown| shown.contains(&finding.message));
        let found = found.unwrap_or_else(|| panic!("{finding}: {findings:#?}"));
        assert!(
            found.contains(&finding.pointer) && found.ends_with(finding.code),
            "{found}"
        );
    }
    // The place is one press away.
    let selected = world.run(
        "const button = [...document.querySelectorAll('#findings button')]
            .find((button) => button.textContent.includes('MaxAgeSeconds'));
        button.click();
        const rules = document.getElementById('rules');
        return [button.textContent, document.activeElement.id, rules.value.slice(rules.selectionStart, rules.selectionEnd)];",
        &[],
    );
    assert_eq!(
        selected,
        json!([
            "/buckets/0/cors/CORSRules/0/MaxAgeSeconds, line 17",
            "rules",
            "-1"
        ])
    );
    // What becomes of traffic depends on the rules themselves, where these can be read that far.
    let text = |world: &PlaygroundWorld| world.shown()["text"].clone();
    assert_eq!(
        text(world),
        "An Envoy that runs keeps the rules it has; one that starts exits."
    );
    let kept = rules
        .as_str()
        .unwrap()
        .replacen('{', r#"{"on_refused_rules": "last_good", "#, 1);
    world.fill(&json!({ "rules": kept }));
    assert_eq!(
        text(world),
        "An Envoy that runs keeps the last good rules; one that starts serves objects without CORS until good rules come."
    );
    let shown = world.shown();
    assert_eq!(shown["title"], "These rules are refused");
    assert!(
        shown["summary"]
            .as_str()
            .unwrap()
            .starts_with("Configuration refused, errors: 3"),
        "{shown:#}"
    );
    assert_eq!(
        (texts(&shown["findings"]).len(), &shown["exchanges"]),
        (5, &json!([]))
    );
}

pub(crate) fn broken_rules(world: &PlaygroundWorld) {
    world.open();
    let deep = "[".repeat(100_000);
    for (rules, said) in [
        ("", "empty-configuration"),
        ("{", "not-json"),
        ("{\"buckets\": [\n{\"name\": tru}]}", "not-json"),
        ("[1, 2]", "wrong-type"),
        ("{\"buckets\": [{\"name\": \"\\ud800\"}]}", ""),
        ("<a/>", "not-json"),
        ("{\"__proto__\": {}, \"buckets\": []}", "unknown-field"),
        (&deep, ""),
    ] {
        world.fill(&json!({ "rules": rules }));
        let shown = world.shown();
        assert_eq!(shown["tone"], "bad", "{rules:.40}: {shown:#}");
        let findings = texts(&shown["findings"]).join("\n");
        assert!(
            !findings.is_empty() && findings.contains(said),
            "{rules:.40}: {shown:#}"
        );
    }
    // serde_json counts from 1.
    world.fill(&json!({ "rules": "{\"buckets\": [\n{\"name\": tru}]}" }));
    assert!(texts(&world.shown()["findings"])[0].contains("line 2"));
    // And it goes on.
    world.press("Sample");
    assert_eq!(world.shown()["tone"], "good");
    // The filter reads past a byte order mark, which JSON.parse does not.
    world.change(
        "const rules = document.getElementById('rules');
        rules.value = `\u{feff}${rules.value}`;
        rules.dispatchEvent(new Event('input', { bubbles: true }));",
        &[],
    );
    assert_eq!(world.shown()["title"], "Allowed by rule 1 (read-from-the-site)");
}

pub(crate) fn huge_rules(world: &PlaygroundWorld) {
    world.open();
    let bucket = |number: usize| {
        json!({ "name": format!("bucket-{number}"), "cors": [
            { "AllowedOrigins": [format!("https://a{number}.example")], "AllowedMethods": ["GET"] },
        ] })
    };
    let rules = json!({ "buckets": (0..20_000).map(bucket).collect::<Vec<_>>() }).to_string();
    assert!(rules.len() > 2_000_000);
    // How often the page came to other things, while the worker was busy.
    let turns = world.run(
        "const main = document.getElementById('main');
        const before = main.dataset.answered;
        const rules = document.getElementById('rules');
        rules.value = arguments[0];
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
        rules.dispatchEvent(new Event('input', { bubbles: true }));
        let turns = 0;
        while (main.dataset.answered === before) {
            await new Promise((resolve) => setTimeout(resolve, 0));
            if (document.getElementById('answer').ariaBusy === 'true') turns += 1;
        }
        return turns;",
        &[json!(rules)],
    );
    assert!(turns.as_u64().unwrap() >= 10, "{turns}");
    world.fill(&json!({ "url": "/bucket-19999/x", "origin": "https://a19999.example" }));
    let shown = world.shown();
    assert_eq!(shown["title"], "Allowed by rule 0", "{shown:#}");
    world.fill(&json!({ "rules": format!("{rules}{rules}") }));
    assert_eq!(world.shown()["tone"], "bad");
}

pub(crate) fn impossible_input(world: &PlaygroundWorld) {
    for (field, value) in [
        ("storeStatus", "1000"),
        ("storeStatus", "99"),
        ("storeStatus", "-1"),
        ("url", "http://"),
        ("url", "http://[::1"),
        ("method", "FOO BAR"),
    ] {
        world.open();
        world.fill(&json!({ field: value }));
        let shown = world.shown();
        assert_eq!(shown["title"], "No such exchange", "{shown:#}");
        assert_eq!(shown["exchanges"], json!([]), "{shown:#}");
        let hint = world.run("return document.getElementById('wrong').textContent", &[]);
        assert!(hint.as_str().unwrap().ends_with(value), "{hint}");
    }
}

pub(crate) fn links(world: &PlaygroundWorld) {
    world.open();
    let state = json!({
        "rules": rules(true), "preflight": true, "method": "PUT", "url": "/b/x", "origin": "https://a.example",
        "names": "x-a", "credentials": true, "extra": "x-b: ü", "storeStatus": "404", "storeHeaders": "etag: 1",
    });
    world.fill(&state);
    let before = world.shown();
    let link = world.run(
        "while (location.hash.length < 100) await new Promise((resolve) => setTimeout(resolve, 20));
        return location.href;",
        &[],
    );
    world.open();
    assert_ne!(world.shown(), before);
    world.change("location.href = arguments[0];", std::slice::from_ref(&link));
    assert_eq!(world.shown(), before);
    // Back is the way out of an example that took the place of one's own rules.
    world.press("Sample");
    assert_ne!(world.shown(), before);
    world.change("history.back();", &[]);
    assert_eq!(world.shown(), before);
    // One that was cut short is none.
    let link = link.as_str().unwrap();
    for broken in [&link[..link.len() - 9], &format!("{}#s=AAAA", world.url())] {
        world.change("location.href = arguments[0];", &[json!(broken)]);
        assert_eq!(world.shown()["title"], "Allowed by rule 1 (read-from-the-site)");
    }
    // What is no known kind is as good as none: `{"kind":"x","method":"PUT"}`.
    let unknown = format!("{}#s=q1bKzsxLUbJSqlDSUcpNLcnIB3ECQkOUagE", world.url());
    world.change("location.href = arguments[0];", &[json!(unknown)]);
    assert_eq!(
        world.shown()["exchanges"][0]["sent"][0],
        "PUT /oss-cors-test/test.txt HTTP/1.1"
    );
}
