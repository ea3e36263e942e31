//! What the consumer collects and why it wakes.
#![cfg(not(loom))]

use std::time::{Duration, Instant};
use sutra_log::{Cost, Limits, Triggers, Wait, Woken, WriteLog};

const ONE: Cost = Cost { entries: 1, bytes: 10 };

fn far() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

#[test]
fn holds_back_at_a_gap() {
    let (log, mut drain) = WriteLog::new(Limits::default(), 1);
    let take = || log.acquire(ONE, Wait::Never).unwrap();
    take().accept("a");
    let gap = take().claim();
    take().accept("c");
    let abandoned = take().claim();
    take().accept("e");

    let mut out = Vec::new();
    assert_eq!(drain.collect(&mut out), 1);
    assert_eq!(drain.next_sequence(), 2);
    assert_eq!(drain.wait(Some(Instant::now())), Woken::Deadline);
    gap.fill("b");
    assert_eq!(drain.wait(Some(far())), Woken::Arrived);
    assert_eq!(drain.collect(&mut out), 2);
    drop(abandoned);
    assert_eq!(drain.collect(&mut out), 2);
    let entries: Vec<_> = out.iter().map(|slot| slot.entry).collect();
    assert_eq!(entries, [Some("a"), Some("b"), Some("c"), None, Some("e")]);
    assert!(out.iter().zip(1..).all(|(slot, at)| slot.sequence == at));
}

/// A producer that panics between its two steps leaves a no-op, not a hole.
#[test]
fn unwinding_fills_the_sequence() {
    let (log, mut drain) = WriteLog::<()>::new(Limits::default(), 1);
    let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _claim = log.acquire(ONE, Wait::Never).unwrap().claim();
        std::panic::resume_unwind(Box::new("a producer's fault"));
    }));
    assert!(broken.is_err());
    let mut out = Vec::new();
    assert_eq!(drain.collect(&mut out), 1);
    assert_eq!((out[0].sequence, out[0].entry), (1, None));
    drain.return_permits(out[0].cost);
    assert_eq!(log.pending(), Cost::default());
}

#[test]
fn collects_within_a_bound() {
    let (log, mut drain) = WriteLog::new(Limits::default(), 1);
    let bytes = Cost { entries: 1, bytes: 1_024 };
    for entry in 0..10 {
        log.acquire(bytes, Wait::Never).unwrap().accept(entry);
    }
    let mut out = Vec::new();
    let mut within = |entries, bytes| drain.collect_within(&mut out, Cost { entries, bytes });
    assert_eq!(within(3, u64::MAX), 3);
    assert_eq!(within(usize::MAX, 1_025), 2, "one slot may cross the bound");
    assert_eq!(within(0, 0), 1, "never none");
    assert_eq!(within(usize::MAX, u64::MAX), 4);
    assert_eq!(within(usize::MAX, u64::MAX), 0);
    assert!(out.iter().zip(0..).all(|(slot, at)| slot.entry == Some(at)));
}

#[test]
fn arrivals_end_a_wait_but_not_a_gathering() {
    let (log, mut drain) = WriteLog::new(Limits::default(), 1);
    assert_eq!(drain.wait(Some(Instant::now())), Woken::Deadline);
    log.acquire(ONE, Wait::Never).unwrap().accept(());
    assert_eq!(drain.gather(Instant::now()), Woken::Deadline);
    assert_eq!(drain.wait(None), Woken::Arrived);
}

#[test]
fn a_nudge_is_told_once() {
    let (log, mut drain) = WriteLog::<()>::new(Limits::default(), 1);
    log.nudge();
    log.nudge();
    assert_eq!(drain.wait(None), Woken::Nudged);
    assert_eq!(drain.wait(Some(Instant::now())), Woken::Deadline);
    log.nudge();
    assert_eq!(drain.gather(far()), Woken::Nudged);
}

#[test]
fn pressure_begins_at_the_triggers() {
    let limits = Limits { entries: 8, bytes: 64 * 64 };
    let (log, mut drain) = WriteLog::new(limits, 1);
    for entry in 0..4 {
        assert_eq!(drain.gather(Instant::now()), Woken::Deadline);
        log.acquire(ONE, Wait::Never).unwrap().accept(entry);
    }
    assert_eq!(drain.gather(far()), Woken::Pressure, "half the entries");

    let triggers = Triggers { entries: 8, bytes: 300 };
    let (log, mut drain) = WriteLog::with_triggers(limits, triggers, 1);
    let cost = Cost { entries: 1, bytes: 128 };
    log.acquire(cost, Wait::Never).unwrap().accept(());
    assert_eq!(drain.gather(Instant::now()), Woken::Deadline);
    log.acquire(cost, Wait::Never).unwrap().accept(());
    assert_eq!(drain.gather(Instant::now()), Woken::Deadline);
    log.acquire(cost, Wait::Never).unwrap().accept(());
    assert_eq!(drain.gather(far()), Woken::Pressure, "the byte bound");
}

/// Room that is out without an entry is no reason to spin.
#[test]
fn pressure_needs_something_at_hand() {
    let limits = Limits { entries: 2, bytes: 1_024 };
    let (log, mut drain) = WriteLog::<()>::new(limits, 1);
    let permit = log.acquire(ONE, Wait::Never).unwrap();
    assert_eq!(drain.wait(Some(Instant::now())), Woken::Deadline);
    permit.accept(());
    assert_eq!(drain.wait(None), Woken::Pressure);
}
