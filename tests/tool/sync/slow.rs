//! A store that takes its time.

use std::time::Duration;

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
    let syncing = Syncing::start(following, "127.0.0.1:0");
    let output = stores.folder.path().join("cors.json");
    wait_for("the first rules", || output.exists());
    // Right after a round: one that is under way may have the list that comes soon.
    syncing.wait_for_rounds(1);
    // Page after page, for longer than this test waits.
    let list = StoreReply::page("shared");
    stores.first.say("", list.after(Duration::from_secs(1)));
    stores.second.say("own", rules_for(&["https://later.example"]));
    wait_for("the other store's rules", || {
        stores.written() == rules(["https://first.example", "https://later.example"])
    });
}
