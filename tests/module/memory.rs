//! How much linear memory the module takes, in pages of the VM itself: as rules are loaded and loaded again, and over a
//! million requests. A VM never gives memory back, so what a load takes in one moment is what an Envoy worker has for
//! good.

use std::fs;
use std::path::Path;

use crate::wasm_vm::{HostHeaders, WasmVm};

fn start() -> WasmVm {
    WasmVm::start(&module())
}

pub(crate) fn module() -> Vec<u8> {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bucket_cors.wasm");
    fs::read(&module).unwrap_or_else(|error| panic!("{}: {error}; make build", module.display()))
}

/// A rule, by its number and its bucket's. It is text, because the order in which serde_json writes fields depends on
/// the features that other crates ask of it. The holes that a load leaves depend on that order.
const RULE: &str = r#"{
    "AllowedOrigins": ["https://app-RULE.tenant-BUCKET.example.net", "https://*.RULE.tenant-BUCKET.example"],
    "AllowedMethods": ["GET", "PUT", "POST"],
    "AllowedHeaders": ["content-type", "authorization", "x-oss-date", "x-oss-security-token"],
    "ExposeHeaders": ["ETag", "x-oss-request-id"],
    "MaxAgeSeconds": 600,
    "ID": "rule-RULE"
}"#;

/// What the benchmark loads: 10,000 of these buckets are 9.4 MB.
fn configuration(buckets: usize) -> Vec<u8> {
    let plain: String = RULE.lines().map(str::trim).collect();
    let plain = plain.replace(": ", ":").replace(", ", ",");
    let bucket = |bucket: usize| {
        let rule = |rule: usize| plain.replace("RULE", &rule.to_string());
        let rules = [0, 1, 2].map(rule).join(",");
        let rules = rules.replace("BUCKET", &bucket.to_string());
        format!(r#"{{"name":"bucket-{bucket}","cors":{{"CORSRules":[{rules}]}}}}"#)
    };
    let buckets: Vec<String> = (0..buckets).map(bucket).collect();
    format!(r#"{{"buckets":[{}]}}"#, buckets.join(",")).into_bytes()
}

/// Loads each in turn, and gives the size of the memory after each.
fn load_all<'t>(vm: &mut WasmVm, texts: impl IntoIterator<Item = &'t [u8]>) -> Vec<usize> {
    let mut sizes = Vec::new();
    for text in texts {
        assert!(vm.load(text), "{:?}", vm.log());
        sizes.push(vm.memory_bytes());
    }
    sizes
}

/// Hundredths of a configuration's size.
fn percent(memory: usize, text: &[u8]) -> usize {
    memory * 100 / text.len()
}

#[test]
#[ignore = "takes long"]
fn ten_thousand_buckets_take_twice_their_json_and_a_reload_four_tenths_more() {
    let text = configuration(10_000);
    let mut vm = start();
    let sizes = load_all(&mut vm, [&text[..]; 4]);
    let of_text: Vec<usize> = sizes.iter().map(|size| percent(*size, &text)).collect();
    println!(
        "{} bytes of JSON; memory after each load, in hundredths of that: {of_text:?}",
        text.len()
    );
    assert!(of_text[0] <= 210, "{of_text:?}");
    // The rules in force are there until others take their place, so that a reload needs room for both.
    assert!(of_text[1] <= 250, "{of_text:?}");
    assert!(of_text[3] <= 250, "{of_text:?}");
}

#[test]
#[ignore = "takes long"]
fn a_hundred_reloads_of_one_size_take_little_more_than_the_first() {
    const PAGE: usize = 64 * 1024;
    let text = configuration(1_000);
    let mut vm = start();
    // What the module takes without rules, its stack above all, is a megabyte.
    let before = vm.memory_bytes();
    let sizes = load_all(&mut vm, [&text[..]; 101]);
    println!(
        "{} bytes of JSON; memory after 1, 2 and 101 loads: {:?}",
        text.len(),
        [0, 1, 100].map(|at| sizes[at])
    );
    // The holes that a load leaves differ a little from those that it found: 57 pages after the last load, 55 after the
    // second. Another compiler's module may need one page more.
    assert!(sizes[100] <= sizes[1] + 3 * PAGE, "{sizes:?}");
    assert!(percent(sizes[100] - before, &text) <= 290, "{sizes:?}");
}

#[test]
#[ignore = "takes long"]
fn reloads_of_other_sizes_take_little_more() {
    let texts = [1_000, 990, 1_010, 1_005, 995, 1_015].map(configuration);
    let mut vm = start();
    let before = vm.memory_bytes();
    let sizes = load_all(&mut vm, texts.iter().cycle().take(30).map(Vec::as_slice));
    println!(
        "memory after 30 loads of sizes that differ by a hundredth: {}",
        sizes[29]
    );
    assert!(percent(sizes[29] - before, &texts[1]) <= 300, "{sizes:?}");
}

#[test]
fn refused_configurations_leave_nothing_behind() {
    let good = configuration(100);
    let bad = String::from_utf8(good.clone())
        .unwrap()
        .replace("https://*.1", "https://*.*");
    let mut vm = start();
    let mut sizes = Vec::new();
    for _ in 0..30 {
        assert!(vm.load(&good), "{:?}", vm.log());
        assert!(!vm.load(bad.as_bytes()));
        assert!(
            vm.log().iter().any(|line| line.contains("[two-wildcards]")),
            "{:?}",
            vm.log()
        );
        sizes.push(vm.memory_bytes());
    }
    assert_eq!(sizes[29], sizes[5], "{sizes:?}");
}

pub(crate) type HeaderLine<'l> = (&'l str, &'l str);

pub(crate) fn request(method: &str, path: &str, lines: &[HeaderLine<'_>]) -> HostHeaders {
    let lines = lines
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    HostHeaders::request(method, "edge.example", path, lines)
}

pub(crate) fn response(lines: &[HeaderLine<'_>]) -> HostHeaders {
    let mut map = HostHeaders::default();
    for (name, value) in lines {
        map.add(name.as_bytes(), value.as_bytes());
    }
    map
}

#[test]
#[ignore = "takes long"]
fn a_million_requests_take_no_memory() {
    const REQUESTS: usize = 1_000_000;
    const PAGE: HeaderLine<'_> = ("origin", "https://app-1.tenant-7.example.net");
    const STAR: HeaderLine<'_> = ("origin", "https://a.b.2.tenant-9.example");
    const OTHER: HeaderLine<'_> = ("origin", "https://evil.example");
    const ASKS: HeaderLine<'_> = ("access-control-request-method", "PUT");
    let (long, names) = ("y".repeat(60_000), "x-oss-date,".repeat(5_000));
    let long_origin = format!("https://{long}.example");
    let with_store = [
        (":status", "200"),
        ("etag", "a"),
        ("access-control-allow-origin", "*"),
        ("vary", "accept"),
    ];
    let (photos, others) = ("/bucket-7/cat.jpg", "/bucket-9/cat.jpg");
    // Each with the status of the edge's own answer.
    let kinds: [(HostHeaders, Option<i32>); 14] = [
        (request("GET", photos, &[]), None),
        (request("GET", "/elsewhere/cat.jpg", &[PAGE]), None),
        (request("GET", photos, &[PAGE]), None),
        (request("GET", others, &[STAR]), None),
        (request("GET", photos, &[OTHER]), None),
        (request("OPTIONS", photos, &[PAGE, ASKS]), Some(200)),
        (
            request(
                "OPTIONS",
                others,
                &[
                    STAR,
                    ASKS,
                    ("access-control-request-headers", "x-oss-date,content-type"),
                ],
            ),
            Some(200),
        ),
        (request("OPTIONS", photos, &[OTHER, ASKS]), Some(403)),
        (
            request(
                "OPTIONS",
                photos,
                &[PAGE, ("access-control-request-method", "DELETE")],
            ),
            Some(403),
        ),
        (
            request(
                "OPTIONS",
                photos,
                &[PAGE, ASKS, ("access-control-request-headers", "x-evil")],
            ),
            Some(403),
        ),
        (request("OPTIONS", photos, &[]), Some(400)),
        (request("GET", photos, &[("origin", &long_origin)]), None),
        (
            request(
                "OPTIONS",
                photos,
                &[PAGE, ASKS, ("access-control-request-headers", &names)],
            ),
            Some(403),
        ),
        (request("GET", &format!("/{long}"), &[PAGE]), None),
    ];
    // The long ones cost an interpreter as much as a hundred of the others.
    let (long_kinds, rounds) = (11.., REQUESTS / 11);
    let stored = response(&with_store);
    let mut vm = start();
    load_all(&mut vm, [&configuration(10)[..]]);
    let mut count = 0;
    let mut warm = 0;
    for round in 0..=rounds {
        let of_round = if round % 200 == 0 {
            &kinds[..]
        } else {
            &kinds[..long_kinds.start]
        };
        for (request, expected) in of_round {
            let answered = vm.exchange(request.clone(), stored.clone());
            assert_eq!(answered, *expected, "{request:?}");
            count += 1;
        }
        if round == 200 {
            warm = vm.memory_bytes();
        }
    }
    assert!(count >= REQUESTS);
    println!(
        "memory after 2,200 requests and after {count}: {warm}, {}",
        vm.memory_bytes()
    );
    assert_eq!(vm.memory_bytes(), warm);
}

/// Text of about so many bytes, made of what `element` gives for each number, in elements of 400,000 keys and values.
fn repeated(
    bytes: usize,
    most: usize,
    open: &str,
    close: &str,
    element: impl Fn(usize) -> String,
) -> Vec<u8> {
    let mut text = String::from(r#"{"buckets": ["#);
    let mut number = 0;
    while text.len() < bytes - 64 {
        text += &open.replace("NAME", &format!("n{number}"));
        for at in 0..most {
            if text.len() >= bytes - 64 {
                break;
            }
            text += if at == 0 { "" } else { "," };
            text += &element(number);
            number += 1;
        }
        text += close;
        text += ",";
    }
    text.pop();
    (text + "]}").into_bytes()
}

/// A number in few letters.
fn letters(mut number: usize) -> String {
    let mut text = String::new();
    loop {
        text.push(char::from(b'a' + u8::try_from(number % 26).unwrap()));
        number /= 26;
        if number == 0 {
            return text;
        }
    }
}

/// The shapes that take the most in proportion: of small texts that are loaded twice, and of what grows with the text
/// alone.
const WORST: [&str; 2] = ["hosts", "buckets without rules"];

/// The shapes of rules that take the most memory for a byte of text.
fn worst_shapes(bytes: usize) -> Vec<(&'static str, Vec<u8>)> {
    let rule =
        |origins: &str| format!(r#"{{"name":"NAME","cors":{{"CORSRule":{{"AllowedMethod":"HEAD",{origins}"#);
    vec![
        (
            WORST[1],
            repeated(bytes, 1, "", "", |number| {
                format!(r#"{{"name":"{}"}}"#, letters(number))
            }),
        ),
        (
            "buckets of one rule",
            repeated(bytes, 1, "", "", |number| {
                format!(
                    r#"{{"name":"{}","cors":[{{"AllowedOrigin":"a","AllowedMethod":"HEAD"}}]}}"#,
                    letters(number)
                )
            }),
        ),
        (
            "buckets of one rule and an origin of their own",
            repeated(bytes, 1, "", "", |number| {
                let name = letters(number);
                format!(
                    r#"{{"name":"{name}","cors":[{{"AllowedOrigin":"*{name}","AllowedMethod":"HEAD"}}]}}"#
                )
            }),
        ),
        (
            "origins",
            repeated(bytes, 400_000, &rule(r#""AllowedOrigin":["#), "]}}}", |number| {
                format!(r#""{}""#, letters(number))
            }),
        ),
        (
            "origins, each of which begins with a star",
            repeated(bytes, 400_000, &rule(r#""AllowedOrigin":["#), "]}}}", |number| {
                format!(r#""*{}""#, letters(number))
            }),
        ),
        (
            "origins that end with a star",
            repeated(bytes, 400_000, &rule(r#""AllowedOrigin":["#), "]}}}", |number| {
                format!(r#""{}*""#, letters(number))
            }),
        ),
        (
            "headers",
            repeated(
                bytes,
                400_000,
                &rule(r#""AllowedOrigin":"a","AllowedHeader":["#),
                "]}}}",
                |number| format!(r#""{}*""#, letters(number)),
            ),
        ),
        (
            WORST[0],
            repeated(bytes, 400_000, r#"{"name":"NAME","hosts":["#, "]}", |number| {
                format!(r#""{}""#, letters(number))
            }),
        ),
        (
            "rules",
            repeated(bytes, 100, r#"{"name":"NAME","cors":["#, "]}", |number| {
                format!(
                    r#"{{"AllowedOrigin":"{}*","AllowedMethod":"HEAD"}}"#,
                    letters(number)
                )
            }),
        ),
    ]
}

/// Loads a shape, and loads it again while the first rules are in force. The memory that was taken, in hundredths of
/// the text.
fn load_twice(shape: &str, text: &[u8]) -> usize {
    let mut vm = start();
    let sizes = load_all(&mut vm, [text; 2]);
    println!(
        "{shape}: {} bytes of text; memory after each load: {sizes:?}",
        text.len()
    );
    percent(sizes[1], text)
}

/// The most text that is read is 64 MiB, and a VM has 64 times as much memory.
#[test]
#[ignore = "takes long"]
fn the_worst_shapes_of_rules_fit_a_vm_twice() {
    for (shape, text) in worst_shapes(1 << 20) {
        // A VM is a megabyte before it loads anything.
        let of_text = load_twice(shape, &text);
        assert!(of_text < 3_200, "{shape}: {of_text}");
    }
}

/// What the test above computes, once in full, in 1.4 GB.
#[test]
#[ignore = "takes long"]
fn the_worst_shapes_at_the_bound_fit_a_vm_twice() {
    for (shape, text) in worst_shapes(64 << 20) {
        if WORST.contains(&shape) {
            assert!(load_twice(shape, &text) < 3_200);
        }
    }
}
