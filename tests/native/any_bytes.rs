//! Any bytes in any header.

use crate::filter::PAGE;
use crate::native_host::{HostHeaders, NativeResponse, NativeVm};
use crate::proofs::choices::Random;

/// What a test throws must be the same on every run.
struct Dice(Random);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        usize::try_from(self.0.next() % u64::try_from(sides).unwrap()).unwrap()
    }

    fn bytes(&mut self) -> Vec<u8> {
        // No NUL, CR or LF: Envoy's codec lets none of them in.
        const ALPHABET: &[u8] = b"\xff\xc3\x28\x80\xf0\x9f\x01\x7f \t,*/:;\"<&>%.-abOPTIONSGEThttps";
        let len = [0, 1, 2, 7, 40, 300][self.throw(6)];
        (0..len).map(|_| ALPHABET[self.throw(ALPHABET.len())]).collect()
    }

    fn pick(&mut self, sensible: &[&str]) -> Vec<u8> {
        match self.throw(sensible.len() + 2) {
            n if n < sensible.len() => sensible[n].as_bytes().to_vec(),
            n if n == sensible.len() => self.bytes(),
            _ => {
                let mut value = sensible[self.throw(sensible.len())].as_bytes().to_vec();
                let at = self.throw(value.len() + 1);
                value.splice(at..at, self.bytes());
                value
            }
        }
    }
}

#[test]
fn no_bytes_in_any_header_do_harm() {
    const REQUEST: [(&[u8], &[&str]); 8] = [
        (b":method", &["GET", "OPTIONS", "PUT"]),
        (b":authority", &["edge.example", "b.oss.example:80", "[::1]"]),
        (b":path", &["/b/o", "/s/o?x", "/f/../b", "/"]),
        (b"origin", &[PAGE, "null", "https://a.example,https://b.example"]),
        (b"access-control-request-method", &["GET", "PUT", "PATCH"]),
        (
            b"access-control-request-headers",
            &["x-a", "x-a, X-B ,,x-c", "range"],
        ),
        (b"access-control-request-private-network", &["true"]),
        (b"x-request-id", &[crate::native_host::REQUEST_ID]),
    ];
    const RESPONSE: [(&[u8], &[&str]); 5] = [
        (b"vary", &["Accept", "*", "origin"]),
        (b"access-control-allow-origin", &["*"]),
        (b"access-control-x\xff", &["1"]),
        (b"x\xff", &["1"]),
        (b"", &["1"]),
    ];
    let vm = NativeVm::start();
    let rules = r#"{"CORSRules": [{"AllowedOrigins": ["https://*.example.com", "null"], "AllowedMethods": ["GET", "PUT"],
        "AllowedHeaders": ["*"], "ID": "r", "MaxAgeSeconds": 1}]}"#;
    let buckets = [("b", "oss"), ("s", "s3"), ("f", "fetch")].map(|(name, profile)| {
        format!(
            r#"{{"name": "{name}", "profile": "{profile}", "allow_private_network": true, "cors": {rules}}}"#
        )
    });
    let configuration = |endpoints: &str| {
        format!(
            r#"{{"explain": true, "unmanaged": "refuse", "endpoints": {endpoints}, "buckets": [{}]}}"#,
            buckets.join(",")
        )
    };
    let plugins = ["[]", r#"["edge.example", "oss.example"]"#]
        .map(|endpoints| vm.configure(configuration(endpoints).as_bytes()).unwrap());
    vm.take_log();

    let mut dice = Dice(Random(0x2545_f491_4f6c_dd1d));
    let mut answered = [0, 0];
    for _ in 0..4_000 {
        let mut draw = |fields: &[(&[u8], &[&str])]| {
            let mut headers = HostHeaders::default();
            for (name, sensible) in fields {
                if dice.throw(8) > 0 {
                    headers.add(name, &dice.pick(sensible));
                }
            }
            headers
        };
        let request = draw(&REQUEST);
        let headers = draw(&RESPONSE);
        let response = NativeResponse {
            status: 200,
            headers,
            body: Vec::new(),
        };
        let plugin = &plugins[dice.throw(2)];
        answered[usize::from(plugin.exchange(request, &response).is_edge)] += 1;
    }
    assert!(answered.iter().all(|&count| count > 200), "{answered:?}");
    assert_eq!(vm.take_log(), []);
}
