//! The built module in a real Envoy: every case of `tests/cases`, each a test of its own.
//!
//! One Envoy serves them all.

use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::json;

use crate::support::case;
use crate::support::envoy::{self, Envoy, Listener};
use crate::support::stand::EnvoyStand;

/// Whether all of it holds.
pub(crate) fn run(arguments: &Arguments) -> bool {
    let cases = case::load_all();
    let stand = Arc::new(EnvoyStand::start(cases.iter(), &[]));

    let mut trials = vec![
        Trial::test(
            "start: an invalid configuration is refused with all of its errors",
            invalid_configuration,
        ),
        Trial::test("start: no configuration is refused", no_configuration),
    ];
    // The library gets it as JSON.
    if !envoy::is_native() {
        trials.push(Trial::test(
            "start: a Struct is refused, and says what to use instead",
            struct_configuration,
        ));
    }
    trials.extend(cases.into_iter().map(|case| {
        let stand = stand.clone();
        Trial::test(case.name.clone(), move || {
            let mut problems = case.expectation.problems(&stand.answer(&case)?);
            if !stand.is_alive(&case)? {
                problems.push("the next request on the same worker is not answered".to_owned());
            }
            if problems.is_empty() {
                Ok(())
            } else {
                Err(problems.join("\n").into())
            }
        })
    }));
    let conclusion = libtest_mimic::run(arguments, trials);

    // Once the others are through.
    let closing = vec![Trial::test("log: no VM failed", move || {
        match stand.envoy.failures().as_slice() {
            [] => Ok(()),
            lines => Err(lines.join("\n").into()),
        }
    })];
    let closing = libtest_mimic::run(arguments, closing);
    !conclusion.has_failed() && !closing.has_failed()
}

/// Envoy's log, where it does not start with our filter configured so.
fn refusal(filter: serde_json::Value) -> Result<String, Failed> {
    let nowhere = ([127, 0, 0, 1], 1).into();
    match Envoy::start(&[Listener::new("refused", vec![filter])], nowhere) {
        Ok(_) => Err("Envoy started".into()),
        Err(refused) if refused.status.code() == Some(1) => Ok(refused.log),
        Err(refused) => Err(format!("Envoy ended with {}:\n{}", refused.status, refused.log).into()),
    }
}

fn must_contain(log: &str, texts: &[&str]) -> Result<(), Failed> {
    let missing: Vec<_> = texts.iter().filter(|text| !log.contains(**text)).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("{missing:?} is not in the log:\n{log}").into())
    }
}

fn invalid_configuration() -> Result<(), Failed> {
    let configuration = json!({
        "bukets": [],
        "buckets": [
            { "name": "", "cors": null },
            { "name": "a", "cors": { "CORSRules": [
                { "AllowedOrigins": ["https://*.*.example"], "AllowedMethods": ["PATCH"], "MaxAgeSeconds": -1 },
            ] } },
        ],
    });
    let log = refusal(envoy::bucket_cors(&configuration.to_string()))?;
    let pointers = [
        "/bukets",
        "/buckets/0/name",
        "/buckets/1/cors/CORSRules/0/AllowedOrigins/0",
        "/buckets/1/cors/CORSRules/0/AllowedMethods/0",
        "/buckets/1/cors/CORSRules/0/MaxAgeSeconds",
    ];
    must_contain(&log, &pointers)
}

fn struct_configuration() -> Result<(), Failed> {
    let log = refusal(envoy::bucket_cors_with_struct(&json!({ "buckets": [] })))?;
    must_contain(&log, &["StringValue"])
}

fn no_configuration() -> Result<(), Failed> {
    must_contain(&refusal(envoy::bucket_cors(""))?, &["(document)"])
}
