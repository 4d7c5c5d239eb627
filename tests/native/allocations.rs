//! What a request costs, exactly: which host calls it makes, in which order, and whose every allocation is.
//!
//! `tests/bench/costs.md` holds the tables; a change to either is a change to that file, seen in review.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write as _;

use crate::native_host::owner::{self, CodeOwner};
use crate::native_host::{Call, Callback, HostHeaders, Import, NativeResponse, NativeVm, Plugin};

/// The allocations of this thread since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct AllocationTally {
    /// Made in a callback of the module, or for a value that the host hands over.
    module: usize,
    /// The bytes that anyone holds.
    live: usize,
}

thread_local!(static TALLY: Cell<AllocationTally> = const { Cell::new(AllocationTally { module: 0, live: 0 }) });

fn tally() -> AllocationTally {
    TALLY.get()
}

fn count(allocated: usize, freed: usize) {
    // While a thread ends its locals are gone, but allocations go on.
    let _ = TALLY.try_with(|cell| {
        let mut tally = cell.get();
        // What one thread allocates another may free, so that this wraps; differences on a thread are right.
        tally.live = tally.live.wrapping_add(allocated).wrapping_sub(freed);
        let is_new = usize::from(allocated > 0);
        match owner::current() {
            CodeOwner::Module | CodeOwner::Abi => tally.module += is_new,
            CodeOwner::Test | CodeOwner::Host => {}
        }
        cell.set(tally);
    });
}

struct TallyAllocator;

// SAFETY: everything is left to the system's allocator, and counting does not allocate.
#[allow(unsafe_code)] // An allocator is an unsafe trait.
unsafe impl GlobalAlloc for TallyAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: as the caller vouches.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: as the caller vouches.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: as the caller vouches.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: TallyAllocator = TallyAllocator;

const RULES: &str = r#"{"CORSRules": [{
    "ID": "app", "AllowedOrigins": ["https://*.example.com"], "AllowedMethods": ["GET", "PUT"],
    "AllowedHeaders": ["content-type", "x-oss-*", "x-amz-*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 600}]}"#;

/// Path-style buckets with the same rules: `oss`, `s3`, and one whose store sends no CORS headers. `fields`: of the
/// plugin.
fn configuration(fields: &str) -> String {
    format!(
        r#"{{{fields} "buckets": [
            {{"name": "photos", "cors": {RULES}}}, {{"name": "archive", "profile": "s3", "cors": {RULES}}},
            {{"name": "bare", "upstream_cors": "none", "cors": {RULES}}}]}}"#
    )
}

type HeaderField = (&'static str, &'static str);

const ALLOWED_ORIGIN: HeaderField = ("origin", "https://app.example.com");
const OTHER_ORIGIN: HeaderField = ("origin", "https://app.example.net");
const ASKS_PUT: HeaderField = ("access-control-request-method", "PUT");
const ASKS_DELETE: HeaderField = ("access-control-request-method", "DELETE");
const ASKS_HEADERS: HeaderField = ("access-control-request-headers", "content-type,x-oss-meta-a");

/// What every browser sends besides.
const BROWSER: [HeaderField; 8] = [
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    ),
    ("accept", "*/*"),
    ("accept-language", "en-US,en;q=0.5"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("referer", "https://app.example.com/"),
    ("sec-fetch-dest", "empty"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-site", "cross-site"),
];

/// A kind of request, which all the figures are about.
struct Kind {
    name: &'static str,
    /// Of the plugin.
    fields: &'static str,
    method: &'static str,
    path: &'static str,
    headers: &'static [HeaderField],
    /// What the store sends beside the usual.
    store: &'static [HeaderField],
}

const EXPLAIN: &str = r#""explain": true,"#;
const ACCESS_LOG: &str = r#""access_log": true,"#;
const ROUTE_PREPARES: &str = r#""route_prepares": true,"#;

const PLAIN: Kind = Kind {
    name: "",
    fields: "",
    method: "GET",
    path: "/photos/cat.jpg",
    headers: &[],
    store: &[],
};

const KINDS: [Kind; 16] = [
    Kind {
        name: "of no listed bucket",
        path: "/other/cat.jpg",
        headers: &[ALLOWED_ORIGIN],
        ..PLAIN
    },
    Kind {
        name: "without `Origin`",
        ..PLAIN
    },
    Kind {
        name: "actual, a rule matches",
        headers: &[ALLOWED_ORIGIN],
        ..PLAIN
    },
    Kind {
        name: "actual, no rule matches",
        headers: &[OTHER_ORIGIN],
        ..PLAIN
    },
    Kind {
        name: "actual, a rule matches, the store has CORS headers and a `Vary` of its own",
        headers: &[ALLOWED_ORIGIN],
        store: &[
            ("vary", "Origin"),
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET"),
        ],
        ..PLAIN
    },
    Kind {
        name: "preflight, allowed",
        method: "OPTIONS",
        headers: &[ALLOWED_ORIGIN, ASKS_PUT, ASKS_HEADERS],
        ..PLAIN
    },
    Kind {
        name: "preflight, refused",
        method: "OPTIONS",
        headers: &[ALLOWED_ORIGIN, ASKS_DELETE, ASKS_HEADERS],
        ..PLAIN
    },
    Kind {
        name: "OPTIONS without `Origin`",
        method: "OPTIONS",
        ..PLAIN
    },
    Kind {
        name: "actual, a rule matches, `s3`",
        path: "/archive/cat.jpg",
        headers: &[ALLOWED_ORIGIN],
        ..PLAIN
    },
    Kind {
        name: "preflight, refused, `s3`",
        method: "OPTIONS",
        path: "/archive/cat.jpg",
        headers: &[ALLOWED_ORIGIN, ASKS_DELETE, ASKS_HEADERS],
        ..PLAIN
    },
    Kind {
        name: "actual, a rule matches, `upstream_cors` `none`",
        path: "/bare/cat.jpg",
        headers: &[ALLOWED_ORIGIN],
        ..PLAIN
    },
    Kind {
        name: "actual, a rule matches, `upstream_cors` `none`, the store has a `Vary` of its own",
        path: "/bare/cat.jpg",
        headers: &[ALLOWED_ORIGIN],
        store: &[("vary", "Accept-Encoding")],
        ..PLAIN
    },
    Kind {
        name: "actual, a rule matches, `route_prepares`",
        fields: ROUTE_PREPARES,
        headers: &[ALLOWED_ORIGIN],
        store: &[("vary", "Origin")],
        ..PLAIN
    },
    Kind {
        name: "actual, a rule matches, `explain`",
        fields: EXPLAIN,
        headers: &[ALLOWED_ORIGIN],
        ..PLAIN
    },
    Kind {
        name: "preflight, refused, `explain`",
        fields: EXPLAIN,
        method: "OPTIONS",
        headers: &[ALLOWED_ORIGIN, ASKS_DELETE, ASKS_HEADERS],
        ..PLAIN
    },
    Kind {
        name: "actual, a rule matches, `access_log`",
        fields: ACCESS_LOG,
        headers: &[ALLOWED_ORIGIN],
        ..PLAIN
    },
];

fn bytes((name, value): &HeaderField) -> (&'static [u8], &'static [u8]) {
    (name.as_bytes(), value.as_bytes())
}

impl Kind {
    fn request(&self) -> HostHeaders {
        let headers = BROWSER.iter().chain(self.headers).map(bytes);
        HostHeaders::request(self.method, "edge.example", self.path, headers)
    }

    fn response(&self) -> NativeResponse {
        let usual = [
            ("content-type", "image/jpeg"),
            ("content-length", "1024"),
            ("etag", "\"1\""),
            ("date", "Thu, 01 Jan 2026 00:00:00 GMT"),
            ("server", "store"),
        ];
        NativeResponse::new(200, usual.iter().chain(self.store).map(bytes))
    }

    /// What one such request costs.
    fn cost(&self, plugin: &Plugin) -> Cost {
        let (request, response) = (self.request(), self.response());
        let start = tally();
        let mut stream = plugin.open(request);
        if stream.request_headers().is_none() {
            stream.response_headers(response);
        }
        let calls = stream.take_calls();
        drop(stream);
        Cost {
            allocations: tally().module - start.module,
            calls,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Cost {
    /// In all callbacks of the stream, its making and its end included, and for the values from the host.
    allocations: usize,
    calls: Vec<Call>,
}

impl Cost {
    /// How many values the host handed over, each in a block for which it asks the module.
    fn values(&self) -> usize {
        self.calls.iter().filter(|call| call.handed_over > 0).count()
    }

    fn calls(&self, during: Callback) -> String {
        let calls = self.calls.iter().filter(|call| call.during == during);
        cell(calls.map(|call| {
            let is_absent = call.import == Import::GetHeader && call.handed_over == 0;
            let absent = if is_absent { " (absent)" } else { "" };
            format!("{}{absent}", name(call))
        }))
    }
}

fn name(call: &Call) -> String {
    let subject = &call.subject;
    match call.import {
        Import::GetHeader => format!("get `{subject}`"),
        Import::GetHeaders => "get all".to_owned(),
        Import::ReplaceHeader => format!("set `{subject}`"),
        Import::RemoveHeader => format!("remove `{subject}`"),
        Import::SendLocalResponse => format!("answer {subject}"),
        Import::SetProperty => format!("note `{subject}`"),
    }
}

fn cell(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.collect();
    if items.is_empty() {
        "none".to_owned()
    } else {
        items.join(", ")
    }
}

/// Runs `work` for each kind with a plugin that has served each of them before.
fn for_each_kind(mut work: impl FnMut(&Kind, &Plugin)) {
    let vm = NativeVm::start();
    let plugins = ["", EXPLAIN, ACCESS_LOG, ROUTE_PREPARES]
        .map(|fields| (fields, vm.configure(configuration(fields).as_bytes()).unwrap()));
    let plugin = |kind: &Kind| {
        let found = plugins.iter().find(|(fields, _)| *fields == kind.fields);
        &found.expect("a plugin with these fields").1
    };
    for kind in &KINDS {
        // The first of a kind lets the memory that streams share grow to its size.
        kind.cost(plugin(kind));
    }
    for kind in &KINDS {
        work(kind, plugin(kind));
    }
}

#[test]
fn no_request_allocates() {
    for_each_kind(|kind, plugin| {
        assert_eq!(kind.cost(plugin).allocations, 0, "{}", kind.name);
    });
}

#[test]
fn an_allocation_would_be_seen() {
    let vm = NativeVm::start();
    let plugin = vm.configure(configuration("").as_bytes()).unwrap();
    // Above what the module keeps for values from the host.
    let value = "a".repeat(20_000);
    let request = || {
        HostHeaders::request(
            "GET",
            "edge.example",
            "/photos/cat.jpg",
            [(&b"x-large"[..], value.as_bytes())],
        )
    };
    for _ in 0..2 {
        let before = tally().module;
        plugin.open(request()).request_headers();
        assert!(tally().module > before);
    }
}

#[test]
fn every_request_of_a_kind_costs_the_same() {
    for_each_kind(|kind, plugin| {
        let cost = kind.cost(plugin);
        for _ in 0..10 {
            assert_eq!(kind.cost(plugin), cost, "{}", kind.name);
        }
    });
}

#[test]
fn what_a_request_costs_is_what_the_table_says() {
    let mut rows = String::new();
    for_each_kind(|kind, plugin| {
        let cost = kind.cost(plugin);
        writeln!(
            rows,
            "| {} | {} | {} | {} | {} | {} |",
            kind.name,
            cost.calls(Callback::RequestHeaders),
            cost.calls(Callback::ResponseHeaders),
            cost.calls.len(),
            cost.values(),
            cost.allocations
        )
        .unwrap();
    });
    let table = format!(
        "| request | host calls in `proxy_on_request_headers` | in `proxy_on_response_headers` | in all | values from the host | allocations |\n\
         |---|---|---|--:|--:|--:|\n{rows}"
    );
    println!("{table}");
    let expected = include_str!("../bench/costs.md");
    assert!(table == expected, "tests/bench/costs.md is to say:\n{table}");
}

#[test]
fn no_request_leaves_memory_behind() {
    for_each_kind(|kind, plugin| {
        let before = tally().live;
        for _ in 0..500 {
            kind.cost(plugin);
        }
        assert_eq!(tally().live, before, "{}", kind.name);
    });
}

#[test]
fn a_thousand_streams_in_flight_cost_nothing_the_second_time() {
    const STREAMS: usize = 1_000;
    let vm = NativeVm::start();
    let plugin = vm.configure(configuration("").as_bytes()).unwrap();
    let open_all = || {
        let before = tally().module;
        let streams: Vec<_> = (0..STREAMS).map(|_| plugin.open(PLAIN.request())).collect();
        (tally().module - before, streams)
    };
    let (first, streams) = open_all();
    drop(streams);
    // The table of contexts doubles ten times on the way, and keeps its size.
    assert!((1..=10).contains(&first), "{first}");
    let (second, _streams) = open_all();
    assert_eq!(second, 0);
}

#[test]
fn streams_side_by_side_use_what_earlier_ones_have_left() {
    let vm = NativeVm::start();
    let plugin = vm.configure(configuration("").as_bytes()).unwrap();
    let actual = Kind {
        headers: &[ALLOWED_ORIGIN],
        ..PLAIN
    };
    let wave = || {
        let mut streams: Vec<_> = (0..4_000).map(|_| plugin.open(actual.request())).collect();
        let before = tally().module;
        for stream in &mut streams {
            assert!(stream.request_headers().is_none());
        }
        for stream in &mut streams {
            stream.response_headers(actual.response());
        }
        tally().module - before
    };
    wave();
    assert_eq!(wave(), 0);
}

#[test]
fn a_request_whose_client_goes_away_costs_the_next_one_nothing() {
    let vm = NativeVm::start();
    let plugin = vm.configure(configuration("").as_bytes()).unwrap();
    let actual = Kind {
        headers: &[ALLOWED_ORIGIN],
        ..PLAIN
    };
    actual.cost(&plugin);
    for _ in 0..3 {
        let mut stream = plugin.open(actual.request());
        assert!(stream.request_headers().is_none());
        drop(stream);
        assert_eq!(actual.cost(&plugin).allocations, 0);
    }
}

#[test]
fn replacing_a_configuration_leaves_none_of_the_old_one_behind() {
    let vm = NativeVm::start();
    let text = configuration(EXPLAIN);
    let load = || {
        drop(vm.configure(text.as_bytes()).unwrap());
        vm.take_log();
    };
    load();
    let before = tally().live;
    for _ in 0..100 {
        load();
    }
    assert_eq!(tally().live, before);
}
