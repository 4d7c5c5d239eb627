//! What can be told only once all of a configuration is read: whether its parts fit together.

use super::bucket::SharedByBuckets;
use super::model::{Metering, Settings};
use super::report::{
    MessagePart::{Number, Pointer, Words},
    Place, Report, code,
};
use super::unique_names::UniqueNames;

/// For how many buckets there may be statistics of their own. Envoy keeps a statistic for ever, and there are four of
/// each bucket; with more of them what watches Envoy is in trouble before Envoy is.
const MOST_COUNTED_BUCKETS: usize = 1_000;

/// A configuration that was read.
pub(super) struct WholeDocument<'w, 'a> {
    pub(super) settings: &'w Settings,
    pub(super) shared: &'w SharedByBuckets<'a>,
    pub(super) endpoints: &'w UniqueNames<'a>,
    pub(super) bucket_count: usize,
    /// The first bucket of which a route that prepares responses would spoil something, and what.
    pub(super) unprepared: Option<(usize, &'static str)>,
}

impl WholeDocument<'_, '_> {
    pub(super) fn check(&self, report: &mut Report) {
        self.check_endpoints(report);
        self.check_hosts(report);
        self.check_folders(report);
        self.check_budget(report);
        self.check_route(report);
        self.check_metrics(report);
    }

    fn check_metrics(&self, report: &mut Report) {
        if self.settings.metrics == Metering::Bucket && self.bucket_count > MOST_COUNTED_BUCKETS {
            report.add(
                &code::TOO_MANY_METRICS,
                &Place::Key(&Place::Document, "metrics"),
                "{} buckets would be counted one by one, and Envoy keeps every statistic for ever: for more \
                 than {} buckets write \"plugin\"",
                &[Number(self.bucket_count), Number(MOST_COUNTED_BUCKETS)],
            );
        }
    }

    /// Such a bucket leaves alone what the store sent, and the route has taken it.
    fn check_route(&self, report: &mut Report) {
        if let Some((index, field)) = self.unprepared.filter(|_| self.settings.route_prepares) {
            let buckets = &Place::Key(&Place::Document, "buckets");
            report.add(
                &code::ROUTE_PREPARES,
                &Place::Key(&Place::Index(buckets, index), field),
                "it lets the store's CORS headers stand, and with route_prepares the route has taken them: take one of \
                 the two out",
                &[],
            );
        }
    }

    fn check_endpoints(&self, report: &mut Report) {
        let buckets = &Place::Key(&Place::Document, "buckets");
        let endpoints = &Place::Key(&Place::Document, "endpoints");
        for (index, endpoint) in self.settings.endpoints.iter().enumerate() {
            if let Some(bucket) = self.shared.hosts.get(&endpoint.host) {
                report.add(
                    &code::HOST_IS_ENDPOINT,
                    &Place::Index(endpoints, index),
                    "{} is also a host of {}, which takes its requests: take one out",
                    &[Words(&endpoint.host), Pointer(&Place::Index(buckets, bucket))],
                );
            }
        }
    }

    /// Warns of hosts that are what an endpoint calls a listed bucket anyway, or another one.
    fn check_hosts(&self, report: &mut Report) {
        let buckets = &Place::Key(&Place::Document, "buckets");
        for (host, owner) in self.shared.hosts.iter() {
            let dots = host.bytes().enumerate().filter(|&(_, byte)| byte == b'.');
            let named = dots.filter_map(|(dot, _)| {
                let (name, endpoint) = host.split_at_checked(dot)?;
                self.endpoints
                    .get(endpoint.get(1..)?)
                    .filter(|&is_path_only| is_path_only == 0)?;
                self.shared.names.get(name)
            });
            for bucket in named {
                let (message, bucket) = if bucket == owner {
                    (
                        "the endpoints call this bucket {} already: take it out of the hosts{}",
                        None,
                    )
                } else {
                    (
                        "{} is what the endpoints call {}, which loses its requests to this bucket: take it out of the hosts",
                        Some(Place::Index(buckets, bucket)),
                    )
                };
                report.add(
                    &code::HOST_IS_BUCKET,
                    &Place::Key(&Place::Index(buckets, owner), "hosts"),
                    message,
                    &[Words(host), bucket.as_ref().map_or(Words(""), Pointer)],
                );
            }
        }
    }

    /// Warns of buckets that hosts would name, were it not for the slash behind their names.
    fn check_folders(&self, report: &mut Report) {
        if self
            .settings
            .endpoints
            .iter()
            .all(|endpoint| endpoint.is_path_only)
        {
            return;
        }
        let buckets = &Place::Key(&Place::Document, "buckets");
        for (name, bucket) in self.shared.names.iter().filter(|(name, _)| name.ends_with('/')) {
            report.add(
                &code::FOLDER_NAME,
                &Place::Key(&Place::Index(buckets, bucket), "name"),
                "{} is for paths alone, and an endpoint names buckets in hosts too: take the slash out, or put one \
                 behind each endpoint",
                &[Words(name)],
            );
        }
    }

    fn check_budget(&self, report: &mut Report) {
        let buckets = &Place::Key(&Place::Document, "buckets");
        let unchecked = self.shared.budget.unchecked;
        if unchecked > 0 {
            report.add(
                &code::OVERLAP_NOT_CHECKED,
                buckets,
                "the rules of {} of {} buckets were not checked for overlap: there are too many patterns",
                &[Number(unchecked), Number(self.bucket_count)],
            );
        }
    }
}
