//! `make demo`, and a browser that has its page open.

use std::fs;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::sample::Sample;
use crate::support::http;

/// The served demo. One browser has it open, so what happens in it happens one after the other.
pub(crate) struct Demo {
    browser: Browser,
    sample: Sample,
    url: String,
}

/// What became of an attempt, as the page shows it.
#[derive(Debug)]
pub(crate) struct AttemptOutcome {
    pub(crate) is_as_expected: bool,
    /// For each request a status that the page could read, or `refused`.
    pub(crate) answers: String,
    /// The lines below the attempt.
    pub(crate) lines: Vec<String>,
    /// Those of them that the edge has logged, a request each.
    pub(crate) logged: Vec<String>,
    /// What the browser's console said meanwhile.
    pub(crate) console: String,
    /// What the keys of the attempt's uploads hold.
    pub(crate) run: String,
}

impl Demo {
    pub(crate) fn start() -> Self {
        let mut sample = Sample::start("demo", &["PAGE_PORT", "PORT", "ADMIN_PORT", "STORE_PORT"]);
        let greeting = sample.greeting("Open ");
        let url = greeting.last().unwrap().split(' ').nth(1).unwrap().to_owned();
        let demo = Self {
            browser: Browser::start(),
            sample,
            url,
        };
        demo.reload();
        demo
    }

    /// Opens the page as it is at first.
    pub(crate) fn reload(&self) {
        self.browser.open(&self.url);
        self.wait_until("document.body.dataset.ready");
    }

    pub(crate) fn browser(&self) -> &Browser {
        &self.browser
    }

    /// The ids of the page's attempts.
    pub(crate) fn attempts(&self) -> Vec<String> {
        let ids = self.value("[...document.querySelectorAll('.attempt')].map(attempt => attempt.id)");
        serde_json::from_value(ids).unwrap()
    }

    /// Runs an attempt by its button.
    pub(crate) fn run(&self, attempt: &str) -> AttemptOutcome {
        self.browser.console();
        self.browser.click(&format!("#{attempt} button"));
        self.outcome(attempt)
    }

    /// What became of an attempt, once it is through.
    pub(crate) fn outcome(&self, attempt: &str) -> AttemptOutcome {
        let view = format!("document.getElementById('{attempt}')");
        self.wait_until(&format!(
            "['as-expected', 'unexpected'].includes({view}.dataset.verdict)"
        ));
        let all = |lines: &str, what: &str| -> Vec<String> {
            let texts = format!("[...{view}.querySelectorAll('{lines}')].map(line => {what})");
            serde_json::from_value(self.value(&texts)).unwrap()
        };
        AttemptOutcome {
            is_as_expected: self.value(&format!("{view}.dataset.verdict")) == "as-expected",
            answers: all("[data-outcome]", "line.dataset.outcome").join(" "),
            lines: all("li", "line.textContent"),
            logged: all(".request", "line.textContent"),
            console: self.browser.console().join("\n"),
            run: self
                .value(&format!("{view}.dataset.run"))
                .as_str()
                .unwrap()
                .to_owned(),
        }
    }

    /// The rules in an attempt's text field, where it has one.
    pub(crate) fn rules(&self, attempt: &str) -> Option<Value> {
        let text = self.value(&format!("document.querySelector('#{attempt} textarea')?.value"));
        text.as_str().map(|text| serde_json::from_str(text).unwrap())
    }

    /// Puts other rules into an attempt's text field.
    pub(crate) fn change_rules(&self, attempt: &str, rules: &str) {
        let script = "document.querySelector(arguments[0]).value = arguments[1]";
        let field = format!("#{attempt} textarea");
        self.browser.run(script, &[json!(field), json!(rules)]).unwrap();
    }

    /// The origin in a place of the page's list.
    pub(crate) fn origin(&self, place: &str) -> String {
        self.browser.text(&format!("#place-{place}"))
    }

    /// An object as the store has it, without the edge.
    pub(crate) fn stored(&self, path: &str) -> http::Response {
        http::get(self.sample.ports[3], path).unwrap()
    }

    /// Stops it as `kill` would, and returns its ports.
    pub(crate) fn stop(mut self) -> Vec<u16> {
        self.sample.stop();
        // Each start has other ports, and so a folder of its own, which a user would find again.
        let folder = format!(
            "{}/target/demo/{}",
            env!("CARGO_MANIFEST_DIR"),
            self.sample.ports[0]
        );
        fs::remove_dir_all(folder).unwrap();
        self.sample.ports.clone()
    }

    fn value(&self, expression: &str) -> Value {
        self.browser.run(&format!("return {expression}"), &[]).unwrap()
    }

    /// Waits until an expression is true.
    fn wait_until(&self, expression: &str) {
        // In the page, so that no look takes the way through the driver.
        let script =
            format!("while (!({expression})) await new Promise((resolve) => setTimeout(resolve, 20));");
        let ended = self.browser.run(&script, &[]);
        ended.unwrap_or_else(|thrown| panic!("{thrown}: {expression}"));
    }
}
