//! The rules that take one another's place, each with what the naive edge makes of it.

use std::sync::RwLock;
use std::time::{Duration, Instant};

use bucket_cors::config::{self, Bucket, Rule, Settings, UpstreamCors};
use bucket_cors::profile;

use crate::proofs::choices::{Choices, Random};
use crate::proofs::generate;
use crate::render;
use crate::versions::PAGE;

/// How long a worker may go on with the old rules once the main thread has new ones.
const LAG: Duration = Duration::from_secs(2);

/// A configuration as a model, for the oracle, and as a text, for the filter.
pub(crate) struct Version {
    pub(crate) settings: Settings,
    pub(crate) buckets: Vec<Bucket<'static>>,
    pub(crate) text: String,
}

impl Version {
    /// Generated buckets, and beside them the one of that version which wrk asks for.
    pub(crate) fn generate(number: u32) -> Self {
        const TAPE_BYTES: usize = 16 * 1024;
        for attempt in 0.. {
            let mut tape = vec![0; TAPE_BYTES];
            Random(u64::from(number) << 20 | attempt).fill(&mut tape);
            let (mut settings, mut buckets) = generate::configuration(&mut Choices::new(&tape));
            settings.explain = true;
            render::make_writable(&mut buckets);
            for bucket in &mut buckets {
                // What that means for a store's headers is shown elsewhere; here each answer has one form.
                bucket.upstream_cors = UpstreamCors::Replace;
            }
            buckets.push(stamped(number));
            let text = render::text(&settings, &buckets);
            // The generator makes patterns that a reader refuses.
            if config::parse(text.as_bytes()).0.is_some() {
                return Self {
                    settings,
                    buckets,
                    text,
                };
            }
        }
        unreachable!("the generator makes nothing that the reader takes");
    }
}

/// The model of `versions::bucket`.
fn stamped(number: u32) -> Bucket<'static> {
    let pattern = |text: &str| generate::pattern(text.to_owned());
    Bucket {
        name: "versioned".into(),
        hosts: vec!["versioned.example".into()],
        profile: &profile::S3,
        allow_credentials: false,
        allow_private_network: false,
        upstream_cors: UpstreamCors::Replace,
        resource_policy: "",
        timing_allow_origin: String::new(),
        mode: config::Mode::Enforce,
        rules: vec![Rule {
            id: Some(format!("v{number}").into()),
            allowed_origins: vec![pattern(PAGE)],
            allowed_methods: vec!["GET".into(), "HEAD".into()],
            expose_headers: vec![format!("x-v{number}").into()],
            max_age_seconds: Some(number),
            ..Rule::default()
        }],
        response_vary: None,
    }
}

/// Which versions there were when.
#[derive(Default)]
pub(crate) struct Timeline {
    versions: RwLock<Vec<AnnouncedVersion>>,
}

struct AnnouncedVersion {
    version: &'static Version,
    /// When Envoy's main thread was seen to have it.
    in_force: Option<Instant>,
}

impl Timeline {
    /// The next version, from before it is render.
    pub(crate) fn announce(&self, version: Version) -> &'static Version {
        // For as long as the process runs: a client may be about to look.
        let version: &'static Version = Box::leak(Box::new(version));
        self.versions.write().unwrap().push(AnnouncedVersion {
            version,
            in_force: None,
        });
        version
    }

    /// The last version is in force.
    pub(crate) fn confirm(&self) {
        if let Some(entry) = self.versions.write().unwrap().last_mut() {
            entry.in_force = Some(Instant::now());
        }
    }

    pub(crate) fn newest(&self) -> &'static Version {
        self.versions.read().unwrap().last().unwrap().version
    }

    /// Those that may explain the answer to a request that was sent then, the newest first.
    pub(crate) fn candidates(&self, sent: Instant) -> Vec<&'static Version> {
        let versions = self.versions.read().unwrap();
        let settled = versions
            .iter()
            .rposition(|entry| entry.in_force.is_some_and(|then| then + LAG < sent));
        let possible = versions.iter().skip(settled.unwrap_or_default());
        possible.rev().map(|entry| entry.version).collect()
    }
}
