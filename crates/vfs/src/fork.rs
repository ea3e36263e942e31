//! Knowing that this process is a forked child.
//!
//! A child has the parent's memory and none of its threads: a write would never be reconciled and a wait never end.
//! The engine compares [`forks`] with what it was at open before both; a child may open stores of its own.

use std::io;
use std::sync::Once;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// Forks between this process and the first one that watched.
static FORKS: AtomicU32 = AtomicU32::new(0);

extern "C" fn note_fork() {
    // Relaxed: the child starts with one thread, which runs this handler before fork returns to it; whatever threads
    // it starts later are ordered behind that by their creation. A store is async-signal-safe, as must be all that a
    // child of a threaded process does here.
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// Installs the fork handler, once for the process; later calls cost one atomic load.
///
/// # Errors
/// What `pthread_atfork` reports (out of memory); every later call reports the same.
pub fn watch_fork() -> io::Result<()> {
    static INSTALL: Once = Once::new();
    static RESULT: AtomicI32 = AtomicI32::new(0);
    INSTALL.call_once(|| {
        // SAFETY: `note_fork` is a function with the C calling convention that lives as long as the program and
        // does nothing but one atomic store, so it may run in the child of a process with any number of threads.
        let code = unsafe { libc::pthread_atfork(None, None, Some(note_fork)) };
        // Relaxed: `call_once` orders this store before every return from it.
        RESULT.store(code, Ordering::Relaxed);
    });
    match RESULT.load(Ordering::Relaxed) {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

/// How many forks of the C library lie between this process and the first one that called [`watch_fork`]. Who keeps the
/// number of the moment knows later whether it runs in a child. One relaxed load.
pub fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}
