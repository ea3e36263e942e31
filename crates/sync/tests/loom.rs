//! The stand-ins and the sleeper, explored by loom:
//! `RUSTFLAGS="--cfg loom" cargo test --release -p sutra-sync --test loom`
#![cfg(loom)]

use loom::cell::UnsafeCell;
use sutra_sync::atomic::{AtomicUsize, Ordering};
use sutra_sync::model::{Depth, explore};
use sutra_sync::{Arc, Published, Queue, Sleeper, mapped, thread};

/// Holds a plain value, so that loom reports an access that nothing orders.
struct Plain(UnsafeCell<usize>);

// SAFETY: that no two accesses conflict is what the models below assert; loom ends the test if they do.
unsafe impl Sync for Plain {}
// SAFETY: as above.
unsafe impl Send for Plain {}

impl Plain {
    fn new(value: usize) -> Plain {
        Plain(UnsafeCell::new(value))
    }

    fn read(&self) -> usize {
        // SAFETY: loom checks the access.
        self.0.with(|value| unsafe { *value })
    }

    fn write(&self, new: usize) {
        // SAFETY: loom checks the access.
        self.0.with_mut(|value| unsafe { *value = new });
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        // Dropping is an access too: it must come after all reads.
        self.write(usize::MAX);
    }
}

#[test]
fn queue_carries_values_between_threads() {
    explore("queue carries values between threads", Depth::Three, || {
        let queue = Arc::new(Queue::new(1));
        let producers: Vec<_> = (1..=2)
            .map(|value| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || queue.push(Box::new(Plain::new(value))).is_ok())
            })
            .collect();
        let mut popped = Vec::new();
        popped.extend(queue.pop().map(|plain| plain.read()));
        let pushed = producers.into_iter().filter_map(|producer| producer.join().ok()).filter(|pushed| *pushed).count();
        while let Some(plain) = queue.pop() {
            popped.push(plain.read());
        }
        assert_eq!(popped.len(), pushed);
        assert!(pushed >= 1);
        popped.dedup();
        assert_eq!(popped.len(), pushed, "a value came twice");
    });
}

#[test]
fn published_value_is_whole_and_dropped_after_its_readers() {
    explore("published value is whole and dropped after its readers", Depth::Two, || {
        let newest = Arc::new(Published::new(Arc::new(Plain::new(0))));
        let reader = {
            let newest = Arc::clone(&newest);
            thread::spawn(move || {
                let first = newest.load_full();
                let second = newest.load();
                assert!(first.read() <= second.read());
            })
        };
        for value in 1..=2 {
            let plain = Arc::new(Plain::new(0));
            plain.write(value);
            newest.store(plain);
        }
        reader.join().unwrap();
        assert_eq!(newest.load().read(), 2);
    });
}

#[test]
fn published_with_two_readers() {
    explore("published with two readers", Depth::Three, || {
        let newest = Arc::new(Published::new(Arc::new(Plain::new(1))));
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let newest = Arc::clone(&newest);
                thread::spawn(move || assert!((1..=2).contains(&newest.load_full().read())))
            })
            .collect();
        newest.store(Arc::new(Plain::new(2)));
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

/// A lost wake-up is a deadlock, which loom reports.
///
/// With three preemptions it reports one that is none. A producer's swap reads the `false` of the sleep before, the consumer
/// stores `true` and sleeps, and the second producer, whose fence comes after the consumer's, still reads the swap's `false`.
/// An exchange stands right behind what it has read, hence before that `true`, which the second producer has to see.
#[test]
fn signal_wakes_the_sleeper() {
    explore("signal wakes the sleeper", Depth::Three, || {
        let shared = Arc::new((Sleeper::new(), AtomicUsize::new(0)));
        let producers: Vec<_> = (0..2)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    shared.1.fetch_add(1, Ordering::Relaxed);
                    shared.0.signal();
                })
            })
            .collect();
        let (sleeper, arrived) = &*shared;
        let mut seen = 0;
        while seen < 2 {
            sleeper.until_signal(None, || arrived.load(Ordering::Relaxed) != seen);
            seen = arrived.load(Ordering::Relaxed);
        }
        for producer in producers {
            producer.join().unwrap();
        }
    });
}

#[test]
fn call_wakes_the_sleeper_and_carries_what_was_written() {
    explore("call wakes the sleeper and carries what was written", Depth::Two, || {
        let shared = Arc::new((Sleeper::new(), AtomicUsize::new(0)));
        let caller = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.1.store(1, Ordering::Relaxed);
                shared.0.call();
            })
        };
        shared.0.until_call(None);
        assert_eq!(shared.1.load(Ordering::Relaxed), 1);
        caller.join().unwrap();
    });
}

/// A plain value and an atomic beside it, in memory that loom's types do not lie in; the atomic is stored with `order` when the
/// value is there.
fn carry_plain_bytes(what: &str, order: Ordering) {
    explore(what, Depth::Two, move || {
        let memory = Arc::new((7_u64, mapped::AtomicU32::new(0)));
        mapped::observe(4);
        let writer = {
            let memory = Arc::clone(&memory);
            thread::spawn(move || {
                mapped::writes(std::ptr::from_ref(&memory.0).cast(), 8);
                memory.1.store(1, order);
            })
        };
        if memory.1.load(Ordering::Acquire) == 1 {
            mapped::reads_bytes(std::ptr::from_ref(&memory.0).cast(), 8);
        }
        writer.join().unwrap();
    });
}

#[test]
fn mapped_atomic_carries_plain_bytes() {
    carry_plain_bytes("mapped atomic carries plain bytes", Ordering::Release);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn relaxed_mapped_atomic_carries_nothing() {
    carry_plain_bytes("relaxed mapped atomic", Ordering::Relaxed);
}

/// Of two atomics written one after the other, a reader may see the second and not the first, but for an order between them.
#[test]
#[should_panic(expected = "seen out of order")]
fn relaxed_mapped_atomics_are_seen_out_of_order() {
    explore("relaxed mapped atomics", Depth::Two, || {
        let memory = Arc::new((mapped::AtomicU32::new(3), mapped::AtomicU32::new(3)));
        mapped::observe(2);
        let writer = {
            let memory = Arc::clone(&memory);
            thread::spawn(move || {
                memory.0.store(4, Ordering::Relaxed);
                memory.1.store(4, Ordering::Relaxed);
            })
        };
        let second = memory.1.load(Ordering::Relaxed);
        let first = memory.0.load(Ordering::Relaxed);
        assert!(first >= second, "seen out of order");
        writer.join().unwrap();
    });
}

#[test]
#[should_panic(expected = "after it was freed")]
fn freed_memory_is_not_used() {
    explore("freed memory", Depth::Two, || {
        let owner = Box::new(7_u64);
        let place = std::ptr::from_ref(&*owner).cast();
        mapped::observe(2);
        mapped::free(owner, place, 8);
        mapped::reads_bytes(place, 8);
    });
}
