//! A failing case made small: parts are taken away one after the other for as long as it still fails.

use bucket_cors::config::{Bucket, Mode, Settings};
use bucket_cors::wildcard::Pattern;

use super::generate::{GeneratedCase, pattern};
use super::requests::CorsRequest;

/// How many smaller cases are tried before the smallest so far is good enough.
const TRIES: usize = 50_000;

pub fn shrink(mut case: GeneratedCase, fails: impl Fn(&GeneratedCase) -> bool) -> GeneratedCase {
    let mut tries = 0;
    'smaller: loop {
        for candidate in candidates(&case) {
            tries += 1;
            if tries > TRIES {
                return case;
            }
            if fails(&candidate) {
                case = candidate;
                continue 'smaller;
            }
        }
        return case;
    }
}

/// Cases with one thing less, the largest things first.
fn candidates(case: &GeneratedCase) -> Vec<GeneratedCase> {
    let mut all = Vec::new();
    let with = |change: &dyn Fn(&mut GeneratedCase)| {
        let mut smaller = case.clone();
        change(&mut smaller);
        smaller
    };
    for requests in without_one(&case.requests) {
        all.push(with(&|case| case.requests.clone_from(&requests)));
    }
    for buckets in without_one(&case.buckets) {
        all.push(with(&|case| case.buckets.clone_from(&buckets)));
    }
    for (index, bucket) in case.buckets.iter().enumerate() {
        for smaller in smaller_buckets(bucket) {
            all.push(with(&|case| case.buckets[index] = smaller.clone()));
        }
    }
    for (index, request) in case.requests.iter().enumerate() {
        for smaller in smaller_requests(request) {
            all.push(with(&|case| case.requests[index] = smaller.clone()));
        }
    }
    for settings in smaller_settings(&case.settings) {
        all.push(with(&|case| case.settings = settings.clone()));
    }
    all
}

/// Lists without a stretch of their elements: halves, quarters, and so on down to one element.
fn without_one<T: Clone>(list: &[T]) -> Vec<Vec<T>> {
    let mut shorter = Vec::new();
    let mut stretch = list.len().div_ceil(2);
    while stretch > 0 {
        for start in (0..list.len()).step_by(stretch) {
            let end = (start + stretch).min(list.len());
            shorter.push([&list[..start], &list[end..]].concat());
        }
        stretch /= 2;
    }
    shorter
}

fn smaller_settings(settings: &Settings) -> Vec<Settings> {
    let mut all: Vec<Settings> = without_one(&settings.endpoints)
        .into_iter()
        .map(|endpoints| Settings {
            endpoints,
            ..settings.clone()
        })
        .collect();
    if settings.explain {
        all.push(Settings {
            explain: false,
            ..settings.clone()
        });
    }
    all
}

fn smaller_buckets(bucket: &Bucket<'static>) -> Vec<Bucket<'static>> {
    let mut all = Vec::new();
    for rules in without_one(&bucket.rules) {
        all.push(Bucket {
            rules,
            ..bucket.clone()
        });
    }
    for hosts in without_one(&bucket.hosts) {
        all.push(Bucket {
            hosts,
            ..bucket.clone()
        });
    }
    for (index, rule) in bucket.rules.iter().enumerate() {
        let mut push = |change: &dyn Fn(&mut bucket_cors::config::Rule<'static>)| {
            let mut smaller = bucket.clone();
            change(&mut smaller.rules[index]);
            all.push(smaller);
        };
        // Each by its name, so that no field is left as large as it is.
        let bucket_cors::config::Rule {
            id,
            allowed_origins,
            allowed_methods,
            allowed_headers,
            expose_headers,
            max_age_seconds,
        } = rule;
        for methods in without_one(allowed_methods) {
            push(&|rule| rule.allowed_methods.clone_from(&methods));
        }
        for origins in smaller_patterns(allowed_origins) {
            push(&|rule| rule.allowed_origins.clone_from(&origins));
        }
        for headers in smaller_patterns(allowed_headers) {
            push(&|rule| rule.allowed_headers.clone_from(&headers));
        }
        for expose in without_one(expose_headers) {
            push(&|rule| rule.expose_headers.clone_from(&expose));
        }
        if max_age_seconds.is_some() {
            push(&|rule| rule.max_age_seconds = None);
        }
        if id.is_some() {
            push(&|rule| rule.id = None);
        }
    }
    for plain in [
        Bucket {
            mode: Mode::Enforce,
            ..bucket.clone()
        },
        Bucket {
            allow_credentials: false,
            ..bucket.clone()
        },
        Bucket {
            allow_private_network: false,
            ..bucket.clone()
        },
        Bucket {
            response_vary: None,
            ..bucket.clone()
        },
    ] {
        if plain != *bucket {
            all.push(plain);
        }
    }
    all
}

fn smaller_patterns(patterns: &[Pattern<'static>]) -> Vec<Vec<Pattern<'static>>> {
    let mut all = without_one(patterns);
    for (index, old) in patterns.iter().enumerate() {
        let text: Vec<char> = old.as_str().chars().collect();
        for shorter in without_one(&text) {
            let mut patterns = patterns.to_vec();
            patterns[index] = pattern(shorter.into_iter().collect());
            all.push(patterns);
        }
    }
    all
}

fn smaller_requests(request: &CorsRequest) -> Vec<CorsRequest> {
    type FieldOf = fn(&mut CorsRequest) -> &mut Option<Vec<u8>>;
    let fields: [FieldOf; 6] = [
        |request| &mut request.authority,
        |request| &mut request.path,
        |request| &mut request.origin,
        |request| &mut request.request_method,
        |request| &mut request.request_headers,
        |request| &mut request.private_network,
    ];
    let mut all = Vec::new();
    for field in fields {
        let mut smaller = request.clone();
        let Some(value) = field(&mut smaller).take() else {
            continue;
        };
        all.push(smaller.clone());
        for shorter in without_one(&value) {
            *field(&mut smaller) = Some(shorter);
            all.push(smaller.clone());
        }
    }
    for method in without_one(&request.method) {
        all.push(CorsRequest {
            method,
            ..request.clone()
        });
    }
    all
}
