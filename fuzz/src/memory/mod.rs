//! How much memory the code under test takes at its peak.
//!
//! Counted is what is asked for: every allocation of the process, and the anonymous memory of `sutra-vfs`, in which the arenas
//! lie (whole, also pages that are never touched). Not counted are the tables of their chunks, megabytes of addresses of which
//! a page or two is touched, and the apparatus of the test, by [`apparatus`]: the simulated
//! disk, which holds in memory what a real one holds on its medium and in the page cache, maps of its files included; and the
//! model to which the target `operations` compares.
//!
//! Whose memory it is, is decided when it is taken and again when it is given back. What the apparatus hands to the code under
//! test (a name, a handle of a file) is given back as the latter's: some bytes to the good.

#[expect(unsafe_code, reason = "the trait of allocators is unsafe")]
mod allocator;

use std::cell::Cell;
use std::sync::Once;
use std::sync::atomic::{AtomicIsize, Ordering};

/// Bytes that are taken now.
static LIVE: AtomicIsize = AtomicIsize::new(0);
/// The most that `LIVE` was since the last [`peak_of`] began.
static PEAK: AtomicIsize = AtomicIsize::new(0);

thread_local! {
    /// Whether this thread works for the apparatus.
    static APPARATUS: Cell<bool> = const { Cell::new(false) };
}

fn taken(bytes: usize) {
    changed(isize::try_from(bytes).unwrap_or(isize::MAX));
}

fn given_back(bytes: usize) {
    changed(-isize::try_from(bytes).unwrap_or(isize::MAX));
}

fn changed(by: isize) {
    // At the end of a thread the flag may be gone: then nothing of the apparatus is left.
    if APPARATUS.try_with(Cell::get).unwrap_or(false) {
        return;
    }
    // Relaxed: sums. Threads that take memory at once may show the peak up to what the other has yet to add.
    let live = LIVE.fetch_add(by, Ordering::Relaxed) + by;
    if by > 0 {
        PEAK.fetch_max(live, Ordering::Relaxed);
    }
}

/// Does something of which the memory does not count.
pub(crate) fn apparatus<T>(act: impl FnOnce() -> T) -> T {
    on_behalf(true, act)
}

/// Within [`apparatus`]: does something of which the memory counts.
pub(crate) fn counted<T>(act: impl FnOnce() -> T) -> T {
    on_behalf(false, act)
}

fn on_behalf<T>(of_apparatus: bool, act: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            APPARATUS.set(self.0);
        }
    }
    let _restore = Restore(APPARATUS.replace(of_apparatus));
    act()
}

/// Bytes that `act` has at most beyond what there was before. Of the whole process: one call at a time.
pub(crate) fn peak_of(act: impl FnOnce()) -> usize {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| sutra_vfs::watch_memory(changed));
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    act();
    usize::try_from(PEAK.load(Ordering::Relaxed) - before).unwrap_or(0)
}

/// For tests that measure: the counts are the process's.
#[cfg(test)]
pub(crate) static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;
    /// What the other threads of the test program may take or give back meanwhile.
    const OTHERS: usize = 1 << 16;

    #[test]
    fn allocations_and_anonymous_memory_count_and_the_apparatus_does_not() {
        let _alone = ALONE.lock();
        let one = MIB - OTHERS..MIB + OTHERS;
        let heap = peak_of(|| drop(std::hint::black_box(vec![0_u8; MIB])));
        assert!(one.contains(&heap), "{heap}");

        let two = peak_of(|| {
            drop(std::hint::black_box(vec![0_u8; MIB]));
            drop(std::hint::black_box(vec![0_u8; MIB]));
        });
        assert!(one.contains(&two), "one after the other is not both at once: {two}");

        let maps = peak_of(|| drop(sutra_vfs::MapMut::anonymous(MIB).expect("memory")));
        assert!(one.contains(&maps), "{maps}");

        let disk = peak_of(|| apparatus(|| drop(std::hint::black_box(vec![0_u8; MIB]))));
        assert!(disk < OTHERS, "{disk}");

        let within = peak_of(|| apparatus(|| counted(|| drop(std::hint::black_box(vec![0_u8; MIB])))));
        assert!(one.contains(&within), "{within}");
    }
}
