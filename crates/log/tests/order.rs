//! Many producers through a small log: what was accepted is drained once, without holes, each producer's in its order.
#![cfg(not(loom))]

mod seed;

use seed::Random;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use sutra_log::{Cost, Limits, LogError, Sequence, Wait, WriteLog};

const PRODUCERS: u64 = 8;
const EACH: u64 = 25_000;

#[derive(Debug)]
struct Entry {
    producer: u64,
    number: u64,
    cost: Cost,
}

/// What a producer knows of its writes.
#[derive(Default)]
struct Written {
    accepted: Vec<Sequence>,
    abandoned: Vec<Sequence>,
    refused: u64,
}

fn produce(log: &WriteLog<Entry>, producer: u64, random: &mut Random) -> Written {
    let mut written = Written::default();
    while (written.accepted.len() as u64) < EACH {
        let cost = Cost { entries: 1 + random.below(4) as usize, bytes: random.below(1_000) };
        let wait = match random.below(4) {
            0 => Wait::Never,
            _ => Wait::For(Duration::from_secs(60)),
        };
        let permit = match log.acquire(cost, wait) {
            Ok(permit) => permit,
            Err(error) => {
                assert_eq!((error, wait), (LogError::Backpressure, Wait::Never));
                written.refused += 1;
                thread::yield_now();
                continue;
            }
        };
        match random.below(100) {
            0 => drop(permit),
            1 => written.abandoned.push(permit.claim().sequence()),
            _ => {
                let number = written.accepted.len() as u64;
                let sequence = permit.accept(Entry { producer, number, cost });
                written.accepted.push(sequence);
                if random.below(500) == 0 {
                    log.wait_visible(sequence, None).unwrap();
                    assert!(log.visible() >= sequence);
                }
            }
        }
    }
    written
}

#[test]
fn accepted_is_drained_in_order() {
    let mut random = Random::from_environment(20_261_123);
    let limits = Limits { entries: 64, bytes: 16 << 10 };
    let (log, mut drain) = WriteLog::new(limits, 1_000);
    let producers: Vec<_> = (0..PRODUCERS)
        .map(|producer| {
            let log = Arc::clone(&log);
            let mut random = random.fork();
            thread::spawn(move || produce(&log, producer, &mut random))
        })
        .collect();
    let consumer = thread::spawn(move || {
        let mut drained: Vec<Option<(u64, u64)>> = Vec::new();
        let mut group = Vec::new();
        while !drain.closed_and_empty() {
            match random.below(3) {
                0 => drain.gather(Instant::now() + Duration::from_micros(random.below(300))),
                _ => drain.wait(None),
            };
            let bound = Cost { entries: 1 + random.below(100) as usize, bytes: u64::MAX };
            match random.below(2) {
                0 => drain.collect(&mut group),
                _ => drain.collect_within(&mut group, bound),
            };
            for slot in &group {
                assert_eq!(slot.sequence, 1_000 + drained.len() as u64);
                if let Some(entry) = &slot.entry {
                    assert_eq!(slot.cost.entries, entry.cost.entries);
                    assert_eq!(slot.cost.bytes, entry.cost.bytes.next_multiple_of(64));
                }
                drained.push(slot.entry.as_ref().map(|entry| (entry.producer, entry.number)));
            }
            if let Some(last) = group.last() {
                assert_eq!(drain.next_sequence(), last.sequence + 1);
                drain.mark_durable(last.sequence);
                drain.mark_visible(last.sequence);
            }
            drain.return_permits(group.iter().map(|slot| slot.cost).sum());
            group.clear();
        }
        drained
    });
    let written: Vec<_> = producers.into_iter().map(|producer| producer.join().unwrap()).collect();
    log.close();
    let drained = consumer.join().unwrap();

    assert_eq!(log.poisoned(), None);
    assert_eq!(log.written(), drained.len() as u64);
    assert_eq!(log.last_accepted(), 999 + drained.len() as u64);
    assert_eq!(log.pending(), Cost::default());
    let refused: u64 = written.iter().map(|written| written.refused).sum();
    assert_eq!(log.refused(), refused);
    let mut sequences = 0;
    for (producer, written) in (0..).zip(&written) {
        assert!(written.accepted.is_sorted(), "a producer's order is kept");
        for (number, sequence) in (0..).zip(&written.accepted) {
            let slot = drained[(sequence - 1_000) as usize];
            assert_eq!(slot, Some((producer, number)));
        }
        for sequence in &written.abandoned {
            assert_eq!(drained[(sequence - 1_000) as usize], None);
        }
        sequences += written.accepted.len() + written.abandoned.len();
    }
    assert_eq!(sequences, drained.len());
}
