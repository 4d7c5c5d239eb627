//! Domains under which anybody can have a name, so that a `*` directly under one trusts strangers.
//!
//! Not the Public Suffix List, which has ten thousand entries and a release every few days: the country second levels
//! and hosting domains that rules of buckets meet. A domain that is missing here loses a warning and nothing else.

use crate::config::reading::strings::{begins_with, ends_with, is_listed};

/// In lower case, sorted.
static SHARED: &[&str] = &[
    "a.run.app",
    "ac.cn",
    "ac.id",
    "ac.il",
    "ac.in",
    "ac.jp",
    "ac.kr",
    "ac.nz",
    "ac.th",
    "ac.uk",
    "ac.za",
    "aliyuncs.com",
    "amazonaws.com",
    "amplifyapp.com",
    "app.github.dev",
    "appspot.com",
    "awsapprunner.com",
    "azurecontainerapps.io",
    "azureedge.net",
    "azurefd.net",
    "azurestaticapps.net",
    "azurewebsites.net",
    "b-cdn.net",
    "bcebos.com",
    "blob.core.windows.net",
    "blogspot.com",
    "cloudapp.azure.com",
    "cloudapp.net",
    "cloudfront.net",
    "cloudfunctions.net",
    "cn.com",
    "co.at",
    "co.hu",
    "co.id",
    "co.il",
    "co.in",
    "co.jp",
    "co.kr",
    "co.nz",
    "co.th",
    "co.uk",
    "co.za",
    "codesandbox.io",
    "com.ar",
    "com.au",
    "com.bd",
    "com.br",
    "com.cn",
    "com.co",
    "com.eg",
    "com.es",
    "com.hk",
    "com.mx",
    "com.my",
    "com.ng",
    "com.pe",
    "com.ph",
    "com.pk",
    "com.pl",
    "com.pt",
    "com.sa",
    "com.sg",
    "com.tr",
    "com.tw",
    "com.ua",
    "com.vn",
    "compute-1.amazonaws.com",
    "compute.amazonaws.com",
    "core.windows.net",
    "csb.app",
    "de.com",
    "deno.dev",
    "digitaloceanspaces.com",
    "edgeone.app",
    "edu.au",
    "edu.cn",
    "edu.hk",
    "edu.sg",
    "edu.tw",
    "elasticbeanstalk.com",
    "elb.amazonaws.com",
    "eu.com",
    "eu.org",
    "fc.aliyuncs.com",
    "firebaseapp.com",
    "fly.dev",
    "framer.app",
    "framer.website",
    "gitee.io",
    "github.dev",
    "github.io",
    "githubpreview.dev",
    "gitlab.io",
    "gitpod.io",
    "glitch.me",
    "go.id",
    "go.jp",
    "go.kr",
    "go.th",
    "gob.mx",
    "gov.au",
    "gov.br",
    "gov.cn",
    "gov.hk",
    "gov.il",
    "gov.in",
    "gov.sg",
    "gov.tw",
    "gov.uk",
    "gov.za",
    "govt.nz",
    "herokuapp.com",
    "hf.space",
    "koyeb.app",
    "kr.com",
    "lhr.life",
    "linodeobjects.com",
    "loca.lt",
    "lovable.app",
    "me.uk",
    "myhuaweicloud.com",
    "myqcloud.com",
    "myshopify.com",
    "ne.jp",
    "net.au",
    "net.br",
    "net.cn",
    "net.nz",
    "net.uk",
    "netlify.app",
    "ngrok-free.app",
    "ngrok-free.dev",
    "ngrok.app",
    "ngrok.dev",
    "ngrok.io",
    "nhs.uk",
    "now.sh",
    "on.aws",
    "ondigitalocean.app",
    "onrender.com",
    "or.at",
    "or.id",
    "or.jp",
    "or.kr",
    "or.th",
    "org.au",
    "org.br",
    "org.cn",
    "org.hk",
    "org.il",
    "org.in",
    "org.nz",
    "org.tw",
    "org.uk",
    "org.za",
    "pages.dev",
    "r2.cloudflarestorage.com",
    "r2.dev",
    "railway.app",
    "readthedocs.io",
    "repl.co",
    "replit.app",
    "replit.dev",
    "run.app",
    "shopifypreview.com",
    "storage.googleapis.com",
    "streamlit.app",
    "surge.sh",
    "tcloudbaseapp.com",
    "trafficmanager.net",
    "translate.goog",
    "trycloudflare.com",
    "uk.com",
    "up.railway.app",
    "us.com",
    "val.run",
    "vercel.app",
    "vercel.dev",
    "volces.com",
    "web.app",
    "web.core.windows.net",
    "webflow.io",
    "windows.net",
    "wixsite.com",
    "wordpress.com",
    "workers.dev",
    "zeabur.app",
];

/// Endpoints that have their region in the name: how the first label begins, and what stands at the end.
static REGIONAL: &[(&str, &str)] = &[
    ("bos.", ".bcebos.com"),
    ("cos", ".myqcloud.com"),
    ("execute-api", ".amazonaws.com"),
    ("lambda-url", ".on.aws"),
    ("obs", ".myhuaweicloud.com"),
    ("oss-", ".aliyuncs.com"),
    ("s3", ".amazonaws.com"),
    ("s3", ".amazonaws.com.cn"),
    ("tos-", ".volces.com"),
    ("", ".awsapprunner.com"),
    ("", ".compute.amazonaws.com"),
    ("", ".digitaloceanspaces.com"),
    ("", ".elasticbeanstalk.com"),
    ("", ".elb.amazonaws.com"),
    ("", ".fcapp.run"),
    ("", ".linodeobjects.com"),
    ("", ".r2.cloudflarestorage.com"),
    ("", ".web.core.windows.net"),
];

/// Single labels that are no registry: RFC 6761, RFC 9476 and what private networks use. In lower case, sorted.
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
pub(crate) fn is_shared(domain: &str) -> bool {
    if domain.is_empty() {
        return false;
    }
    if !domain.contains('.') {
        return !is_listed(domain, PRIVATE);
    }
    is_listed(domain, SHARED)
        || REGIONAL
            .iter()
            .any(|(start, end)| is_regional(domain, start, end))
}

/// `oss-cn-hangzhou.aliyuncs.com`, but not the bucket `oss-logs.oss-cn-hangzhou.aliyuncs.com`.
fn is_regional(domain: &str, start: &str, end: &str) -> bool {
    if !ends_with(domain, end) {
        return false;
    }
    let head = domain.split_at_checked(domain.len().saturating_sub(end.len()));
    head.is_some_and(|(head, _)| {
        let mut labels = head.split('.');
        !head.is_empty()
            && labels.next().is_some_and(|first| begins_with(first, start))
            && !labels.any(|label| begins_with(label, start))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_in_lower_case() {
        for list in [SHARED, PRIVATE] {
            assert!(list.is_sorted_by(|a, b| a < b));
            assert!(
                list.iter()
                    .all(|entry| !entry.bytes().any(|byte| byte.is_ascii_uppercase()))
            );
        }
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
            "a.run.app",
            "gov.uk",
            "compute.amazonaws.com",
            "us-west-2.compute.amazonaws.com",
            "execute-api.eu-west-1.amazonaws.com",
            "lambda-url.us-east-1.on.aws",
            "eu-west-1.elb.amazonaws.com",
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
            "ec2-192-0-2-1.us-west-2.compute.amazonaws.com",
            "abc.execute-api.eu-west-1.amazonaws.com",
        ] {
            assert!(!is_shared(domain), "{domain}");
        }
    }
}
