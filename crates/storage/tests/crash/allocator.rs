//! How the allocator gives large pieces of memory.

use std::sync::Once;

/// An open allocates tables of zeros that a small store hardly touches. Fresh from the system they cost nothing; taken from
/// memory that was freed before they are filled with zeros each time, which is half of the time of an open. The GNU C
/// library begins to do the latter once large pieces have been freed, unless it is told where large begins.
pub(crate) fn give_fresh_zeros() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        // SAFETY: `mallopt` may be called at any time; it takes a number and changes how later calls are served.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, 128 << 10);
        }
    });
}
