//! The rounds: ask, compare, and put in force what is safe.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use super::arguments::SyncArguments;
use super::ask;
use super::check;
use super::edge::{EdgeDocument, EdgeFiles, EdgeInputs};
use super::kept::Remembered;
use super::moment::Moment;
use super::report::{self, Lasting, ToldTroubles, say, tell};
use super::round::SyncRound;
use super::round_end::{InForce, REST, RoundEnd};
use super::serve::{self, Access, Published};
use super::store::Asker;
use super::stores::{self, FollowedStore};
use crate::output;

/// What was in the file before, and what could not be done beside it.
struct PutInForce {
    /// Whether that was another document.
    differs: bool,
    /// Why nothing is remembered of whose the rules are.
    unremembered: Option<String>,
}

struct Follower<'a> {
    arguments: &'a SyncArguments,
    stores: Vec<FollowedStore>,
    /// One for each store.
    askers: Vec<Arc<Asker>>,
    files: EdgeFiles,
    inputs: EdgeInputs,
    kept: Remembered,
    /// Whether another hand has written the output since anything was put in force here.
    is_written_over: bool,
    told: ToldTroubles,
    /// What is wrong with the files that are read.
    unread: Lasting,
    /// Why nothing is put in force.
    held: Lasting,
    /// Why nothing is remembered.
    unremembered: Lasting,
    published: Arc<Published>,
}

/// Follows the stores, until it is told to end or has asked once.
///
/// # Errors
/// Wrong usage, or what cannot be read or written, each in a line.
pub(super) async fn follow(arguments: &SyncArguments) -> Result<ExitCode, Vec<String>> {
    let mut follower = Follower::new(arguments).map_err(|why| vec![why])?;
    if let Some(address) = &arguments.listen {
        follower.listen(address).map_err(|why| vec![why])?;
    }
    if arguments.check || arguments.once || follower.files.output.is_none() {
        return follower.once().await;
    }
    let mut ends = signal(SignalKind::terminate()).map_err(|error| vec![error.to_string()])?;
    let mut interrupts = signal(SignalKind::interrupt()).map_err(|error| vec![error.to_string()])?;
    let rounds = async {
        loop {
            follower.next_round().await;
            sleep(Duration::from_secs(arguments.interval)).await;
        }
    };
    // What is being written when a signal comes is written whole or not at all.
    tokio::select! {
        () = rounds => {}
        _ = ends.recv() => {}
        _ = interrupts.recv() => {}
    }
    Ok(ExitCode::SUCCESS)
}

impl<'a> Follower<'a> {
    fn new(arguments: &'a SyncArguments) -> Result<Self, String> {
        if arguments.listen.is_some() && arguments.output == "-" {
            return Err("--listen goes on, and --output - prints once: name a file to write".to_owned());
        }
        let stores = stores::named(arguments)?;
        let askers = stores.iter().map(|store| {
            let asker = Asker::new(&store.location).map_err(|why| format!("{}: {why}", store.label))?;
            Ok::<_, String>(Arc::new(asker))
        });
        let askers = askers.collect::<Result<_, _>>()?;
        let order = stores.iter().map(|store| store.label.clone()).collect();
        let mut files = EdgeFiles::new(
            arguments.base.clone(),
            arguments.into.clone(),
            &arguments.output,
            order,
        );
        if !arguments.check {
            files.clean();
        }
        let inputs = files.inputs(profile(&stores))?;
        let (mut kept, remarks) = files.kept(&inputs)?;
        say(remarks);
        for name in &arguments.forget {
            if !kept.forget(name) {
                return Err(format!("--forget {name}: no rules of such a bucket are in force"));
            }
        }
        Ok(Self {
            arguments,
            stores,
            askers,
            files,
            inputs,
            kept,
            is_written_over: false,
            told: ToldTroubles::default(),
            unread: Lasting::new("--base and --into are read again"),
            held: Lasting::new("nothing is held back any more"),
            unremembered: Lasting::new(
                "whose rules these are, and since when they are known, is remembered again",
            ),
            published: Arc::default(),
        })
    }

    /// Serves what was written before, and from then on what is.
    fn listen(&self, address: &str) -> Result<(), String> {
        let access = Arc::new(Access::new(&self.arguments.access)?);
        if let Some(document) = self.files.written() {
            self.published.publish(&document.version, &document.resources);
        }
        self.published.note(|standing| {
            standing.interval = self.arguments.interval;
            standing.last_round = Some(Moment::now());
        });
        let local = serve::start(address, access.clone(), self.published.clone())?;
        tell([format!("listening on {local}")]);
        if access.is_open() && !local.ip().is_loopback() {
            say([
                "whoever reaches this address may read the rules: --token-file or --client-ca asks for more"
                    .to_owned(),
            ]);
        }
        Ok(())
    }

    /// Asks, and looks after that at what is in force. With the round stands why that cannot be told.
    async fn ask(&mut self) -> (SyncRound, Option<String>) {
        let answers = ask::ask(&self.stores, &self.askers, &self.kept).await;
        let unreadable = self.look().err();
        let round = SyncRound::of(
            &self.stores,
            answers,
            &self.kept,
            &self.inputs.base,
            Moment::now(),
        );
        (round, unreadable)
    }

    /// Takes what another hand has written for what is in force.
    fn look(&mut self) -> Result<(), String> {
        let Some((mut kept, remarks)) = self.files.written_over(&self.inputs)? else {
            return Ok(());
        };
        say(remarks);
        for name in self.kept.forgotten.keys() {
            kept.forget(name);
        }
        self.kept = kept;
        self.is_written_over = true;
        Ok(())
    }

    async fn once(&mut self) -> Result<ExitCode, Vec<String>> {
        let (round, unreadable) = self.ask().await;
        if let Some(why) = unreadable {
            return Err(vec![why]);
        }
        let end = self.end(&round);
        if self.arguments.check {
            return Ok(check::checked(self.arguments.format, &round, &end));
        }
        say(self.told.lines(&round));
        let is_whole = round.failures().is_empty();
        let status = ExitCode::from(u8::from(!is_whole));
        match end {
            RoundEnd::Withheld(why) => {
                say(report::changes(&round));
                say([why]);
                Ok(ExitCode::from(1))
            }
            RoundEnd::Refused(lines) => Err(lines),
            RoundEnd::Same(document) | RoundEnd::Differs(document) => {
                if self.files.output.is_none() {
                    tell(report::changes(&round));
                    say(document.advice.clone());
                    return Ok(output::finish(status, |out| write!(out, "{}", document.text)));
                }
                let put = self.put_in_force(&round, &document).map_err(|why| vec![why])?;
                let is_remembered = put.unremembered.is_none();
                say(put.unremembered);
                Ok(if is_remembered { status } else { ExitCode::from(1) })
            }
        }
    }

    /// One round of many: whatever goes wrong in it, the next one comes.
    async fn next_round(&mut self) {
        let begun = Instant::now();
        let wrong = match self.files.inputs(profile(&self.stores)) {
            Ok(inputs) => {
                self.inputs = inputs;
                None
            }
            Err(why) => Some(format!("{why}; what it said before holds on")),
        };
        self.unread.say(wrong);
        let (round, unreadable) = self.ask().await;
        say(self.told.lines(&round));
        let mut changed = None;
        let end = unreadable.map_or_else(|| self.end(&round), RoundEnd::Withheld);
        let held = match end {
            RoundEnd::Withheld(why) => {
                let mut lines = report::changes(&round);
                lines.push(why);
                lines
            }
            RoundEnd::Refused(lines) => {
                let mut said = vec!["nothing is written, since the filter would not take it:".to_owned()];
                said.extend(lines);
                said
            }
            RoundEnd::Same(document) | RoundEnd::Differs(document) => {
                match self.put_in_force(&round, &document) {
                    Ok(put) => {
                        changed = put.differs.then_some(round.at);
                        self.unremembered.say(put.unremembered);
                        self.published.publish(&document.version, &document.resources);
                        self.published.note(|standing| standing.bytes = document.bytes);
                        self.kept.clone_from(&round.kept);
                        self.is_written_over = false;
                        Vec::new()
                    }
                    Err(why) => vec![why],
                }
            }
        };
        let is_in_force = held.is_empty();
        self.held.say(held);
        self.note(&round, begun, is_in_force, changed);
    }

    fn note(&self, round: &SyncRound, begun: Instant, is_in_force: bool, changed: Option<Moment>) {
        let failures = round.failures();
        self.published.note(|standing| {
            standing.rounds = standing.rounds.saturating_add(1);
            standing.last_round = Some(Moment::now());
            standing.round_milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            if is_in_force && failures.is_empty() {
                standing.last_success = Some(round.at);
            }
            standing.last_write = changed.or(standing.last_write);
            standing.is_withheld = !is_in_force;
            standing.drift = if is_in_force { 0 } else { round.changes.len() };
            standing.kept = round
                .kept
                .buckets
                .values()
                .filter(|known| known.trouble.is_some())
                .count();
            standing.unread = round.unread.len();
            let known = self
                .kept
                .buckets
                .iter()
                .map(|(name, known)| (name.clone(), known.read));
            standing.read = known.collect();
            for (kind, count) in failures {
                let sum = standing.errors.entry(kind.name()).or_default();
                *sum = sum.saturating_add(count);
            }
        });
    }

    /// Whether it is safe to put a round's rules in force, and whether that changes anything.
    fn end(&mut self, round: &SyncRound) -> RoundEnd {
        let in_force = InForce {
            files: &self.files,
            inputs: &self.inputs,
            kept: &self.kept,
            is_written_over: self.is_written_over,
        };
        if let Some(why) = in_force.is_at_risk(self.arguments, round) {
            return RoundEnd::Withheld(why);
        }
        match self.files.document(&self.inputs, round) {
            Err(lines) => RoundEnd::Refused(lines),
            Ok(document) if self.files.differs(&document) => RoundEnd::Differs(document),
            Ok(document) => RoundEnd::Same(document),
        }
    }

    /// Writes the document where the edge has another one, and says what changed.
    fn put_in_force(&mut self, round: &SyncRound, document: &EdgeDocument) -> Result<PutInForce, String> {
        let differs = self.files.differs(document);
        // First: of rules that stay the same while their owner is another one, nothing else could tell that it is.
        let unremembered = self.files.write_ages(round).err();
        if differs {
            self.files.write(document)?;
        }
        tell(report::changes(round));
        if differs {
            tell((round.changes.is_empty()).then(|| REST.to_owned()));
            say(document.advice.clone());
        }
        Ok(PutInForce {
            differs,
            unremembered: unremembered.map(|why| {
                format!("{why}: whose rules these are, and since when they are known, is not remembered")
            }),
        })
    }
}

/// Whose answers the edge gives where nothing else is said.
fn profile(stores: &[FollowedStore]) -> &'static str {
    stores.first().map_or("oss", |store| store.profile)
}
