//! The document that Envoy reads.

use std::borrow::Cow;

use bucket_cors::config;
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
    /// # Errors
    /// Why it is none that the edge takes, each in a line.
    pub(super) fn new(into: Option<(&str, &str)>, configuration: &Value) -> Result<Self, Vec<String>> {
        let pretty = format!("{configuration:#}\n");
        let (_, report) = config::parse(pretty.as_bytes());
        if !report.errors.is_empty() {
            let mut lines: Vec<String> = report.errors.kept().iter().map(ToString::to_string).collect();
            if report.errors.left_out() > 0 {
                lines.push(format!("and {} more errors", report.errors.left_out()));
            }
            return Err(lines);
        }
        let Some((file, text)) = into else {
            return Ok(Self::plain(pretty));
        };
        let holder = Holder::read(file, text).map_err(|trouble| vec![said(file, &trouble)])?;
        if holder.is_configuration() {
            return Ok(Self::plain(pretty));
        }
        let put = |version: &str| {
            let put = holder.with(configuration, version);
            put.map_err(|why| vec![format!("{file}: {why}")])
        };
        let compact = configuration.to_string();
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

    /// Nothing but the configuration.
    fn plain(text: String) -> Self {
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
