//! Every fault at every operation of a life. No call waits for ever; what was acknowledged is found afterwards, by this
//! process's successor and after a power cut; and a store that was not poisoned goes on as if nothing had been.

mod support;

use support::{config, open, open_log};
use sutra_storage::{ConcurrentMemory, Durability, Error};
use sutra_vfs::sim::{Fault, Policy, SimDirectory};

const CONCEPTS: u64 = 9;

/// Learns concepts 0.. one after the other, with checkpoints between them. Gives how many are acknowledged.
fn live(memory: &ConcurrentMemory) -> u64 {
    let mut acknowledged = 0;
    for number in 0..CONCEPTS {
        let content = "x".repeat(if number == 5 { 70_000 } else { 10 });
        match memory.learn_concept(&format!("concept {number}"), content, None, 0.5, 0.5) {
            Ok(sequence) => {
                assert_eq!(sequence, number + 1);
                let waited = memory.wait_durable(sequence);
                check(&waited);
                acknowledged = if waited.is_ok() { sequence } else { acknowledged };
            }
            Err(error) => assert!(matches!(error, Error::Poisoned { .. }), "{error:?}"),
        }
        if number % 3 == 1 {
            flush(memory);
        }
        // Reads go on. Without a log what is seen may be lost.
        let snapshot = memory.snapshot();
        let seen = snapshot.sequence();
        assert_eq!(snapshot.concept_count(), seen);
        acknowledged = acknowledged.max(if memory.config().durability == Durability::None { 0 } else { seen });
    }
    acknowledged
}

/// Flushes. One that failed without poisoning is made good by the next: there is but one fault.
fn flush(memory: &ConcurrentMemory) -> bool {
    match memory.flush() {
        Ok(()) => true,
        Err(Error::Poisoned { .. }) => false,
        Err(Error::Io { .. }) => match memory.flush() {
            Ok(()) => true,
            Err(Error::Poisoned { .. }) => false,
            Err(error) => panic!("{error:?}"),
        },
        Err(error) => panic!("{error:?}"),
    }
}

fn check(outcome: &Result<(), Error>) {
    assert!(matches!(outcome, Ok(()) | Err(Error::Poisoned { .. } | Error::Io { .. })), "{outcome:?}");
}

fn found(disk: &SimDirectory, acknowledged: u64) -> u64 {
    let memory = open(disk, Durability::Group).unwrap();
    let count = memory.concept_count();
    assert_eq!(count, memory.sequence());
    assert!((acknowledged..=CONCEPTS).contains(&count), "{acknowledged} were acknowledged, {count} are there");
    for number in 0..count {
        let found = memory.query_concept(&format!("concept {number}")).unwrap().unwrap();
        assert_eq!(found.content().unwrap().len(), if number == 5 { 70_000 } else { 10 });
    }
    count
}

fn at_every_operation(fault: Fault, durability: Durability) {
    let whole = SimDirectory::new();
    let memory = open_log(&whole, config(durability), 100_000).unwrap();
    assert_eq!(live(&memory), CONCEPTS);
    memory.close().unwrap();
    let (mut poisoned, mut unharmed) = (0, 0);
    for number in 0..whole.operations() {
        let kind = &whole.trace()[number as usize].kind;
        println!("{fault:?}, {durability:?}: operation {number}, {kind:?}");
        let disk = SimDirectory::new();
        disk.fail_at(number, fault);
        let memory = match open_log(&disk, config(durability), 100_000) {
            Ok(memory) => memory,
            Err(error) => {
                assert!(matches!(error, Error::Io { .. }), "{error:?}");
                found(&disk, 0);
                continue;
            }
        };
        let acknowledged = live(&memory);
        // A last flush that works when the store was not poisoned: what was given up has been made good.
        if flush(&memory) {
            unharmed += 1;
            assert_eq!(memory.concept_count(), CONCEPTS);
            found(&disk.image(Policy::DropAll), CONCEPTS);
            check(&memory.close());
            drop(memory);
            found(&disk.image(Policy::DropAll), CONCEPTS);
            continue;
        }
        poisoned += 1;
        assert!(matches!(memory.record_access("concept 0"), Err(Error::Poisoned { .. })));
        let killed = disk.kill_image();
        let shown = found(&killed, acknowledged);
        // What the successor has shown stays.
        found(&killed.image(Policy::DropAll), shown);
        for policy in [Policy::DropAll, Policy::KeepAll, Policy::Random(number)] {
            found(&disk.image(policy), acknowledged);
        }
        check(&memory.close());
        drop(memory);
        found(&disk, acknowledged);
    }
    println!("{fault:?}, {durability:?}: poisoned {poisoned}, unharmed {unharmed}");
    assert!(poisoned + unharmed > 10);
}

#[test]
fn an_input_output_error() {
    at_every_operation(Fault::Eio, Durability::Group);
    at_every_operation(Fault::Eio, Durability::None);
}

#[test]
fn a_full_disk() {
    at_every_operation(Fault::Enospc, Durability::Group);
    at_every_operation(Fault::Enospc, Durability::None);
}

#[test]
fn a_short_write() {
    at_every_operation(Fault::ShortWriteThenEio, Durability::Group);
    at_every_operation(Fault::ShortWriteThenEio, Durability::None);
}

#[test]
fn a_failed_sync() {
    at_every_operation(Fault::FailedSync, Durability::Group);
    at_every_operation(Fault::FailedSync, Durability::None);
}
