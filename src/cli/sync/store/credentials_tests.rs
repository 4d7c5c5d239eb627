//! Credentials come from where each store's users keep them.

use std::fs;
use std::path::PathBuf;

use reqsign_core::StaticEnv;

use super::scripted::{Act, PATIENT, SECRET, Store, TOKEN, environment, good, kind, wait};
use super::*;

/// The key that each place in these tests has.
const KEY: &str = "KEYEXAMPLE";

/// The places of a machine, which are asked over the network, where nobody is.
const NO_MACHINE: [(&str, &str); 2] = [
    ("AWS_EC2_METADATA_DISABLED", "true"),
    ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"),
];

/// A folder of this test, with files.
struct Home(PathBuf);

impl Home {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("bucket-cors-{}-{name}", std::process::id()));
        for (file, text) in files {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// The request that a store gets from a tool with this environment. The key's secret and its token are the tests' own.
fn asked(from: Dialect, home: Option<&Home>, variables: &[(&str, &str)]) -> String {
    let store = Store::start(vec![good()]);
    let location = StoreLocation {
        from,
        region: Some("cn-hangzhou".to_owned()),
        ..store.location()
    };
    let environment = StaticEnv {
        home_dir: home.map(|home| home.0.clone()),
        ..environment(variables)
    };
    let asker = Asker::with(&location, environment, PATIENT).unwrap();
    let answer = wait(asker.rules("photos"));
    assert!(
        matches!(answer, BucketAnswer::Rules(_)),
        "{variables:?}: {answer:?}"
    );
    store.requests().concat()
}

fn is_signed(from: Dialect, home: Option<&Home>, variables: &[(&str, &str)], has_token: bool) {
    let request = asked(from, home, variables);
    let lines: Vec<&str> = request.lines().collect();
    let has = |start: &str| lines.iter().any(|line| line.starts_with(start));
    let (key, token) = match from {
        Dialect::S3 => (
            format!("authorization: AWS4-HMAC-SHA256 Credential={KEY}/"),
            "x-amz-security-token: ",
        ),
        Dialect::Oss => (
            format!("authorization: OSS4-HMAC-SHA256 Credential={KEY}/"),
            "x-oss-security-token: ",
        ),
    };
    assert!(has(&key), "{variables:?}: {request}");
    assert_eq!(has(&format!("{token}{TOKEN}")), has_token, "{request}");
    assert!(!request.contains(SECRET), "{request}");
}

/// What a place on the network answers: a role's credentials that last.
fn role(secret: &str, token: &str) -> Act {
    let body = format!(
        r#"{{"Code":"Success","AccessKeyId":"{KEY}","{secret}":"{SECRET}","{token}":"{TOKEN}","Expiration":"2126-01-01T00:00:00Z"}}"#
    );
    Act::Answer(200, body)
}

fn text(text: &str) -> Act {
    Act::Answer(200, text.to_owned())
}

#[test]
fn a_profile_of_s3_s_users_signs() {
    let keys = format!("aws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n");
    let other = "aws_access_key_id = OTHER\naws_secret_access_key = other\n";
    let home = Home::new(
        "aws",
        &[
            (".aws/credentials", &format!("[default]\n{keys}[team]\n{other}")),
            (
                "elsewhere",
                &format!("[default]\n{other}[team]\n{keys}aws_session_token = {TOKEN}\n"),
            ),
            ("config", &format!("[default]\n{other}[profile team]\n{keys}")),
        ],
    );
    is_signed(Dialect::S3, Some(&home), &NO_MACHINE, false);
    let elsewhere = home.file("elsewhere");
    let named = [
        ("AWS_SHARED_CREDENTIALS_FILE", elsewhere.as_str()),
        ("AWS_PROFILE", "team"),
        NO_MACHINE[0],
    ];
    is_signed(Dialect::S3, None, &named, true);
    let config = home.file("config");
    let named = [
        ("AWS_CONFIG_FILE", config.as_str()),
        ("AWS_PROFILE", "team"),
        NO_MACHINE[0],
    ];
    is_signed(Dialect::S3, None, &named, false);
}

#[test]
fn a_program_and_single_sign_on_sign_for_s3() {
    let answer = format!(
        r#"{{"Version":1,"AccessKeyId":"{KEY}","SecretAccessKey":"{SECRET}","SessionToken":"{TOKEN}"}}"#
    );
    let home = Home::new("process", &[("answer.json", &answer)]);
    let config = format!(
        "[profile team]\ncredential_process = /bin/cat {}\n",
        home.file("answer.json")
    );
    fs::write(home.file("config"), config).unwrap();
    let config = home.file("config");
    let variables = [
        ("AWS_CONFIG_FILE", config.as_str()),
        ("AWS_PROFILE", "team"),
        NO_MACHINE[0],
    ];
    is_signed(Dialect::S3, None, &variables, true);

    // The name of the file is the SHA-1 of the start URL.
    let portal = Store::start(vec![text(&format!(
        r#"{{"roleCredentials":{{"accessKeyId":"{KEY}","secretAccessKey":"{SECRET}","sessionToken":"{TOKEN}","expiration":4922899200000}}}}"#
    ))]);
    let home = Home::new(
        "sso",
        &[
            (
                ".aws/config",
                "[default]\nsso_start_url = https://a.example/start\nsso_region = eu-west-1\n\
                 sso_account_id = 123456789012\nsso_role_name = reader\n",
            ),
            (
                ".aws/sso/cache/556613736b76cf49ce482ee536411eadde74247c.json",
                r#"{"accessToken":"the-person-s-own","expiresAt":"2126-01-01T00:00:00Z"}"#,
            ),
        ],
    );
    let endpoint = portal.url("/federation/credentials");
    let variables = [("AWS_SSO_ENDPOINT", endpoint.as_str()), NO_MACHINE[0]];
    is_signed(Dialect::S3, Some(&home), &variables, true);
    let request = portal.requests().concat();
    assert!(
        request.contains("x-amz-sso_bearer_token: the-person-s-own\r\n"),
        "{request}"
    );
}

#[test]
fn the_roles_of_a_container_and_of_a_machine_sign_for_s3() {
    let container = Store::start(vec![role("SecretAccessKey", "Token")]);
    let home = Home::new("eks", &[("token", "the-pod-s-own")]);
    let (uri, token) = (container.url("/v1/credentials"), home.file("token"));
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token),
        NO_MACHINE[0],
    ];
    is_signed(Dialect::S3, None, &variables, true);
    let request = container.requests().concat();
    assert!(request.starts_with("GET /v1/credentials "), "{request}");
    assert!(request.contains("authorization: the-pod-s-own\r\n"), "{request}");
    let machine = Store::start(vec![
        text("a-token"),
        text("reader"),
        role("SecretAccessKey", "Token"),
    ]);
    let endpoint = machine.url("");
    let variables = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint.as_str())];
    is_signed(Dialect::S3, None, &variables, true);
    let requests = machine.requests();
    assert!(requests[0].starts_with("PUT /latest/api/token "), "{requests:?}");
    assert!(
        requests[2].starts_with("GET /latest/meta-data/iam/security-credentials/reader "),
        "{requests:?}"
    );
    assert!(
        requests[2].contains("x-aws-ec2-metadata-token: a-token\r\n"),
        "{requests:?}"
    );
}

#[test]
fn the_variables_and_profiles_of_oss_s_users_sign() {
    for (key, secret, token) in [
        ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
        (
            "ALIBABA_CLOUD_ACCESS_KEY_ID",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            "ALIBABA_CLOUD_SECURITY_TOKEN",
        ),
    ] {
        let variables = [(key, KEY), (secret, SECRET), (token, TOKEN)];
        is_signed(Dialect::Oss, None, &variables, true);
        is_signed(Dialect::Oss, None, &variables[..2], false);
    }
    // Of OSS's own SDK, of all of Alibaba Cloud's, and of its command line.
    let oss = format!("access_key_id = {KEY}\naccess_key_secret = {SECRET}\n");
    let of_cloud = format!("type = access_key\n{oss}");
    let command_line = format!(
        r#"{{"current":"team","profiles":[{{"name":"team","mode":"AK","access_key_id":"{KEY}","access_key_secret":"{SECRET}"}}]}}"#
    );
    for (name, file, text) in [
        ("oss", ".oss/credentials", format!("[default]\n{oss}")),
        (
            "alibaba",
            ".alibabacloud/credentials.ini",
            format!("[default]\n{of_cloud}"),
        ),
        ("aliyun", ".aliyun/config.json", command_line),
    ] {
        let home = Home::new(name, &[(file, &text)]);
        is_signed(Dialect::Oss, Some(&home), &NO_MACHINE, false);
    }
}

#[test]
fn the_roles_of_oss_s_users_sign() {
    let service = Store::start(vec![role("AccessKeySecret", "SecurityToken")]);
    let uri = service.url("/credentials");
    let variables = [("ALIBABA_CLOUD_CREDENTIALS_URI", uri.as_str()), NO_MACHINE[1]];
    is_signed(Dialect::Oss, None, &variables, true);
    let machine = Store::start(vec![
        text("a-token"),
        text("reader"),
        role("AccessKeySecret", "SecurityToken"),
    ]);
    let endpoint = machine.url("");
    let variables = [("ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT", endpoint.as_str())];
    is_signed(Dialect::Oss, None, &variables, true);
    let requests = machine.requests();
    assert!(
        requests[2].starts_with("GET /latest/meta-data/ram/security-credentials/reader "),
        "{requests:?}"
    );
    // The identity of a pod.
    let body = format!(
        r#"{{"Credentials":{{"AccessKeyId":"{KEY}","AccessKeySecret":"{SECRET}","SecurityToken":"{TOKEN}","Expiration":"2126-01-01T00:00:00Z"}}}}"#
    );
    let sts = Store::start(vec![Act::Answer(200, body)]);
    let home = Home::new("oidc", &[("token", "the-pod-s-own")]);
    let (endpoint, token) = (sts.url(""), home.file("token"));
    let variables = [
        ("ALIBABA_CLOUD_STS_ENDPOINT", endpoint.as_str()),
        ("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/reader"),
        ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/pods"),
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", &token),
        NO_MACHINE[1],
    ];
    is_signed(Dialect::Oss, None, &variables, true);
    let request = sts.requests().concat();
    assert!(request.contains("OIDCToken=the-pod-s-own"), "{request}");
}

#[test]
fn a_place_that_fails_is_told_without_what_it_said() {
    for (from, variable) in [
        (Dialect::S3, "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        (Dialect::Oss, "ALIBABA_CLOUD_CREDENTIALS_URI"),
    ] {
        let place = Store::start(vec![Act::Answer(500, format!("{SECRET} {TOKEN}"))]);
        let store = Store::start(vec![good()]);
        let location = StoreLocation {
            from,
            region: Some("cn-hangzhou".to_owned()),
            ..store.location()
        };
        let uri = place.url("/");
        let environment = environment(&[(variable, uri.as_str()), NO_MACHINE[0], NO_MACHINE[1]]);
        let asker = Asker::with(&location, environment, PATIENT).unwrap();
        assert_eq!(kind(wait(asker.rules("photos"))), FailureKind::Credentials);
        assert!(store.requests().is_empty());
    }
}
