//! What loading warns of, beside the request that got these rules.

use std::fmt;

use serde::Serialize;

use super::request::Request;
use super::site::Site;
use crate::source::FoundConfiguration;

/// A warning at its place in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Warned {
    file: String,
    line: usize,
    column: usize,
    pointer: String,
    code: &'static str,
    message: String,
}

impl Warned {
    /// Those about the bucket whose rules the request gets.
    pub(super) fn all(
        file: &str,
        configuration: &FoundConfiguration,
        site: &Site<'_>,
        request: &Request,
    ) -> Vec<Self> {
        let warnings = site.warnings_for(request).map(|finding| {
            let at = configuration.locate(finding).region.start;
            Self {
                file: file.to_owned(),
                line: at.line,
                column: at.column,
                pointer: finding.pointer.clone(),
                code: finding.code,
                message: finding.message.clone(),
            }
        });
        warnings.collect()
    }
}

impl fmt::Display for Warned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            code,
            message,
            ..
        } = self;
        write!(f, "{file}:{line}:{column}: {message} [{code}]")
    }
}
