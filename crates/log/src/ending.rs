//! Why the log ended, if it did.

use crate::LogError;
use std::sync::Arc;
use sutra_sync::Mutex;

/// The end of the log as waiters are told of it. Looked at in slow paths only.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    poison: Option<Arc<str>>,
    finished: bool,
}

impl Ending {
    /// Keeps the first cause: later ones are mostly its consequences.
    pub(crate) fn poison(&self, cause: Arc<str>) {
        self.state.lock().poison.get_or_insert(cause);
    }

    pub(crate) fn finish(&self) {
        self.state.lock().finished = true;
    }

    pub(crate) fn cause(&self) -> Option<Arc<str>> {
        self.state.lock().poison.clone()
    }

    /// What a producer without permit is told, given that the log takes no more.
    pub(crate) fn refusal(&self) -> LogError {
        match self.cause() {
            Some(cause) => LogError::Poisoned { cause },
            None => LogError::Closed,
        }
    }

    /// What a waiter is told whose mark will not come; `None` while it may.
    pub(crate) fn of_waiting(&self) -> Option<LogError> {
        let state = self.state.lock();
        match &state.poison {
            Some(cause) => Some(LogError::Poisoned { cause: Arc::clone(cause) }),
            None => state.finished.then_some(LogError::Closed),
        }
    }
}
