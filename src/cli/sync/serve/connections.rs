//! How many connections there are at once, and for how long. Whoever reaches the address can open one, and each is an
//! open file that the rounds could lack.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::terminal::complain;

/// How long a client may take until it is let in, with its handshake and each request that does not let it in.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// As many open files as a large fleet takes. More are not asked for: programs that a profile names begin with the same
/// limit, and some go through all of it.
const FILES: u64 = 65_536;

/// What the process has open itself, with some to spare.
const OWN_FILES: u64 = 64;

/// What one store's calls have open, and what they keep open for the next round.
const STORE_FILES: u64 = 64;

/// More connections than this do not wait at once to be let in: a fleet that comes at once is no larger.
const WAITING: usize = 2_048;

/// The connections that there are.
pub(super) struct Connections {
    /// As many wait at once to be let in. For another one, that which has waited longest goes.
    room: usize,
    waiting: Mutex<WaitingConnections>,
    /// Room for those that are let in.
    stays: Arc<Semaphore>,
    most: usize,
    is_full_said: AtomicBool,
}

#[derive(Default)]
struct WaitingConnections {
    next: u64,
    of: BTreeMap<u64, AbortHandle>,
}

/// One of them.
pub(super) struct Connection {
    number: u64,
    connections: Arc<Connections>,
    /// Its room among those that are let in.
    stay: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Connections {
    /// Raises the limit of open files where it may, and leaves enough of them for the calls to so many stores.
    pub(super) fn new(stores: usize) -> Self {
        let (waiting, staying) = room(open_files(), stores);
        Self {
            room: waiting,
            waiting: Mutex::default(),
            stays: Arc::new(Semaphore::new(staying)),
            most: staying,
            is_full_said: AtomicBool::new(false),
        }
    }

    /// Serves a connection for as long as it may last.
    pub(super) fn begin<F: Future<Output = ()> + Send + 'static>(
        self: &Arc<Self>,
        serve: impl FnOnce(Arc<Connection>) -> F,
    ) {
        let number = self.make_room();
        let connection = Arc::new(Connection {
            number,
            connections: self.clone(),
            stay: Mutex::default(),
        });
        let served = serve(connection.clone());
        let begun = connection.clone();
        let task = tokio::spawn(async move {
            let mut served = Box::pin(served);
            tokio::select! {
                () = &mut served => return,
                () = sleep(PATIENCE) => {}
            }
            if connection.stays() {
                served.await;
            }
        });
        self.waiting().of.insert(number, task.abort_handle());
        // It may have been let in before it stood there. One that has ended leaves with the last that has it, below.
        if begun.stays() {
            self.leave(number);
        }
    }

    /// The number of a connection that comes. For one too many, that which has waited longest goes.
    fn make_room(&self) -> u64 {
        let mut waiting = self.waiting();
        if waiting.of.len() >= self.room
            && let Some((_, oldest)) = waiting.of.pop_first()
        {
            oldest.abort();
        }
        let number = waiting.next;
        waiting.next = number.wrapping_add(1);
        number
    }

    /// Not held where a task begins: a runtime that ends drops it there and then, and with it a connection that leaves.
    fn waiting(&self) -> MutexGuard<'_, WaitingConnections> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, number: u64) {
        self.waiting().of.remove(&number);
    }
}

impl Connection {
    /// Its client may ask. Returns whether the connection may stay open: there is room for it.
    pub(super) fn let_in(&self) -> bool {
        let mut stay = self.stay.lock().unwrap_or_else(PoisonError::into_inner);
        if stay.is_none() {
            *stay = self.connections.stays.clone().try_acquire_owned().ok();
            if stay.is_some() {
                self.connections.leave(self.number);
            } else if !self.connections.is_full_said.swap(true, Ordering::Relaxed) {
                complain([&format!(
                    "{} clients stay connected, and the limit of open files has room for no more: each of the others \
                     connects anew for each request; raise the limit (ulimit -Hn)",
                    self.connections.most
                )]);
            }
        }
        stay.is_some()
    }

    fn stays(&self) -> bool {
        self.stay.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.leave(self.number);
    }
}

/// How many files may be open, once that is raised as far as it may be.
fn open_files() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let has = current.unwrap_or(FILES);
    let wanted = maximum.unwrap_or(FILES).min(FILES);
    let raised = Rlimit {
        current: Some(wanted),
        maximum,
    };
    if wanted > has && setrlimit(Resource::Nofile, raised).is_ok() {
        return wanted;
    }
    has.min(FILES)
}

/// How many connections may wait, and how many may stay, where so many files may be open.
fn room(files: u64, stores: usize) -> (usize, usize) {
    let stores = u64::try_from(stores).unwrap_or(u64::MAX);
    let own = STORE_FILES.saturating_mul(stores).saturating_add(OWN_FILES);
    // Of few, half is for the rounds, which take fewer where there are few buckets.
    let most = files.saturating_sub(own.min(files / 2));
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let waiting = (most / 4).clamp(1, WAITING);
    (waiting, most.saturating_sub(waiting).max(1))
}

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn connections_leave_files_for_the_rounds() {
        for (files, stores, expected) in [
            (64, 1, (8, 24)),
            (128, 1, (16, 48)),
            (1_024, 1, (224, 672)),
            (1_024, 100, (128, 384)),
            (20_000, 1, (2_048, 17_824)),
            (0, 1, (1, 1)),
        ] {
            assert_eq!(room(files, stores), expected, "{files} {stores}");
        }
    }
}
