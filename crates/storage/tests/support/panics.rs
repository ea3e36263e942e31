//! Panics of the engine's own threads.

use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

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
