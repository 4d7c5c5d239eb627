//! Signs calls with credentials that are found as each store's users expect, and that renew.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqsign_aliyun_oss as oss;
use reqsign_aws_v4 as aws;
use reqsign_core::{Context, Env, ProvideCredential, Signer as Signs};
use reqsign_http_send_reqwest::ReqwestHttpSend;
use reqwest::Client;
use tokio::time::timeout;

use super::causes::{Causes, ProfileFiles, ProfileProgram};
use super::failure::{Failure, FailureKind};
use crate::import::store::Dialect;

/// For how long nobody looks again where no credentials were found. Some places are asked over the network, and each
/// bucket would wait for them.
const PAUSE: Duration = Duration::from_secs(10);

/// Signs calls.
pub(super) struct Signer {
    context: Context,
    /// Why none were found.
    causes: Causes,
    /// For how long the places may be looked at.
    patience: Duration,
    /// The signer and when it was made.
    kind: Mutex<(ProviderKind, Instant)>,
}

#[derive(Clone)]
enum ProviderKind {
    S3(Signs<aws::Credential>),
    Oss(Signs<oss::Credential>),
}

impl ProviderKind {
    fn new(from: Dialect, context: Context, causes: Causes, patience: Duration) -> Self {
        match from {
            Dialect::S3 => Self::S3(Signs::new(
                context,
                Patient::new(aws::DefaultCredentialProvider::new(), causes, patience),
                aws::RequestSigner::new("s3", ""),
            )),
            Dialect::Oss => Self::Oss(Signs::new(
                context,
                Patient::new(oss::DefaultCredentialProvider::new(), causes, patience),
                oss::RequestSigner::new(""),
            )),
        }
    }
}

impl Signer {
    /// `answer`: for how long a store's answer may take. A call takes longer than it takes to find credentials.
    pub(super) fn new(from: Dialect, client: Client, environment: impl Env, answer: Duration) -> Self {
        let causes = Causes::default();
        let named = match from {
            Dialect::S3 => environment.var(AWS_PROFILE).map(|name| (AWS_PROFILE, name)),
            Dialect::Oss => None,
        };
        let context = Context::new()
            .with_env(environment)
            .with_file_read(ProfileFiles {
                causes: causes.clone(),
                named,
            })
            .with_command_execute(ProfileProgram {
                causes: causes.clone(),
            })
            .with_http_send(ReqwestHttpSend::new(client));
        let patience = answer.saturating_add(answer.checked_div(2).unwrap_or_default());
        let kind = ProviderKind::new(from, context.clone(), causes.clone(), patience);
        Self {
            kind: Mutex::new((kind, Instant::now())),
            context,
            causes,
            patience,
        }
    }

    /// Signs a call for a region, and for the bucket that its host names.
    ///
    /// # Errors
    /// That there are no credentials.
    pub(super) async fn sign(
        &self,
        call: &mut http::request::Parts,
        region: &str,
        bucket: &str,
    ) -> Result<(), Failure> {
        let kind = self.kind.lock().unwrap_or_else(PoisonError::into_inner).0.clone();
        let (signed, places) = match kind {
            ProviderKind::S3(signer) => {
                let signer = signer.with_request_signer(aws::RequestSigner::new("s3", region));
                (signer.sign(call, None).await, S3_PLACES)
            }
            ProviderKind::Oss(signer) => {
                let request_signer = oss::RequestSigner::new(bucket)
                    .with_region(region)
                    .with_signing_version(oss::SigningVersion::V4);
                let signer = signer.with_request_signer(request_signer);
                (signer.sign(call, None).await, OSS_PLACES)
            }
        };
        // The library's own message may repeat what a service answered.
        signed.map_err(|_| {
            let causes = self.causes.to_string();
            let met = if causes.is_empty() {
                causes
            } else {
                format!("{causes}; ")
            };
            Failure::new(
                FailureKind::Credentials,
                format!("no credentials that are valid were found: {met}looked in {places}"),
            )
        })
    }

    /// Forgets credentials that the store no longer takes, so that the next call reads those that have taken their
    /// place.
    pub(super) fn renew(&self) {
        let mut held = self.kind.lock().unwrap_or_else(PoisonError::into_inner);
        let (kind, made) = &mut *held;
        if made.elapsed() > PAUSE {
            let from = match kind {
                ProviderKind::S3(_) => Dialect::S3,
                ProviderKind::Oss(_) => Dialect::Oss,
            };
            *kind = ProviderKind::new(from, self.context.clone(), self.causes.clone(), self.patience);
            *made = Instant::now();
        }
    }
}

const AWS_PROFILE: &str = "AWS_PROFILE";

const S3_PLACES: &str = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the profile in ~/.aws, single sign-on, web identity, \
                         the profile's credential_process, and the roles of a container and of the machine";

const OSS_PLACES: &str = "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, OSS_ACCESS_KEY_ID and \
                          OSS_ACCESS_KEY_SECRET, the profiles in ~/.oss, ~/.alibabacloud and ~/.aliyun, \
                          ALIBABA_CLOUD_CREDENTIALS_URI, the role of the machine, and OIDC";

/// Asks for credentials, for a time, and not again right after there were none.
struct Patient<P> {
    provider: P,
    causes: Causes,
    patience: Duration,
    found_none: Mutex<Option<Instant>>,
}

impl<P> Patient<P> {
    fn new(provider: P, causes: Causes, patience: Duration) -> Self {
        Self {
            provider,
            causes,
            patience,
            found_none: Mutex::default(),
        }
    }
}

// Without the provider, which knows where credentials are.
impl<P> fmt::Debug for Patient<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patient").finish_non_exhaustive()
    }
}

impl<P: ProvideCredential> ProvideCredential for Patient<P> {
    type Credential = P::Credential;

    async fn provide_credential(&self, context: &Context) -> reqsign_core::Result<Option<P::Credential>> {
        let last = *self.found_none.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| last.elapsed() < PAUSE) {
            return Ok(None);
        }
        self.causes.forget();
        let found = timeout(self.patience, self.provider.provide_credential(context)).await;
        let found = found.unwrap_or_else(|_| {
            let place = format!(
                "a place where credentials may be did not answer in {:?}",
                self.patience
            );
            self.causes.add(place);
            Ok(None)
        });
        let is_none = !matches!(found, Ok(Some(_)));
        *self.found_none.lock().unwrap_or_else(PoisonError::into_inner) = is_none.then(Instant::now);
        found
    }
}
