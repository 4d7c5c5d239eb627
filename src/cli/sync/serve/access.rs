//! Who is answered: whoever has a client certificate, or a bearer token, where the operator demands one.

use std::env;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use sha2::{Digest as _, Sha256};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use crate::terminal::complain;

/// Names the token where no file does.
const TOKEN: &str = "BUCKET_CORS_SYNC_TOKEN";

/// How often it is looked whether files were renewed.
const RENEWAL: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub(in crate::sync) struct AccessArguments {
    /// Answer only those who send the bearer token in this file, but for /healthz. Without it the variable
    /// BUCKET_CORS_SYNC_TOKEN is looked at
    #[arg(long, value_name = "FILE", requires = "listen")]
    token_file: Option<String>,
    /// Serve HTTPS with the certificates in this file, PEM
    #[arg(long, value_name = "FILE", requires_all = ["listen", "tls_key"])]
    tls_cert: Option<String>,
    /// The key of --tls-cert
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<String>,
    /// Answer only those with a client certificate of an authority in this file, but for /healthz
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    client_ca: Option<String>,
}

/// What is asked of a client.
pub(in crate::sync) struct Access {
    token: Option<BearerToken>,
    tls: Option<TlsFiles>,
}

/// What a client has to show first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    Certificate,
    Token,
}

/// The token, which whoever renews it replaces in its file.
struct BearerToken {
    /// `None`: it came from the environment, which does not change.
    file: Option<String>,
    digest: Mutex<[u8; 32]>,
}

/// The files, which whoever renews certificates replaces.
struct TlsFiles {
    cert: String,
    key: String,
    client_ca: Option<String>,
    /// What they held, and what that makes.
    read: Mutex<(HeldFiles, Arc<ServerConfig>)>,
}

/// What the files hold. Each part is renewed by itself: a certificate that does not fit its key is no reason to let in
/// clients of an authority that is taken out.
#[derive(Clone, PartialEq, Eq)]
struct HeldFiles {
    cert: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

/// The authorities of clients, as they were when a client showed its certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Authorities([u8; 32]);

impl Access {
    /// # Errors
    /// What is wrong with the files, for a person.
    pub(in crate::sync) fn new(arguments: &AccessArguments) -> Result<Self, String> {
        let token = match &arguments.token_file {
            Some(file) => Some(read_token(file)?),
            None => env::var_os(TOKEN)
                .map(|token| digest(TOKEN, token.as_encoded_bytes()))
                .transpose()?,
        };
        let token = token.map(|digest| BearerToken {
            file: arguments.token_file.clone(),
            digest: Mutex::new(digest),
        });
        let tls = match (&arguments.tls_cert, &arguments.tls_key) {
            (Some(cert), Some(key)) => Some(TlsFiles::new(cert, key, arguments.client_ca.as_ref())?),
            _ => None,
        };
        Ok(Self { token, tls })
    }

    /// Whether nothing is asked of clients.
    pub(in crate::sync) fn is_open(&self) -> bool {
        self.token.is_none() && !self.asks_for_certificate()
    }

    fn asks_for_certificate(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some())
    }

    /// What a request lacks. `shown`: its client has shown a certificate of these authorities.
    pub(super) fn missing(&self, headers: &HeaderMap, shown: Option<Authorities>) -> Option<Missing> {
        // Of others than those of now, a certificate says nothing: the client shows it again.
        let authorities = self.tls.as_ref().and_then(TlsFiles::authorities);
        if authorities.is_some() && shown != authorities {
            return Some(Missing::Certificate);
        }
        let token = self.token.as_ref()?;
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.split_once(' '));
        let expected = *token.digest.lock().unwrap_or_else(PoisonError::into_inner);
        // How long it takes to compare digests says nothing of the token.
        let is_it = given.is_some_and(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer") && sha256(token.trim().as_bytes()) == expected
        });
        (!is_it).then_some(Missing::Token)
    }

    /// What new connections begin with, and the authorities of their clients. `None`: plain HTTP.
    pub(super) fn tls(&self) -> Option<(TlsAcceptor, Option<Authorities>)> {
        self.tls.as_ref().map(TlsFiles::acceptor)
    }

    /// Takes what is renewed, for ever. What cannot be taken is said once, and what was there before goes on.
    pub(super) async fn renew(&self) {
        let mut said = Vec::new();
        loop {
            sleep(RENEWAL).await;
            let of_token = self.token.as_ref().and_then(|token| token.renew().err());
            let of_token = of_token.map(|why| format!("{why}; the token that it held before goes on"));
            let of_tls = self.tls.as_ref().map(TlsFiles::renew).unwrap_or_default();
            let troubles: Vec<String> = of_token.into_iter().chain(of_tls).collect();
            if troubles != said {
                troubles.iter().for_each(|why| complain([why]));
                said = troubles;
            }
        }
    }
}

impl BearerToken {
    fn renew(&self) -> Result<(), String> {
        if let Some(file) = &self.file {
            *self.digest.lock().unwrap_or_else(PoisonError::into_inner) = read_token(file)?;
        }
        Ok(())
    }
}

impl TlsFiles {
    fn new(cert: &str, key: &str, client_ca: Option<&String>) -> Result<Self, String> {
        let held = HeldFiles {
            cert: read(cert)?,
            key: read(key)?,
            client_ca: client_ca.map(|file| read(file)).transpose()?,
        };
        let config = Arc::new(config(&held)?);
        Ok(Self {
            cert: cert.to_owned(),
            key: key.to_owned(),
            client_ca: client_ca.cloned(),
            read: Mutex::new((held, config)),
        })
    }

    fn acceptor(&self) -> (TlsAcceptor, Option<Authorities>) {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        (TlsAcceptor::from(read.1.clone()), read.0.authorities())
    }

    fn authorities(&self) -> Option<Authorities> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.0.authorities()
    }

    /// Takes what can be taken. Returns what cannot.
    fn renew(&self) -> Vec<String> {
        let mut troubles = Vec::new();
        if let Some(file) = &self.client_ca {
            let taken = read(file).and_then(|pem| {
                self.take(|held| HeldFiles {
                    client_ca: Some(pem),
                    ..held
                })
            });
            troubles.extend(taken.err().map(|why| {
                format!(
                    "{why}; the authorities of --client-ca that it held before go on, those that are to be taken out, too"
                )
            }));
        }
        let taken = read(&self.cert)
            .and_then(|cert| Ok((cert, read(&self.key)?)))
            .and_then(|(cert, key)| self.take(|held| HeldFiles { cert, key, ..held }));
        troubles.extend(taken.err().map(|why| {
            format!("{why}; the certificate of --tls-cert that was there before goes on, with its key")
        }));
        troubles
    }

    fn take(&self, change: impl FnOnce(HeldFiles) -> HeldFiles) -> Result<(), String> {
        let before = self.read.lock().unwrap_or_else(PoisonError::into_inner).0.clone();
        let held = change(before.clone());
        if held != before {
            let config = Arc::new(config(&held)?);
            *self.read.lock().unwrap_or_else(PoisonError::into_inner) = (held, config);
        }
        Ok(())
    }
}

impl HeldFiles {
    /// `None`: clients need no certificate.
    fn authorities(&self) -> Option<Authorities> {
        self.client_ca.as_ref().map(|pem| Authorities(sha256(pem)))
    }
}

fn read(file: &str) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("{file}: {error}"))
}

fn config(held: &HeldFiles) -> Result<ServerConfig, String> {
    let HeldFiles { cert, key, client_ca } = held;
    let certificates = |option: &str, pem: &[u8]| -> Result<Vec<CertificateDer<'static>>, String> {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let read = read.map_err(|error| format!("{option}: a certificate cannot be read: {error}"))?;
        if read.is_empty() {
            return Err(format!("{option}: there is no certificate in the file"));
        }
        Ok(read)
    };
    let key =
        PrivateKeyDer::from_pem_slice(key).map_err(|error| format!("--tls-key cannot be read: {error}"))?;
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let said = |error: rustls::Error| format!("--tls-cert: {error}");
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(said)?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates("--client-ca", pem)? {
                roots
                    .add(certificate)
                    .map_err(|error| format!("--client-ca: {error}"))?;
            }
            // Those who show none may ask for /healthz, and for nothing else.
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .allow_unauthenticated()
                .build()
                .map_err(|error| format!("--client-ca: {error}"))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    builder
        .with_single_cert(certificates("--tls-cert", cert)?, key)
        .map_err(said)
}

fn read_token(file: &str) -> Result<[u8; 32], String> {
    digest(file, &read(file)?)
}

/// # Errors
/// That there is no token in it, or one that no client can send.
fn digest(place: &str, token: &[u8]) -> Result<[u8; 32], String> {
    match token.trim_ascii() {
        [] => Err(format!(
            "{place}: the bearer token is empty, and would let everybody in"
        )),
        token if token.iter().all(u8::is_ascii_graphic) => Ok(sha256(token)),
        _ => Err(format!(
            "{place}: the bearer token has other characters than those of ASCII that can be seen, and no client could send it"
        )),
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
