//! The rounds: ask, compare, and put in force what is safe.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use super::arguments::SyncArguments;
use super::ask::Patience;
use super::check;
use super::follower::{AskedRound, Follower};
use super::moment::Moment;
use super::round_end::RoundEnd;
use super::round_report::{self, say, tell};
use super::serve::{self, Access};
use super::standing::EndedRound;
use crate::output;

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

impl Follower<'_> {
    /// Serves what was written before, and from then on what is.
    fn listen(&self, address: &str) -> Result<(), String> {
        let access = Arc::new(Access::new(&self.arguments.access)?);
        let written = self.files.written(&self.kept);
        if let Some((document, true)) = &written {
            self.published.publish(&document.version, &document.resources);
        }
        self.published.note(|standing| {
            standing.interval = self.arguments.interval;
            standing.last_round = Some(Moment::now());
        });
        let local = serve::start(address, access.clone(), self.published.clone(), self.stores.len())?;
        tell([format!("listening on {local}")]);
        if let Some((_, false)) = written {
            say([
                "another hand has written the output: an Envoy that starts gets no rules from here until a round has put \
                 some in force"
                    .to_owned(),
            ]);
        }
        if access.is_open() && !local.ip().is_loopback() {
            say([
                "whoever reaches this address may read the rules: --token-file or --client-ca asks for more"
                    .to_owned(),
            ]);
        }
        Ok(())
    }

    async fn once(&mut self) -> Result<ExitCode, Vec<String>> {
        let asked = self.ask(Patience::OF_ONE).await;
        if let Some(why) = asked.unreadable.or(asked.unread) {
            return Err(vec![why]);
        }
        let round = asked.round;
        let end = self.end(&round, asked.document);
        if self.arguments.check {
            let remarks = self.not_forgotten(&round);
            return Ok(check::checked(self.arguments.format, &round, &end, remarks));
        }
        say(self.told.lines(&round));
        let is_whole = round.failures().is_empty();
        let status = ExitCode::from(u8::from(!is_whole));
        match end {
            RoundEnd::Withheld(why) => {
                say(round_report::changes(&round));
                say([why]);
                Ok(ExitCode::from(1))
            }
            RoundEnd::Refused(lines) => Err(lines),
            RoundEnd::Same(document) | RoundEnd::Differs(document) => {
                if self.files.output.is_none() {
                    tell(round_report::changes(&round));
                    say(self.not_forgotten(&round));
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
        let AskedRound {
            round,
            document,
            unreadable,
            unread,
        } = self.ask(Patience::OF_MANY).await;
        self.unread
            .say(unread.map(|why| format!("{why}; what it said before holds on")));
        say(self.told.lines(&round));
        let mut changed = None;
        let end = match unreadable {
            Some(why) => RoundEnd::Withheld(why),
            None => self.end(&round, document),
        };
        let held = match end {
            RoundEnd::Withheld(why) => {
                let mut lines = round_report::changes(&round);
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
                        changed = (put.differs || !round.changes.is_empty()).then_some(round.at);
                        self.unremembered.say(put.unremembered);
                        if self.arguments.listen.is_some() {
                            self.published.publish(&document.version, &document.resources);
                        }
                        self.published.note(|standing| standing.bytes = document.bytes);
                        self.kept.clone_from(&round.kept);
                        self.given = None;
                        Vec::new()
                    }
                    Err(why) => vec![why],
                }
            }
        };
        let is_in_force = held.is_empty();
        self.held.say(held);
        let ended = EndedRound {
            round: &round,
            in_force: &self.kept,
            took: begun.elapsed(),
            is_in_force,
            changed,
        };
        self.published.note(|standing| ended.note(standing));
    }
}
