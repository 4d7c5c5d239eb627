//! The browser itself, and that nothing is left of it.

use serde_json::json;

use crate::browser::{Browser, runs, size_of_png};
use crate::support::upstream::{BODY, Upstream};

pub(crate) fn does_what_it_is_asked() {
    let port = Upstream::start().address().port();
    let browser = Browser::start();
    browser.open(&format!("http://app.example:{port}/page"));
    assert_eq!(browser.text("body"), BODY);

    let sum = browser.run("return await arguments[0] + arguments[1]", &[json!(1), json!(2)]);
    assert_eq!(sum, Ok(json!(3)));
    let thrown = browser.run("throw new TypeError('as asked')", &[]);
    assert_eq!(thrown, Err("TypeError: as asked".to_owned()));

    // Two names on one port are two origins, and there is no other name.
    browser.console();
    let fetch = "return (await fetch(arguments[0])).status";
    for (url, status) in [
        (format!("http://app.example:{port}/"), Ok(json!(200))),
        (
            format!("http://store.example:{port}/"),
            Err("TypeError: Failed to fetch".to_owned()),
        ),
        (
            format!("http://elsewhere.test:{port}/"),
            Err("TypeError: Failed to fetch".to_owned()),
        ),
    ] {
        assert_eq!(browser.run(fetch, &[json!(url)]), status, "{url}");
    }
    let console = browser.console().join("\n");
    assert!(console.contains("has been blocked by CORS policy"), "{console}");
    assert!(console.contains("net::ERR_NAME_NOT_RESOLVED"), "{console}");
    assert_eq!(browser.console(), Vec::<String>::new());

    let dark = "return matchMedia('(prefers-color-scheme: dark)').matches";
    for wanted in [true, false] {
        browser.prefer_dark(wanted);
        assert_eq!(browser.run(dark, &[]), Ok(json!(wanted)));
    }
    browser.resize(390, 844, false);
    assert_eq!(
        browser.run("return [innerWidth, innerHeight]", &[]),
        Ok(json!([390, 844]))
    );
    assert_eq!(size_of_png(&browser.screenshot()), (390, 844));

    let processes = browser.processes();
    // Those of pages that are gone may have ended.
    let running = processes.iter().filter(|&&process| runs(process)).count();
    assert!(running > 2, "{processes:?}");
    drop(browser);
    assert!(!processes.iter().any(|&process| runs(process)), "{processes:?}");
}
