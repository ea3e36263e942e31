//! Knowing that this process is a forked child.
//!
//! A child has the parent's memory and none of its threads: a write would never be reconciled and a wait never end.
//! The engine asks [`forked`] before both.

use std::io;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

static FORKED: AtomicBool = AtomicBool::new(false);

extern "C" fn note_fork() {
    // Relaxed: the child starts with one thread, which runs this handler before fork returns to it; whatever threads
    // it starts later are ordered behind that by their creation. A store is async-signal-safe, as must be all that a
    // child of a threaded process does here.
    FORKED.store(true, Ordering::Relaxed);
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

/// True in a process that was forked, by `fork` of the C library, after [`watch_fork`] had been called in its parent
/// or a remoter ancestor. One relaxed load.
pub fn forked() -> bool {
    FORKED.load(Ordering::Relaxed)
}
