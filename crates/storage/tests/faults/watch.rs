//! What nobody may do: wait for ever.

use std::fmt::Display;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// No case takes as long as this on any machine: each is some milliseconds of work in memory.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct State {
    case: String,
    number: u64,
    done: bool,
}

/// Ends the process, with the name of the case, when one case takes longer than [`PATIENCE`]: a wait for ever cannot be
/// ended otherwise, nor told from a long one.
pub(crate) struct Watch {
    state: Arc<(Mutex<State>, Condvar)>,
}

impl Watch {
    pub(crate) fn new() -> Self {
        let state = Arc::new((Mutex::<State>::default(), Condvar::new()));
        let watched = Arc::clone(&state);
        thread::spawn(move || {
            let (state, changed) = &*watched;
            let mut locked = state.lock().unwrap();
            loop {
                let before = locked.number;
                locked = changed.wait_timeout_while(locked, PATIENCE, |state| !state.done).unwrap().0;
                if locked.done {
                    return;
                }
                if locked.number == before && before > 0 {
                    eprintln!("a wait for ever: {}", locked.case);
                    std::process::abort();
                }
            }
        });
        Self { state }
    }

    /// The next case begins.
    pub(crate) fn next(&self, case: &impl Display) {
        let mut state = self.state.0.lock().unwrap();
        state.case = case.to_string();
        state.number += 1;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // A poisoned mutex is the watching thread's panic, which nobody needs to hear of twice.
        if let Ok(mut state) = self.state.0.lock() {
            state.done = true;
        }
        self.state.1.notify_all();
    }
}
