//! `configurations.json`, and the configurations of `hostile.json`: rule documents that stores take or refuse, and what
//! operators and attackers were seen to write.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Gathered, GatheredCase, read};
use crate::support::case::from_hex;

/// A plugin configuration, and what is to become of it.
pub(crate) struct ConfigurationDocument {
    /// Not always a text.
    pub(crate) bytes: Vec<u8>,
    expected: ExpectedLoad,
    /// Almost every case lists GET alone, which is warned about; in one, that warning is the point.
    is_about_get_alone: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ExpectedLoad {
    /// Taken, with warnings or without.
    Accept,
    /// Taken, with a warning at least.
    Warn,
    Reject,
}

/// What became of a configuration: whether it was taken, and the lines that were logged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LoadedDocument {
    pub(crate) is_accepted: bool,
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

impl ConfigurationDocument {
    /// One that is to be refused.
    pub(super) fn refused(document: &Value) -> Self {
        Self {
            bytes: document.to_string().into_bytes(),
            expected: ExpectedLoad::Reject,
            is_about_get_alone: false,
        }
    }

    /// In what that is another outcome than the case's.
    pub(crate) fn problems(&self, loaded: &LoadedDocument) -> Vec<String> {
        let mut problems = Vec::new();
        let is_warning = |line: &&String| self.is_about_get_alone || !line.ends_with("[get-without-head]");
        let warned = loaded.warnings.iter().any(|line| is_warning(&line));
        let agrees = match self.expected {
            ExpectedLoad::Accept => loaded.is_accepted,
            ExpectedLoad::Warn => loaded.is_accepted && warned,
            ExpectedLoad::Reject => !loaded.is_accepted,
        };
        if !agrees {
            problems.push(format!("{:?} expected: {loaded:?}", self.expected));
        }
        if loaded.is_accepted != loaded.errors.is_empty() {
            problems.push(format!("taken with an error, or refused without: {loaded:?}"));
        }
        problems
    }
}

#[derive(Deserialize)]
struct Stored {
    id: String,
    provider: String,
    rules: Option<Vec<Value>>,
    expect: StoreVerdict,
}

#[derive(Deserialize)]
struct StoreVerdict {
    accept: bool,
}

#[derive(Deserialize)]
struct Written {
    id: String,
    kind: String,
    input: Value,
    expected: Value,
}

/// Every configuration.
pub(crate) fn configurations() -> Vec<Gathered> {
    let stored: Vec<Stored> = read("configurations.json");
    let written: Vec<Written> = read("hostile.json");
    let stored = stored.into_iter().map(|case| {
        let what = stored_document(&case);
        gathered(case.id, "Configurations: what stores take and refuse", what)
    });
    let written = written
        .into_iter()
        .filter(|case| case.kind == "config")
        .map(|case| {
            let what = written_document(&case);
            gathered(case.id, "Configurations: hostile ones and mistakes", what)
        });
    stored.chain(written).collect()
}

fn gathered(id: String, source: &str, document: Option<ConfigurationDocument>) -> Gathered {
    Gathered {
        id,
        source: source.to_owned(),
        what: document.map_or(GatheredCase::NotRun, GatheredCase::Configuration),
    }
}

fn stored_document(case: &Stored) -> Option<ConfigurationDocument> {
    let rules = case.rules.as_ref()?.iter().map(|rule| {
        json!({
            "AllowedOrigins": rule["allowed_origins"],
            "AllowedMethods": rule["allowed_methods"],
            "AllowedHeaders": rule["allowed_headers"],
            "ExposeHeaders": rule["expose_headers"],
            "MaxAgeSeconds": match case.id.as_str() {
                // The neutral form has no text here; the case's XML does.
                "cfg-vg-maxage-text" => json!("a"),
                _ => rule["max_age_seconds"].clone(),
            },
        })
    });
    let cors = json!({ "CORSRules": rules.collect::<Vec<_>>() });
    let profile = if case.provider == "oss" { "oss" } else { "s3" };
    Some(ConfigurationDocument {
        bytes: with_cors(&cors, profile),
        expected: if case.expect.accept {
            ExpectedLoad::Accept
        } else {
            ExpectedLoad::Reject
        },
        is_about_get_alone: false,
    })
}

fn written_document(case: &Written) -> Option<ConfigurationDocument> {
    Some(ConfigurationDocument {
        bytes: written_bytes(&case.id, &case.input["config"])?,
        expected: serde_json::from_value(case.expected["verdict"].clone())
            .unwrap_or_else(|error| panic!("hostile.json: {}: {error}", case.id)),
        is_about_get_alone: case.id == "cfg-method-get-only",
    })
}

fn with_cors(cors: &Value, profile: &str) -> Vec<u8> {
    let document = json!({ "profile": profile, "buckets": [{ "name": "b", "cors": cors }] });
    document.to_string().into_bytes()
}

/// A case's configuration as this filter takes it. `None`: it is about something else than a configuration.
fn written_bytes(id: &str, config: &Value) -> Option<Vec<u8>> {
    match config {
        Value::String(text) => Some(written_text(id, text)),
        Value::Array(_) => Some(with_cors(config, "oss")),
        Value::Object(fields) if fields.contains_key("generate") => {
            let count: usize = fields["generate"].as_str()?.split(' ').next()?.parse().ok()?;
            let rule = |index| json!({ "AllowedOrigin": [format!("https://{index}.example")], "AllowedMethod": ["PUT"] });
            Some(with_cors(&(0..count).map(rule).collect(), "oss"))
        }
        Value::Object(fields) if fields.contains_key("buckets") => {
            Some(config.to_string().replace("\"rules\"", "\"cors\"").into_bytes())
        }
        Value::Object(fields) if fields.contains_key("rules") => {
            let cors = config.to_string().replace("\"rules\"", "\"CORSRules\"");
            Some(with_cors(&serde_json::from_str(&cors).unwrap(), "oss"))
        }
        _ => None,
    }
}

fn written_text(id: &str, text: &str) -> Vec<u8> {
    match text.strip_prefix("hex:") {
        Some(digits) => from_hex(digits),
        // What another store prints, where a bucket's document stands.
        None if id == "imp-s3-cli" || id == "imp-gcs" => {
            with_cors(&serde_json::from_str(text).unwrap(), "oss")
        }
        // A map can hold no key twice.
        None if id == "cfg-dup-key" => {
            let document = String::from_utf8(with_cors(&Value::Null, "oss")).unwrap();
            document
                .replace("null", &text.replace("rules", "CORSRules"))
                .into_bytes()
        }
        None => text.as_bytes().to_vec(),
    }
}
