//! The real queue, the real published pointer and the sleeper under real threads: loom cannot see into the first two.
#![cfg(not(loom))]

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;
use sutra_sync::{Condvar, Mutex, Published, Queue, Sleeper, time};

#[test]
fn queue_loses_and_doubles_nothing() {
    const EACH: u64 = 50_000;
    let queue = Arc::new(Queue::new(7));
    let producers: Vec<_> = (0..4)
        .map(|producer| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                for number in 0..EACH {
                    let mut value = (producer, number);
                    while let Err(back) = queue.push(value) {
                        value = back;
                        thread::yield_now();
                    }
                }
            })
        })
        .collect();
    let mut next = [0; 4];
    while next.iter().sum::<u64>() < 4 * EACH {
        match queue.pop() {
            Some((producer, number)) => {
                let producer: usize = producer;
                assert_eq!(number, next[producer], "a producer's order is kept");
                next[producer] += 1;
            }
            None => thread::yield_now(),
        }
    }
    for producer in producers {
        producer.join().unwrap();
    }
    assert!(queue.is_empty());
    assert_eq!((queue.len(), queue.capacity()), (0, 7));
}

#[test]
fn queue_refuses_beyond_its_capacity() {
    let queue = Queue::new(0);
    assert_eq!(queue.capacity(), 1);
    assert_eq!(queue.push(1), Ok(()));
    assert_eq!(queue.push(2), Err(2));
    assert_eq!((queue.pop(), queue.pop()), (Some(1), None));
}

struct Counted {
    number: u64,
    twice: u64,
    alive: Arc<AtomicUsize>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn published_values_are_whole_rise_and_are_dropped() {
    let alive = Arc::new(AtomicUsize::new(0));
    let make = |number| {
        alive.fetch_add(1, Ordering::Relaxed);
        Arc::new(Counted { number, twice: 2 * number, alive: Arc::clone(&alive) })
    };
    let newest = Arc::new(Published::new(make(0)));
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|reader| {
            let (newest, stop) = (Arc::clone(&newest), Arc::clone(&stop));
            thread::spawn(move || {
                let mut last = 0;
                while !stop.load(Ordering::Relaxed) {
                    let (number, twice) = if reader == 0 {
                        let value = newest.load_full();
                        (value.number, value.twice)
                    } else {
                        let value = newest.load();
                        (value.number, value.twice)
                    };
                    assert_eq!(twice, 2 * number);
                    assert!(number >= last, "a later load saw an older value");
                    last = number;
                }
            })
        })
        .collect();
    for number in 1..=20_000 {
        newest.store(make(number));
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.join().unwrap();
    }
    assert_eq!(newest.load().number, 20_000);
    assert_eq!(alive.load(Ordering::Relaxed), 1);
    drop(newest);
    assert_eq!(alive.load(Ordering::Relaxed), 0);
}

/// Each round the producer waits until the consumer has answered, so the consumer is asleep, or about to be, at each
/// signal. A lost wake-up would end this in a hang.
#[test]
fn sleeper_wakes_at_every_signal() {
    const ROUNDS: u64 = 50_000;
    let shared = Arc::new((Sleeper::new(), AtomicU64::new(0)));
    let (answer, answers) = mpsc::channel();
    let consumer = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let (sleeper, work) = &*shared;
            for round in 1..=ROUNDS {
                while work.load(Ordering::Relaxed) < round {
                    sleeper.until_signal(None, || work.load(Ordering::Relaxed) >= round);
                }
                answer.send(round).unwrap();
            }
        })
    };
    for round in 1..=ROUNDS {
        shared.1.store(round, Ordering::Relaxed);
        shared.0.signal();
        assert_eq!(answers.recv().unwrap(), round);
    }
    consumer.join().unwrap();
}

#[test]
fn a_call_before_the_sleep_ends_it() {
    let sleeper = Sleeper::new();
    sleeper.call();
    sleeper.until_call(None);
    sleeper.call();
    sleeper.until_signal(None, || false);
}

#[test]
fn a_panic_does_not_close_the_mutex() {
    let mutex = Arc::new(Mutex::new(1));
    let broken = {
        let mutex = Arc::clone(&mutex);
        thread::spawn(move || {
            let mut value = mutex.lock();
            *value = 2;
            std::panic::resume_unwind(Box::new("the holder's fault"));
        })
    };
    assert!(broken.join().is_err());
    assert_eq!(*mutex.lock(), 2);
}

#[test]
fn a_deadline_in_the_past_does_not_block() {
    let (mutex, bell) = (Mutex::new(()), Condvar::new());
    let (_guard, late) = bell.wait_until(mutex.lock(), Some(Instant::now()));
    assert!(late);
    assert!(!time::passed(None));
    assert_eq!(time::left(None), None);
    assert!(!time::passed(time::after(std::time::Duration::MAX)));
}
