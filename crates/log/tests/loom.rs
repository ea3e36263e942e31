//! The log, explored by loom: every interleaving and every reordering that the memory model allows, up to a bound on
//! preemptions, see `sutra_sync::model::Depth`.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --release -p sutra-log --test loom`
//!
//! A lost wake-up is a deadlock and an access that nothing orders is a race; loom reports both by itself.
#![cfg(loom)]

use std::time::{Duration, Instant};
use sutra_log::{Cost, Drain, Limits, LogError, Sequence, Slot, Wait, Woken, WriteLog};
use sutra_sync::atomic::{AtomicUsize, Ordering};
use sutra_sync::model::{Depth, explore};
use sutra_sync::{Arc, Published, thread};

const ONE: Cost = Cost { entries: 1, bytes: 64 };
/// Under loom no deadline passes.
const PATIENT: Wait = Wait::For(Duration::ZERO);

fn limits(entries: usize) -> Limits {
    Limits { entries, bytes: 64 * entries as u64 }
}

/// Applies one group: what the reconciler does after the sync.
fn apply<T>(drain: &mut Drain<T>, group: &[Slot<T>]) {
    if let Some(last) = group.last() {
        drain.mark_durable(last.sequence);
        drain.mark_visible(last.sequence);
        drain.return_permits(group.iter().map(|slot| slot.cost).sum());
    }
}

/// Waits, collects and applies until `count` slots have come; checks that they come without holes.
fn drain_slots<T>(drain: &mut Drain<T>, count: usize) -> Vec<Slot<T>> {
    let mut all = Vec::new();
    while all.len() < count {
        drain.wait(None);
        let mut group = Vec::new();
        drain.collect(&mut group);
        apply(drain, &group);
        all.extend(group);
    }
    for (at, slot) in all.iter().enumerate() {
        assert_eq!(slot.sequence, 1 + at as Sequence);
    }
    all
}

fn close_down<T>(log: &WriteLog<T>, drain: Drain<T>) {
    log.close();
    assert!(drain.closed_and_empty());
}

#[test]
fn accept_against_accept() {
    explore("accept against accept", Depth::Three, || {
        let (log, mut drain) = WriteLog::new(limits(2), 1);
        let producers: Vec<_> = (0..2)
            .map(|name| {
                let log = Arc::clone(&log);
                thread::spawn(move || log.acquire(ONE, Wait::Never).unwrap().accept(Box::new(name)))
            })
            .collect();
        // The drain beside two producers is explored by the models below; here only they run.
        let sequences: Vec<_> = producers.into_iter().map(|producer| producer.join().unwrap()).collect();
        let slots = drain_slots(&mut drain, 2);
        for (name, sequence) in sequences.into_iter().enumerate() {
            let slot = &slots[sequence as usize - 1];
            assert_eq!(slot.entry, Some(Box::new(name)));
        }
        close_down(&log, drain);
    });
}

#[test]
fn full_log_and_returned_permit() {
    explore("full log and returned permit", Depth::Two, || {
        let (log, mut drain) = WriteLog::new(limits(1), 1);
        let producer = {
            let log = Arc::clone(&log);
            thread::spawn(move || {
                for value in 1..=2 {
                    let sequence = log.acquire(ONE, PATIENT).unwrap().accept(value);
                    assert_eq!(sequence, value);
                }
            })
        };
        let slots = drain_slots(&mut drain, 2);
        assert!(slots.iter().all(|slot| slot.entry == Some(slot.sequence)));
        producer.join().unwrap();
        close_down(&log, drain);
    });
}

#[test]
fn two_waiters_for_one_place() {
    explore("two waiters for one place", Depth::Three, || {
        let (log, mut drain) = WriteLog::new(limits(1), 1);
        let held = log.acquire(ONE, Wait::Never).unwrap();
        let producers: Vec<_> = (0..2)
            .map(|name| {
                let log = Arc::clone(&log);
                thread::spawn(move || log.acquire(ONE, PATIENT).unwrap().accept(name))
            })
            .collect();
        drop(held);
        drain_slots(&mut drain, 2);
        for producer in producers {
            producer.join().unwrap();
        }
        close_down(&log, drain);
    });
}

/// One who waits for the whole log is not passed by one who wants a part of it for ever.
#[test]
fn large_waiter_beside_a_small_one() {
    explore("large waiter beside a small one", Depth::Three, || {
        let (log, mut drain) = WriteLog::new(limits(2), 1);
        let large = {
            let log = Arc::clone(&log);
            let cost = Cost { entries: 2, bytes: 0 };
            thread::spawn(move || log.acquire(cost, PATIENT).unwrap().accept("large"))
        };
        let small = {
            let log = Arc::clone(&log);
            thread::spawn(move || log.acquire(ONE, PATIENT).unwrap().accept("small"))
        };
        drain_slots(&mut drain, 2);
        large.join().unwrap();
        small.join().unwrap();
        assert_eq!(log.pending(), Cost::default());
        close_down(&log, drain);
    });
}

#[test]
fn abandoned_sequence_becomes_a_no_op() {
    explore("abandoned sequence becomes a no op", Depth::Three, || {
        let (log, mut drain) = WriteLog::new(limits(2), 1);
        let quitter = {
            let log = Arc::clone(&log);
            thread::spawn(move || {
                let claim = log.acquire(ONE, Wait::Never).unwrap().claim();
                claim.sequence()
            })
        };
        let writer = {
            let log = Arc::clone(&log);
            thread::spawn(move || log.acquire(ONE, Wait::Never).unwrap().accept("kept"))
        };
        let slots = drain_slots(&mut drain, 2);
        let abandoned = quitter.join().unwrap();
        let kept = writer.join().unwrap();
        assert_eq!(slots[abandoned as usize - 1].entry, None);
        assert_eq!(slots[kept as usize - 1].entry, Some("kept"));
        close_down(&log, drain);
    });
}

/// The later entry is there first; the drain sleeps until the gap is filled, and then has both.
#[test]
fn hold_back_at_a_gap() {
    explore("hold back at a gap", Depth::Two, || {
        let (log, mut drain) = WriteLog::new(limits(2), 1);
        let early = log.acquire(ONE, Wait::Never).unwrap().claim();
        log.acquire(ONE, Wait::Never).unwrap().accept("late");
        let consumer = thread::spawn(move || {
            let slots = drain_slots(&mut drain, 2);
            assert_eq!(slots[0].entry, Some("early"));
            assert_eq!(slots[1].entry, Some("late"));
            drain
        });
        early.fill("early");
        close_down(&log, consumer.join().unwrap());
    });
}

/// Somebody waits for what stands behind the gap: the drain must neither spin nor miss the filling.
#[test]
fn urgent_behind_a_gap() {
    explore("urgent behind a gap", Depth::Three, || {
        let (log, mut drain) = WriteLog::new(limits(8), 1);
        let early = log.acquire(ONE, Wait::Never).unwrap().claim();
        let late = log.acquire(ONE, Wait::Never).unwrap().accept("late");
        let waiter = {
            let log = Arc::clone(&log);
            thread::spawn(move || log.wait_visible(late, None))
        };
        let consumer = thread::spawn(move || {
            let mut all = Vec::new();
            while all.len() < 2 {
                drain.gather(Instant::now());
                let mut group = Vec::new();
                drain.collect(&mut group);
                apply(&mut drain, &group);
                all.extend(group);
            }
            drain
        });
        early.fill("early");
        waiter.join().unwrap().unwrap();
        close_down(&log, consumer.join().unwrap());
    });
}

#[test]
fn drain_against_close() {
    explore("drain against close", Depth::Three, || {
        let (log, mut drain) = WriteLog::new(limits(2), 1);
        let producer = {
            let log = Arc::clone(&log);
            thread::spawn(move || match log.acquire(ONE, PATIENT) {
                Ok(permit) => permit.accept(()),
                Err(error) => {
                    assert_eq!(error, LogError::Closed);
                    0
                }
            })
        };
        let closer = {
            let log = Arc::clone(&log);
            thread::spawn(move || log.close())
        };
        let mut drained = 0;
        while !drain.closed_and_empty() {
            drain.wait(None);
            let mut group = Vec::new();
            drained += drain.collect(&mut group);
            apply(&mut drain, &group);
        }
        drop(drain);
        assert_eq!(producer.join().unwrap(), drained as Sequence);
        closer.join().unwrap();
        assert_eq!(log.poisoned(), None);
    });
}

/// A permit given before the close is dropped after it: the drain, asleep, must hear that all is back.
#[test]
fn permit_dropped_after_close() {
    explore("permit dropped after close", Depth::Two, || {
        let (log, mut drain) = WriteLog::<()>::new(limits(8), 1);
        let producer = {
            let log = Arc::clone(&log);
            thread::spawn(move || drop(log.acquire(ONE, Wait::Never)))
        };
        log.close();
        while !drain.closed_and_empty() {
            assert_eq!(drain.wait(None), Woken::Closed);
        }
        producer.join().unwrap();
    });
}

#[test]
fn close_wakes_who_waits_for_room() {
    explore("close wakes who waits for room", Depth::Two, || {
        let (log, drain) = WriteLog::<()>::new(limits(1), 1);
        let held = log.acquire(ONE, Wait::Never).unwrap();
        let waiter = {
            let log = Arc::clone(&log);
            thread::spawn(move || log.acquire(ONE, PATIENT).map(drop))
        };
        log.close();
        drop(held);
        assert_eq!(waiter.join().unwrap(), Err(LogError::Closed));
        assert!(drain.closed_and_empty());
    });
}

#[test]
fn waiter_is_woken_and_wakes_the_drain() {
    explore("waiter is woken and wakes the drain", Depth::Two, || {
        let (log, mut drain) = WriteLog::new(limits(8), 1);
        let waiter = {
            let log = Arc::clone(&log);
            thread::spawn(move || {
                let sequence = log.acquire(ONE, Wait::Never).unwrap().accept(());
                log.wait_durable(sequence, None).unwrap();
                assert!(log.durable() >= sequence);
            })
        };
        assert!(matches!(drain.wait(None), Woken::Arrived | Woken::Urgent));
        let mut group = Vec::new();
        drain.collect(&mut group);
        // Deaf to arrivals: only the wish can end this.
        assert_eq!(drain.gather(Instant::now()), Woken::Urgent);
        apply(&mut drain, &group);
        waiter.join().unwrap();
        close_down(&log, drain);
    });
}

/// The drain gathers, deaf to arrivals: what takes the room low must end that.
#[test]
fn pressure_ends_gathering() {
    explore("pressure ends gathering", Depth::Three, || {
        let (log, mut drain) = WriteLog::new(limits(4), 1);
        let producers: Vec<_> = (0..2)
            .map(|name| {
                let log = Arc::clone(&log);
                thread::spawn(move || log.acquire(ONE, Wait::Never).unwrap().accept(name))
            })
            .collect();
        assert_eq!(drain.gather(Instant::now()), Woken::Pressure);
        for producer in producers {
            producer.join().unwrap();
        }
        drain_slots(&mut drain, 2);
        close_down(&log, drain);
    });
}

/// An idle consumer, with nothing to collect, is to look at something outside the log.
#[test]
fn nudge_wakes_the_idle_drain() {
    explore("nudge wakes the idle drain", Depth::Two, || {
        let (log, mut drain) = WriteLog::<()>::new(limits(2), 1);
        let outside = Arc::new(AtomicUsize::new(0));
        let nudging = {
            let (log, outside) = (Arc::clone(&log), Arc::clone(&outside));
            thread::spawn(move || {
                outside.store(1, Ordering::Relaxed);
                log.nudge();
            })
        };
        assert_eq!(drain.wait(None), Woken::Nudged);
        assert_eq!(outside.load(Ordering::Relaxed), 1);
        nudging.join().unwrap();
        close_down(&log, drain);
    });
}

/// Who has waited for a sequence finds it in the snapshot loaded next.
#[test]
fn publish_against_load() {
    explore("publish against load", Depth::Three, || {
        let (log, mut drain) = WriteLog::new(limits(2), 1);
        let newest = Arc::new(Published::new(Arc::new(0)));
        let reader = {
            let (log, newest) = (Arc::clone(&log), Arc::clone(&newest));
            thread::spawn(move || {
                let sequence = log.acquire(ONE, Wait::Never).unwrap().accept(());
                log.wait_visible(sequence, None).unwrap();
                assert!(**newest.load() >= sequence);
            })
        };
        let bystander = {
            let (log, newest) = (Arc::clone(&log), Arc::clone(&newest));
            thread::spawn(move || {
                let visible = log.visible();
                assert!(**newest.load() >= visible);
            })
        };
        let mut group = Vec::new();
        while group.is_empty() {
            drain.wait(None);
            drain.collect(&mut group);
        }
        newest.store(Arc::new(1));
        apply(&mut drain, &group);
        reader.join().unwrap();
        bystander.join().unwrap();
        close_down(&log, drain);
    });
}

struct CountsDrops(Arc<AtomicUsize>);

impl Drop for CountsDrops {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The consumer ends early: what is in the queue and in the ring is dropped once, and nobody waits for ever.
#[test]
fn shutdown_with_pending() {
    explore("shutdown with pending", Depth::Two, || {
        let drops = Arc::new(AtomicUsize::new(0));
        let (log, mut drain) = WriteLog::new(limits(4), 1);
        let producer = {
            let (log, drops) = (Arc::clone(&log), Arc::clone(&drops));
            thread::spawn(move || {
                let gap = log.acquire(ONE, Wait::Never).ok()?.claim();
                let permit = log.acquire(ONE, Wait::Never);
                let Ok(permit) = permit else {
                    gap.fill(CountsDrops(drops));
                    return Some(1);
                };
                let sequence = permit.accept(CountsDrops(Arc::clone(&drops)));
                gap.fill(CountsDrops(drops));
                let cause = log.wait_durable(sequence, None).unwrap_err();
                assert!(matches!(cause, LogError::Poisoned { .. }));
                Some(2)
            })
        };
        let mut group = Vec::new();
        drain.collect(&mut group);
        drop(drain);
        let accepted = producer.join().unwrap();
        drop(group);
        drop(log);
        assert_eq!(drops.load(Ordering::Relaxed), accepted.unwrap_or(0));
    });
}
