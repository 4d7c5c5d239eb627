//! Whose request it is.

use super::space::Space;
use super::{BucketId, Matcher, Owner};
use crate::addressing::{self, HostName, InPath, Style};
use crate::config::Mode;

impl Matcher {
    /// Finds the bucket of a request: by custom domain, by endpoint (virtual-hosted-style or path-style), by path on
    /// every host where no endpoint is configured, and last by the host `"*"`.
    pub fn locate(&self, authority: Option<&[u8]>, path: Option<&[u8]>) -> Owner {
        let elsewhere = || {
            self.any_host
                .map_or(Owner::Unlisted, |bucket| Owner::Bucket(bucket, Style::Host))
        };
        if self.is_one_site {
            return elsewhere();
        }
        if authority.is_some_and(addressing::has_userinfo) {
            return self.unclear();
        }
        let in_path = || InPath::read(path.unwrap_or_default());
        if let Some(host) = authority
            .filter(|_| self.has_hosts)
            .and_then(HostName::from_authority)
        {
            if let Some(bucket) = self.exact.get(Space::HOST, host.as_bytes()) {
                return Owner::Bucket(BucketId(bucket), Style::Host);
            }
            let endpoint = |host: &[u8]| self.exact.get(Space::ENDPOINT, host);
            if endpoint(host.as_bytes()).is_some() {
                return match in_path() {
                    InPath::Service => Owner::Unlisted,
                    InPath::Bucket(bucket) => self.named(bucket.as_bytes(), Style::Path, path),
                    InPath::Unclear => self.unclear(),
                };
            }
            if let Some((name, _)) = host.splits().find(|(_, rest)| endpoint(rest) == Some(0)) {
                return self.named(name, Style::Host, None);
            }
        }
        if !self.settings.endpoints.is_empty() {
            return elsewhere();
        }
        match in_path() {
            InPath::Service => elsewhere(),
            InPath::Bucket(bucket) => match self.named(bucket.as_bytes(), Style::Path, path) {
                Owner::Unlisted => elsewhere(),
                owner => owner,
            },
            InPath::Unclear => self.unclear(),
        }
    }

    /// Whose request it is that names a bucket, in this path or in its host.
    fn named(&self, name: &[u8], style: Style, path: Option<&[u8]>) -> Owner {
        match self.exact.get(Space::BUCKET_NAME, name) {
            Some(bucket) => Owner::Bucket(BucketId(bucket), style),
            None if self.has_folders && has_slash_behind(path) => match self.exact.get(Space::FOLDER, name) {
                Some(bucket) => Owner::Bucket(BucketId(bucket), style),
                None => self.unnamed(style),
            },
            None => self.unnamed(style),
        }
    }

    /// Whose request it is for a bucket that is not listed.
    fn unnamed(&self, style: Style) -> Owner {
        self.any_name
            .map_or(Owner::Unlisted, |bucket| Owner::Bucket(bucket, style))
    }

    /// Whose request it is that servers read in different ways. Beside a listed bucket it may be that one's, and then
    /// no rules may answer, those of `"*"` and of a site included; where none is listed, `"*"` stands for all that it
    /// may be.
    fn unclear(&self) -> Owner {
        match self.listed {
            None => self.unnamed(Style::Path),
            // A bucket in shadow mode is to see no change.
            Some(Mode::Shadow) => Owner::Unlisted,
            Some(Mode::Enforce) => Owner::Unclear,
        }
    }
}

/// Whether a slash stands behind the first segment of a path.
fn has_slash_behind(path: Option<&[u8]>) -> bool {
    let mut ends = path.unwrap_or_default().iter().skip(1);
    ends.find(|byte| matches!(byte, b'/' | b'?')) == Some(&b'/')
}
