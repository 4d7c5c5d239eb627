//! A store that takes its time.

use std::time::{Duration, Instant};

use super::command;
use super::process::{Syncing, wait_for};
use super::stand_in::{StoreReply, rules_for};
use super::two_stores::{TwoStores, rules};

#[test]
fn a_list_that_comes_slowly_holds_up_no_other_store() {
    let stores = TwoStores::new("sync-slow-list");
    let mut following = command(&stores.folder);
    following.args([
        "--stores",
        "stores.yaml",
        "--output",
        "cors.json",
        "--interval",
        "1s",
    ]);
    let _syncing = Syncing::start(following, "127.0.0.1:0");
    let output = stores.folder.path().join("cors.json");
    wait_for("the first rules", || output.exists());
    // Two pages, each told just in time.
    let list = StoreReply::page(&["shared"]);
    stores.first.say("", list.after(Duration::from_millis(9_500)));
    // The round that is under way ends with the list that it has.
    std::thread::sleep(Duration::from_secs(3));
    stores.second.say("own", rules_for(&["https://later.example"]));
    let begun = Instant::now();
    wait_for("the other store's rules", || {
        stores.written() == rules(["https://first.example", "https://later.example"])
    });
    assert!(begun.elapsed() < Duration::from_secs(13), "{:?}", begun.elapsed());
}
