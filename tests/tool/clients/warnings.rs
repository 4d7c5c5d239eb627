//! What `check` warns about by itself where rules look like a client's.

use std::sync::atomic::{AtomicUsize, Ordering};

use bucket_cors::config;
use serde_json::{Value, json};

use super::{names, text, with_rule};
use crate::check;
use crate::support::clients::PAGE;
use crate::tool::Folder;

fn warned(rule: Value, profile: &str) -> Vec<String> {
    // Two tests ask at once, so each call has a folder of its own.
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = Folder::new(&format!("clients-warned-{count}")).with("cors.json", with_rule(profile, rule));
    let output = folder.run(&["check", "cors.json", "--format", "json"]);
    let document = check::json(&output);
    let findings = document["files"][0]["configurations"][0]["findings"]
        .as_array()
        .unwrap();
    let own = findings
        .iter()
        .filter(|it| !config::CODES.iter().any(|code| it["code"] == code.name));
    own.map(|it| format!("{} {}", text(&it["code"]), text(&it["pointer"])))
        .collect()
}

#[test]
fn rules_that_miss_part_of_a_client_are_warned_about() {
    let all = ["GET", "HEAD", "PUT", "POST", "DELETE"];
    let headers = "/buckets/0/cors/0/AllowedHeaders";
    let exposed = "/buckets/0/cors/0/ExposeHeaders";
    for (rule, profile, expected) in [
        (
            json!({ "AllowedMethods": all, "AllowedHeaders": ["authorization", "x-amz-*"] }),
            "s3",
            vec![format!("aws-sdk-headers {headers}")],
        ),
        (
            json!({ "AllowedMethods": all, "AllowedHeaders": ["authorization", "x-amz-*", "amz-sdk-*"] }),
            "s3",
            vec![],
        ),
        // The AWS SDK v2, by its names.
        (
            json!({ "AllowedMethods": all,
                 "AllowedHeaders": ["authorization", "x-amz-content-sha256", "x-amz-date", "x-amz-user-agent"] }),
            "s3",
            vec![],
        ),
        (
            json!({ "AllowedMethods": ["PUT"], "AllowedHeaders": ["x-amz-meta-*", "authorization"] }),
            "s3",
            vec![],
        ),
        (
            json!({ "AllowedMethods": ["GET"], "AllowedHeaders": ["x-oss-*"] }),
            "oss",
            vec![format!("oss-authorization {headers}")],
        ),
        (
            json!({ "AllowedMethods": ["PUT"], "AllowedHeaders": ["X-OSS-*", "Authorization"] }),
            "oss",
            vec![],
        ),
        (
            json!({ "AllowedMethods": ["POST"], "AllowedHeaders": ["x-oss-*", "authorization"] }),
            "oss",
            vec![format!("oss-content-md5 {headers}")],
        ),
        (
            json!({ "AllowedMethods": all, "AllowedHeaders": ["*"] }),
            "oss",
            vec![],
        ),
        (
            json!({ "AllowedMethods": all, "AllowedHeaders": ["*"], "ExposeHeaders": ["ETag"] }),
            "s3",
            vec![format!("checksum-not-exposed {exposed}")],
        ),
        (
            json!({ "AllowedMethods": all, "AllowedHeaders": ["*"], "ExposeHeaders": ["ETag"] }),
            "oss",
            vec![],
        ),
        // An app's own headers, which are no store's.
        (
            json!({ "AllowedMethods": all, "AllowedHeaders": ["X-*"], "ExposeHeaders": ["ETag"] }),
            "fetch",
            vec![],
        ),
        (
            json!({ "AllowedMethods": ["GET"], "AllowedHeaders": ["x-*", "authorization"] }),
            "oss",
            vec![],
        ),
        (
            json!({ "AllowedMethods": ["GET"], "AllowedHeaders": ["x-o*"] }),
            "oss",
            vec![format!("oss-authorization {headers}")],
        ),
        (
            json!({ "AllowedMethods": all, "AllowedHeaders": ["content-type"], "ExposeHeaders": ["ETag"] }),
            "s3",
            vec![],
        ),
        (
            json!({ "AllowedMethods": all, "AllowedHeaders": ["*"], "ExposeHeaders": ["etag", "X-Amz-Checksum-CRC32"] }),
            "s3",
            vec![],
        ),
        (
            json!({ "AllowedMethods": ["GET"], "AllowedHeaders": ["Range"], "ExposeHeaders": ["ETag"] }),
            "oss",
            vec![format!("range-not-exposed {exposed}")],
        ),
        (
            json!({ "AllowedMethods": ["GET"], "AllowedHeaders": ["range"] }),
            "oss",
            vec!["range-not-exposed /buckets/0/cors/0".to_owned()],
        ),
        (
            json!({ "AllowedMethods": ["GET"], "AllowedHeaders": ["range"],
                 "ExposeHeaders": ["accept-ranges", "content-range"] }),
            "oss",
            vec![],
        ),
        (
            json!({ "AllowedMethods": ["PUT"], "AllowedHeaders": ["range"] }),
            "oss",
            vec![],
        ),
    ] {
        assert_eq!(warned(rule.clone(), profile), expected, "{rule}");
    }
}

/// No warning is about rules with which every operation of the client works.
#[test]
fn a_recipe_draws_no_warning_of_its_own() {
    let folder = Folder::new("clients-quiet");
    for name in names().iter().filter(|name| *name != "tus") {
        for profile in ["oss", "s3"] {
            let recipe = folder.run(&["recipe", name, "--profile", profile, "--origin", PAGE]);
            let document = check::json(&recipe);
            let rule = document.as_object().unwrap().values().next().unwrap()[0].clone();
            assert_eq!(warned(rule, profile), Vec::<String>::new(), "{name}");
        }
    }
}
