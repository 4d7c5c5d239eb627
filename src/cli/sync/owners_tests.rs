//! Stores with buckets of the same names come and go, before a naive model of who has what.

// A test may fail by panicking.
#![allow(clippy::arithmetic_side_effects)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::ask::StoreAnswers;
use super::base::BaseConfiguration;
use super::moment::Moment;
use super::remembered::Remembered;
use super::round::SyncRound;
use super::store::{BucketAnswer, Failure, FailureKind, StoreLocation};
use super::stores::FollowedStore;
use crate::import::store::Dialect;

#[path = "../../../tests/support/choices.rs"]
#[allow(dead_code, unreachable_pub, missing_docs)] // Shared with other tests.
mod choices;

use choices::{Choices, Random};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// What a store does in one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Up,
    Down,
    /// Half a list, and every document.
    HalfList,
    /// A list, and half of every document.
    HalfDocuments,
    /// A list that lacks buckets, and every document.
    LessListed,
}

#[derive(Debug)]
struct StoresWorld {
    stores: Vec<FollowedStore>,
    /// The buckets that each store has.
    has: Vec<BTreeSet<&'static str>>,
}

impl StoresWorld {
    fn new(choices: &mut Choices<'_>) -> Self {
        let mut named = BTreeSet::new();
        let mut has = Vec::new();
        let stores = (0..2 + choices.below(2)).map(|index| {
            has.push(NAMES.into_iter().filter(|_| choices.once_in(2)).collect());
            let buckets = NAMES.into_iter().filter(|_| choices.once_in(3));
            let buckets: Vec<_> = buckets.filter(|name| named.insert(*name)).collect();
            let all = buckets.is_empty() || choices.once_in(2);
            FollowedStore {
                label: format!("store {index}"),
                location: StoreLocation {
                    from: Dialect::S3,
                    endpoint: None,
                    region: None,
                    path_style: false,
                },
                profile: "s3",
                buckets: if all {
                    Vec::new()
                } else {
                    buckets.into_iter().map(str::to_owned).collect()
                },
                all,
            }
        });
        Self {
            stores: stores.collect(),
            has,
        }
    }

    fn claims(&self, index: usize, name: &str) -> bool {
        let store = &self.stores[index];
        store.buckets.iter().any(|own| own == name) || store.all && self.has[index].contains(name)
    }

    fn first(&self, name: &str) -> Option<usize> {
        (0..self.stores.len()).find(|index| self.claims(*index, name))
    }

    /// What `ask` gets.
    fn answers(&self, moods: &[Mood], version: usize, before: &Remembered) -> StoreAnswers {
        let lists = self.stores.iter().enumerate().map(|(index, store)| {
            store.all.then(|| match moods[index] {
                Mood::Up | Mood::HalfDocuments => {
                    Ok(self.has[index].iter().map(|name| (*name).to_owned()).collect())
                }
                Mood::Down => Err(Failure::new(FailureKind::Unavailable, "500")),
                Mood::LessListed => Ok(Vec::new()),
                Mood::HalfList => Err(Failure::new(FailureKind::CutShort, "half")),
            })
        });
        let mut answers = StoreAnswers::new(&self.stores, lists.collect(), before);
        let mut owners = answers.owners.of.clone();
        while !owners.is_empty() {
            let told = owners
                .iter()
                .map(|(name, index)| (name.clone(), self.answer(name, *index, moods, version)));
            answers.of.extend(told);
            owners = answers.pass_on(&self.stores, before);
        }
        answers
    }

    fn answer(&self, name: &str, index: usize, moods: &[Mood], version: usize) -> BucketAnswer {
        match moods[index] {
            Mood::Down | Mood::HalfDocuments => {
                BucketAnswer::Unknown(Failure::new(FailureKind::CutShort, "half"))
            }
            _ if !self.has[index].contains(name) => {
                BucketAnswer::NoBucket(Failure::new(FailureKind::NoBucket, "none"))
            }
            _ => BucketAnswer::Rules(json!({ "CORSRules": [
                { "AllowedOrigins": [origin(index, version)], "AllowedMethods": ["GET"] }
            ] })),
        }
    }
}

fn origin(store: usize, version: usize) -> String {
    format!("https://store-{store}-{version}.example")
}

/// Who has told which rules, as somebody would say it who writes them down by hand.
#[derive(Debug, Default, Clone)]
struct Model {
    /// The version of the first owner's rules that is in force.
    versions: BTreeMap<&'static str, usize>,
    /// Buckets of which it is written down whose they are.
    written: BTreeSet<&'static str>,
    /// Stores that have listed their buckets since that was written down.
    listed: BTreeSet<usize>,
}

impl Model {
    fn round(&mut self, world: &StoresWorld, moods: &[Mood], version: usize) {
        let all = |index: usize| world.stores[index].all;
        let lists = |index: usize| matches!(moods[index], Mood::Up | Mood::HalfDocuments);
        let tells = |index: usize| matches!(moods[index], Mood::Up | Mood::HalfList);
        for name in NAMES {
            let Some(first) = world.first(name) else { continue };
            let is_written = self.written.contains(name);
            let is_told = !all(first) || lists(first) || is_written;
            let passed =
                |index: usize| !all(index) || lists(index) || is_written && self.listed.contains(&index);
            if !is_told || !(0..first).all(passed) {
                continue;
            }
            if tells(first) && world.has[first].contains(name) {
                self.versions.insert(name, version);
            }
            if self.versions.contains_key(name) {
                self.written.insert(name);
            }
        }
        self.listed
            .extend((0..moods.len()).filter(|index| all(*index) && lists(*index)));
    }
}

fn in_force(kept: &Remembered) -> BTreeMap<&str, &str> {
    kept.buckets
        .iter()
        .map(|(name, known)| (name.as_str(), known.rules.of[0].allowed_origins[0].as_str()))
        .collect()
}

#[test]
fn the_rules_in_force_are_never_those_of_a_bucket_of_a_later_store() {
    let base = BaseConfiguration::new(json!({}), "s3").unwrap();
    let mut random = Random(15);
    let (mut taken, mut undecided) = (0_usize, 0_usize);
    for case in 0..1_000 {
        let mut tape = [0; 256];
        random.fill(&mut tape);
        let mut choices = Choices::new(&tape);
        let world = StoresWorld::new(&mut choices);
        let (mut before, mut model) = (Remembered::default(), Model::default());
        for version in 0..12 {
            match choices.below(12) {
                // The file of ages is lost.
                0 => {
                    before.listed.clear();
                    before.buckets.values_mut().for_each(|known| known.store.clear());
                    model.listed.clear();
                    model.written.clear();
                }
                // So is all of it.
                1 => (before, model) = (Remembered::default(), Model::default()),
                _ => {}
            }
            let moods: Vec<Mood> = world
                .stores
                .iter()
                .map(|_| {
                    choices.pick(&[
                        Mood::Up,
                        Mood::Up,
                        Mood::Down,
                        Mood::HalfList,
                        Mood::HalfDocuments,
                    ])
                })
                .collect();
            let answers = world.answers(&moods, version, &before);
            undecided += answers.owners.undecided.len();
            let round = SyncRound::of(&world.stores, answers, &before, &base, Moment::now());
            let mut expected = model.clone();
            expected.round(&world, &moods, version);
            let told = in_force(&round.kept);
            let said = || format!("case {case}, version {version}: {moods:?} {world:?} {before:?}");
            let of_model = expected.versions.iter().map(|(name, version)| {
                let first = world.first(name).unwrap();
                (*name, origin(first, *version))
            });
            let of_model: BTreeMap<&str, String> = of_model.collect();
            let of_model: BTreeMap<&str, &str> = of_model
                .iter()
                .map(|(name, origin)| (*name, origin.as_str()))
                .collect();
            assert_eq!(told, of_model, "{}", said());
            // What is not as its store has it now is told.
            let is_whole = NAMES
                .into_iter()
                .all(|name| world.first(name).is_none() || expected.versions.get(name) == Some(&version));
            assert!(is_whole || !round.failures().is_empty(), "{}", said());
            if moods.iter().all(|mood| *mood == Mood::Up) {
                assert_eq!(round.unlisted.len(), 0, "{}", said());
                taken += expected
                    .versions
                    .values()
                    .filter(|known| **known == version)
                    .count();
            }
            // Rules that are held back are not remembered.
            if !choices.once_in(6) {
                (before, model) = (round.kept, expected);
            }
        }
    }
    // Neither is a test of nothing.
    assert!(taken > 1_000 && undecided > 1_000, "{taken} {undecided}");
}

#[test]
fn a_bucket_goes_to_a_later_store_by_the_word_of_the_first_alone() {
    let base = BaseConfiguration::new(json!({}), "s3").unwrap();
    let mut random = Random(16);
    let (mut freed, mut stayed) = (0_usize, 0_usize);
    for case in 0..700 {
        let mut tape = [0; 512];
        random.fill(&mut tape);
        let mut choices = Choices::new(&tape);
        let mut world = StoresWorld::new(&mut choices);
        let mut before = Remembered::default();
        for version in 0..8 {
            for has in &mut world.has {
                let name = choices.pick(&NAMES);
                if !has.remove(name) {
                    has.insert(name);
                }
            }
            let moods = [
                Mood::Up,
                Mood::Up,
                Mood::Down,
                Mood::HalfList,
                Mood::HalfDocuments,
                Mood::LessListed,
            ];
            let moods: Vec<Mood> = world.stores.iter().map(|_| choices.pick(&moods)).collect();
            let answers = world.answers(&moods, version, &before);
            let round = SyncRound::of(&world.stores, answers, &before, &base, Moment::now());
            for (name, known) in &before.buckets {
                let said =
                    || format!("case {case}, version {version}, {name}: {moods:?} {world:?} {before:?}");
                let now = round
                    .kept
                    .buckets
                    .get(name)
                    .unwrap_or_else(|| panic!("{}", said()));
                let index = |label: &str| {
                    world
                        .stores
                        .iter()
                        .position(|store| store.label == label)
                        .unwrap()
                };
                let (old, new) = (index(&known.store), index(&now.store));
                let is_loss = round.losses().contains(&name.as_str());
                if new <= old {
                    assert!(!is_loss, "{}", said());
                    stayed += usize::from(moods[old] == Mood::LessListed);
                    continue;
                }
                freed += 1;
                let is_its_word = matches!(moods[old], Mood::Up | Mood::LessListed);
                assert!(
                    is_its_word && !world.has[old].contains(name.as_str()),
                    "{}",
                    said()
                );
                // It is held back as a loss is, and the other store has told rules.
                assert!(is_loss, "{}", said());
                assert_eq!(
                    now.rules.of[0].allowed_origins[0].as_str(),
                    origin(new, version),
                    "{}",
                    said()
                );
            }
            before = round.kept;
        }
    }
    assert!(freed > 200 && stayed > 1_000, "{freed} {stayed}");
}
