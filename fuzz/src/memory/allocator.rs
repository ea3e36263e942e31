//! The allocator of all programs of this crate: the system's, counted.

use std::alloc::{GlobalAlloc, Layout, System};

use super::{given_back, taken};

#[global_allocator]
static COUNTED: Counted = Counted;

struct Counted;

// SAFETY: every call goes to the system's allocator with the arguments it came with, and its answer goes back unchanged.
// Counting is atomic additions and a thread-local flag without a destructor: it neither allocates nor panics.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: the caller keeps to the contract of `GlobalAlloc::alloc`, which is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both are counted for a moment, as if it had been moved.
        taken(size);
        given_back(layout.size());
        // SAFETY: `memory` came from this allocator, that is from the system's, with this layout; the caller promises the
        // rest.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        given_back(layout.size());
        // SAFETY: as in `realloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}
