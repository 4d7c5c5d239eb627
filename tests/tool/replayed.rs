//! `bucket-cors explain` on the cases that the edge itself answers: the same verdict, the same headers.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::check::json;
use crate::support::answer::ClientAnswer;
use crate::support::case::{self, Case};
use crate::support::conformance::{self, GatheredCase};
use crate::tool::Folder;

/// The arguments that ask for a case; `None` where an argument cannot say it, or a browser would say it otherwise.
fn arguments(case: &Case) -> Option<Vec<String>> {
    let request = &case.request;
    let has = |name: &str| request.folded(name).is_some();
    let is_kept = matches!(
        request.method.to_ascii_uppercase().as_str(),
        "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT"
    );
    let is_said = request.path.starts_with('/')
        && request.path.is_ascii()
        && !request.path.contains('#')
        && format!("http://{}{}", request.authority, request.path)
            .parse::<http::Uri>()
            .is_ok()
        && !request.authority.contains('@')
        && !request.authority.ends_with(":80")
        && (!is_kept
            || request.method == request.method.to_ascii_uppercase()
            || has("access-control-request-method"));
    if !is_said {
        return None;
    }
    let mut arguments = vec![
        "--url".to_owned(),
        format!("http://{}{}", request.authority, request.path),
        "--method".to_owned(),
        request.method.clone(),
    ];
    for (name, value) in &request.headers {
        let value = std::str::from_utf8(value).ok()?;
        arguments.extend(["-H".to_owned(), format!("{name}: {value}")]);
    }
    for (name, value) in &case.upstream.headers {
        arguments.extend(["--response-header".to_owned(), format!("{name}: {value}")]);
    }
    Some(arguments)
}

/// What the tool says of the case's own request, beside whether the edge says that a page may see it.
fn answer(explanation: &Value, case: &Case) -> ClientAnswer {
    let exchange = explanation["exchanges"].as_array().unwrap().last().unwrap();
    let reached_upstream = exchange["by"] != "edge";
    let headers = exchange["headers"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut headers: Vec<_> = headers
        .map(|line| (text(&line[0]), text(&line[1]).into_bytes()))
        .collect();
    let body = text(&exchange["body"]).into_bytes();
    if !reached_upstream {
        // The proxy's.
        headers.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
    }
    ClientAnswer {
        reached_upstream,
        status: match exchange["status"].as_u64() {
            Some(status) => status.try_into().unwrap(),
            None => case.upstream.status,
        },
        headers,
        body,
    }
}

/// The rule that is said to match is the one that matches alone, and the first of those.
fn assert_rules(explanation: &Value, name: &str) {
    for exchange in explanation["exchanges"].as_array().unwrap() {
        let decision = &exchange["decision"];
        let Some(rules) = decision["rules"].as_array() else {
            continue;
        };
        let first = rules
            .iter()
            .find(|rule| rule["fails"].is_null())
            .map(|rule| &rule["index"]);
        let said = Some(&decision["rule"]).filter(|rule| !rule.is_null());
        assert_eq!(first, said, "{name}: {decision}");
        assert_eq!(decision["reason"].is_null(), said.is_some(), "{name}: {decision}");
        // What leaves no rule is what some rule fails by.
        let reason = &decision["reason"];
        if !rules.is_empty() && ["origin", "method", "header"].iter().any(|check| reason == check) {
            assert!(
                rules.iter().any(|rule| rule["fails"] == *reason),
                "{name}: {decision}"
            );
        }
        for rule in rules.iter().filter(|rule| rule["fails"] == "header") {
            assert!(rule["value"].is_string(), "{name}: {rule}");
        }
    }
}

fn replay(name: &str, cases: &[&Case]) -> usize {
    let folder = Folder::new(name);
    let mut files: BTreeMap<Arc<str>, String> = BTreeMap::new();
    let mut wrong = BTreeMap::new();
    let mut run = 0;
    for case in cases {
        let Some(asked) = arguments(case) else { continue };
        let count = files.len();
        let file = files.entry(case.configuration.clone()).or_insert_with(|| {
            let file = format!("{count}.json");
            folder.write(&file, case.configuration.as_bytes());
            file
        });
        let mut all = vec!["explain", file, "--format", "json"];
        all.extend(asked.iter().map(String::as_str));
        let output = folder.run(&all);
        if output.stderr.contains("is none that a browser can request") {
            // Only another client can send it.
            continue;
        }
        if output.code == 2 {
            wrong.insert(case.name.clone(), vec![format!("{output:?}")]);
            continue;
        }
        let explanation = json(&output);
        let outcome = &explanation["verdict"]["outcome"];
        let last = explanation["exchanges"].as_array().and_then(|all| all.last());
        // OPTIONS that is no preflight, to which the edge itself says no.
        let is_answered = outcome == "not-cors" && last.is_some_and(|last| last["by"] == "edge");
        assert_eq!(
            output.code == 1,
            outcome == "refused" || is_answered,
            "{}",
            case.name
        );
        assert_rules(&explanation, &case.name);
        run += 1;
        let problems = case.expectation.problems(&answer(&explanation, case));
        if !problems.is_empty() {
            wrong.insert(case.name.clone(), problems);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    run
}

#[test]
fn each_case_is_explained_as_the_edge_answers_it() {
    let cases = case::load_all();
    let cases: Vec<&Case> = cases.iter().filter(|case| !case.takes_an_envoy()).collect();
    let run = replay("cases", &cases);
    assert!(run > 320, "{run} cases of {}", cases.len());
}

#[test]
#[ignore = "takes long"]
fn each_gathered_case_is_explained_as_the_edge_answers_it() {
    if conformance::folder().is_none() {
        return;
    }
    let differences = conformance::differences();
    let differs = |id: &str| differences.iter().any(|difference| difference.id == id);
    let gathered = conformance::all();
    let cases: Vec<&Case> = gathered
        .iter()
        .filter(|case| !differs(&case.id))
        .filter_map(|case| match &case.what {
            GatheredCase::Exchange(case) if !case.takes_an_envoy() => Some(case),
            _ => None,
        })
        .collect();
    let run = replay("gathered", &cases);
    assert!(run > 400, "{run} cases of {}", cases.len());
}
