//! Closing, poisoning, finishing, and a consumer that goes away.
#![cfg(not(loom))]

use std::sync::Arc;
use std::thread;
use std::time::Duration;
use sutra_log::{Cost, Limits, LogError, Wait, Woken, WriteLog};

const ONE: Cost = Cost { entries: 1, bytes: 10 };
const LONG: Wait = Wait::For(Duration::from_secs(30));

fn small() -> Limits {
    Limits { entries: 4, bytes: 1_024 }
}

#[test]
fn closing_lets_the_accepted_through() {
    let (log, mut drain) = WriteLog::new(small(), 1);
    log.acquire(ONE, Wait::Never).unwrap().accept("before");
    let permit = log.acquire(ONE, Wait::Never).unwrap();
    let unused = log.acquire(ONE, Wait::Never).unwrap();
    log.close();
    log.close();
    assert!(log.is_closed());
    assert_eq!(log.acquire(ONE, LONG).unwrap_err(), LogError::Closed);

    let mut out = Vec::new();
    assert_eq!(drain.wait(None), Woken::Closed);
    drain.collect(&mut out);
    assert!(!drain.closed_and_empty());
    drain.return_permits(out[0].cost);
    assert!(!drain.closed_and_empty(), "two permits are out");

    permit.accept("after");
    assert_eq!(drain.wait(None), Woken::Closed);
    drain.collect(&mut out);
    drain.return_permits(out[1].cost);
    assert!(!drain.closed_and_empty(), "one permit is out");
    drop(unused);
    assert!(drain.closed_and_empty());
    assert_eq!(drain.wait(None), Woken::Closed);
    assert_eq!(out[1].entry, Some("after"));
    drop(drain);
    assert_eq!(log.poisoned(), None);
    assert_eq!(log.refused(), 0, "a closed log is not a full one");
}

#[test]
fn a_sleeping_consumer_hears_the_close() {
    let (log, mut drain) = WriteLog::<()>::new(small(), 1);
    let consumer = thread::spawn(move || drain.wait(None));
    log.close();
    assert_eq!(consumer.join().unwrap(), Woken::Closed);
}

#[test]
fn poison_reaches_everybody() {
    let (log, mut drain) = WriteLog::new(small(), 1);
    let mut last = 0;
    for entry in 0..4 {
        last = log.acquire(ONE, Wait::Never).unwrap().accept(entry);
    }
    let for_room = {
        let log = Arc::clone(&log);
        thread::spawn(move || log.acquire(ONE, LONG).map(drop))
    };
    let for_mark = {
        let log = Arc::clone(&log);
        thread::spawn(move || log.wait_durable(last, None))
    };
    while log.waiting() == 0 {
        thread::yield_now();
    }
    drain.mark_visible(1);
    log.poison("the disk is gone".into());
    log.poison("something later".into());
    let poisoned = LogError::Poisoned { cause: "the disk is gone".into() };
    assert_eq!(for_room.join().unwrap(), Err(poisoned.clone()));
    assert_eq!(for_mark.join().unwrap(), Err(poisoned.clone()));
    assert_eq!(log.acquire(ONE, LONG).unwrap_err(), poisoned);
    assert_eq!(log.wait_visible(2, None), Err(poisoned));
    log.wait_visible(1, None).unwrap();
    assert_eq!(drain.wait(None), Woken::Poisoned);
    drop(drain);
    assert_eq!(log.poisoned().as_deref(), Some("the disk is gone"));
}

#[test]
fn a_consumer_that_goes_away_leaves_nobody_waiting() {
    let (log, mut drain) = WriteLog::new(small(), 1);
    let entry = Arc::new(());
    let mut last = 0;
    for _ in 0..4 {
        let permit = log.acquire(ONE, Wait::Never).unwrap();
        last = permit.accept(Arc::clone(&entry));
    }
    let waiter = {
        let log = Arc::clone(&log);
        thread::spawn(move || log.wait_visible(last, None))
    };
    let mut out = Vec::new();
    drain.collect_within(&mut out, ONE);
    drop(drain);
    assert!(matches!(waiter.join().unwrap(), Err(LogError::Poisoned { .. })));
    assert_eq!(Arc::strong_count(&entry), 5, "all but ours are in the log");
    drop(log);
    assert_eq!(Arc::strong_count(&entry), 2, "one was collected");
    drop(out);
    assert_eq!(Arc::strong_count(&entry), 1);
}

#[test]
fn finishing_ends_waits_for_marks() {
    let (log, mut drain) = WriteLog::new(small(), 1);
    let sequence = log.acquire(ONE, Wait::Never).unwrap().accept(());
    log.close();
    let mut out = Vec::new();
    drain.collect(&mut out);
    drain.mark_visible(sequence);
    drain.return_permits(out[0].cost);
    assert!(drain.closed_and_empty());
    drop(drain);
    // The last checkpoint may still come: the wait goes on until the end is declared.
    let waiter = {
        let log = Arc::clone(&log);
        thread::spawn(move || log.wait_durable(sequence, None))
    };
    log.finish();
    assert_eq!(waiter.join().unwrap(), Err(LogError::Closed));
    log.wait_visible(sequence, None).unwrap();
}
