//! The library on a host of the test's own, whose headers move with each change, as Envoy's do: what it allocates, what
//! it reads after a change, and what threads that share a configuration answer.
#![allow(
    unsafe_code, // The ABI passes pointers.
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)] // A test says no by panicking.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::{c_int, c_void};
use std::sync::Mutex;
use std::thread;

// The hooks are in it.
use bucket_cors as _;

/// Bytes of one side, as the ABI passes them.
#[derive(Clone, Copy)]
#[repr(C)]
struct HostBuffer {
    data: *const u8,
    len: usize,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct HostHeader {
    name: HostBuffer,
    value: HostBuffer,
}

impl HostBuffer {
    fn of(bytes: &[u8]) -> Self {
        Self {
            data: bytes.as_ptr(),
            len: bytes.len(),
        }
    }

    fn to_vec(self) -> Vec<u8> {
        // SAFETY: the ABI has the bytes live until the call returns.
        unsafe { std::slice::from_raw_parts(self.data, self.len) }.to_vec()
    }
}

type ModulePointer = *mut c_void;

/// [`TestStream`], on its way through the ABI.
type StreamPointer = *mut c_void;

// SAFETY: the names and signatures are those of Envoy's ABI, by which the library defines them.
unsafe extern "C" {
    fn envoy_dynamic_module_on_http_filter_config_new(
        host: *mut c_void,
        name: HostBuffer,
        text: HostBuffer,
    ) -> ModulePointer;
    fn envoy_dynamic_module_on_http_filter_config_destroy(config: ModulePointer);
    fn envoy_dynamic_module_on_http_filter_new(config: ModulePointer, host: StreamPointer) -> ModulePointer;
    fn envoy_dynamic_module_on_http_filter_destroy(stream: ModulePointer);
    fn envoy_dynamic_module_on_http_filter_request_headers(
        host: StreamPointer,
        stream: ModulePointer,
        is_end: bool,
    ) -> c_int;
    fn envoy_dynamic_module_on_http_filter_response_headers(
        host: StreamPointer,
        stream: ModulePointer,
        is_end: bool,
    ) -> c_int;
}

type RawHeaders = Vec<(Vec<u8>, Vec<u8>)>;

/// The host's side of a stream.
#[derive(Default)]
struct TestStream {
    module: Option<ModulePointer>,
    request: RawHeaders,
    response: RawHeaders,
    status: Option<u32>,
    body: Vec<u8>,
    filter_state: Vec<u8>,
    /// The call that it says no to.
    refused: Option<RefusedCall>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RefusedCall {
    GetHeaders,
    AddHeader,
    SetHeader,
}

impl TestStream {
    fn map(&mut self, map: c_int) -> &mut RawHeaders {
        match map {
            0 => &mut self.request,
            2 => &mut self.response,
            _ => panic!("no such map"),
        }
    }

    /// # Safety
    /// It is that of [`run`], and nothing else uses it meanwhile.
    unsafe fn of<'a>(host: StreamPointer) -> &'a mut Self {
        // SAFETY: as the caller vouches.
        unsafe { &mut *host.cast() }
    }

    /// All headers of a map somewhere else, and something else where they were.
    fn moved(&mut self, map: c_int) -> &mut RawHeaders {
        let lines = self.map(map);
        let moved = lines.clone();
        for (name, value) in lines.iter_mut() {
            name.fill(b'#');
            value.fill(b'#');
        }
        *lines = moved;
        lines
    }
}

/// Runs what is not the module's, and is not counted.
fn on_host<R>(code: impl FnOnce() -> R) -> R {
    let counted = COUNTED.replace(None);
    let result = code();
    COUNTED.set(counted);
    result
}

// SAFETY, of all definitions below: the names and signatures are those of the ABI, by which the library declares them,
// and nothing else in this binary defines them; the streams are those of `run`.

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_log(_level: c_int, _message: HostBuffer) {}

#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_callback_http_filter_config_define_counter(
    _config: *mut c_void,
    _name: HostBuffer,
    _labels: *const HostBuffer,
    _label_count: usize,
    id: *mut usize,
) -> c_int {
    // SAFETY: see above.
    unsafe { id.write(1) };
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_callback_http_filter_config_define_gauge(
    _config: *mut c_void,
    _name: HostBuffer,
    _labels: *const HostBuffer,
    _label_count: usize,
    _id: *mut usize,
) -> c_int {
    1
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_filter_increment_counter(
    _stream: StreamPointer,
    id: usize,
    _labels: *const HostBuffer,
    _label_count: usize,
    by: u64,
) -> c_int {
    c_int::from((id, by) != (1, 1))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_callback_http_get_headers_size(
    stream: StreamPointer,
    map: c_int,
) -> usize {
    // SAFETY: see above.
    unsafe { TestStream::of(stream).map(map).len() }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_callback_http_get_headers(
    stream: StreamPointer,
    map: c_int,
    headers: *mut HostHeader,
) -> bool {
    // SAFETY: see above.
    unsafe {
        if TestStream::of(stream).refused == Some(RefusedCall::GetHeaders) {
            return false;
        }
        for (at, (name, value)) in TestStream::of(stream).map(map).iter().enumerate() {
            let (name, value) = (HostBuffer::of(name), HostBuffer::of(value));
            headers.add(at).write(HostHeader { name, value });
        }
    }
    true
}

#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_callback_http_add_header(
    stream: StreamPointer,
    map: c_int,
    name: HostBuffer,
    value: HostBuffer,
) -> bool {
    on_host(|| {
        let line = (name.to_vec(), value.to_vec());
        // SAFETY: see above.
        let host = unsafe { TestStream::of(stream) };
        host.moved(map).push(line);
        host.refused != Some(RefusedCall::AddHeader)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_callback_http_set_header(
    stream: StreamPointer,
    map: c_int,
    name: HostBuffer,
    value: HostBuffer,
) -> bool {
    on_host(|| {
        let name = name.to_vec();
        // SAFETY: see above.
        let host = unsafe { TestStream::of(stream) };
        let is_taken = host.refused != Some(RefusedCall::SetHeader);
        let lines = host.moved(map);
        lines.retain(|(there, _)| *there != name);
        if !value.data.is_null() {
            lines.push((name, value.to_vec()));
        }
        is_taken
    })
}

/// While it answers, the host has the response looked at and ends the stream.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_callback_http_send_response(
    stream: StreamPointer,
    status: u32,
    headers: *const HostHeader,
    header_count: usize,
    body: HostBuffer,
    _details: HostBuffer,
) {
    on_host(|| {
        // SAFETY: see above.
        unsafe {
            let host = TestStream::of(stream);
            host.moved(0);
            let headers = std::slice::from_raw_parts(headers, header_count);
            let lines = headers
                .iter()
                .map(|header| (header.name.to_vec(), header.value.to_vec()));
            host.response = lines.collect();
            host.body = body.to_vec();
            host.status = Some(status);
            let module = host.module.take().unwrap();
            envoy_dynamic_module_on_http_filter_response_headers(stream, module, true);
            envoy_dynamic_module_on_http_filter_destroy(module);
        }
    });
}

#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_callback_http_set_filter_state_bytes(
    stream: StreamPointer,
    _key: HostBuffer,
    value: HostBuffer,
) -> bool {
    // SAFETY: see above.
    on_host(|| unsafe { TestStream::of(stream).filter_state = value.to_vec() });
    true
}

/// The name of the filters for which the host keeps what it is handed. It does not for others, whose tests run
/// meanwhile: Envoy loads configurations on one thread.
const KEPT: &str = "kept";

static SHARED: Mutex<BTreeMap<Vec<u8>, usize>> = Mutex::new(BTreeMap::new());

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_register_shared_data(
    name: HostBuffer,
    data: *mut c_void,
) -> bool {
    let name = name.to_vec();
    let is_kept = name.ends_with(KEPT.as_bytes());
    if is_kept {
        SHARED.lock().unwrap().insert(name, data.expose_provenance());
    }
    is_kept
}

#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_callback_get_shared_data(
    name: HostBuffer,
    data: *mut *mut c_void,
) -> bool {
    let found = SHARED.lock().unwrap().get(&name.to_vec()).copied();
    if let Some(address) = found {
        // SAFETY: see above.
        unsafe { data.write(std::ptr::with_exposed_provenance_mut(address)) };
    }
    found.is_some()
}

thread_local! {
    /// Allocations of the module's own; `None`: not counted now.
    static COUNTED: Cell<Option<usize>> = const { Cell::new(None) };
}

struct CountingAllocator;

// SAFETY: everything is left to the system's allocator, and counting does not allocate.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // While a thread ends its locals are gone, but allocations go on.
        let _ = COUNTED.try_with(|counted| counted.set(counted.get().map(|count| count + 1)));
        // SAFETY: as the caller vouches.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller vouches.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// A configuration that is shared by threads, as Envoy's workers do.
struct SharedConfig(ModulePointer);

// SAFETY: Envoy hands one configuration to all of its workers.
unsafe impl Sync for SharedConfig {}

impl SharedConfig {
    fn load() -> Self {
        // By this name, a library that is built with faults has one.
        Self::load_as(&std::env::var("FAULT").unwrap_or_default(), &Self::text())
    }

    fn text() -> String {
        let rule = r#"[{"AllowedOrigins": ["https://*.example.com"], "AllowedMethods": ["GET", "PUT"],
            "AllowedHeaders": ["x-*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 600}]"#;
        format!(
            r#"{{"access_log": true, "metrics": "bucket", "buckets": [
                {{"name": "o", "cors": {rule}}}, {{"name": "s", "profile": "s3", "cors": {rule}}},
                {{"name": "f", "profile": "fetch", "cors": {rule}}}, {{"name": "kept", "upstream_cors": "keep", "cors": {rule}}},
                {{"name": "bare", "upstream_cors": "none", "cors": {rule}}}]}}"#
        )
    }

    fn load_as(name: &str, text: &str) -> Self {
        let (name, text) = (HostBuffer::of(name.as_bytes()), HostBuffer::of(text.as_bytes()));
        // SAFETY: the ABI; this host needs no configuration of its own.
        let config =
            unsafe { envoy_dynamic_module_on_http_filter_config_new(std::ptr::null_mut(), name, text) };
        assert!(!config.is_null());
        Self(config)
    }
}

impl Drop for SharedConfig {
    fn drop(&mut self) {
        // SAFETY: it was made by the module, and its streams have ended.
        unsafe { envoy_dynamic_module_on_http_filter_config_destroy(self.0) };
    }
}

const PAGE: (&str, &str) = ("origin", "https://app.example.com");
const OTHER: (&str, &str) = ("origin", "https://app.example.net");
const PUT: (&str, &str) = ("access-control-request-method", "PUT");
const NAMES: (&str, &str) = ("access-control-request-headers", "x-a,x-b");

/// Method, path, headers, and what comes back: a status of the edge's own, or none, and the lines that CORS is about.
type ScriptedExchange = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    Option<u32>,
    &'static [&'static str],
);

const EXCHANGES: [ScriptedExchange; 11] = [
    ("GET", "/unlisted/x", &[PAGE], None, &STORES),
    ("GET", "/o/x", &[], None, &["vary: Accept-Encoding, Origin"]),
    ("GET", "/o/x", &[OTHER], None, &["vary: Accept-Encoding, Origin"]),
    (
        "GET",
        "/o/x",
        &[PAGE],
        None,
        &[
            "access-control-allow-origin: https://app.example.com",
            "access-control-expose-headers: ETag",
            "vary: Accept-Encoding, Origin",
        ],
    ),
    (
        "PUT",
        "/s/x",
        &[PAGE, NAMES],
        None,
        &[
            "access-control-allow-credentials: true",
            "access-control-allow-headers: x-a, x-b",
            "access-control-allow-methods: GET, PUT",
            "access-control-allow-origin: https://app.example.com",
            "access-control-expose-headers: ETag",
            "access-control-max-age: 600",
            "vary: Accept-Encoding, Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
        ],
    ),
    ("GET", "/kept/x", &[PAGE], None, &STORES_VARYING),
    (
        "OPTIONS",
        "/o/x",
        &[PAGE, PUT, NAMES],
        Some(200),
        &[
            "access-control-allow-headers: x-a, x-b",
            "access-control-allow-methods: GET, PUT",
            "access-control-allow-origin: https://app.example.com",
            "access-control-expose-headers: ETag",
            "access-control-max-age: 600",
            "vary: Origin",
        ],
    ),
    ("OPTIONS", "/o/x", &[OTHER, PUT], Some(403), &["vary: Origin"]),
    ("OPTIONS", "/o/x", &[PAGE], Some(400), &["vary: Origin"]),
    (
        "OPTIONS",
        "/f/x",
        &[PAGE],
        None,
        &["vary: Accept-Encoding, Origin"],
    ),
    ("OPTIONS", "/o//../x", &[PAGE, PUT], Some(403), &["vary: Origin"]),
];

/// What the store sends under names that are the edge's.
const STORES: [&str; 4] = [
    "access-control-allow-origin: *",
    "access-control-allow-origin: https://other.example",
    "access-control-of-no-standard: 1",
    "vary: Accept-Encoding",
];

const STORES_VARYING: [&str; 4] = [
    "access-control-allow-origin: *",
    "access-control-allow-origin: https://other.example",
    "access-control-of-no-standard: 1",
    "vary: Accept-Encoding, Origin",
];

fn line(name: &str, value: &str) -> (Vec<u8>, Vec<u8>) {
    (name.into(), value.into())
}

/// Runs an exchange, and gives the stream as it was left and how many allocations the module made.
fn run(config: &SharedConfig, exchange: &ScriptedExchange) -> (TestStream, usize) {
    run_refused(config, exchange, None)
}

/// The same on a host that says no to a call.
fn run_refused(
    config: &SharedConfig,
    &(method, path, headers, ..): &ScriptedExchange,
    refused: Option<RefusedCall>,
) -> (TestStream, usize) {
    let mut request = vec![
        line(":method", method),
        line(":authority", "edge.example"),
        line(":path", path),
    ];
    request.extend(headers.iter().map(|(name, value)| line(name, value)));
    let lines = STORES.iter().map(|stores| stores.split_once(": ").unwrap());
    let mut response = vec![line(":status", "200"), line("etag", "\"1\"")];
    response.extend(lines.map(|(name, value)| line(name, value)));
    let mut host = TestStream {
        request,
        response,
        refused,
        ..TestStream::default()
    };
    let stream: StreamPointer = (&raw mut host).cast();
    COUNTED.set(Some(0));
    // SAFETY: in the order in which Envoy calls them, and `host` outlives them.
    unsafe {
        let module = envoy_dynamic_module_on_http_filter_new(config.0, stream);
        TestStream::of(stream).module = Some(module);
        let status = envoy_dynamic_module_on_http_filter_request_headers(stream, module, true);
        if status == 0 {
            // What Envoy does to the request's headers on their way.
            on_host(|| drop(std::mem::take(TestStream::of(stream).moved(0))));
            envoy_dynamic_module_on_http_filter_response_headers(stream, module, true);
        }
        if let Some(module) = TestStream::of(stream).module.take() {
            envoy_dynamic_module_on_http_filter_destroy(module);
        }
    }
    let allocations = COUNTED.replace(None).unwrap();
    (host, allocations)
}

fn assert_answered(exchange: &ScriptedExchange, host: &TestStream) {
    let (method, path, headers, status, cors) = exchange;
    let what = format!("{method} {path} {headers:?}");
    assert_eq!(host.status, *status, "{what}");
    let mut lines: Vec<String> = host
        .response
        .iter()
        .map(|(name, value)| [name.as_slice(), value].map(String::from_utf8_lossy).join(": "))
        .filter(|line| line.starts_with("access-control-") || line.starts_with("vary"))
        .collect();
    lines.sort();
    assert_eq!(lines, *cors, "{what}");
    assert_eq!(
        host.filter_state.is_empty(),
        path.starts_with("/unlisted"),
        "{what}"
    );
}

#[test]
fn nothing_is_read_that_the_host_has_moved_and_nothing_is_used_that_it_has_ended() {
    let config = SharedConfig::load();
    for exchange in &EXCHANGES {
        assert_answered(exchange, &run(&config, exchange).0);
    }
}

#[test]
fn where_the_host_says_no_the_request_is_answered_503() {
    let config = SharedConfig::load();
    let allowed = EXCHANGES
        .iter()
        .find(|(method, path, headers, ..)| (*method, *path, *headers) == ("GET", "/o/x", &[PAGE]));
    for refused in [
        RefusedCall::GetHeaders,
        RefusedCall::AddHeader,
        RefusedCall::SetHeader,
    ] {
        let (host, _) = run_refused(&config, allowed.unwrap(), Some(refused));
        // Where not even the request can be read, its client may be one of gRPC.
        let unavailable = match refused {
            RefusedCall::GetHeaders => vec![(b"grpc-status".to_vec(), b"14".to_vec())],
            _ => Vec::new(),
        };
        assert_eq!(
            (host.status, &host.response),
            (Some(503), &unavailable),
            "{refused:?}"
        );
    }
}

#[test]
fn a_request_allocates_nothing_once_the_worker_is_warm() {
    let config = SharedConfig::load();
    for exchange in &EXCHANGES {
        run(&config, exchange);
    }
    for exchange in &EXCHANGES {
        let (_, allocations) = run(&config, exchange);
        assert_eq!(allocations, 0, "{} {} {:?}", exchange.0, exchange.1, exchange.2);
    }
}

/// Under AddressSanitizer, in `make sanitize`, it also fails where what is kept is freed too early, or never.
#[test]
fn the_last_good_rules_outlive_their_configuration() {
    let allowed = &EXCHANGES[3];
    let refused = r#"{"on_refused_rules": "last_good", "buckets": [{"name": ""}]}"#;
    for _ in 0..3 {
        drop(SharedConfig::load_as(KEPT, &SharedConfig::text()));
        for _ in 0..2 {
            let stands_in = SharedConfig::load_as(KEPT, refused);
            assert_answered(allowed, &run(&stands_in, allowed).0);
        }
    }
}

/// Under ThreadSanitizer, in `make sanitize`, a race is a failure. The thread that loads other rules is Envoy's main
/// one.
#[test]
fn threads_that_share_a_configuration_answer_alike() {
    let config = SharedConfig::load();
    let ask = |worker: usize| {
        for round in 0..200 {
            let exchange = &EXCHANGES[(worker + round) % EXCHANGES.len()];
            assert_answered(exchange, &run(&config, exchange).0);
        }
    };
    let ask = &ask;
    thread::scope(|scope| {
        let workers: Vec<_> = (0..8).map(|worker| scope.spawn(move || ask(worker))).collect();
        for _ in 0..20 {
            drop(SharedConfig::load());
        }
        // What a scope waits for by itself, ThreadSanitizer does not see: the standard library is not built for it.
        for worker in workers {
            worker.join().unwrap();
        }
    });
}
