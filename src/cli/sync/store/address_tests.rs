//! Where a bucket is asked for.

use super::scripted::{SECRET, Store, environment, good, kind, wait};
use super::*;

#[test]
fn no_name_of_a_bucket_leads_elsewhere() {
    let store = Store::start(vec![good()]);
    let mut location = store.location();
    for name in [
        "", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "a b", "a@b", "a:1", "ä", "a\nb", "a\\b",
    ] {
        assert_eq!(
            kind(wait(store.asker().rules(name))),
            FailureKind::NoBucket,
            "{name:?}"
        );
    }
    assert!(store.requests().is_empty());
    location.endpoint = Some(Url::parse("https://store.example:8443/s3/").unwrap());
    for (path_style, name, expected) in [
        (false, "photos", "https://photos.store.example:8443/s3/"),
        (true, "photos", "https://store.example:8443/s3/photos"),
        // No certificate for *.store.example is one for it.
        (false, "a.photos", "https://store.example:8443/s3/a.photos"),
        (false, "Old_name", "https://store.example:8443/s3/Old_name"),
    ] {
        let address = Address::new(
            &StoreLocation {
                path_style,
                ..location.clone()
            },
            &environment(&[]),
        )
        .unwrap();
        assert_eq!(address.bucket(name, "us-east-1").unwrap().as_str(), expected);
    }
}

#[test]
fn a_region_and_an_endpoint_stand_for_each_other() {
    let location = |from, endpoint: Option<&str>, region: Option<&str>| StoreLocation {
        from,
        endpoint: endpoint.map(|endpoint| Url::parse(endpoint).unwrap()),
        region: region.map(str::to_owned),
        path_style: false,
    };
    let at = |location: &StoreLocation, variables: &[(&str, &str)]| {
        let address = Address::new(location, &environment(variables))?;
        let url = address
            .bucket("photos", &address.region)
            .map_err(|failure| failure.message)?;
        Ok::<_, String>(format!("{} {url}", address.region))
    };
    for (location, variables, expected) in [
        (
            location(Dialect::S3, None, None),
            [].as_slice(),
            "us-east-1 https://photos.s3.us-east-1.amazonaws.com/",
        ),
        (
            location(Dialect::S3, None, None),
            &[("AWS_REGION", "eu-west-1")],
            "eu-west-1 https://photos.s3.eu-west-1.amazonaws.com/",
        ),
        (
            location(Dialect::S3, None, Some("cn-north-1")),
            &[],
            "cn-north-1 https://photos.s3.cn-north-1.amazonaws.com.cn/",
        ),
        (
            location(Dialect::S3, Some("https://s3.eu-west-1.amazonaws.com"), None),
            &[],
            "eu-west-1 https://photos.s3.eu-west-1.amazonaws.com/",
        ),
        (
            location(Dialect::Oss, None, Some("cn-hangzhou")),
            &[],
            "cn-hangzhou https://photos.oss-cn-hangzhou.aliyuncs.com/",
        ),
        (
            location(Dialect::Oss, None, None),
            &[("OSS_REGION", "cn-beijing")],
            "cn-beijing https://photos.oss-cn-beijing.aliyuncs.com/",
        ),
        (
            location(
                Dialect::Oss,
                Some("http://oss-cn-hangzhou-internal.aliyuncs.com"),
                None,
            ),
            &[],
            "cn-hangzhou http://photos.oss-cn-hangzhou-internal.aliyuncs.com/",
        ),
        (
            location(Dialect::Oss, Some("http://127.0.0.1:1/"), Some("cn-hangzhou")),
            &[],
            "cn-hangzhou http://127.0.0.1:1/photos/",
        ),
    ] {
        assert_eq!(at(&location, variables).unwrap(), expected);
    }
    for wrong in [
        location(Dialect::Oss, None, None),
        location(Dialect::Oss, Some("http://127.0.0.1:1/"), None),
        location(Dialect::S3, None, Some("a/b")),
    ] {
        at(&wrong, &[]).unwrap_err();
    }
}

#[test]
fn an_endpoint_that_is_refused_is_not_repeated() {
    for wrong in [
        "user:{}@a.example",
        "ftp://user:{}@a.example",
        "s3://{}",
        "https://{}@a.example/",
        "https://user:{}@a.example/",
        "https://a.example/?{}",
        "https://a.example/#{}",
        "https://a.example:{}/",
        "https://{}:1:2/",
    ] {
        let said = endpoint(&wrong.replace("{}", SECRET)).unwrap_err();
        assert!(!said.contains(SECRET), "{said}");
    }
    assert!(endpoint("https://a.example:8443/s3/").is_ok());
}
