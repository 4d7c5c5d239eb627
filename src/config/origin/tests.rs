use super::*;

/// The codes that an origin gives, errors first.
fn codes(text: &str) -> Vec<&'static str> {
    let mut report = Report::default();
    let pattern = read(&mut report, &Place::Document, text.into(), false);
    assert_eq!(pattern.is_some(), report.errors.is_empty(), "{text}");
    report
        .errors
        .kept()
        .iter()
        .chain(report.warnings.kept())
        .map(|finding| finding.code)
        .collect()
}

#[test]
fn what_browsers_send_is_accepted_in_silence() {
    for text in [
        "*",
        "https://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com:*",
        "https://*.example.com",
        "https://*.example.com:8443",
        "https://a*b.example.com",
        "https://*-preview.example.workers.dev",
        "https://xn--mnchen-3ya.de",
        "https://a_b.example.com",
        "https://app.example.com.",
        "https://192.168.0.1",
        "https://[2001:db8::1]:8443",
        "https://[2001:db8::*]",
        "http://localhost:3000",
        "http://localhost:*",
        "http://app.localhost",
        "http://127.0.0.1:3999",
        "http://[::1]",
        "chrome-extension://abcdefghijklmnop",
        "tauri://localhost",
        "capacitor://localhost",
        "web+foo://bar",
        "app://.",
        "moz-extension://0123",
        "file://",
        "app://a%20b",
        "https://*.localhost",
        "https://*.corp",
        "https://*localhost",
        "https://a*.localhost",
        "http://localhost:30*",
        "http://localhost:*0",
        "http://localhost:3*0",
        "http://localhost:6553*",
        "http://localhost:*0000",
        "https://app.example.com:443*",
        "https://[::1]*",
        "https://[20*",
        "https://[::1]*:8443",
        "safari-web-extension://1A2B-3C4D",
        "capacitor://localhost:443",
        "app://App..x",
        "*-extension://abcdefghijklmnop",
        "https*://app.example.com",
    ] {
        assert_eq!(codes(text), [""; 0], "{text}");
    }
}

#[test]
fn what_is_in_no_origin_is_an_error() {
    for (text, code) in [
        ("https://**.example.com", "two-wildcards"),
        ("https://*.*.com", "two-wildcards"),
        (r"^https://.*\.example\.com$", "origin-regular-expression"),
        (r"https://[a-z]+.example.com", "origin-regular-expression"),
        ("https://(a|b).example.com", "origin-regular-expression"),
        ("https://a.example.com$", "origin-regular-expression"),
        ("https?://a.example.com$", "origin-regular-expression"),
        ("https://a+b.example.com", "origin-regular-expression"),
        ("https://a.example.com#x", "origin-query"),
        ("https://a.example.com?x", "origin-query"),
        ("https://u:p@a.example.com", "origin-userinfo"),
        ("https://a.example, https://b.example", "origin-list"),
        ("https://a.example https://b.example", "origin-list"),
        ("https://a.example;https://b.example", "origin-list"),
        ("https://m\u{fc}nchen.de", "origin-not-ascii"),
        ("'https://a.example'", "origin-byte"),
        ("<https://a.example>", "origin-byte"),
        ("https://a%20b.example", "origin-byte"),
        ("HTTP://%61.example", "origin-byte"),
        ("https://a.example\r\nX: y", "control-character"),
        ("https://a.example\t", "control-character"),
        ("https://a.example\u{85}", "control-character"),
        ("ht_tp://a.example", "origin-scheme"),
        ("://a.example", "origin-scheme"),
        ("1http://a.example", "origin-scheme"),
        ("https://", "origin-host"),
        ("https:///a.example", "origin-host"),
        ("/a.example", "origin-host"),
        ("https://a..example", "origin-host"),
        ("https://.example.com", "origin-host"),
        ("https://*..example.com", "origin-host"),
        ("http://127.1:3999", "origin-host"),
        ("http://127.0.0.256", "origin-host"),
        ("http://127.0.0.01", "origin-host"),
        ("http://0x7f.1", "origin-host"),
        ("http://2130706433", "origin-host"),
        ("http://[fe80::1%25eth0]", "origin-host"),
        ("http://[]", "origin-host"),
        ("*/", "origin-host"),
        ("http://[::1", "origin-port"),
        ("http://[::1]x", "origin-port"),
        ("https://a.example:0", "origin-port"),
        ("https://a.example:65536", "origin-port"),
        ("https://a.example:080", "origin-port"),
        ("https://a.example:", "origin-port"),
        ("https://a.example:http", "origin-port"),
        ("http://::1", "origin-port"),
        ("https:/a.example", "origin-port"),
        ("https:a.example", "origin-port"),
    ] {
        assert_eq!(codes(text).first(), Some(&code), "{text}");
    }
}

#[test]
fn what_browsers_never_send_is_a_warning() {
    for (text, expected) in [
        ("", &["empty-origin"][..]),
        (" ", &["trimmed", "empty-origin"]),
        (" https://a.example.com ", &["trimmed"]),
        ("null", &["null-origin"]),
        ("www.example.com", &["no-scheme"]),
        ("www.example.com:8080", &["no-scheme"]),
        ("test-host", &["no-scheme"]),
        ("https://App.example.com", &["upper-case-origin"]),
        ("HTTPS://app.example.com", &["upper-case-origin"]),
        ("https://app.example.com/", &["origin-path"]),
        ("https//a.com", &["origin-path"]),
        ("http://localhost:0*", &["impossible-port"]),
        ("http://localhost:70000*", &["impossible-port"]),
        ("http://localhost:6*5536", &["impossible-port"]),
        ("http://localhost:*65536", &["impossible-port"]),
        ("http://localhost:*00000", &["impossible-port"]),
        ("http://localhost:*a", &["impossible-port"]),
        ("www.example.com:443", &["default-port", "no-scheme"]),
        ("https:*.com", &["shared-domain"]),
        ("https:/*", &["any-host"]),
        ("*/a.example", &["open-scheme"]),
        ("https*//a.example", &[]),
        ("https*.example.com", &[]),
        ("https://*/", &["origin-path"]),
        ("https://*80", &["any-host"]),
        ("https://a.example*80", &["open-end"]),
        ("chrome-extension://*", &["any-host"]),
        ("capacitor://App*", &["open-end"]),
        ("app://*.com", &["open-start"]),
        ("Capacitor://App", &["upper-case-origin"]),
        ("www.example.com/", &["origin-path", "no-scheme"]),
        ("https://app.example.com/x", &["origin-path"]),
        ("https://app.example.com/*", &["origin-path"]),
        ("https://app.example.com:443", &["default-port"]),
        ("http://localhost:80", &["default-port"]),
        (
            "https://[2001:DB8:0::1]",
            &["upper-case-origin", "address-spelling"],
        ),
        ("https://[::ffff:127.0.0.1]", &["address-spelling"]),
        ("http://app.example.com", &["insecure-origin"]),
        ("http://localhost.example.com", &["insecure-origin"]),
        ("https://*", &["any-host"]),
        ("https://*:8443", &["any-host"]),
        ("https://*.", &["any-host"]),
        ("*.", &["open-scheme", "any-host"]),
        ("https://a*.", &["open-end"]),
        ("http*", &["any-host"]),
        ("http://*", &["insecure-origin", "any-host"]),
        ("https:*", &["any-host"]),
        ("http*://www.example.com", &["open-scheme"]),
        ("*://www.example.com", &["open-scheme"]),
        ("*.example.com", &["open-scheme"]),
        ("*example.com", &["open-scheme", "open-start"]),
        ("*suffix", &["open-scheme", "open-start"]),
        ("prefix*", &["no-scheme", "open-end"]),
        ("start*end", &["no-scheme", "open-start"]),
        ("https://example.com*", &["open-end"]),
        ("https://example.com*:8443", &["open-end"]),
        ("https://www.example.*", &["open-end"]),
        ("http://192.168.*", &["insecure-origin", "open-end"]),
        ("https://*example.com", &["open-start"]),
        ("https://*-my.vercel.app", &["open-start"]),
        ("https://*.com", &["shared-domain"]),
        ("https://*.GitHub.io", &["upper-case-origin", "shared-domain"]),
        ("https://*.oss-cn-hangzhou.aliyuncs.com", &["shared-domain"]),
        ("https://*.s3.amazonaws.com:8443", &["shared-domain"]),
    ] {
        assert_eq!(codes(text), expected, "{text}");
    }
}

#[test]
fn an_origin_too_long_to_be_looked_at_is_a_warning() {
    assert_eq!(
        codes(&format!("https://{}.example", "a".repeat(400))),
        ["long-origin"]
    );
}

#[test]
fn a_message_names_the_value_and_the_way_out() {
    let mut report = Report::default();
    read(
        &mut report,
        &Place::Document,
        "https://app.example.com/x".into(),
        false,
    );
    let message = &report.warnings.kept()[0].message;
    assert!(message.contains("\"https://app.example.com/x\""), "{message}");
    assert!(
        message.ends_with("write \"https://app.example.com\""),
        "{message}"
    );
}

#[test]
fn the_way_out_is_a_way_out_for_the_shape() {
    for (text, words) in [
        (
            "https://*example.com",
            "evilexample.com, which anybody can register: write https://*.example.com and https://example.com as two entries",
        ),
        (
            "https://*example.com.:8443",
            "write https://*.example.com.:8443 and https://example.com.:8443 as",
        ),
        (
            "*example.com",
            "write https://*.example.com and https://example.com as",
        ),
        (
            "https://*-myteam.vercel.app",
            "evil-myteam.vercel.app, which anybody can register: name the exact origins",
        ),
        (
            "https://a*b.com",
            "admits aevilb.com, which anybody can register: name the exact origins",
        ),
        (
            "https://*github.io",
            "evilgithub.io, which anybody can register: name the exact origins",
        ),
        (
            "https://*com",
            "evil.com, which anybody can register: name the exact origins",
        ),
        (
            "https://*.github.io",
            "anybody can have a name under github.io, so \"https://*.github.io\" admits anybody: name the exact origins",
        ),
        ("https://*.", "whoever has a website can be"),
        ("https://a*com", "admits aevil.com, which"),
        (
            "https://a.example*80",
            "admits a.example.evil.example (with a port that ends so)",
        ),
        (
            "chrome-extension://*",
            "every chrome-extension:// origin whose name is any: name the exact origins",
        ),
        ("https://*/x", "name the origins that are meant"),
        ("https//a.com/x", "write https://a.com"),
        ("https:a.com", "a scheme is followed by ://"),
        ("'https://a.com'", "holds \"'\": no origin holds it"),
    ] {
        let mut report = Report::default();
        read(&mut report, &Place::Document, text.into(), false);
        let findings = report.errors.kept().iter().chain(report.warnings.kept());
        let messages: Vec<_> = findings.map(|finding| finding.message.as_str()).collect();
        assert!(
            messages.iter().any(|message| message.contains(words)),
            "{text}: {messages:?}"
        );
        assert!(messages.iter().all(|message| !message.contains("*.-")), "{text}");
    }
}

#[test]
fn where_credentials_are_sent_a_wide_pattern_is_said_to_give_them() {
    for text in [
        "https://*",
        "*.example.com",
        "https://example.com*",
        "https://*example.com",
        "https://a*b.com",
        "https://*.github.io",
        "capacitor://*",
    ] {
        for credentials in [false, true] {
            let mut report = Report::default();
            read(&mut report, &Place::Document, text.into(), credentials);
            let message = &report.warnings.kept()[0].message;
            assert_eq!(message.contains("sends credentials"), credentials, "{message}");
        }
    }
}

#[test]
fn no_advice_is_wider_than_the_pattern() {
    for text in [
        "https://*",
        "https:*",
        "*.",
        "*/",
        "*/a.example",
        "https://*/",
        "http://*:80/x",
        "capacitor://*",
        "https://a.example*",
        "https://a.example:80*",
        "https://a.example:0*",
        "https://a.example:x",
        "https://.example.com",
        "https://*com",
    ] {
        let mut report = Report::default();
        read(&mut report, &Place::Document, text.into(), false);
        for finding in report.errors.kept().iter().chain(report.warnings.kept()) {
            // Without the values that it repeats, and what it says of their `*`.
            let own: String = finding.message.split('"').step_by(2).collect();
            let advice = own.replace("the * ", "").replace("a * ", "");
            assert!(!advice.contains('*'), "{finding}");
        }
    }
}
