//! The thread on which a store's answers are read. What sends without end leaves its own thread no time to look at the
//! clock, and none to other stores: how long a call may take is looked at from outside.

use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::time::timeout;

pub(super) struct CallThread {
    handle: Handle,
    /// Dropped, it ends the thread.
    _end: oneshot::Sender<()>,
}

impl CallThread {
    /// # Errors
    /// That the machine gives none, for a person.
    pub(super) fn start() -> Result<Self, String> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel::<()>();
        let work = move || {
            // Nothing is ever sent.
            let _ = runtime.block_on(ended);
        };
        let thread = thread::Builder::new().name("store".to_owned()).spawn(work);
        thread.map_err(|error| error.to_string())?;
        Ok(Self { handle, _end: end })
    }

    /// What a call comes to. `None`: to nothing, in this time.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        patience: Duration,
        call: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let call = self.handle.spawn(call);
        let abort = call.abort_handle();
        let ended = timeout(patience, call).await;
        abort.abort();
        ended.ok()?.ok()
    }
}
