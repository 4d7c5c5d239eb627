//! The host in the page against a real Envoy: the same module, the same configurations, the same requests.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::world::PlaygroundWorld;
use crate::support::answer::ClientAnswer;
use crate::support::case::{self, Case, from_hex};
use crate::support::stand::EnvoyStand;

/// Answers cases with the page's own files, and looks whether rule by rule is the same as all rules at once.
const ANSWER: &str = "
    const names = ['explain', 'request', 'header-map'];
    const [{ explain }, { requestMap }, { HeaderMap }] =
        await Promise.all(names.map((name) => import(`/playground/${name}.js`)));
    const module = await WebAssembly.compileStreaming(fetch('/playground/bucket_cors.wasm'));
    const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    const lines = (list) => list.map(([name, value]) => [name, bytes(value)]);
    return arguments[0].map(({ configuration, request, store }) => {
        const { isLoaded, trap, answers: [answer], verdicts, rules } = explain(module, {
            configuration,
            exchanges: [{
                request: requestMap({ ...request, headers: lines(request.headers) }),
                store: { status: store.status, headers: new HeaderMap(lines(store.headers)), body: new Uint8Array() },
            }],
        });
        if (!isLoaded) return { trap: trap ?? 'refused' };
        const alone = rules.findIndex((rule) => rule.alone?.rule !== undefined);
        return {
            by: answer.by,
            status: answer.status,
            headers: [...answer.headers].map(([name, value]) => [name, hex(value)]),
            body: hex(answer.body),
            rule: verdicts[0]?.rule ?? -1,
            alone,
            rules: rules.length,
        };
    });";

/// What Envoy, or the store, says of itself: no filter sets it.
const OF_THE_PROXY: [&str; 7] = [
    "connection",
    "content-length",
    "date",
    "server",
    "transfer-encoding",
    "x-envoy-upstream-service-time",
    "x-request-id",
];

/// How many cases a script answers: it has to come to an end in the time that a script has.
const AT_ONCE: usize = 60;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lines<V: AsRef<[u8]>>(headers: &[(String, V)]) -> Vec<(&str, String)> {
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.as_str(), hex(value.as_ref())))
        .collect()
}

fn to_json(case: &Case) -> Value {
    let request = &case.request;
    json!({
        "configuration": *case.configuration,
        "request": {
            "method": request.method,
            "authority": request.authority,
            "path": request.path,
            "headers": lines(&request.headers),
        },
        "store": { "status": case.upstream.status, "headers": lines(&case.upstream.headers) },
    })
}

/// The answer of the page as one that came over a wire.
fn answer(given: &Value) -> ClientAnswer {
    let bytes = |value: &Value| from_hex(value.as_str().unwrap());
    let headers = given["headers"].as_array().unwrap().iter();
    ClientAnswer {
        reached_upstream: given["by"] == "store",
        status: u16::try_from(given["status"].as_u64().unwrap()).unwrap(),
        headers: headers
            .map(|line| (line[0].as_str().unwrap().to_owned(), bytes(&line[1])))
            .collect(),
        body: bytes(&given["body"]),
    }
}

/// What of an answer the filter decides: the whole of it, but for the proxy's own headers, the store's body, and the id
/// that each request has of its own.
fn decided(answer: &ClientAnswer) -> (bool, u16, Vec<(String, String)>, String) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !OF_THE_PROXY.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.escape_ascii().to_string()))
        .collect();
    headers.sort();
    let mut body = String::new();
    if !answer.reached_upstream {
        body = String::from_utf8_lossy(&answer.body).into_owned();
        if let Some(id) = answer.error_element("RequestId") {
            body = body.replace(&id, "");
        }
    }
    (answer.reached_upstream, answer.status, headers, body)
}

pub(crate) fn as_envoy_answers(world: &PlaygroundWorld) {
    world.open();
    let cases: Vec<Case> = case::load_all()
        .into_iter()
        .filter(|case| !case.takes_an_envoy())
        .collect();
    let stand = EnvoyStand::start(cases.iter(), &[]);
    let (mut wrong, mut tried_alone) = (BTreeMap::new(), 0);
    for part in cases.chunks(AT_ONCE) {
        let asked: Vec<Value> = part.iter().map(to_json).collect();
        let given = world.run(ANSWER, &[json!(asked)]);
        for (case, given) in part.iter().zip(given.as_array().unwrap()) {
            let mut problems = Vec::new();
            if given["trap"].is_string() {
                problems.push(format!("{given}"));
            } else {
                let (page, envoy) = (answer(given), stand.answer(case).unwrap());
                problems.extend(case.expectation.problems(&page));
                if decided(&page) != decided(&envoy) {
                    problems.push(format!("{:?} instead of {:?}", decided(&page), decided(&envoy)));
                }
                if given["rule"] != given["alone"] {
                    problems.push(format!("rule {} and alone {}", given["rule"], given["alone"]));
                }
                tried_alone += given["rules"].as_u64().unwrap();
            }
            if !problems.is_empty() {
                wrong.insert(case.name.as_str(), problems);
            }
        }
    }
    assert!(cases.len() > 350, "{} cases", cases.len());
    assert!(tried_alone > 500, "{tried_alone} rules were tried alone");
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), cases.len());
}

/// Runs a module in the page's host: `text` is its source. The script finds it as `module`, and the files as in
/// `ANSWER`.
fn in_host(world: &PlaygroundWorld, text: &str, script: &str) -> Value {
    let before = "
        const [{ Vm, Trap }, { requestMap }, { HeaderMap, show }] = await Promise.all(
            ['host', 'request', 'header-map'].map((name) => import(`/playground/${name}.js`)));
        const module = await WebAssembly.compile(
            Uint8Array.from(arguments[0].match(/../g), (pair) => parseInt(pair, 16)));
        const request = requestMap({ method: 'GET', authority: 'a.example', path: '/', headers: [] });
        const store = () => ({ status: 200, headers: new HeaderMap(), body: new Uint8Array() });
        const lines = (map) => [...map].map(([name, value]) => [name, [...value]]);";
    let module = wat::parse_str(text).unwrap();
    world.run(&format!("{before}\n{script}"), &[json!(hex(&module))])
}

pub(crate) fn other_modules(world: &PlaygroundWorld) {
    world.open();
    // The least that is a plugin: no context is made or deleted, and whatever it asks for it gets.
    let least = r#"(module
        (import "env" "proxy_of_the_future" (func $future (param i32 i64) (result i32)))
        (import "elsewhere" "unknown" (func $unknown (result i32)))
        (memory (export "memory") 1)
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
            (i32.and
                (i32.eq (call $future (i32.const 1) (i64.const 2)) (i32.const 12))
                (i32.eq (call $unknown) (i32.const 12)))))"#;
    let script = "const vm = new Vm(module);
        const isLoaded = vm.configure('{}');
        const { by, status, headers } = vm.exchange(request, store);
        return [isLoaded, by, status, lines(headers)];";
    assert_eq!(in_host(world, least, script), json!([true, "store", 200, []]));

    // The other name of the allocator; a value that is no text, there and back; each failure as its status.
    let bytes = r#"(module
        (import "env" "proxy_get_buffer_bytes"
            (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
        (import "env" "proxy_get_header_map_value"
            (func $get (param i32 i32 i32 i32 i32) (result i32)))
        (import "env" "proxy_add_header_map_value"
            (func $add (param i32 i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (global $next (mut i32) (i32.const 4096))
        (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
            (global.get $next)
            (global.set $next (i32.add (global.get $next) (local.get $size))))
        (data (i32.const 0) "x-in\00\00\00\00x-out")
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
            ;; The bytes of the configuration, wherever they are put.
            (i32.and
                (i32.eqz (call $buffer (i32.const 7) (i32.const 0) (i32.const 99) (i32.const 64) (i32.const 68)))
                (i32.eq (i32.load8_u (i32.load (i32.const 64))) (i32.const 0x80))))
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
            (drop (call $get (i32.const 2) (i32.const 0) (i32.const 4) (i32.const 64) (i32.const 68)))
            (drop (call $add (i32.const 2) (i32.const 8) (i32.const 5)
                (i32.load (i32.const 64)) (i32.load (i32.const 68))))
            ;; A header that is not there, a map that is gone, and a name outside of the memory.
            (i32.store8 (i32.const 256)
                (call $get (i32.const 2) (i32.const 8) (i32.const 2) (i32.const 64) (i32.const 68)))
            (i32.store8 (i32.const 257)
                (call $get (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 64) (i32.const 68)))
            (i32.store8 (i32.const 258)
                (call $get (i32.const 2) (i32.const -1) (i32.const 4) (i32.const 64) (i32.const 68)))
            (drop (call $add (i32.const 2) (i32.const 8) (i32.const 5) (i32.const 256) (i32.const 3)))
            (i32.const 0)))"#;
    let script = "const vm = new Vm(module);
        const isLoaded = vm.configure(Uint8Array.of(0x80, 0xff));
        const answer = vm.exchange(request, () => ({ ...store(), headers: new HeaderMap([['X-In', Uint8Array.of(0xe9, 0xff)]]) }));
        return [isLoaded, lines(answer.headers)];";
    assert_eq!(
        in_host(world, bytes, script),
        json!([
            true,
            [
                ["x-in", [0xe9, 0xff]],
                ["x-out", [0xe9, 0xff]],
                ["x-out", [1, 2, 6]]
            ]
        ])
    );

    // Envoy has one line of these headers, however many a client sends.
    let folded = "const map = requestMap({ method: 'GET', authority: 'a.example', path: '/', headers: [
            ['Origin', ' https://a.example '], ['x-a', '1'], ['origin', 'https://b.example'], ['x-a', '2']] });
        return [show(map.get('origin')), [...map].filter(([name]) => name === 'x-a').length];";
    assert_eq!(
        in_host(world, least, folded),
        json!(["https://a.example,https://b.example", 2])
    );

    let traps = r#"(module
        (memory (export "memory") 1)
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) unreachable))"#;
    let script = "try { new Vm(module).exchange(request, store); return 'no'; }
        catch (error) { return error instanceof Trap; }";
    assert_eq!(in_host(world, traps, script), json!(true));

    // What it counts, when the time has come.
    let real = "const module = await WebAssembly.compileStreaming(fetch('/playground/bucket_cors.wasm'));
        const [{ Vm }, { requestMap }, { HeaderMap }] = await Promise.all(
            ['host', 'request', 'header-map'].map((name) => import(`/playground/${name}.js`)));
        const vm = new Vm(module);
        vm.configure('{\"buckets\": [{\"name\": \"a\", \"cors\": [{\"AllowedOrigins\": \"*\", \"AllowedMethods\": \"GET\"}]}]}');
        const request = requestMap({ method: 'GET', authority: 'a.example', path: '/a/b', headers: [['origin', 'https://a.example']] });
        for (let time = 0; time < 3; time += 1) {
            vm.exchange(request.clone(), () => ({ status: 200, headers: new HeaderMap(), body: new Uint8Array() }));
        }
        vm.tick();
        return Object.entries(vm.metrics).map(([name, value]) => [name, String(value)]);";
    let counted = world.run(real, &[]);
    let counted = counted.as_array().unwrap();
    assert!(
        counted.contains(&json!(["bucket_cors.loaded.rules", "1"])),
        "{counted:?}"
    );
    assert!(counted.iter().any(|metric| metric[1] == "3"), "{counted:?}");
}
