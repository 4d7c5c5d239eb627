//! Rules that were made to collide in a hash load and answer as others of the same shape do. Counted are the
//! instructions of the module, so that the machine makes no difference.

use serde_json::{Value, json};

use crate::memory::{module, request, response};
use crate::wasm_vm::WasmVm;

/// By how much more a load or an answer may take, in hundredths.
const MOST: u64 = 150;

const KEYS: usize = 100_000;

/// In each key, one of two letters stands at each of so many places.
const PLACES: u32 = 17;

/// All keys are one to a hash that is blind to the difference between the two letters.
fn alike(number: usize, [one, other]: [char; 2]) -> String {
    let letter = |place| if number >> place & 1 == 0 { one } else { other };
    (0..PLACES).map(letter).collect()
}

/// As long, and in no relation to one another.
fn unlike(number: usize, _: [char; 2]) -> String {
    let mut state = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let letter = |_| {
        state = (state ^ state >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        char::from(b'a' + u8::try_from(state >> 32 & 15).unwrap())
    };
    (0..PLACES).map(letter).collect()
}

/// The header lines of a request.
type RequestLines = Vec<(&'static str, String)>;

/// A configuration, and requests that look its keys up.
type Collision = (Vec<u8>, Vec<RequestLines>);

type Keys = fn(usize, [char; 2]) -> String;

const PAGE: &str = "https://app.example";

/// How many keys a bucket has, in its only rule: comparing rules with one another would cost the most.
const OF_BUCKET: usize = 100;

/// `rule`: one with these keys.
fn document(rule: impl Fn(std::ops::Range<usize>) -> Value) -> Vec<u8> {
    let buckets = (0..KEYS / OF_BUCKET).map(|bucket| {
        let first = bucket * OF_BUCKET;
        json!({ "name": format!("bucket-{bucket}"), "cors": { "CORSRules": [rule(first..first + OF_BUCKET)] } })
    });
    let buckets: Vec<Value> = buckets.collect();
    serde_json::to_vec(&json!({ "buckets": buckets, "metrics": "off" })).unwrap()
}

fn origin(key: &str) -> String {
    format!("https://{key}.example")
}

fn of_origins(keys: Keys) -> Collision {
    const LETTERS: [char; 2] = ['e', 'E'];
    let text = document(|range| {
        let origins: Vec<String> = range.map(|number| origin(&keys(number, LETTERS))).collect();
        json!({ "AllowedOrigins": origins, "AllowedMethods": ["GET"] })
    });
    let asked = (0..KEYS)
        .step_by(KEYS / 50)
        .map(|number| vec![("origin", origin(&keys(number, LETTERS)))]);
    (text, asked.collect())
}

fn of_header_names(keys: Keys) -> Collision {
    const LETTERS: [char; 2] = ['^', '~'];
    let text = document(|range| {
        let names: Vec<String> = range.map(|number| keys(number, LETTERS)).collect();
        json!({ "AllowedOrigins": [PAGE], "AllowedMethods": ["GET"], "AllowedHeaders": names })
    });
    let asked = (0..KEYS).step_by(KEYS / 50).map(|number| {
        vec![
            ("origin", PAGE.to_owned()),
            ("access-control-request-method", "GET".to_owned()),
            ("access-control-request-headers", keys(number, LETTERS)),
        ]
    });
    (text, asked.collect())
}

fn of_exposed_names(keys: Keys) -> Collision {
    const LETTERS: [char; 2] = ['e', 'E'];
    // What a rule exposes is one value. A bucket for each costs more than what is counted here, so there are fewer.
    let buckets = (0..KEYS / 5).map(|number| {
        let rule = json!({
            "AllowedOrigins": [PAGE], "AllowedMethods": ["GET"], "ExposeHeaders": [keys(number, LETTERS)],
        });
        json!({ "name": format!("bucket-{number}"), "cors": { "CORSRules": [rule] } })
    });
    let buckets: Vec<Value> = buckets.collect();
    let text = serde_json::to_vec(&json!({ "buckets": buckets, "metrics": "off" })).unwrap();
    (text, vec![vec![("origin", PAGE.to_owned())]])
}

/// The instructions of a load, and the most of one of the requests.
fn cost((text, asked): Collision) -> (u64, u64) {
    let mut vm = WasmVm::start_counting(&module());
    let before = vm.instructions();
    assert!(vm.load(&text), "{:?}", vm.log());
    let load = vm.instructions() - before;
    let mut most = 0;
    // What the first requests cost besides is memory that is kept.
    for round in 0..2 {
        for (number, lines) in asked.iter().enumerate() {
            let bucket = number * (KEYS / 50) / OF_BUCKET;
            let lines: Vec<_> = lines
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let method = if lines.len() > 1 { "OPTIONS" } else { "GET" };
            // In the bucket that has the key, and in one that has not.
            for bucket in [bucket, bucket + 1] {
                let path = format!("/bucket-{bucket}/o");
                let before = vm.instructions();
                vm.exchange(request(method, &path, &lines), response(&[(":status", "200")]));
                if round == 1 {
                    most = most.max(vm.instructions() - before);
                }
            }
        }
    }
    (load, most)
}

#[test]
#[ignore = "takes long"]
fn rules_that_were_made_to_collide_cost_as_much_as_others() {
    type OfKeys = fn(Keys) -> Collision;
    let kinds: [(&str, OfKeys); 3] = [
        ("origins", of_origins),
        ("header names", of_header_names),
        ("exposed names", of_exposed_names),
    ];
    for (what, documents) in kinds {
        let (alike, unlike) = (cost(documents(alike)), cost(documents(unlike)));
        println!(
            "{what}: instructions of a load {} and {}, of the dearest request {} and {}",
            alike.0, unlike.0, alike.1, unlike.1
        );
        assert!(alike.0 * 100 <= unlike.0 * MOST, "{what}: a load");
        assert!(alike.1 * 100 <= unlike.1 * MOST, "{what}: a request");
    }
}
