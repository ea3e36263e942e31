//! What nobody may do: wait for ever, or panic in a thread of the engine.

use std::fmt::Display;
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, Once};
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

static PANICS: AtomicU64 = AtomicU64::new(0);

/// Counts, from the first call on, panics in the engine's threads: the engine itself catches them and stops writing,
/// which would look like the answer to a fault.
pub(crate) fn engine_panics() -> u64 {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().name().is_some_and(|name| name.starts_with("sutra-")) {
                // Relaxed: whoever asks has joined the thread, or heard of its end through the log's mutex.
                PANICS.fetch_add(1, Ordering::Relaxed);
            }
            before(info);
        }));
    });
    PANICS.load(Ordering::Relaxed)
}
