//! A real browser: headless Chromium, driven over WebDriver.
//!
//! Names resolve inside the browser alone, so that pages and the edge can have origins of their own on this machine:
//! every `*.example` is 127.0.0.1, `*.localhost` is what Chromium makes of it by itself, and no other name leads
//! anywhere. Such pages are in the same address space as what they fetch, so Chromium's Local Network Access asks
//! nobody for a permission. Of these, only `localhost` names are a secure context.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fantoccini::error::CmdError;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::{self, Runtime};
use url::Url;

use crate::support::started::Started;

/// How long a page or a script may take, on a machine under load too: longer than pages themselves wait.
const PATIENCE: Duration = Duration::from_secs(120);

/// The names that lead somewhere; 127.0.0.1 in a URL needs no name.
const NAMES: &str = "MAP *.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost";

/// What stands for Chromium. Nothing writes it: while another thread starts a process, that may still have open what
/// was just written, and then nobody can start it.
const BINARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/chromium");

/// A browser with a profile of its own, stopped when it is dropped.
pub(crate) struct Browser {
    runtime: Runtime,
    client: Client,
    driver: Driver,
}

impl Browser {
    /// Starts one with a window of 1280 by 800.
    ///
    /// It is stopped with the thread that started it, so that nothing is left even of a test that is killed: start it
    /// from the thread that outlives its use.
    ///
    /// # Panics
    /// Where chromedriver or Chromium does not start, which no test can do without.
    pub(crate) fn start() -> Self {
        let driver = Driver::start();
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let client = runtime.block_on(async {
            ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities(&driver.started.folder))
                .connect(&format!("http://127.0.0.1:{}", driver.port))
                .await
        });
        let client = client.unwrap_or_else(|error| panic!("Chromium does not start: {error}"));
        Self {
            runtime,
            client,
            driver,
        }
    }

    /// Opens a page and waits until it is loaded.
    pub(crate) fn open(&self, url: &str) {
        let opened = self.runtime.block_on(self.client.goto(url));
        opened.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Runs the body of an async function in the page, which finds its `arguments` there, and returns what it returns,
    /// or the text of what it throws.
    pub(crate) fn run(&self, body: &str, arguments: &[Value]) -> Result<Value, String> {
        let script = format!(
            "const done = arguments[arguments.length - 1];
            (async function () {{ {body} }})
                .apply(null, Array.from(arguments).slice(0, -1))
                .then(value => done({{ value: value === undefined ? null : value }}),
                      thrown => done({{ thrown: String(thrown) }}));"
        );
        let ended = self
            .runtime
            .block_on(self.client.execute_async(&script, arguments.to_vec()))
            .map_err(|error| error.to_string())?;
        match ended.get("thrown").and_then(Value::as_str) {
            Some(thrown) => Err(thrown.to_owned()),
            None => Ok(ended["value"].clone()),
        }
    }

    /// Clicks on the first element of a CSS selector, as a person would: it has to be visible and not covered.
    pub(crate) fn click(&self, selector: &str) {
        let clicked: Result<(), CmdError> = self.runtime.block_on(async {
            let element = self.client.find(Locator::Css(selector)).await?;
            element.click().await
        });
        clicked.unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Types into the first element of a CSS selector. Keys without a letter are WebDriver's private code points.
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let typed: Result<(), CmdError> = self.runtime.block_on(async {
            let element = self.client.find(Locator::Css(selector)).await?;
            element.send_keys(text).await
        });
        typed.unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// What the first element of a CSS selector shows.
    pub(crate) fn text(&self, selector: &str) -> String {
        let text: Result<String, CmdError> = self.runtime.block_on(async {
            let element = self.client.find(Locator::Css(selector)).await?;
            element.text().await
        });
        text.unwrap_or_else(|error| panic!("{selector}: {error}"))
    }

    /// The lines of the console since they were last asked for: what pages log, and what the browser says of them.
    pub(crate) fn console(&self) -> Vec<String> {
        let entries = self.issue("se/log", json!({ "type": "browser" }));
        let entries = entries.as_array().unwrap().iter();
        entries
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A command of the Chrome DevTools Protocol, such as `Network.setCacheDisabled`, and its result.
    pub(crate) fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.issue(
            "goog/cdp/execute",
            json!({ "cmd": command, "params": parameters }),
        )
    }

    /// Whether pages are told that the person prefers dark colours.
    pub(crate) fn prefer_dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] }),
        );
    }

    /// Gives the page's viewport a size in CSS pixels, of a phone or of a desktop.
    pub(crate) fn resize(&self, width: u32, height: u32, is_phone: bool) {
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone }),
        );
    }

    /// The viewport as a PNG.
    pub(crate) fn screenshot(&self) -> Vec<u8> {
        self.runtime.block_on(self.client.screenshot()).unwrap()
    }

    /// The viewport as a picture in the checkout, which is of this size: taken anew where `SCREENSHOTS` is set, as
    /// `make screenshots` does.
    pub(crate) fn keep_picture(&self, path: &str, width: u32, height: u32) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        if std::env::var_os("SCREENSHOTS").is_some() {
            fs::write(&file, self.screenshot()).unwrap();
        }
        let image = fs::read(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(image.len() < 150_000, "{path}: {} bytes", image.len());
        assert_eq!(size_of_png(&image), (width, height), "{path}");
    }

    /// Those of the driver, the browser and everything else that they started.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.driver.family()
    }

    fn issue(&self, path: &'static str, body: Value) -> Value {
        let issued = self
            .runtime
            .block_on(self.client.issue_cmd(OfChromium { path, body }));
        issued.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let family = self.driver.family();
        // The browser ends with its session. What is gone already needs no end.
        self.runtime.block_on(self.client.clone().close()).ok();
        self.driver.started.end();
        // The last of it writes to the profile that goes next.
        let deadline = Instant::now() + PATIENCE;
        while family.iter().any(|&process| runs(process)) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The width and the height of a PNG, which stand right behind its signature and the head of its first chunk.
pub(crate) fn size_of_png(image: &[u8]) -> (u32, u32) {
    assert!(image.starts_with(b"\x89PNG"), "{} bytes", image.len());
    let number = |at: usize| u32::from_be_bytes(image[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

/// A command that WebDriver leaves to the vendors.
#[derive(Debug)]
struct OfChromium {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for OfChromium {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

fn capabilities(folder: &Path) -> Capabilities {
    let mut arguments = vec![
        "--headless=new".to_owned(),
        "--window-size=1280,800".to_owned(),
        format!("--user-data-dir={}", folder.join("profile").display()),
        format!("--host-resolver-rules={NAMES}"),
        // In containers it is often too small for a page.
        "--disable-dev-shm-usage".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-background-networking".to_owned(),
    ];
    if is_root() {
        // Chromium refuses to start otherwise. It opens no pages here but the tests' own.
        arguments.push("--no-sandbox".to_owned());
    }
    let wanted = json!({
        // Of pages that tests serve themselves.
        "acceptInsecureCerts": true,
        "goog:chromeOptions": { "args": arguments, "binary": BINARY },
        "goog:loggingPrefs": { "browser": "ALL" },
        "timeouts": { "script": PATIENCE.as_millis() as u64, "pageLoad": PATIENCE.as_millis() as u64 },
    });
    wanted.as_object().unwrap().clone()
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    line.unwrap().split_whitespace().nth(1) == Some("0")
}

/// The operating system's side of it: chromedriver.
struct Driver {
    started: Started,
    /// Kept, so that the driver can write to it.
    _output: BufReader<ChildStdout>,
    port: u16,
}

impl Driver {
    /// On a port that it has found free for IPv6, and that may be taken for IPv4: it ends, and another one is started.
    fn start() -> Self {
        const ATTEMPTS: usize = 10;
        let mut said = String::new();
        for _ in 0..ATTEMPTS {
            let mut started = Self::spawn();
            let mut output = BufReader::new(started.child.stdout.take().unwrap());
            if let Some(port) = announced_port(&mut output, &mut said) {
                return Self {
                    started,
                    _output: output,
                    port,
                };
            }
        }
        panic!("chromedriver does not start (Debian's chromium-driver has it):\n{said}");
    }

    fn spawn() -> Started {
        Started::new("browser-tests", |folder| {
            Command::new("setpriv")
                .args(["--pdeathsig", "KILL", "chromedriver", "--port=0"])
                // Where Chromium puts what does not fit into the profile.
                .env("TMPDIR", folder)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(File::create(folder.join("log")).unwrap())
                .spawn()
                .expect("setpriv (util-linux) starts chromedriver")
        })
    }

    fn family(&self) -> Vec<u32> {
        let mut family = vec![self.started.child.id()];
        let mut at = 0;
        while let Some(parent) = family.get(at) {
            let threads = fs::read_dir(format!("/proc/{parent}/task"));
            for thread in threads.into_iter().flatten().flatten() {
                let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
                family.extend(children.split_whitespace().flat_map(str::parse::<u32>));
            }
            at += 1;
        }
        family
    }
}

/// Whether a process is there, and more than an entry that nobody has asked about yet.
pub(crate) fn runs(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

/// The port that chromedriver says it has, after other lines that it says, unless it ends.
fn announced_port(output: &mut impl BufRead, said: &mut String) -> Option<u16> {
    while output.read_line(said).unwrap() > 0 {
        let line = said.lines().last().unwrap_or_default();
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            return Some(port.trim_end_matches('.').parse().unwrap());
        }
    }
    None
}
