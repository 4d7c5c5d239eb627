//! The variables of the process.

use std::collections::HashMap;
use std::env;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use reqsign_core::{Env, OsEnv};
use url::{Host, Url};

use crate::import::store::Dialect;

/// The library's own environment panics at any variable that is no UTF-8, and prints its value.
#[derive(Debug)]
pub(super) struct Variables;

impl Variables {
    /// For stores of this kind.
    ///
    /// # Errors
    /// That one of theirs is no UTF-8, with its name: it would count as absent, and another key in its place.
    pub(super) fn of(from: Dialect) -> Result<Self, String> {
        let starts: &[&str] = match from {
            Dialect::S3 => &["AWS_"],
            Dialect::Oss => &["OSS_", "ALIBABA_CLOUD_"],
        };
        for (name, value) in env::vars_os() {
            if let Some(name) = name.to_str()
                && value.to_str().is_none()
                && starts.iter().any(|start| name.starts_with(start))
            {
                return Err(format!(
                    "the variable {name} is no UTF-8: set it anew, or take it away"
                ));
            }
        }
        let place = env::var(PLACE).unwrap_or_default();
        if from == Dialect::S3 && !is_safe(&place) {
            return Err(format!(
                "the variable {PLACE} names another machine by plain http, where anybody on the way could read the credentials \
                 or give others: write https"
            ));
        }
        Ok(Self)
    }
}

/// Those that name a proxy. The library takes no notice of one that it cannot use.
const PROXIES: [&str; 6] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// A line for each variable that names no proxy that can be used. It may hold a password, and is not said.
pub(crate) fn unusable_proxies() -> Vec<String> {
    let is_bad = |name: &&str| {
        let value = env::var_os(name).unwrap_or_default();
        !value.is_empty() && !value.to_str().is_some_and(is_proxy)
    };
    let bad = PROXIES.into_iter().filter(is_bad);
    bad.map(|name| {
        format!(
            "the variable {name} names no proxy that can be used, and stores are asked without it: write \
             http://HOST:PORT or https://HOST:PORT"
        )
    })
    .collect()
}

fn is_proxy(value: &str) -> bool {
    let url = if value.contains("://") {
        Url::parse(value)
    } else {
        Url::parse(&format!("http://{value}"))
    };
    url.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Where a container's credentials are.
const PLACE: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// Whether credentials may come from there, as Amazon's own tools decide it: over TLS, or from this machine, ECS or
/// EKS.
fn is_safe(place: &str) -> bool {
    let Ok(url) = Url::parse(place) else { return true };
    let own: [IpAddr; 3] = [
        Ipv4Addr::new(169, 254, 170, 2).into(),
        Ipv4Addr::new(169, 254, 170, 23).into(),
        Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23).into(),
    ];
    let is_own = |address: IpAddr| address.is_loopback() || own.contains(&address);
    url.scheme() != "http"
        || match url.host() {
            Some(Host::Ipv4(address)) => is_own(address.into()),
            Some(Host::Ipv6(address)) => is_own(address.into()),
            Some(Host::Domain(name)) => name == "localhost",
            None => true,
        }
}

impl Env for Variables {
    fn var(&self, name: &str) -> Option<String> {
        OsEnv.var(name)
    }

    fn vars(&self) -> HashMap<String, String> {
        let known =
            env::vars_os().map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        known.flatten().collect()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        OsEnv.home_dir()
    }
}

#[cfg(test)]
mod tests {
    use super::{is_proxy, is_safe};

    #[test]
    fn a_proxy_has_a_host_and_is_asked_over_http() {
        for (value, is_one) in [
            ("http://127.0.0.1:3128", true),
            ("https://user:word@proxy.example:3128/", true),
            ("proxy.example:3128", true),
            ("127.0.0.1:3128", true),
            ("socks5://127.0.0.1:1080", false),
            ("ftp://proxy.example", false),
            ("http://proxy.example:99999", false),
            ("http://a proxy", false),
            ("http://", false),
        ] {
            assert_eq!(is_proxy(value), is_one, "{value}");
        }
    }

    #[test]
    fn credentials_come_by_plain_http_from_this_machine_alone() {
        for (place, is_taken) in [
            ("", true),
            ("https://keys.example/role", true),
            ("http://127.0.0.1:8080/role", true),
            ("http://localhost/role", true),
            ("http://[::1]/role", true),
            ("http://169.254.170.23/v1/credentials", true),
            ("http://[fd00:ec2::23]/v1/credentials", true),
            ("http://169.254.170.24/", false),
            ("HTTP://keys.example/role", false),
            ("http://localhost.example/role", false),
            ("http://10.0.0.1/role", false),
        ] {
            assert_eq!(is_safe(place), is_taken, "{place}");
        }
    }
}
