//! Domains under which anybody can have a name, so that a `*` directly under one trusts strangers.
//!
//! Not the Public Suffix List, which has ten thousand entries and a release every few days: the country second levels and
//! hosting domains that rules of buckets meet. A domain that is missing here loses a warning and nothing else.

use super::text::is_listed;

/// In lower case, sorted.
static SHARED: &[&str] = &[
    "ac.cn",
    "ac.jp",
    "ac.uk",
    "aliyuncs.com",
    "amazonaws.com",
    "amplifyapp.com",
    "appspot.com",
    "azureedge.net",
    "azurestaticapps.net",
    "azurewebsites.net",
    "b-cdn.net",
    "blob.core.windows.net",
    "blogspot.com",
    "cloudapp.azure.com",
    "cloudapp.net",
    "cloudfront.net",
    "co.id",
    "co.il",
    "co.in",
    "co.jp",
    "co.kr",
    "co.nz",
    "co.th",
    "co.uk",
    "co.za",
    "com.ar",
    "com.au",
    "com.br",
    "com.cn",
    "com.hk",
    "com.mx",
    "com.my",
    "com.ph",
    "com.sg",
    "com.tr",
    "com.tw",
    "com.ua",
    "com.vn",
    "core.windows.net",
    "deno.dev",
    "digitaloceanspaces.com",
    "edu.cn",
    "elasticbeanstalk.com",
    "fc.aliyuncs.com",
    "firebaseapp.com",
    "fly.dev",
    "gitee.io",
    "github.io",
    "githubpreview.dev",
    "gitlab.io",
    "glitch.me",
    "gob.mx",
    "gov.cn",
    "herokuapp.com",
    "kr.com",
    "lhr.life",
    "linodeobjects.com",
    "loca.lt",
    "me.uk",
    "myhuaweicloud.com",
    "myqcloud.com",
    "myshopify.com",
    "ne.jp",
    "net.au",
    "net.cn",
    "netlify.app",
    "ngrok-free.app",
    "ngrok.app",
    "ngrok.io",
    "now.sh",
    "onrender.com",
    "or.jp",
    "or.kr",
    "org.au",
    "org.cn",
    "org.uk",
    "pages.dev",
    "r2.cloudflarestorage.com",
    "r2.dev",
    "railway.app",
    "readthedocs.io",
    "replit.app",
    "replit.dev",
    "run.app",
    "shopifypreview.com",
    "storage.googleapis.com",
    "surge.sh",
    "tcloudbaseapp.com",
    "trafficmanager.net",
    "trycloudflare.com",
    "up.railway.app",
    "vercel.app",
    "vercel.dev",
    "volces.com",
    "web.app",
    "web.core.windows.net",
    "windows.net",
    "workers.dev",
];

/// Endpoints that have their region in the name: how the first label begins, and what stands at the end.
static REGIONAL: &[(&str, &str)] = &[
    ("bos.", ".bcebos.com"),
    ("cos", ".myqcloud.com"),
    ("obs", ".myhuaweicloud.com"),
    ("oss-", ".aliyuncs.com"),
    ("s3", ".amazonaws.com"),
    ("s3", ".amazonaws.com.cn"),
    ("tos-", ".volces.com"),
    ("", ".digitaloceanspaces.com"),
    ("", ".elasticbeanstalk.com"),
    ("", ".fcapp.run"),
    ("", ".linodeobjects.com"),
    ("", ".r2.cloudflarestorage.com"),
    ("", ".web.core.windows.net"),
];

/// Single labels that are no registry: RFC 6761, RFC 9476 and what private networks use.
static PRIVATE: &[&str] = &[
    "corp",
    "home",
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "localhost",
];

/// Whether anybody can have a name directly under `domain`. Letters compare in either case.
pub(super) fn is_shared(domain: &str) -> bool {
    if domain.is_empty() {
        return false;
    }
    if !domain.contains('.') {
        return !PRIVATE.iter().any(|label| domain.eq_ignore_ascii_case(label));
    }
    is_listed(domain, SHARED)
        || REGIONAL
            .iter()
            .any(|(start, end)| is_regional(domain, start, end))
}

/// `oss-cn-hangzhou.aliyuncs.com`, but not the bucket `oss-logs.oss-cn-hangzhou.aliyuncs.com`.
fn is_regional(domain: &str, start: &str, end: &str) -> bool {
    let head = domain
        .len()
        .checked_sub(end.len())
        .and_then(|at| domain.split_at_checked(at));
    head.is_some_and(|(head, tail)| {
        let mut labels = head.split('.');
        tail.eq_ignore_ascii_case(end)
            && !head.is_empty()
            && labels.next().is_some_and(|first| begins_with(first, start))
            && !labels.any(|label| begins_with(label, start))
    })
}

fn begins_with(domain: &str, start: &str) -> bool {
    domain
        .get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_in_lower_case() {
        assert!(SHARED.is_sorted_by(|a, b| a < b));
        assert!(
            SHARED
                .iter()
                .all(|entry| !entry.bytes().any(|byte| byte.is_ascii_uppercase()))
        );
    }

    #[test]
    fn domains_for_everybody_are_known() {
        for domain in [
            "com",
            "dev",
            "co.uk",
            "github.io",
            "GitHub.io",
            "pages.dev",
            "vercel.app",
            "aliyuncs.com",
            "oss-cn-hangzhou.aliyuncs.com",
            "oss-accelerate.aliyuncs.com",
            "s3.amazonaws.com",
            "s3.eu-west-1.amazonaws.com",
            "s3-website-us-east-1.amazonaws.com",
            "cos.ap-beijing.myqcloud.com",
            "cloudfront.net",
            "blob.core.windows.net",
        ] {
            assert!(is_shared(domain), "{domain}");
        }
    }

    #[test]
    fn domains_of_somebody_are_not() {
        for domain in [
            "",
            "example.com",
            "notgithub.io",
            "io.github",
            "localhost",
            "internal",
            "me.github.io",
            "bucket.oss-cn-hangzhou.aliyuncs.com",
            "oss-logs.oss-cn-hangzhou.aliyuncs.com",
            "bucket.nyc3.digitaloceanspaces.com",
            "digitaloceanspaces.com.example",
            "example.workers.dev",
            "oss-cn.aliyuncs.com.example.org",
        ] {
            assert!(!is_shared(domain), "{domain}");
        }
    }
}
