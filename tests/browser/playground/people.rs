//! The page as people use it: with a keyboard, with a screen reader, on a phone, in the dark.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::world::{PlaygroundWorld, texts};

/// WebDriver's code points for keys without a letter.
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const RIGHT: &str = "\u{e014}";
const SPACE: &str = " ";

fn focused(world: &PlaygroundWorld) -> String {
    let script = "const at = document.activeElement;
        return at.id || at.value || at.textContent.trim();";
    world.run(script, &[]).as_str().unwrap().to_owned()
}

fn press(world: &PlaygroundWorld, key: &str) {
    world.browser.type_into(":focus", key);
}

pub(crate) fn keyboard(world: &PlaygroundWorld) {
    world.open();
    world.browser.type_into("body", TAB);
    let mut order = vec![focused(world)];
    while order.len() < 40 && order.last().map(String::as_str) != Some("curl") {
        press(world, TAB);
        order.push(focused(world));
        let is_seen = world.run(
            "const box = document.activeElement.getBoundingClientRect();
            const style = getComputedStyle(document.activeElement.matches('.kind input')
                ? document.activeElement.nextElementSibling : document.activeElement);
            return box.bottom > 0 && box.top < innerHeight && style.outlineStyle !== 'none';",
            &[],
        );
        assert_eq!(is_seen, json!(true), "{order:?}");
    }
    let at = |name: &str| {
        order
            .iter()
            .position(|id| id == name)
            .unwrap_or_else(|| panic!("{name} is not reached: {order:?}"))
    };
    let wanted = [
        "Skip to the answer",
        "share",
        "Sample",
        "With mistakes",
        "rules",
        "actual",
        "A page reads",
        "Unlisted bucket",
        "method",
        "url",
        "origin",
        "names",
        "client",
        "credentials",
        "More request headers, and what the store answers",
        "curl",
    ];
    let places: Vec<usize> = wanted.iter().map(|name| at(name)).collect();
    assert!(places.is_sorted(), "{order:?}");

    // From an empty field to a refusal with keys alone.
    world.run(
        "document.getElementById('origin').select(); document.getElementById('origin').focus();",
        &[],
    );
    world.browser.type_into(":focus", "null");
    settle(world, "No rule applies: origin");
    world.run("document.querySelector('[value=actual]').focus();", &[]);
    press(world, RIGHT);
    settle(world, "Preflight refused: origin");
    world.run("document.getElementById('credentials').focus();", &[]);
    press(world, SPACE);
    assert_eq!(
        world.run("return document.getElementById('credentials').checked", &[]),
        json!(true)
    );
    world.run("document.querySelector('#request-examples button').focus();", &[]);
    press(world, ENTER);
    settle(world, "Allowed by rule 1 (read-from-the-site)");
    world.run("document.querySelector('.skip').focus();", &[]);
    press(world, ENTER);
    assert_eq!(focused(world), "answer");
}

/// Waits for a verdict, which comes once nobody types any more.
fn settle(world: &PlaygroundWorld, title: &str) {
    let came = world.run(
        "for (let waits = 0; waits < 200; waits += 1) {
            if (document.getElementById('verdict-title').textContent === arguments[0]) return true;
            await new Promise((resolve) => setTimeout(resolve, 25));
        }
        return document.getElementById('verdict-title').textContent;",
        &[json!(title)],
    );
    assert_eq!(came, json!(true), "{title}");
}

/// As assistive technology gets it: Chromium's own accessibility tree.
pub(crate) fn names_and_roles(world: &PlaygroundWorld) {
    world.open();
    world.browser.devtools("Accessibility.enable", json!({}));
    let tree = world.browser.devtools("Accessibility.getFullAXTree", json!({}));
    world.browser.devtools("Accessibility.disable", json!({}));
    let nodes: Vec<(String, String)> = tree["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|node| node["ignored"] != json!(true))
        .map(|node| {
            let text = |field: &str| node[field]["value"].as_str().unwrap_or_default().to_owned();
            (text("role"), text("name"))
        })
        .collect();
    let widgets = [
        "textbox",
        "combobox",
        "radio",
        "checkbox",
        "button",
        "DisclosureTriangle",
        "region",
        "form",
    ];
    for (role, name) in &nodes {
        assert!(
            !widgets.contains(&role.as_str()) || !name.is_empty(),
            "a {role} without a name: {nodes:#?}"
        );
    }
    let has = |role: &str, name: &str| nodes.iter().any(|node| node.0 == role && node.1 == name);
    for (role, name) in [
        ("heading", "bucket-cors playground"),
        ("textbox", "Plugin configuration, or a store's CORS rules"),
        ("combobox", "Origin of the page"),
        ("radio", "Its preflight"),
        ("region", "Answer"),
        ("form", "Request"),
    ] {
        assert!(has(role, name), "{role} {name}: {nodes:#?}");
    }
    let live = "const verdict = document.getElementById('verdict');
        return [verdict.getAttribute('aria-live'), verdict.getAttribute('aria-atomic'), document.documentElement.lang];";
    assert_eq!(world.run(live, &[]), json!(["polite", "true", "en"]));
    // A region that says the same again would be read out again.
    let spoken = world.run(
        "const verdict = document.getElementById('verdict');
        let spoken = 0;
        new MutationObserver((changes) => { spoken += changes.length; })
            .observe(verdict, { childList: true, characterData: true, subtree: true });
        const main = document.getElementById('main');
        const before = main.dataset.answered;
        const rules = document.getElementById('rules');
        rules.value += ' ';
        rules.dispatchEvent(new Event('input', { bubbles: true }));
        while (main.dataset.answered === before) await new Promise((resolve) => setTimeout(resolve, 20));
        return spoken;",
        &[],
    );
    assert_eq!(spoken, json!(0));
}

const EXAMPLES: [&str; 4] = [
    "Preflight for PUT",
    "Refused header",
    "With mistakes",
    "As S3 answers",
];

pub(crate) fn phone(world: &PlaygroundWorld) {
    world.open();
    for width in [375, 320] {
        world.browser.resize(width, 740, true);
        for title in EXAMPLES {
            world.press(title);
            world.run("document.querySelector('details').open = true", &[]);
            let wide = texts(&world.run(
                "const most = document.documentElement.clientWidth;
                const wide = [...document.querySelectorAll('body *')]
                    .filter((node) => !node.closest('.skip, .note, legend') && node.getBoundingClientRect().right > most + 0.5)
                    .map((node) => node.outerHTML.slice(0, 80));
                if (document.documentElement.scrollWidth > most) wide.push('the page');
                return wide;",
                &[],
            ));
            assert!(wide.is_empty(), "{title} at {width} px: {wide:#?}");
            // Fingers need room, and a verdict that is out of sight tells nobody anything.
            let small = texts(&world.run(
                "return [...document.querySelectorAll('.chips button, .kind label, #share')]
                    .filter((node) => node.getBoundingClientRect().height < 34)
                    .map((node) => node.textContent)",
                &[],
            ));
            assert!(small.is_empty(), "{small:?}");
            let is_seen = world.run(
                "scrollTo(0, 0);
                await new Promise((resolve) => requestAnimationFrame(resolve));
                const box = document.getElementById('verdict').getBoundingClientRect();
                return box.top < innerHeight && box.bottom <= innerHeight && box.height < innerHeight / 4;",
                &[],
            );
            assert_eq!(is_seen, json!(true), "{title} at {width} px");
        }
    }
}

/// Every text against what is behind it, as WCAG 2.2 measures contrast (1.4.3).
const CONTRAST: &str = "
    const rgb = (text) => {
        const [red, green, blue, alpha = 1] = text.match(/[\\d.]+/g).map(Number);
        return { red, green, blue, alpha };
    };
    const luminance = ({ red, green, blue }) => [red, green, blue]
        .map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
    const ground = (node) => {
        for (let at = node; at; at = at.parentElement) {
            const color = rgb(getComputedStyle(at).backgroundColor);
            if (color.alpha === 1) return color;
        }
        return { red: 255, green: 255, blue: 255 };
    };
    const poor = [];
    for (const node of document.querySelectorAll('body *')) {
        const says = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
        if ((!says && !node.matches('input, textarea, .sign')) || !node.checkVisibility() || node.closest('.note, .skip, noscript')) continue;
        const [one, other] = [luminance(rgb(getComputedStyle(node).color)), luminance(ground(node))].sort((a, b) => b - a);
        const ratio = (one + 0.05) / (other + 0.05);
        if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${node.outerHTML.slice(0, 90)}`);
    }
    return poor;";

pub(crate) fn contrast(world: &PlaygroundWorld) {
    world.open();
    let ground = |world: &PlaygroundWorld| -> Value {
        world.run(
            "return getComputedStyle(document.documentElement).backgroundColor",
            &[],
        )
    };
    let light = ground(world);
    for dark in [false, true] {
        world.browser.prefer_dark(dark);
        for title in EXAMPLES {
            world.press(title);
            let poor = texts(&world.run(CONTRAST, &[]));
            assert!(poor.is_empty(), "{title}, dark: {dark}: {poor:#?}");
        }
    }
    let dark = ground(world);
    assert_ne!(light, dark);
    world.browser.prefer_dark(false);
}

pub(crate) fn no_shifts(world: &PlaygroundWorld) {
    for (width, is_phone) in [(1280, false), (375, true)] {
        world.browser.prefer_dark(false);
        world.browser.open("about:blank");
        world.browser.resize(width, 800, is_phone);
        world.browser.open(&world.url());
        let moved = world.run(
            "const main = document.getElementById('main');
            while (!main.dataset.answered) await new Promise((resolve) => setTimeout(resolve, 20));
            await new Promise((resolve) => setTimeout(resolve, 300));
            return await new Promise((resolve) => {
                new PerformanceObserver((list, observer) => {
                    const entries = list.getEntries().filter((entry) => entry.entryType === 'layout-shift');
                    observer.disconnect();
                    resolve(entries.reduce((sum, entry) => sum + entry.value, 0));
                }).observe({ type: 'layout-shift', buffered: true });
                setTimeout(() => resolve(0), 500);
            });",
            &[],
        );
        // Google's measure of good is 0.1.
        assert!(moved.as_f64().unwrap() < 0.02, "{width} px: {moved}");
    }
}

/// A picture for the README.
struct Picture {
    name: &'static str,
    size: [u32; 2],
    is_phone: bool,
    is_dark: bool,
    example: &'static str,
    /// What stands at the upper edge.
    from: &'static str,
}

const PICTURES: [Picture; 3] = [
    Picture {
        name: "light",
        size: [1100, 660],
        is_phone: false,
        is_dark: false,
        example: "Preflight for PUT",
        from: "body",
    },
    Picture {
        name: "dark",
        size: [1100, 660],
        is_phone: false,
        is_dark: true,
        example: "Refused header",
        from: "#verdict",
    },
    Picture {
        name: "phone",
        size: [375, 740],
        is_phone: true,
        is_dark: false,
        example: "Preflight for PUT",
        from: "#origin",
    },
];

/// With `SCREENSHOTS` set, as `make screenshots` does, they are kept.
pub(crate) fn pictures(world: &PlaygroundWorld) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/playground");
    for picture in &PICTURES {
        let [width, height] = picture.size;
        world.open();
        world.browser.resize(width, height, picture.is_phone);
        world.browser.prefer_dark(picture.is_dark);
        world.press(picture.example);
        // What `make run` has unless told otherwise, not the port of a test.
        world.fill(&json!({ "url": "http://127.0.0.1:10000/oss-cors-test/test.txt" }));
        world.run(
            "document.activeElement.blur();
            const from = document.querySelector(arguments[0]);
            scrollBy(0, from.getBoundingClientRect().top - 16);
            await new Promise((resolve) => setTimeout(resolve, 600));",
            &[json!(picture.from)],
        );
        let image = world.browser.screenshot();
        let path = folder.join(format!("{}.png", picture.name));
        if std::env::var_os("SCREENSHOTS").is_some() {
            fs::write(&path, &image).unwrap();
        }
        assert!(image.len() < 150_000, "{}: {} bytes", picture.name, image.len());
        let kept = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        // The width and the height stand right behind the signature and the head of the first chunk.
        let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
        for image in [image, kept] {
            assert_eq!(image[16..24], size, "{}", picture.name);
        }
    }
    world.browser.prefer_dark(false);
}
