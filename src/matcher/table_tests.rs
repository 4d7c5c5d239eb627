#![allow(clippy::arithmetic_side_effects)] // Checked while a test runs.

use std::cell::Cell;
use std::collections::HashSet;

use super::*;

thread_local! {
    /// How many keys of tables were looked at.
    pub(super) static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
}

/// A key of two words, which has the same hash as every other of these: what who knows the factor can make.
fn colliding(factor: u64, number: u64) -> [u8; 16] {
    let start = (u64::from(Space::HOST.number()) ^ 16_u64.rotate_left(32)).wrapping_mul(factor);
    let first = (start.rotate_left(23) ^ number).wrapping_mul(factor);
    let words = [number, first.rotate_left(23) ^ 7];
    words.map(u64::to_le_bytes).as_flattened().try_into().unwrap()
}

#[test]
fn keys_that_collide_by_a_known_factor_are_found_after_a_bounded_search() {
    const KEYS: u64 = 100_000;
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut builder = TableBuilder::default();
    for number in 0..KEYS {
        builder.insert(Space::HOST, &colliding(FACTOR, number), number as u32);
    }
    let table = builder.finish_with(FACTOR, builder.keys.to_block());
    assert_eq!(table.far.len(), KEYS as usize - REACH);
    LOOKED_AT.set(0);
    for number in (0..KEYS).step_by(97) {
        let found = table.get(Space::HOST, &colliding(FACTOR, number));
        assert_eq!(found, Some(number as u32));
        assert!(LOOKED_AT.replace(0) <= REACH + 1);
    }
    assert_eq!(table.get(Space::HOST, &colliding(FACTOR, KEYS)), None);
    assert_eq!(LOOKED_AT.get(), REACH);

    // By a factor that comes from the keys, the same ones are as any others.
    let table = builder.finish();
    assert!(table.far.len() < KEYS as usize / 100, "{}", table.far.len());
    LOOKED_AT.set(0);
    for number in 0..KEYS {
        let found = table.get(Space::HOST, &colliding(FACTOR, number));
        assert_eq!(found, Some(number as u32));
    }
    assert!(LOOKED_AT.get() < 2 * KEYS as usize, "{}", LOOKED_AT.get());
}

#[test]
fn keys_that_nobody_chose_are_found_at_the_first_look() {
    const KEYS: u32 = 20_000;
    const NAME: &[u8] = b"https://app.example.net";
    let mut builder = TableBuilder::default();
    for number in 0..KEYS {
        builder.insert(Space::BUCKET_NAME, format!("bucket-{number}").as_bytes(), number);
        // Shorter than the word that is hashed at once.
        builder.insert(Space::HOST, number.to_string().as_bytes(), number);
        // The same bytes in another space are another key.
        builder.insert(Space::of_list(number), NAME, number);
    }
    let table = builder.finish();
    assert!(table.far.len() <= 60, "{}", table.far.len());
    // Odd, or bits of each word would be lost, and of both halves.
    assert!(
        table.factor % 2 == 1 && table.factor >> 32 != 0,
        "{:x}",
        table.factor
    );
    LOOKED_AT.set(0);
    for number in 0..KEYS {
        let key = format!("bucket-{number}");
        assert_eq!(table.get(Space::BUCKET_NAME, key.as_bytes()), Some(number));
        assert_eq!(
            table.get(Space::HOST, number.to_string().as_bytes()),
            Some(number)
        );
        assert_eq!(table.get(Space::of_list(number), NAME), Some(number));
    }
    assert!(LOOKED_AT.get() <= 60_600, "{}", LOOKED_AT.get());
}

#[test]
fn lists_of_one_hash_are_told_apart_and_equal_ones_share_a_space() {
    // Of so many, some have the same 32 bits of hash.
    const LISTS: u32 = 200_000;
    let mut builder = TableBuilder::default();
    let mut add = |number: u32| builder.list(std::iter::once((format!("{number:06}").as_bytes(), 1)));
    let spaces: Vec<Space> = (0..LISTS).map(&mut add).collect();
    for (number, space) in (0..).zip(&spaces) {
        assert_eq!(add(number), *space);
    }
    let distinct: HashSet<u32> = spaces.iter().map(|space| space.number()).collect();
    assert_eq!(distinct.len(), LISTS as usize);
    assert_eq!(builder.entries.len(), LISTS as usize);
}

#[test]
fn far_keys_are_found_without_regard_to_case() {
    let keys: Vec<String> = (0..200).map(|number| format!("x-amz-meta-{number}")).collect();
    let mut builder = TableBuilder::default();
    for (key, number) in keys.iter().zip(0..) {
        builder.insert(Space::HOST, key.as_bytes(), number);
    }
    // By this factor, all hashes are 0.
    let table = builder.finish_with(0, builder.keys.to_block());
    assert!(table.far.len() > 100);
    for (key, number) in keys.iter().zip(0..) {
        let upper = key.to_ascii_uppercase();
        assert_eq!(
            table.get_ignoring_case(Space::HOST, upper.as_bytes()),
            Some(number)
        );
        assert_eq!(table.get(Space::HOST, upper.as_bytes()), None);
        assert_eq!(table.get(Space::HOST, key.as_bytes()), Some(number));
    }
}

#[test]
fn every_key_is_found_in_its_space_only() {
    let mut builder = TableBuilder::default();
    let keys: Vec<String> = (0..1_000)
        .map(|number| format!("https://{number}.example"))
        .collect();
    let spaces = [0, 1, 2, 3, 4, 5, 6].map(|list| {
        let keys = keys.iter().zip(0..).filter(|(_, number)| number % 7 == list);
        builder.list(keys.map(|(key, number)| (key.as_bytes(), number)))
    });
    builder.insert(Space::HOST, keys[0].as_bytes(), 7_000);
    let table = builder.finish();
    for (key, number) in keys.iter().zip(0..) {
        for (space, list) in spaces.iter().zip(0..) {
            let expected = (list == number % 7).then_some(number);
            assert_eq!(table.get(*space, key.as_bytes()), expected);
        }
        assert_eq!(table.get(Space::BUCKET_NAME, key.as_bytes()), None);
        let host = (number == 0).then_some(7_000);
        assert_eq!(table.get(Space::HOST, key.as_bytes()), host);
    }
    assert_eq!(table.get(spaces[0], b""), None);
}

#[test]
fn equal_lists_share_a_space_and_others_do_not() {
    const LISTS: [&[(&[u8], u32)]; 7] = [
        &[(b"a", 1), (b"b", 2)],
        &[(b"a", 1)],
        &[(b"a", 1), (b"b", 2), (b"c", 3)],
        &[(b"a", 1), (b"b", 3)],
        &[(b"a", 1), (b"c", 2)],
        &[(b"ab", 1)],
        &[(b"a", 1), (b"", 2)],
    ];
    let mut builder = TableBuilder::default();
    let spaces = LISTS.map(|list| builder.list(list.iter().copied()));
    let size = (builder.entries.len(), builder.keys.len());
    for (list, space) in LISTS.iter().zip(spaces) {
        assert_eq!(builder.list(list.iter().copied()), space);
        assert_eq!(spaces.iter().filter(|other| **other == space).count(), 1);
    }
    assert_eq!((builder.entries.len(), builder.keys.len()), size);
    assert_eq!(builder.list(std::iter::empty()), Space::NONE);
    let table = builder.finish();
    for (list, space) in LISTS.iter().zip(spaces) {
        assert!(table.entries(space).eq(list.iter().copied()));
        assert!(
            list.iter()
                .all(|(key, value)| table.get(space, key) == Some(*value))
        );
    }
    assert_eq!(table.get(Space::NONE, b"a"), None);
}

#[test]
fn case_counts_only_where_it_should() {
    let mut builder = TableBuilder::default();
    builder.insert(Space::HOST, b"x-amz-meta-author", 1);
    let table = builder.finish();
    assert_eq!(
        table.get_ignoring_case(Space::HOST, b"X-Amz-Meta-AUTHOR"),
        Some(1)
    );
    assert_eq!(table.get(Space::HOST, b"X-Amz-Meta-AUTHOR"), None);
    // 0x0d and 0x2d differ in the case bit only.
    assert_eq!(
        table.get_ignoring_case(Space::HOST, b"x\x0damz-meta-author"),
        None
    );
}

#[test]
fn an_empty_table_finds_nothing() {
    assert_eq!(Table::default().get(Space::HOST, b"a"), None);
    assert_eq!(TableBuilder::default().finish().get(Space::HOST, b"a"), None);
}
