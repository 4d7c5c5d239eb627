//! What is followed, and what is in force: each round asks the stores, looks at that, and puts in force what is safe.

use std::sync::Arc;

use super::arguments::SyncArguments;
use super::ask::{self, ListCall, Patience};
use super::edge_document::EdgeDocument;
use super::edge_files::{EdgeFiles, PutInForce};
use super::fit;
use super::inputs::{EdgeInputs, InputFiles};
use super::memory::MemoryFile;
use super::moment::Moment;
use super::remembered::Remembered;
use super::risk::Risk;
use super::round::SyncRound;
use super::round_end::{REST, RoundEnd};
use super::round_report::{self, Lasting, ToldTroubles, say, tell};
use super::serve::Published;
use super::store::{self, Asker};
use super::stores::{self, FollowedStore};

/// What a round of asking came to.
pub(super) struct AskedRound {
    pub(super) round: SyncRound,
    /// The document for it, or why the edge does not take it, each in a line.
    pub(super) document: Result<EdgeDocument, Vec<String>>,
    /// Why it cannot be told what the output has.
    pub(super) unreadable: Option<String>,
    /// Why the base, or what the configuration is put into, cannot be read.
    pub(super) unread: Option<String>,
}

/// The stores that are followed, and what is in force of them.
pub(super) struct Follower<'a> {
    pub(super) arguments: &'a SyncArguments,
    pub(super) stores: Vec<FollowedStore>,
    /// One for each store.
    pub(super) askers: Vec<Arc<Asker>>,
    /// One for each store.
    lists: Vec<ListCall>,
    pub(super) files: EdgeFiles,
    pub(super) inputs: EdgeInputs,
    /// What the output has.
    pub(super) kept: Remembered,
    /// What Envoys were given here, where the output has something else by now.
    pub(super) given: Option<Remembered>,
    /// Buckets that are to go, until something is put in force.
    pub(super) forget: Vec<String>,
    pub(super) told: ToldTroubles,
    /// What is wrong with the files that are read.
    pub(super) unread: Lasting,
    /// Why nothing is put in force.
    pub(super) held: Lasting,
    /// Why nothing is remembered.
    pub(super) unremembered: Lasting,
    pub(super) published: Arc<Published>,
}

impl<'a> Follower<'a> {
    /// # Errors
    /// Wrong usage, or what cannot be read, for a person.
    pub(super) fn new(arguments: &'a SyncArguments) -> Result<Self, String> {
        if arguments.listen.is_some() && arguments.output == "-" {
            return Err("--listen goes on, and --output - prints once: name a file to write".to_owned());
        }
        let stores = stores::named(arguments)?;
        say(store::unusable_proxies());
        let askers = stores.iter().map(|store| {
            let asker = Asker::new(&store.location).map_err(|why| format!("{}: {why}", store.label))?;
            Ok::<_, String>(Arc::new(asker))
        });
        let askers: Vec<_> = askers.collect::<Result<_, _>>()?;
        let inputs = InputFiles {
            base: arguments.base.clone(),
            into: arguments.into.clone(),
        };
        let setup = stores::setup(&stores, [&inputs.base, &inputs.into]);
        let order = stores.iter().map(|store| store.label.clone()).collect();
        let mut files = EdgeFiles::new(inputs, &arguments.output, |output| {
            MemoryFile::new(output, order, setup)
        });
        if !arguments.check {
            files.clean();
        }
        let inputs = files.inputs.read(stores::profile(&stores))?;
        let (mut kept, remarks) = files.kept(&inputs)?;
        say(remarks);
        for name in &arguments.forget {
            if !kept.forget(name) {
                // The option may stand where the process is started from each time.
                say([format!(
                    "--forget {name}: no rules of such a bucket are in force, and the option can go"
                )]);
            }
        }
        Ok(Self {
            arguments,
            lists: askers.iter().map(|_| ListCall::default()).collect(),
            stores,
            askers,
            files,
            inputs,
            kept,
            given: None,
            forget: arguments.forget.clone(),
            told: ToldTroubles::default(),
            unread: Lasting::new("--base and --into are read again"),
            held: Lasting::new("nothing is held back any more"),
            unremembered: Lasting::new(
                "whose rules these are, and since when they are known, is remembered again",
            ),
            published: Arc::default(),
        })
    }

    /// Asks the stores, and then looks at the files: what they said before that is older than what is in force by then.
    pub(super) async fn ask(&mut self, patience: Patience) -> AskedRound {
        let (stores, askers) = (&self.stores, &self.askers);
        let answers = ask::ask(stores, askers, &mut self.lists, &self.kept, patience).await;
        // First: what is put into the output itself is not older than what is seen there, or is not written.
        let unreadable = self.look().err();
        let inputs = self.files.inputs.read(stores::profile(&self.stores));
        let unread = inputs.map(|inputs| self.inputs = inputs).err();
        let mut round = SyncRound::of(
            &self.stores,
            answers,
            &self.kept,
            &self.inputs.base,
            Moment::now(),
        );
        let (files, inputs) = (&mut self.files, &self.inputs);
        let document = fit::fit(&mut round, &self.kept, &inputs.base, |round| {
            files.document(inputs, round)
        });
        if let Some(given) = &self.given {
            round.compare_with_given(given);
        }
        AskedRound {
            round,
            document,
            unreadable,
            unread,
        }
    }

    /// Takes what another hand has written for what the output has. Envoys have what they were given.
    fn look(&mut self) -> Result<(), String> {
        let Some((mut kept, remarks)) = self.files.look(&self.inputs)? else {
            return Ok(());
        };
        say(remarks);
        for name in &self.forget {
            kept.forget(name);
        }
        let before = std::mem::replace(&mut self.kept, kept);
        if self.files.is_as_put() {
            self.given = None;
        } else if self.given.is_none() && self.published.hands_out() {
            self.given = Some(before);
        }
        Ok(())
    }

    /// Whether it is safe to put a round's rules in force, and whether that changes anything.
    pub(super) fn end(&self, round: &SyncRound, document: Result<EdgeDocument, Vec<String>>) -> RoundEnd {
        let risk = Risk {
            files: &self.files,
            inputs: &self.inputs,
            kept: &self.kept,
            forget: &self.forget,
            max_loss: self.arguments.max_loss,
            is_unknown_to_envoys: self.arguments.listen.is_some() && !self.published.hands_out(),
        };
        if let Some(why) = risk.hold(round) {
            return RoundEnd::Withheld(why);
        }
        match document {
            Err(lines) => RoundEnd::Refused(lines),
            Ok(document) if self.files.differs(&document) => RoundEnd::Differs(document),
            Ok(document) => RoundEnd::Same(document),
        }
    }

    /// Puts the document in force where the edge has another one, and says what changed.
    ///
    /// # Errors
    /// That it cannot be written, for a person.
    pub(super) fn put_in_force(
        &mut self,
        round: &SyncRound,
        document: &EdgeDocument,
    ) -> Result<PutInForce, String> {
        let put = self.files.put(&self.kept, round, document)?;
        tell(round_report::changes(round));
        if put.differs {
            tell((round.changes.is_empty()).then(|| REST.to_owned()));
            say(document.advice.clone());
        }
        say(self.not_forgotten(round));
        self.forget.clear();
        Ok(put)
    }

    /// A line for each bucket that was to go, and is there all the same.
    pub(super) fn not_forgotten(&self, round: &SyncRound) -> Vec<String> {
        let line = |name: &String| {
            if let Some(known) = round.kept.buckets.get(name) {
                let store = &known.store;
                return Some(match &known.trouble {
                    Some(failure) => format!(
                        "--forget {name}: its rules stay, since a store that may have the bucket does not tell them: {failure}"
                    ),
                    None if known.rules.of.is_empty() => format!(
                        "--forget {name}: the bucket is followed in {store}, and has no rules there: the option can go"
                    ),
                    None => {
                        format!("--forget {name}: the bucket is followed in {store}, and has the rules there")
                    }
                });
            }
            let file = self.files.inputs.name_of_base();
            let is_own = round.kept.own.contains_key(name);
            is_own.then(|| format!("--forget {name}: the bucket stands in {file}: take it out there"))
        };
        self.forget.iter().filter_map(line).collect()
    }
}
