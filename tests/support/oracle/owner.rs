//! Which bucket.

use bucket_cors::addressing::{MAX_BUCKET_BYTES, MAX_HOST_BYTES};
use bucket_cors::config::{Bucket, Mode};

use super::super::requests::CorsRequest;
use super::text::{decoded_where_it_can_be, percent_decoded, without_old_forms};
use super::{NaiveFault, Oracle};

/// Whose request it is.
#[derive(Clone, Copy)]
pub(super) enum NaiveOwner<'c> {
    Bucket(&'c Bucket<'c>, NaiveStyle),
    Unlisted,
    /// Servers read different buckets in it.
    Unclear,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NaiveStyle {
    Host,
    Path,
}

impl<'c> Oracle<'c> {
    pub(super) fn owner(&self, request: &CorsRequest) -> NaiveOwner<'c> {
        let any_host = || {
            let bucket = self
                .buckets
                .iter()
                .find(|bucket| bucket.hosts.iter().any(|host| host == "*"));
            match bucket {
                Some(bucket) if !self.has(NaiveFault::AnyHostIgnored) => {
                    NaiveOwner::Bucket(bucket, NaiveStyle::Host)
                }
                _ => NaiveOwner::Unlisted,
            }
        };
        // A site that is one bucket is not addressed path-style: its paths are objects.
        if self.settings.endpoints.is_empty()
            && self.buckets.len() == 1
            && let bucket @ NaiveOwner::Bucket(..) = any_host()
        {
            return bucket;
        }
        let is_listed = |mode: Option<Mode>| {
            let mut named = self.buckets.iter().filter(|bucket| bucket.name != "*");
            named.any(|bucket| mode == Some(bucket.mode) || mode.is_none())
        };
        let unclear = || {
            if !is_listed(None) || self.has(NaiveFault::UnclearIsAnyBucket) {
                self.named(b"", NaiveStyle::Path)
            } else if is_listed(Some(Mode::Enforce)) {
                NaiveOwner::Unclear
            } else {
                NaiveOwner::Unlisted
            }
        };
        let has_userinfo = |authority: &Vec<u8>| authority.contains(&b'@');
        if request.authority.as_ref().is_some_and(has_userinfo) && !self.has(NaiveFault::UserinfoIgnored) {
            return unclear();
        }
        let in_path = request
            .path
            .as_deref()
            .filter(|path| !self.is_service(path))
            .map(|path| self.bucket_in_path(path));
        let by_path = in_path.as_ref().map(|name| match name {
            Some(name) => {
                let path = request.path.as_deref().unwrap_or_default();
                let path = path.split(|&byte| byte == b'?').next().unwrap_or_default();
                let has_slash = path[1..].contains(&b'/') || self.has(NaiveFault::FolderNeedsNoSlash);
                let folder = [name, &b"/"[..]].concat();
                let is_folder = |bucket: &&Bucket<'_>| bucket.name.as_bytes() == folder;
                match self.buckets.iter().find(is_folder).filter(|_| has_slash) {
                    Some(folder) => NaiveOwner::Bucket(folder, NaiveStyle::Path),
                    None => self.named(name, NaiveStyle::Path),
                }
            }
            None => unclear(),
        });
        let host = request
            .authority
            .as_deref()
            .and_then(|authority| self.host(authority));
        if let Some(host) = host {
            let claims = |bucket: &&Bucket<'_>| {
                bucket
                    .hosts
                    .iter()
                    .any(|claimed| claimed != "*" && claimed.as_bytes() == host)
            };
            if let Some(bucket) = self.buckets.iter().find(claims) {
                return NaiveOwner::Bucket(bucket, NaiveStyle::Host);
            }
            if self
                .settings
                .endpoints
                .iter()
                .any(|endpoint| endpoint.host.as_bytes() == host)
            {
                return by_path.unwrap_or(NaiveOwner::Unlisted);
            }
            let mut names: Vec<&[u8]> = self
                .settings
                .endpoints
                .iter()
                .filter(|endpoint| !endpoint.is_path_only || self.has(NaiveFault::PathOnlyIgnored))
                .filter_map(|endpoint| {
                    let name = host.strip_suffix(endpoint.host.as_bytes())?;
                    if self.has(NaiveFault::EndpointUnanchored) {
                        return Some(name);
                    }
                    name.strip_suffix(b".")
                })
                .collect();
            names.sort_by_key(|name| name.len());
            if self.has(NaiveFault::ShortestEndpointFirst) {
                names.reverse();
            }
            if let Some(name) = names.first() {
                return self.named(name, NaiveStyle::Host);
            }
        }
        if !self.settings.endpoints.is_empty() {
            return any_host();
        }
        match by_path {
            Some(bucket @ NaiveOwner::Bucket(..)) => bucket,
            Some(unclear) if in_path == Some(None) && !self.has(NaiveFault::UnclearIsAnyHost) => unclear,
            _ => any_host(),
        }
    }

    fn named(&self, name: &[u8], style: NaiveStyle) -> NaiveOwner<'c> {
        let listed = self
            .buckets
            .iter()
            .find(|bucket| bucket.name != "*" && bucket.name.as_bytes() == name);
        let any = self.buckets.iter().find(|bucket| bucket.name == "*");
        let (first, second) = if self.has(NaiveFault::AnyBucketFirst) {
            (any, listed)
        } else {
            (listed, any)
        };
        first
            .or(second)
            .map_or(NaiveOwner::Unlisted, |bucket| NaiveOwner::Bucket(bucket, style))
    }

    /// The host of an `:authority`, as DNS compares it.
    fn host(&self, authority: &[u8]) -> Option<Vec<u8>> {
        let end = if authority.starts_with(b"[") {
            authority.iter().position(|&byte| byte == b']')? + 1
        } else {
            let colon = authority.iter().position(|&byte| byte == b':');
            colon.unwrap_or(authority.len())
        };
        let end = if self.has(NaiveFault::HostPortCounts) {
            authority.len()
        } else {
            end
        };
        let mut host = authority[..end].to_vec();
        while host.ends_with(b".") {
            host.pop();
        }
        if !self.has(NaiveFault::HostCaseCounts) {
            host.make_ascii_lowercase();
        }
        (host.len() <= MAX_HOST_BYTES).then_some(host)
    }

    pub(super) fn is_service(&self, path: &[u8]) -> bool {
        let query = path
            .iter()
            .position(|&byte| byte == b'?' && !self.has(NaiveFault::QueryIsPath));
        let path = &path[..query.unwrap_or(path.len())];
        path == b"/" || !path.starts_with(b"/")
    }

    fn bucket_in_path(&self, path: &[u8]) -> Option<Vec<u8>> {
        let mut path = path.to_vec();
        if !self.has(NaiveFault::QueryIsPath) {
            path.truncate(path.iter().position(|&byte| byte == b'?').unwrap_or(path.len()));
        }
        let mut segments = path.split(|&byte| byte == b'/');
        if segments.next() != Some(b"") {
            return None;
        }
        let segments: Vec<&[u8]> = segments.collect();
        if self.has_dot_segment(&path) && !self.has(NaiveFault::DotSegmentsIgnored) {
            return None;
        }
        let first = segments.first()?;
        let name = if self.has(NaiveFault::PathNotDecoded) {
            first.to_vec()
        } else {
            let mut once = percent_decoded(first)?;
            if self.has(NaiveFault::PathDecodedTwice) {
                once = percent_decoded(&once)?;
            }
            let is_odd = |byte: &u8| b"/\\;?#%\xc0\xc1".contains(byte) || byte.is_ascii_control();
            if once.contains(&b'/') && !self.has(NaiveFault::SlashInAName)
                || once.iter().any(is_odd) && !once.contains(&b'/') && !self.has(NaiveFault::OddNamesAreNames)
            {
                return None;
            }
            once
        };
        (1..=MAX_BUCKET_BYTES).contains(&name.len()).then_some(name)
    }

    /// Whether any server sees a dot segment in it, however often it decodes the path before it looks.
    fn has_dot_segment(&self, path: &[u8]) -> bool {
        // A control character ends a segment, or is dropped before the next.
        let ends = |byte: &u8| match byte {
            b'\\' => !self.has(NaiveFault::BackslashIsPlain),
            _ => *byte == b'/' || byte.is_ascii_control(),
        };
        let cuts =
            |byte: &u8| b"?# ".contains(byte) || *byte == b';' && !self.has(NaiveFault::ParametersArePath);
        let is_dots = |segment: &[u8]| {
            let end = segment.iter().position(cuts).unwrap_or(segment.len());
            matches!(&segment[..end], b"." | b"..")
        };
        let mut levels = vec![path.to_vec()];
        for _ in 0..if self.has(NaiveFault::EncodedOnceOnly) {
            1
        } else {
            5
        } {
            let last = levels.last().expect("there is one");
            levels.push(without_old_forms(&decoded_where_it_can_be(last)));
        }
        if self.has(NaiveFault::EncodedSlashEndsNoSegment) {
            let decoded = |segment: &[u8]| is_dots(&decoded_where_it_can_be(segment));
            return path.split(|byte| *byte == b'/').any(decoded);
        }
        levels.iter().any(|path| path.split(ends).any(is_dots))
    }
}
