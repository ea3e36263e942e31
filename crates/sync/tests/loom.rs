//! The stand-ins and the sleeper, explored by loom:
//! `RUSTFLAGS="--cfg loom" cargo test --release -p sutra-sync --test loom`
#![cfg(loom)]

use loom::cell::UnsafeCell;
use sutra_sync::atomic::{AtomicUsize, Ordering};
use sutra_sync::{Arc, Published, Queue, Sleeper, thread};

fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(preemptions);
    builder.check(model);
}

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
    explore(2, || {
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
    explore(3, || {
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
    explore(2, || {
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
#[test]
fn signal_wakes_the_sleeper() {
    explore(2, || {
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
    explore(3, || {
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
