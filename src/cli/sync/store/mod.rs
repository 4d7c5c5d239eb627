//! Asks a store for its buckets and for their CORS rules.

mod address;
#[cfg(test)]
mod address_tests;
mod answers;
#[cfg(test)]
mod answers_tests;
mod call;
#[cfg(test)]
mod call_tests;
mod caller;
mod causes;
mod credentials;
#[cfg(test)]
mod credentials_tests;
mod failure;
#[cfg(test)]
mod list_tests;
mod outage;
#[cfg(test)]
pub(in crate::sync) mod scripted;
mod thread;
mod variables;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqsign_core::Env;
use serde_json::Value;
use tokio::sync::Semaphore;
use url::Url;

use self::address::Address;
pub(crate) use self::address::{StoreLocation, endpoint};
use self::answers::Told;
use self::caller::{Caller, StoreCall};
use self::credentials::Signer;
pub(crate) use self::failure::{Failure, FailureKind};
use self::outage::Outage;
use self::thread::CallThread;
use self::variables::Variables;
pub(crate) use self::variables::unusable_proxies;
use crate::import::store::Dialect;

/// More calls are not made at once, so that a caller may ask for all its buckets at once.
const AT_ONCE: usize = 64;

/// For how long an answer may take, to its last byte.
const ANSWER: Duration = Duration::from_secs(10);

/// For how many such times a call may take with all its repetitions.
const ANSWERS: u32 = 2;

/// The longest document of a bucket that is read. S3 takes 64 KiB.
const RULES_BYTES: usize = 1024 * 1024;

/// The longest page of a list that is read: of 10,000 buckets.
const LIST_BYTES: usize = 16 * 1024 * 1024;

/// More pages than a list has.
const PAGES: usize = 1_000;

/// More buckets than an account can have.
const BUCKETS: usize = 1_000_000;

/// For how many answers' time a list may take with all its pages: five minutes.
const LIST_ANSWERS: u32 = 30;

/// A store's word on a bucket.
#[derive(Debug)]
pub(crate) enum BucketAnswer {
    /// Its rules, in the shape that `cors` has in the plugin configuration.
    Rules(Value),
    /// It has none: the store's own word.
    NoRules,
    /// There is no such bucket: the store's own word.
    NoBucket(Failure),
    /// Whatever it has.
    Unknown(Failure),
}

/// Asks one store.
pub(crate) struct Asker {
    from: Dialect,
    address: Address,
    caller: Arc<Caller>,
    thread: CallThread,
    /// The regions that the store said, of buckets that are in another one.
    regions: Mutex<HashMap<String, String>>,
    permits: Semaphore,
    outage: Outage,
    /// For how long an answer may take.
    answer: Duration,
}

impl Asker {
    /// # Errors
    /// What is wrong with the location or with this machine, for a person.
    pub(crate) fn new(location: &StoreLocation) -> Result<Self, String> {
        Self::with(location, Variables::of(location.from)?, ANSWER)
    }

    /// With what stands for the environment, and with another time for an answer.
    fn with(location: &StoreLocation, environment: impl Env, answer: Duration) -> Result<Self, String> {
        let client = call::client(answer)?;
        Ok(Self {
            from: location.from,
            address: Address::new(location, &environment)?,
            caller: Arc::new(Caller {
                signer: Signer::new(location.from, client.clone(), environment, answer),
                client,
            }),
            thread: CallThread::start()?,
            answer,
            regions: Mutex::default(),
            permits: Semaphore::new(AT_ONCE),
            outage: Outage::default(),
        })
    }

    /// The names of all buckets that the key may list, in the store's order.
    ///
    /// # Errors
    /// Why the list is not known. Half of one is none.
    pub(crate) async fn buckets(&self) -> Result<Vec<String>, Failure> {
        let patience = self.answer.saturating_mul(LIST_ANSWERS);
        let said = format!("the store's list of buckets did not end in {patience:?}");
        tokio::time::timeout(patience, self.listed())
            .await
            .unwrap_or_else(|_| Err(Failure::new(FailureKind::Timeout, said)))
    }

    async fn listed(&self) -> Result<Vec<String>, Failure> {
        let region = self.address.region.as_str();
        let service = self.address.service(region)?;
        let mut names = Vec::new();
        let mut known = HashSet::new();
        let mut next: Option<String> = None;
        for _ in 0..PAGES {
            let mut url = service.clone();
            match self.from {
                Dialect::Oss => {
                    url.query_pairs_mut().append_pair("max-keys", "1000");
                }
                // Others answer with the whole list, and Amazon too where an account has at most 10,000 buckets.
                Dialect::S3 if self.address.is_of_the_cloud() => {
                    url.query_pairs_mut().append_pair("max-buckets", "1000");
                }
                Dialect::S3 => {}
            }
            if let Some(next) = &next {
                let name = match self.from {
                    Dialect::Oss => "marker",
                    Dialect::S3 => "continuation-token",
                };
                url.query_pairs_mut().append_pair(name, next);
            }
            let page = match self.told(&url, region, "", LIST_BYTES).await? {
                Told::Document(body) => answers::page(&body)?,
                Told::BadKey(failure) => return Err(failure),
                Told::NoRules | Told::Elsewhere(_) => {
                    return Err(Failure::new(
                        FailureKind::Elsewhere,
                        "the store lists its buckets behind another endpoint, or in another region",
                    ));
                }
            };
            let before = names.len();
            for bucket in page.buckets {
                if let Some(region) = bucket.region {
                    self.remember(&bucket.name, region);
                }
                if known.insert(bucket.name.clone()) {
                    names.push(bucket.name);
                }
            }
            if page.next.is_none() {
                return Ok(names);
            }
            // A store that ignores where to begin gives the same page for ever.
            if names.len() == before || names.len() > BUCKETS {
                break;
            }
            next = page.next;
        }
        Err(Failure::new(
            FailureKind::Unreadable,
            "the store's list of buckets does not end",
        ))
    }

    /// The rules of a bucket.
    pub(crate) async fn rules(&self, bucket: &str) -> BucketAnswer {
        self.asked(bucket).await.unwrap_or_else(BucketAnswer::Unknown)
    }

    async fn asked(&self, bucket: &str) -> Result<BucketAnswer, Failure> {
        // A second time where the first one was told where the bucket is.
        for _ in 0..2 {
            let region = {
                let regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
                regions.get(bucket).unwrap_or(&self.address.region).clone()
            };
            let mut url = self.address.bucket(bucket, &region)?;
            url.set_query(Some("cors"));
            let told = match self.told(&url, &region, bucket, RULES_BYTES).await {
                Err(failure) if failure.kind == FailureKind::NoBucket => {
                    return Ok(BucketAnswer::NoBucket(failure));
                }
                told => told?,
            };
            match told {
                Told::Document(body) => return answers::rules(&body).map(BucketAnswer::Rules),
                Told::NoRules => return Ok(BucketAnswer::NoRules),
                Told::BadKey(failure) => return Err(failure),
                Told::Elsewhere(region) => self.remember(bucket, region),
            }
        }
        Err(Failure::new(
            FailureKind::Elsewhere,
            "the bucket is in another region, or behind another endpoint: name them with --region and --endpoint",
        ))
    }

    fn remember(&self, bucket: &str, region: String) {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        if region == self.address.region {
            regions.remove(bucket);
        } else {
            regions.insert(bucket.to_owned(), region);
        }
    }

    /// What the store says to a call, which is repeated where that can help.
    async fn told(&self, url: &Url, region: &str, bucket: &str, most_bytes: usize) -> Result<Told, Failure> {
        let _permit = self.permits.acquire().await;
        if self.outage.lasts() {
            return Err(Failure::new(
                FailureKind::Unavailable,
                "the store was not asked, since it did not answer many calls before",
            ));
        }
        let call = StoreCall {
            url: url.clone(),
            region: region.to_owned(),
            bucket: bucket.to_owned(),
            most_bytes,
        };
        let caller = self.caller.clone();
        let patience = self.answer.saturating_mul(ANSWERS);
        let told = self.thread.run(patience, async move { caller.told(&call).await });
        let told = told.await.unwrap_or_else(|| {
            Err(Failure::new(
                FailureKind::Timeout,
                format!("the store did not answer in {patience:?}"),
            ))
        });
        let is_silent =
            |failure: &Failure| matches!(failure.kind, FailureKind::Timeout | FailureKind::Unavailable);
        self.outage.note(told.as_ref().is_err_and(is_silent));
        if let Ok(Told::BadKey(_)) = &told {
            self.caller.signer.renew();
        }
        told
    }
}
