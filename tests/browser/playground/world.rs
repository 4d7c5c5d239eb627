//! What `make run` serves, and a browser with its page open.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::sample::Sample;

/// Waits until what the script before it changed is answered.
const SETTLED: &str = "
    const main = document.getElementById('main');
    const before = main.dataset.answered;
    const settled = new Promise((resolve) => {
        new MutationObserver((_, observer) => { observer.disconnect(); resolve(); })
            .observe(main, { attributes: true, attributeFilter: ['data-answered'] });
    });";

/// What the page shows. Of a response, the lines that leave the edge.
const SHOWN: &str = "
    const text = (node) => {
        const copy = node.cloneNode(true);
        copy.querySelectorAll('.note').forEach((note) => note.remove());
        return copy.textContent;
    };
    const all = (selector, within = document) => [...within.querySelectorAll(selector)];
    return {
        tone: document.getElementById('verdict').dataset.tone,
        title: document.getElementById('verdict-title').textContent,
        text: document.getElementById('verdict-text').textContent,
        browser: document.getElementById('browser').textContent,
        summary: document.getElementById('summary').textContent,
        findings: all('#findings li').map(text),
        exchanges: all('.exchange').map((part) => ({
            part: part.dataset.part ?? null,
            sent: all('.sent .line', part).map(text),
            received: all('.received .line:not([data-mark=\"−\"])', part).map(text),
            removed: all('.received .line[data-mark=\"−\"]', part).map(text),
        })),
        rules: all('#rule-list > li').map((rule) => ({
            result: text(rule.querySelector('h4 span')),
            checks: all('dt', rule).map((check) => check.dataset.tone),
        })),
        curl: document.getElementById('curl').textContent,
    };";

pub(crate) struct PlaygroundWorld {
    pub(crate) browser: Browser,
    pub(crate) sample: Sample,
}

impl PlaygroundWorld {
    pub(crate) fn start() -> Self {
        let mut sample = Sample::start("run", &["PORT", "ADMIN_PORT", "ORIGIN_PORT"]);
        sample.greeting("Serving on ");
        Self {
            browser: Browser::start(),
            sample,
        }
    }

    /// The port of the edge.
    pub(crate) fn port(&self) -> u16 {
        self.sample.ports[0]
    }

    /// By the one name that leads there in the browser and outside of it.
    pub(crate) fn url(&self) -> String {
        format!("http://localhost:{}/playground/", self.port())
    }

    /// Opens the page as a person does who follows a link to it, on a desktop that prefers light colours.
    pub(crate) fn open(&self) {
        self.open_at(&self.url());
    }

    /// The same page from elsewhere.
    pub(crate) fn open_at(&self, url: &str) {
        self.browser.prefer_dark(false);
        self.browser.resize(1280, 900, false);
        // Only so is it loaded anew, whatever fragment it had.
        self.browser.open("about:blank");
        self.browser.open(url);
        self.run(
            "const main = document.getElementById('main');
            while (!main.dataset.answered) await new Promise((resolve) => setTimeout(resolve, 20));",
            &[],
        );
    }

    /// The body of an async function, in the page.
    pub(crate) fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.browser
            .run(script, arguments)
            .unwrap_or_else(|thrown| panic!("{thrown}\n{script}"))
    }

    /// The same, and then waits for the answer to what it changed.
    pub(crate) fn change(&self, script: &str, arguments: &[Value]) {
        self.run(&format!("{SETTLED}\n{script}\nawait settled;"), arguments);
    }

    /// Fills fields in, as if they were typed.
    pub(crate) fn fill(&self, fields: &Value) {
        self.change(
            "for (const [id, value] of Object.entries(arguments[0])) {
                const field = document.getElementById(id) ?? document.querySelector(`[value=${id}]`);
                if (field.type === 'checkbox' || field.type === 'radio') field.checked = value !== false;
                else field.value = value;
                field.dispatchEvent(new Event('input', { bubbles: true }));
            }",
            std::slice::from_ref(fields),
        );
    }

    /// Presses the button that says so.
    pub(crate) fn press(&self, title: &str) {
        self.change(
            "[...document.querySelectorAll('button')].find((button) => button.textContent === arguments[0]).click();",
            &[json!(title)],
        );
    }

    pub(crate) fn shown(&self) -> Value {
        self.run(SHOWN, &[])
    }
}

/// The texts of a list.
pub(crate) fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|text| text.as_str().unwrap().to_owned()).collect()
}
