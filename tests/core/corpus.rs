//! What fuzzing has found worth keeping goes through the same functions on every run.

use std::fs;
use std::path::Path;

use crate::bodies;
use crate::support::case::files_in;

fn replay(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/corpus")
        .join(target);
    let files = files_in(&folder);
    assert!(files.len() > 10, "{} files for {target}", files.len());
    for file in files {
        println!("{}", file.display());
        body(&fs::read(&file).unwrap());
    }
}

#[test]
fn configurations_of_the_corpus_are_read_and_served() {
    replay("configuration", bodies::configuration);
}

#[test]
fn decisions_of_the_corpus_are_the_naive_ones() {
    replay("decision", bodies::decision);
}

#[test]
fn responses_of_the_corpus_get_the_headers_they_should() {
    replay("response", bodies::response);
}

#[test]
fn addresses_of_the_corpus_find_their_buckets() {
    replay("addressing", bodies::addressing);
}
