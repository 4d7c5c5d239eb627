use super::*;

const KEYS: [&str; 7] = ["", "a", "ab", "abc", "abd", "b", "xyz"];

fn walk_front(forest: &Forest, root: TrieRoot, value: &str) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    forest.walk::<false, false>(root, value.as_bytes(), |key, rest| {
        found.push((key, String::from_utf8(rest.to_vec()).unwrap()));
        ControlFlow::Continue(())
    });
    found
}

#[test]
fn all_prefixes_are_found_shortest_first() {
    let mut forest = ForestBuilder::default();
    let keys: Vec<_> = KEYS
        .iter()
        .zip(0..)
        .map(|(key, value)| (key.as_bytes(), value))
        .collect();
    let root = forest.add(End::Front, &keys);
    let forest = forest.finish();
    for value in ["", "a", "abc", "abcd", "abx", "xy", "xyzz", "c", "b"] {
        let expected: Vec<_> = KEYS
            .iter()
            .zip(0..)
            .filter_map(|(key, number)| Some((number, value.strip_prefix(key)?.to_owned())))
            .collect();
        assert_eq!(walk_front(&forest, root, value), expected, "{value}");
    }
}

#[test]
fn all_suffixes_are_found_and_what_stands_before_them_is_left() {
    let mut forest = ForestBuilder::default();
    let mut keys: Vec<_> = KEYS
        .iter()
        .zip(0..)
        .map(|(key, value)| (key.as_bytes(), value))
        .collect();
    keys.sort_by(|(a, _), (b, _)| End::Back.compare(a, b));
    let root = forest.add(End::Back, &keys);
    let forest = forest.finish();
    for value in ["", "a", "abc", "dabc", "xab", "xyz", "zxyz", "c"] {
        let mut found = Vec::new();
        forest.walk::<true, false>(root, value.as_bytes(), |key, rest| {
            found.push((key, std::str::from_utf8(rest).unwrap().to_owned()));
            ControlFlow::Continue(())
        });
        let mut expected: Vec<_> = KEYS
            .iter()
            .zip(0..)
            .filter_map(|(key, number)| Some((number, value.strip_suffix(key)?.to_owned())))
            .collect();
        expected.sort_by_key(|(number, _)| KEYS[*number as usize].len());
        assert_eq!(found, expected, "{value}");
    }
}

#[test]
fn several_tries_share_a_forest_and_an_empty_one_finds_nothing() {
    let mut forest = ForestBuilder::default();
    let one = forest.add(End::Front, &[(b"a", 1)]);
    let two = forest.add(End::Front, &[(b"b", 2)]);
    assert_eq!(forest.add(End::Front, &[]), TrieRoot::EMPTY);
    let forest = forest.finish();
    assert_eq!(walk_front(&forest, one, "ab"), [(1, "b".to_owned())]);
    assert_eq!(walk_front(&forest, two, "ab"), []);
    assert_eq!(walk_front(&forest, TrieRoot::EMPTY, "ab"), []);
}

#[test]
fn equal_tries_are_kept_once_and_others_are_not() {
    const TRIES: [&[(&[u8], u32)]; 8] = [
        &[(b"ab", 1), (b"ac", 2)],
        &[(b"ab", 1), (b"ac", 3)],
        &[(b"ab", 1), (b"ad", 2)],
        &[(b"ab", 1)],
        &[(b"a", 1), (b"ab", 1), (b"ac", 2)],
        &[(b"ab", 1), (b"ac", 2), (b"b", 2)],
        &[(b"xb", 1), (b"xc", 2)],
        &[(b"", 1)],
    ];
    let mut forest = ForestBuilder::default();
    let roots = TRIES.map(|keys| forest.add(End::Front, keys));
    let size = (forest.nodes.len(), forest.labels.len());
    for (keys, root) in TRIES.iter().zip(roots) {
        assert_eq!(forest.add(End::Front, keys), root);
        assert_eq!(roots.iter().filter(|other| **other == root).count(), 1);
    }
    assert_eq!((forest.nodes.len(), forest.labels.len()), size);
    let forest = forest.finish();
    for (keys, root) in TRIES.iter().zip(roots) {
        for (key, value) in *keys {
            let found = walk_front(&forest, root, std::str::from_utf8(key).unwrap());
            assert_eq!(found.last(), Some(&(*value, String::new())));
        }
    }
}

#[test]
fn case_is_ignored_where_asked() {
    let mut forest = ForestBuilder::default();
    let root = forest.add(End::Front, &[(b"x-amz-", 1), (b"x-oss-", 2)]);
    let forest = forest.finish();
    let mut found = Vec::new();
    forest.walk::<false, true>(root, b"X-OSS-Meta", |key, _| {
        found.push(key);
        ControlFlow::Continue(())
    });
    assert_eq!(found, [2]);
}

#[test]
fn tries_of_one_hash_are_told_apart_and_equal_ones_stand_once() {
    // Of so many, some have the same 32 bits of hash.
    const TRIES: u32 = 200_000;
    let mut forest = ForestBuilder::default();
    let mut add = |number: u32| {
        forest
            .add(End::Front, &[(format!("a{number:06}").as_bytes(), 1)])
            .0
    };
    let roots: Vec<u32> = (0..TRIES).map(&mut add).collect();
    assert!(roots.is_sorted_by(|one, next| one < next));
    for (number, root) in (0..).zip(roots) {
        assert_eq!(add(number), root);
    }
    assert_eq!(forest.nodes.len(), TRIES as usize);
}
