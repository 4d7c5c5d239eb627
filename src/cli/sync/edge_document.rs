//! The document that Envoy reads.

use std::borrow::Cow;

use bucket_cors::config::{self, Finding};
use serde_json::Value;

use super::inputs::said;
use super::rules::digest;
use crate::source::{Holder, NamedResource};

/// The most that etcd takes, in which Kubernetes keeps its objects.
const OBJECT_BYTES: usize = 1_572_864;

/// The most that an annotation has, in which `kubectl apply` keeps the last object that it was given.
const ANNOTATION_BYTES: usize = 262_144;

/// A document with a configuration in it.
#[derive(Debug, Clone)]
pub(super) struct EdgeDocument {
    pub(super) text: String,
    /// Of the text.
    pub(super) digest: String,
    /// Of the configuration.
    pub(super) bytes: usize,
    pub(super) version: String,
    /// What Envoy's discovery asks for.
    pub(super) resources: Vec<NamedResource>,
    /// What to know before it is applied.
    pub(super) advice: Option<String>,
}

impl EdgeDocument {
    /// `into`: the file that the configuration is put into, and its text. `None`: the document is the configuration
    /// alone.
    ///
    /// `whose`: where what is said of a bucket comes from, and without a bucket what is said of all.
    ///
    /// # Errors
    /// Why it is none that the edge takes, each in a line.
    pub(super) fn new(
        into: Option<(&str, &str)>,
        configuration: &Value,
        whose: impl Fn(Option<&str>) -> String,
    ) -> Result<Self, Vec<String>> {
        let compact = configuration.to_string();
        let (_, report) = config::parse(compact.as_bytes());
        if !report.errors.is_empty() {
            let errors = report.errors.kept().iter();
            let mut lines: Vec<String> = errors.map(|error| placed(error, configuration, &whose)).collect();
            if report.errors.left_out() > 0 {
                lines.push(format!("and {} more errors", report.errors.left_out()));
            }
            return Err(lines);
        }
        let Some((file, text)) = into else {
            return Ok(Self::plain(configuration, compact));
        };
        let holder = Holder::read(file, text).map_err(|trouble| vec![said(file, &trouble)])?;
        if holder.is_configuration() {
            return Ok(Self::plain(configuration, compact));
        }
        let put = |version: &str| {
            let put = holder.with(configuration, version);
            put.map_err(|why| vec![format!("{file}: {why}")])
        };
        let version = digest(&put("")?);
        let text = put(&version)?;
        let made = Holder::read(file, &text).map_err(|trouble| {
            vec![format!(
                "{file}: the configuration cannot be put into it: an anchor (&) on the value that it takes the place of cannot \
                 be kept, nor what points to it (*): {}",
                trouble.message
            )]
        })?;
        let is_whole = |found: Option<Cow<'_, str>>| {
            // What goes through another form on its way is the same value, and seldom the same text.
            found.is_some_and(|found| {
                *found == *compact
                    || serde_json::from_str::<Value>(&found).is_ok_and(|value| value == *configuration)
            })
        };
        let found = made.configurations();
        if found.is_empty() || !found.into_iter().all(is_whole) {
            return Err(vec![format!(
                "{file}: the configuration cannot be put into it so that the filter gets it whole: write the place as an empty \
                 string in double quotes"
            )]);
        }
        let advice = fits(made.largest_object()).map_err(|why| vec![format!("{file}: {why}")])?;
        let resources = made.resources();
        Ok(Self {
            bytes: compact.len(),
            digest: digest(&text),
            version,
            resources,
            advice,
            text,
        })
    }

    /// Nothing but the configuration, for people to read where the filter takes it so.
    fn plain(configuration: &Value, compact: String) -> Self {
        let pretty = format!("{configuration:#}\n");
        let text = if pretty.len() > config::MOST_BYTES {
            compact
        } else {
            pretty
        };
        let digest = digest(&text);
        Self {
            bytes: text.len(),
            version: digest.clone(),
            digest,
            resources: Vec::new(),
            advice: None,
            text,
        }
    }

    /// One that stands in a file already, and whether it is as this program wrote it: by the version of another one,
    /// Envoys would take it for what they have. `None`: there is nothing in it that Envoy's discovery asks for.
    ///
    /// `is_own`: whether it is remembered that this program wrote it.
    pub(super) fn written(file: &str, text: String, is_own: bool) -> Option<(Self, bool)> {
        let holder = Holder::read(file, &text).ok()?;
        let version = digest(&holder.with_version("").ok()?);
        let is_as_written = is_own || holder.version().is_some_and(|said| said == version);
        let resources = holder.resources();
        let document = Self {
            bytes: text.len(),
            digest: digest(&text),
            version,
            resources,
            advice: None,
            text,
        };
        (!document.resources.is_empty()).then_some((document, is_as_written))
    }
}

/// An error of the filter's, with the bucket that it is of and where that comes from.
fn placed(error: &Finding, configuration: &Value, whose: impl Fn(Option<&str>) -> String) -> String {
    let mut steps = error.pointer.split('/').skip(1);
    let bucket = match (steps.next(), steps.next()) {
        (Some("buckets"), Some(index)) => configuration.pointer(&format!("/buckets/{index}/name")),
        (None | Some("buckets"), _) => return error.to_string(),
        _ => return format!("{}: {error}", whose(None)),
    };
    match bucket.and_then(Value::as_str) {
        Some(name) => format!("{name:?} of {}: {error}", whose(Some(name))),
        None => error.to_string(),
    }
}

/// Whether an object of Kubernetes can be so large, and what to know where it is.
fn fits(largest: Option<usize>) -> Result<Option<String>, String> {
    match largest {
        Some(bytes) if bytes > OBJECT_BYTES => Err(format!(
            "the object would have {bytes} bytes, and Kubernetes keeps at most {OBJECT_BYTES}: serve the rules to Envoy with \
             --listen, or follow fewer buckets in one object"
        )),
        Some(bytes) if bytes > ANNOTATION_BYTES => Ok(Some(format!(
            "the object has {bytes} bytes, more than `kubectl apply` can keep in an annotation: apply it with --server-side"
        ))),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_too_long_with_blanks_is_written_without() {
        let mut deep = json!(vec![0; 400_000]);
        for _ in 0..100 {
            deep = json!([deep]);
        }
        let compact = deep.to_string();
        assert_eq!(EdgeDocument::plain(&deep, compact.clone()).text, compact);
        let short = json!([0]);
        assert_eq!(EdgeDocument::plain(&short, short.to_string()).text, "[\n  0\n]\n");
    }
}
