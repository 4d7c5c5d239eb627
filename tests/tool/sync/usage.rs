//! Options that leave lines out, and those that would not count.

use super::stand_in::{StandInStore, StoreReply, rules_for};
use super::{command, finished, sync, text};
use crate::tool::Folder;

#[test]
fn quiet_says_what_is_wrong_alone() {
    let store = StandInStore::of_photos();
    let folder = Folder::new("sync-quiet");
    let once = ["--all", "--once", "--output", "cors.json", "-q"];
    let run = || sync(&folder, &store, &once);
    assert_eq!((run().code, run().stderr.as_str()), (0, ""));
    store.say("photos", rules_for(&["https://b.example"]));
    assert_eq!(run().stderr, "");
    assert!(text(&folder, "cors.json").contains("https://b.example"));
    store.say("photos", StoreReply::error(403, "AccessDenied"));
    let output = run();
    assert_eq!(output.code, 1);
    assert!(
        output.stderr.starts_with("photos: the rules of "),
        "{}",
        output.stderr
    );
    // What is held back is wrong, and with it what it would do.
    store.say("photos", StoreReply::no_rules());
    let output = sync(&folder, &store, &[&once[..], &["--max-loss", "0"]].concat());
    assert_eq!(output.code, 1);
    assert!(
        output
            .stderr
            .starts_with("photos: the store has no rules for it any more\n"),
        "{}",
        output.stderr
    );
}

#[test]
fn options_that_would_not_count_are_wrong_usage() {
    let store = StandInStore::of_photos();
    let folder = Folder::new("sync-usage").with(
        "stores.yaml",
        format!(
            "- {{ from: s3, endpoint: '{}', path_style: true, all: true }}",
            store.endpoint()
        ),
    );
    let stores = ["--stores", "stores.yaml", "--output", "cors.json", "--once"];
    for more in [
        &["--bucket", "photos"][..],
        &["--all"],
        &["--endpoint", "http://127.0.0.1:1"],
        &["--region", "eu-central-1"],
        &["--path-style"],
    ] {
        let output = finished(command(&folder).args(stores).args(more));
        assert_eq!(output.code, 2, "{more:?}: {}", output.stderr);
        assert!(output.stderr.contains(more[0]), "{}", output.stderr);
    }
    for none in ["", "a?acl", "a/b", "..%2f", "a b", "é"] {
        let output = sync(
            &folder,
            &store,
            &["--bucket", none, "--output", "cors.json", "--once"],
        );
        assert_eq!(output.code, 2, "{none}: {}", output.stderr);
        assert!(
            output.stderr.contains("is no name of a bucket"),
            "{}",
            output.stderr
        );
    }
}
