//! What a browser refuses before CORS has a say in it: the request is not sent.

use url::{Host, Url};

use super::checks::BrowserRefusal;

/// Fetch, "block bad port", in its order; and 0, which Chromium blocks too.
const BAD_PORTS: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514,
    515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723,
    2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// Why a browser does not send a request to a URL, if a page of this origin makes it.
///
/// # Errors
/// What it says.
pub(crate) fn check(origin: &str, url: &str) -> Result<(), BrowserRefusal> {
    let Ok(url) = Url::parse(url) else {
        return Ok(());
    };
    if let Some(port) = url.port().filter(|port| BAD_PORTS.contains(port)) {
        return Err(BrowserRefusal {
            check: "blocked-port",
            message: format!("browsers send nothing to port {port}, which another protocol has"),
        });
    }
    if origin.starts_with("https://") && url.scheme() == "http" && !is_local(&url) {
        return Err(BrowserRefusal {
            check: "mixed-content",
            message: "a page of https:// asks for http://, which is mixed content".to_owned(),
        });
    }
    Ok(())
}

/// Secure Contexts, "is origin potentially trustworthy": this machine, which no network lies before.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(origin: &str, url: &str) -> &'static str {
        check(origin, url).map_or_else(|refusal| refusal.check, |()| "")
    }

    #[test]
    fn a_secure_page_asks_for_nothing_that_is_insecure_but_of_this_machine() {
        let page = "https://www.example.com";
        for url in [
            "http://edge.example/b/a",
            "http://192.168.0.1:8080/",
            "http://0.0.0.0/",
            "http://[::2]/",
            "http://localhost.example/",
            "http://notlocalhost/",
        ] {
            assert_eq!(refused(page, url), "mixed-content", "{url}");
            for other in ["http://www.example.com", "null", "chrome-extension://a"] {
                assert_eq!(refused(other, url), "", "{other} {url}");
            }
        }
        for url in [
            "https://edge.example/",
            "http://localhost:8080/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "http://127.0.0.1/",
            "http://127.9.9.9:81/",
            "http://[::1]:10000/",
            "http://0x7f.1/",
        ] {
            assert_eq!(refused(page, url), "", "{url}");
        }
    }

    #[test]
    fn ports_of_other_protocols_are_blocked() {
        for (url, check) in [
            ("https://edge.example:6000/b", "blocked-port"),
            ("http://localhost:10080/b", "blocked-port"),
            ("https://edge.example:0/b", "blocked-port"),
            ("https://edge.example:8443/b", ""),
            ("https://edge.example:443/b", ""),
            ("http://localhost:10000/b", ""),
        ] {
            assert_eq!(refused("https://www.example.com", url), check, "{url}");
        }
        assert!(BAD_PORTS.is_sorted());
    }
}
