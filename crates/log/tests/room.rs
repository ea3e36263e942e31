//! Room: what fits, what is refused, and who is served when there is too little.
#![cfg(not(loom))]

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};
use sutra_log::{Cost, Limits, LogError, Wait, Woken, WriteLog};

/// Long enough that a test which needs it has failed.
const LONG: Wait = Wait::For(Duration::from_secs(30));

fn cost(entries: usize, bytes: u64) -> Cost {
    Cost { entries, bytes }
}

fn limits(entries: usize, bytes: u64) -> Limits {
    Limits { entries, bytes }
}

fn until_waiting<T>(log: &WriteLog<T>, count: usize) {
    while log.waiting() != count {
        thread::yield_now();
    }
}

#[test]
fn both_bounds_hold() {
    let (log, _drain) = WriteLog::<()>::new(limits(4, 1_024), 1);
    let entries = log.acquire(cost(4, 0), Wait::Never).unwrap();
    assert_eq!(log.acquire(cost(1, 0), Wait::Never).unwrap_err(), LogError::Backpressure);
    drop(entries);
    let bytes = log.acquire(cost(1, 961), Wait::Never).unwrap();
    assert_eq!(log.pending(), cost(1, 1_024));
    assert_eq!(log.acquire(cost(1, 1), Wait::Never).unwrap_err(), LogError::Backpressure);
    drop(bytes);
    assert_eq!(log.pending(), cost(0, 0));
    assert_eq!(log.refused(), 2);
}

#[test]
fn larger_than_the_log_is_refused_at_once() {
    let (log, _drain) = WriteLog::<()>::new(limits(4, 1_024), 1);
    for cost in [cost(5, 0), cost(1, 1_025), cost(usize::MAX, u64::MAX)] {
        let refused = log.acquire(cost, LONG).unwrap_err();
        let limit = log.capacity();
        assert_eq!(refused, LogError::TooLarge { cost, limit });
    }
    assert_eq!(log.refused(), 3);
    drop(log.acquire(cost(4, 1_024), Wait::Never).unwrap());
}

#[test]
fn room_returns_only_when_applied() {
    let (log, mut drain) = WriteLog::new(limits(2, 1_024), 1);
    for entry in 0..2 {
        log.acquire(cost(1, 1), Wait::Never).unwrap().accept(entry);
    }
    let mut group = Vec::new();
    drain.collect(&mut group);
    assert!(log.acquire(cost(1, 1), Wait::Never).is_err());
    drain.return_permits(group[0].cost);
    assert_eq!(log.pending(), cost(1, 64));
    drop(log.acquire(cost(1, 1), Wait::Never).unwrap());
    drain.return_permits(group[1].cost);
    assert_eq!(log.pending(), cost(0, 0));
}

/// Collecting nothing leaves nothing at hand, so that room which is out is no reason to close a group.
#[test]
fn collecting_nothing_owes_nothing() {
    let (log, mut drain) = WriteLog::<()>::new(limits(2, 1_024), 1);
    let held = log.acquire(cost(1, 0), Wait::Never).unwrap();
    assert_eq!(drain.collect(&mut Vec::new()), 0);
    assert_eq!(drain.wait(Some(Instant::now())), Woken::Deadline);
    drain.return_permits(Cost::default());
    assert_eq!(log.pending(), cost(1, 0));
    drop(held);
}

#[test]
fn waiters_are_served_in_order() {
    let (log, _drain) = WriteLog::<()>::new(limits(1, 64), 1);
    let held = log.acquire(cost(1, 0), Wait::Never).unwrap();
    let (served, order) = mpsc::channel();
    let waiters: Vec<_> = (0..8)
        .map(|name| {
            let (at_log, served) = (Arc::clone(&log), served.clone());
            let waiter = thread::spawn(move || {
                let permit = at_log.acquire(cost(1, 0), LONG).unwrap();
                served.send(name).unwrap();
                drop(permit);
            });
            until_waiting(&log, name + 1);
            waiter
        })
        .collect();
    drop(held);
    for name in 0..8 {
        assert_eq!(order.recv().unwrap(), name);
    }
    for waiter in waiters {
        waiter.join().unwrap();
    }
    assert_eq!(log.waiting(), 0);
    drop(log.acquire(cost(1, 0), Wait::Never).unwrap());
}

/// A batch that needs the whole log: who comes later does not pass it, though there would be room.
#[test]
fn nobody_passes_a_waiting_batch() {
    let (log, _drain) = WriteLog::<()>::new(limits(4, 1_024), 1);
    let mut held: Vec<_> = (0..4).map(|_| log.acquire(cost(1, 0), Wait::Never).unwrap()).collect();
    let (go, gone) = mpsc::channel();
    let batch = {
        let log = Arc::clone(&log);
        thread::spawn(move || {
            let permit = log.acquire(cost(4, 0), LONG).unwrap();
            gone.recv().unwrap();
            drop(permit);
        })
    };
    until_waiting(&log, 1);
    let small = {
        let log = Arc::clone(&log);
        thread::spawn(move || drop(log.acquire(cost(1, 0), LONG).unwrap()))
    };
    until_waiting(&log, 2);
    held.truncate(1);
    assert_eq!(log.pending().entries, 1);
    assert_eq!(log.waiting(), 2);
    assert_eq!(log.acquire(cost(1, 0), Wait::Never).unwrap_err(), LogError::Backpressure);
    held.clear();
    until_waiting(&log, 1);
    assert_eq!(log.pending().entries, 4, "the batch has the log");
    go.send(()).unwrap();
    batch.join().unwrap();
    small.join().unwrap();
    assert_eq!(log.pending().entries, 0);
}

/// Small writers that never pause, and a batch that needs the whole log again and again.
#[test]
fn a_batch_is_not_starved() {
    let (log, mut drain) = WriteLog::new(limits(16, 1 << 20), 1);
    let small: Vec<_> = (0..4)
        .map(|_| {
            let log = Arc::clone(&log);
            thread::spawn(move || {
                let mut accepted = 0_u64;
                while let Ok(permit) = log.acquire(cost(1, 100), LONG) {
                    permit.accept(1);
                    accepted += 1;
                }
                accepted
            })
        })
        .collect();
    let batch = {
        let log = Arc::clone(&log);
        thread::spawn(move || {
            for _ in 0..50 {
                log.acquire(cost(16, 1_600), LONG).unwrap().accept(16);
            }
            log.close();
        })
    };
    let (mut singles, mut batches) = (0, 0);
    let mut group = Vec::new();
    while !drain.closed_and_empty() {
        drain.wait(None);
        drain.collect(&mut group);
        for slot in group.drain(..) {
            match slot.entry {
                Some(16) => batches += 1,
                _ => singles += 1,
            }
            drain.return_permits(slot.cost);
        }
    }
    batch.join().unwrap();
    let accepted: u64 = small.into_iter().map(|small| small.join().unwrap()).sum();
    assert_eq!((singles, batches), (accepted, 50));
}

/// Who gives up in front lets those behind it through.
#[test]
fn leaving_the_line_serves_the_next() {
    let (log, _drain) = WriteLog::<()>::new(limits(4, 1_024), 1);
    let held = log.acquire(cost(3, 0), Wait::Never).unwrap();
    let large = {
        let log = Arc::clone(&log);
        let patience = Wait::For(Duration::from_millis(300));
        thread::spawn(move || log.acquire(cost(4, 0), patience).map(drop))
    };
    until_waiting(&log, 1);
    drop(log.acquire(cost(1, 0), LONG).unwrap());
    assert_eq!(large.join().unwrap(), Err(LogError::Backpressure));
    assert_eq!(log.waiting(), 0);
    drop(held);
    drop(log.acquire(cost(4, 0), Wait::Never).unwrap());
}

#[test]
fn limits_are_brought_into_range() {
    let (log, _drain) = WriteLog::<()>::new(limits(0, 0), 0);
    assert_eq!(log.capacity(), cost(1, 64));
    assert_eq!(log.last_accepted(), 0);
    assert_eq!(log.acquire(cost(0, 0), Wait::Never).unwrap().accept(()), 1);
}
