//! A configuration at work: each question goes to the core that the edge runs.

use bucket_cors::answer::Scratch;
use bucket_cors::config::{self, Bucket, Configuration, Finding, Findings, Settings};
use bucket_cors::edge::{Edge, Outcome};
use bucket_cors::http::head::RequestHead;
use bucket_cors::matcher::{self, BucketId, MatcherBuilder};

use super::request::Request;

pub(crate) struct Site<'a> {
    configuration: Configuration<'a>,
    /// What loading warns of.
    warnings: Findings,
    edge: Edge,
}

impl<'a> Site<'a> {
    /// Puts a configuration to work.
    ///
    /// # Errors
    /// Why the filter refuses it.
    pub(crate) fn new(text: &'a [u8]) -> Result<Self, Findings> {
        let (configuration, report) = config::parse(text);
        Ok(Self {
            warnings: report.warnings,
            ..Self::of(configuration.ok_or(report.errors)?)
        })
    }

    /// Puts a configuration to work that is read already.
    pub(crate) fn of(configuration: Configuration<'a>) -> Self {
        let mut builder = MatcherBuilder::default();
        for bucket in &configuration.buckets {
            builder.add(bucket);
        }
        // What the edge would log is asked for whether it would be logged or not: it changes no answer.
        let settings = Settings {
            access_log: true,
            ..configuration.settings.clone()
        };
        let edge = Edge::new(builder.finish(settings));
        Self {
            configuration,
            warnings: Findings::default(),
            edge,
        }
    }

    /// The bucket that the edge reads in the request.
    pub(super) fn located(&self, head: &RequestHead<'_>) -> matcher::Owner {
        self.edge.matcher().locate(head.authority, head.path)
    }

    /// The bucket whose rules the request gets.
    pub(crate) fn bucket_of(&self, request: &Request) -> Option<&Bucket<'a>> {
        self.configuration.buckets.get(self.index_of(request)?)
    }

    fn index_of(&self, request: &Request) -> Option<usize> {
        match self.located(&request.head()) {
            matcher::Owner::Bucket(id, _) => Some(id.index()),
            matcher::Owner::Unlisted | matcher::Owner::Unclear => None,
        }
    }

    /// Whether servers may read another bucket in the request than the edge.
    pub(crate) fn is_unclear(&self, request: &Request) -> bool {
        matches!(self.located(&request.head()), matcher::Owner::Unclear)
    }

    /// What loading warns of in the bucket whose rules the request gets.
    pub(crate) fn warnings_for(&self, request: &Request) -> impl Iterator<Item = &Finding> {
        let place = self.index_of(request).map(|index| format!("/buckets/{index}/"));
        let is_of_it = move |finding: &&Finding| {
            let place = place.as_deref();
            place.is_some_and(|place| finding.pointer.starts_with(place))
        };
        self.warnings.kept().iter().filter(is_of_it)
    }

    /// What the edge runs.
    pub(super) fn edge(&self) -> &Edge {
        &self.edge
    }

    /// What is in force.
    pub(crate) fn configuration(&self) -> &Configuration<'a> {
        &self.configuration
    }

    pub(super) fn bucket(&self, id: BucketId) -> Option<&Bucket<'a>> {
        self.configuration.buckets.get(id.index())
    }

    /// What the edge tells the proxy's access log of a request. Empty: nothing.
    pub(crate) fn logged(&self, request: &Request) -> String {
        let mut scratch = Scratch::default();
        self.edge.on_request(&request.head(), &mut scratch, &());
        String::from_utf8_lossy(scratch.access_log().unwrap_or_default()).into_owned()
    }

    /// The details of the edge's own answer. `None`: the store answers.
    pub(super) fn details(&self, request: &Request) -> Option<String> {
        match self
            .edge
            .on_request(&request.head(), &mut Scratch::default(), &())
        {
            Outcome::Answer { answer, .. } => Some(String::from_utf8_lossy(answer.details).into_owned()),
            Outcome::Untouched | Outcome::Upstream(_) => None,
        }
    }
}
