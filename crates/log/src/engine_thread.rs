//! Threads that must not wait for the log, because the log waits for them.

use std::cell::Cell;

thread_local! {
    static FORBIDDEN: Cell<bool> = const { Cell::new(false) };
}

/// Makes every call on this thread that would wait for the log give [`LogError::WaitForbidden`](crate::LogError), for as
/// long as the thread lives. To be called first thing on each of the engine's own threads: code that runs there without
/// knowing (a tracing subscriber that writes to the store, say) would otherwise wait for itself.
pub fn forbid_waiting() {
    FORBIDDEN.set(true);
}

/// Whether this thread may wait for the log: it is not one of the engine's own.
pub fn may_wait() -> bool {
    // Under loom all threads of a model run on one.
    cfg!(loom) || !FORBIDDEN.get()
}
