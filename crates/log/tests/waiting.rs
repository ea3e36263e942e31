//! Waiting for visible and durable, and how it wakes the consumer.
#![cfg(not(loom))]

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use sutra_log::{Cost, Drain, Limits, LogError, Sequence, Wait, Woken, WriteLog, forbid_waiting};

const ONE: Cost = Cost { entries: 1, bytes: 10 };

fn write(log: &WriteLog<u32>, entry: u32) -> Sequence {
    log.acquire(ONE, Wait::Never).unwrap().accept(entry)
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// Collects and applies all that is ready.
fn turn(drain: &mut Drain<u32>) -> usize {
    let mut group = Vec::new();
    let count = drain.collect(&mut group);
    if let Some(last) = group.last() {
        drain.mark_durable(last.sequence);
        drain.mark_visible(last.sequence);
    }
    drain.return_permits(group.iter().map(|slot| slot.cost).sum());
    count
}

#[test]
fn marks_begin_before_the_first_sequence() {
    let (log, drain) = WriteLog::<u32>::new(Limits::default(), 42);
    assert_eq!((log.visible(), log.durable()), (41, 41));
    assert_eq!(log.last_accepted(), 41);
    assert_eq!(log.written(), 0);
    log.wait_durable(41, None).unwrap();
    assert_eq!(log.wait_visible(42, None), Err(LogError::NotAccepted { sequence: 42, last: 41 }));
    drain.mark_visible(40);
    assert_eq!(log.visible(), 41, "a mark never falls");
}

#[test]
fn a_wait_may_end_by_its_deadline() {
    let (log, _drain) = WriteLog::new(Limits::default(), 1);
    let sequence = write(&log, 1);
    let soon = Instant::now() + Duration::from_millis(1);
    assert_eq!(log.wait_durable(sequence, Some(soon)), Err(LogError::TimedOut { sequence }));
}

#[test]
fn a_waiter_ends_the_gathering_and_is_woken() {
    let (log, mut drain) = WriteLog::new(Limits::default(), 1);
    let first = write(&log, 1);
    let waiter = {
        let log = Arc::clone(&log);
        thread::spawn(move || log.wait_durable(first, None))
    };
    // Only the wish can end this before its deadline.
    assert_eq!(drain.gather(far()), Woken::Urgent);
    assert_eq!(drain.urgent(), Some(first));
    assert_eq!(turn(&mut drain), 1);
    waiter.join().unwrap().unwrap();
    assert_eq!((drain.urgent(), drain.durable_wanted()), (None, None));
    assert_eq!(drain.gather(Instant::now()), Woken::Deadline);
}

/// Where groups are not synced, a wish for durability is told once, and stands until it is met.
#[test]
fn wanting_durable_alone_is_told_once() {
    let (log, mut drain) = WriteLog::new(Limits::default(), 1);
    let first = write(&log, 1);
    let mut group = Vec::new();
    drain.collect(&mut group);
    drain.mark_visible(first);
    drain.return_permits(group[0].cost);
    let waiter = {
        let log = Arc::clone(&log);
        thread::spawn(move || log.wait_durable(first, None))
    };
    assert_eq!(drain.wait(Some(far())), Woken::Urgent);
    assert_eq!((drain.urgent(), drain.durable_wanted()), (None, Some(first)));
    assert_eq!(drain.wait(Some(Instant::now())), Woken::Deadline);
    // The checkpointer's way.
    log.mark_durable(first);
    waiter.join().unwrap().unwrap();
    assert_eq!(drain.durable_wanted(), None);
}

#[test]
fn hurry_closes_the_group_without_waiting() {
    let (log, mut drain) = WriteLog::new(Limits::default(), 1);
    log.hurry();
    assert_eq!(drain.urgent(), None, "nothing to hurry for");
    write(&log, 1);
    let last = write(&log, 2);
    log.hurry();
    assert_eq!(drain.gather(far()), Woken::Urgent);
    assert_eq!(drain.urgent(), Some(last));
    assert_eq!(turn(&mut drain), 2);
    assert_eq!(drain.urgent(), None);
}

/// Back and forth, the consumer idle each time: a lost wake-up would end this in a hang.
#[test]
fn wakes_from_idle_every_time() {
    let (log, mut drain) = WriteLog::new(Limits::default(), 1);
    let consumer = thread::spawn(move || {
        while !drain.closed_and_empty() {
            drain.wait(None);
            turn(&mut drain);
        }
    });
    for entry in 0..10_000 {
        let sequence = write(&log, entry);
        log.wait_visible(sequence, None).unwrap();
    }
    log.close();
    consumer.join().unwrap();
}

#[test]
fn many_waiters_share_a_group() {
    let (log, mut drain) = WriteLog::new(Limits::default(), 1);
    let waiters: Vec<_> = (0..8)
        .map(|entry| {
            let log = Arc::clone(&log);
            thread::spawn(move || {
                for _ in 0..200 {
                    let sequence = write(&log, entry);
                    log.wait_durable(sequence, None).unwrap();
                }
            })
        })
        .collect();
    let consumer = thread::spawn(move || {
        let mut groups = 0;
        while !drain.closed_and_empty() {
            if drain.wait(None) == Woken::Arrived {
                drain.gather(far());
            }
            groups += u32::from(turn(&mut drain) > 0);
        }
        groups
    });
    for waiter in waiters {
        waiter.join().unwrap();
    }
    log.close();
    let groups = consumer.join().unwrap();
    assert!(groups <= 8 * 200);
    assert_eq!(log.durable(), 8 * 200);
}

#[test]
fn the_engines_own_threads_may_not_wait() {
    let limits = Limits { entries: 1, bytes: 64 };
    let (log, _drain) = WriteLog::new(limits, 1);
    thread::spawn(move || {
        forbid_waiting();
        let sequence = write(&log, 1);
        let late = Wait::For(Duration::from_secs(30));
        assert_eq!(log.acquire(ONE, late).unwrap_err(), LogError::WaitForbidden);
        assert_eq!(log.acquire(ONE, Wait::Never).unwrap_err(), LogError::Backpressure);
        assert_eq!(log.wait_visible(sequence, None), Err(LogError::WaitForbidden));
        log.wait_visible(sequence - 1, None).unwrap();
    })
    .join()
    .unwrap();
}
