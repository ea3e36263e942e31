//! What the facade cannot ask of the engine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sutra_format::ConceptId;
use sutra_format::entry::{Entry, EntryWriter, LearnConcept, Op};
use sutra_log::{Cost, LogError, Wait};
use sutra_reconciler::{Durability, Engine, EngineError, EngineOptions};
use sutra_vfs::sim::{Fault, SimDirectory, TraceKind};

fn learn<'a>(number: u8) -> LearnConcept<'a> {
    LearnConcept {
        id: ConceptId::from_bytes([number; 16]),
        namespace: 0,
        key: b"",
        content: b"content",
        vector: None,
        metadata: None,
        strength: 1.0,
        confidence: 1.0,
        created: None,
    }
}

fn entry(number: u8) -> Entry {
    EntryWriter::single(u64::from(number), &Op::LearnConcept(learn(number)))
}

fn open(options: EngineOptions) -> Engine {
    Engine::open(Arc::new(SimDirectory::new()), options).unwrap().0
}

/// The write-ahead log counts the bytes of an entry in 32 bits: a larger one is refused, not accepted and then fatal.
#[test]
fn an_entry_of_four_gigabytes_is_too_large_whatever_the_queue_takes() {
    let engine = open(EngineOptions { queue_bytes: 1 << 40, ..EngineOptions::default() });
    let cost = Cost { entries: 1, bytes: u64::from(u32::MAX) + 1 };
    let refused = engine.accept_defining::<EngineError>(cost, Wait::Never, |_, _| unreachable!("nothing is written"));
    assert!(matches!(refused, Err(EngineError::Log(LogError::TooLarge { .. }))), "{refused:?}");
    let sequence = engine.accept(entry(1), 1, Wait::Never).unwrap();
    engine.wait_durable(sequence, None).unwrap();
    engine.close().unwrap();
}

/// A thread that the engine waits for cannot wait for the engine: it gets an error instead of waiting for ever.
#[test]
fn waiting_calls_on_the_engines_own_threads_are_errors() {
    for durability in [Durability::Group, Durability::None] {
        let engine = open(EngineOptions { durability, ..EngineOptions::default() });
        let sequence = engine.accept(entry(1), 1, Wait::Never).unwrap();
        engine.wait_visible(sequence, None).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                sutra_log::forbid_waiting();
                let forbidden = |outcome| matches!(outcome, Err(EngineError::Log(LogError::WaitForbidden)));
                assert!(forbidden(engine.flush()));
                assert!(forbidden(engine.close()));
                if durability == Durability::None {
                    assert!(forbidden(engine.wait_durable(sequence, None)));
                }
            });
        });
        engine.flush().unwrap();
        engine.close().unwrap();
    }
}

/// Who closes second returns when the store is closed, so that it can be opened again at once.
#[test]
fn a_second_close_waits_for_the_first() {
    let disk = SimDirectory::new();
    for round in 0..20 {
        let engine = Engine::open(Arc::new(disk.clone()), EngineOptions::default()).unwrap().0;
        engine.accept(entry(round + 1), 1, Wait::Never).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| engine.close().unwrap());
            scope.spawn(|| {
                engine.close().unwrap();
                let opened = Engine::open(Arc::new(disk.clone()), EngineOptions::default());
                assert!(opened.is_ok(), "round {round}: {:?}", opened.err());
            });
        });
        let again = Engine::open(Arc::new(disk.clone()), EngineOptions::default()).unwrap().0;
        assert_eq!(again.snapshot().lengths().live_concepts, u32::from(round) + 1);
    }
}

/// The last checkpoint is the only chance of what it commits, without a write-ahead log; the image beside it is derived. A disk
/// that has no room for the image does not take the rest with it.
#[test]
fn a_close_without_room_for_an_image_keeps_what_was_learned() {
    let options = EngineOptions { durability: Durability::None, ..EngineOptions::default() };
    let life = |full: Option<u64>| {
        let disk = SimDirectory::new();
        let engine = Engine::open(Arc::new(disk.clone()), options.clone()).unwrap().0;
        let sequence = engine.accept(entry(1), 1, Wait::Never).unwrap();
        engine.wait_visible(sequence, None).unwrap();
        let first = disk.operations();
        if let Some(number) = full {
            disk.fail_at(number, Fault::Enospc);
        }
        let closed = engine.close();
        let takes_space = |kind: &TraceKind| matches!(kind, TraceKind::Write { .. } | TraceKind::Reserve { .. });
        let of_image = disk.trace().into_iter().find(|op| op.number >= first && takes_space(&op.kind));
        (disk, closed, of_image.expect("a close writes").number)
    };
    let (_, _, image) = life(None);
    let (disk, closed, _) = life(Some(image));
    assert_eq!(disk.faults(), 1);
    closed.unwrap();
    let (again, report) = Engine::open(Arc::new(disk), options.clone()).unwrap();
    assert_eq!((again.snapshot().lengths().live_concepts, report.created), (1, false));
    again.close().unwrap();
}

/// Memory that was written to `storage.dat` is kept for what is written next, and given back when nothing is.
#[test]
fn memory_for_further_writes_is_given_back_at_rest() {
    for (idle, kept) in [(Duration::from_secs(3600), true), (Duration::ZERO, false)] {
        let engine = open(EngineOptions { idle, ..EngineOptions::default() });
        // Twenty megabytes of contents: chunks of 4 MiB that are full, committed, mapped and free again.
        let content = vec![7; 100_000];
        // The second round's groups find the first one's chunks free, and count.
        for number in [1..200, 200..201] {
            for number in number {
                let learn = LearnConcept { content: &content, ..learn(number) };
                let entry = EntryWriter::single(1, &Op::LearnConcept(learn));
                engine.accept(entry, 1, Wait::For(Duration::from_secs(60))).unwrap();
            }
            engine.flush().unwrap();
        }
        let (bytes, deadline) = (|| engine.memory_use().heap_bytes, Instant::now() + Duration::from_secs(60));
        if kept {
            while bytes() < 16 << 20 && Instant::now() < deadline {
                std::thread::yield_now();
            }
            assert!(bytes() >= 16 << 20, "{} bytes", bytes());
        } else {
            while bytes() > 8 << 20 && Instant::now() < deadline {
                std::thread::yield_now();
            }
            assert!(bytes() <= 8 << 20, "{} bytes are kept", bytes());
        }
        engine.close().unwrap();
    }
}

/// Nothing but the bound asks for checkpoints here.
#[test]
fn what_is_not_in_the_file_is_bounded() {
    const LIMIT: u64 = 64 << 10;
    for durability in [Durability::Group, Durability::None] {
        let never = EngineOptions { threshold: u64::MAX, heap_bytes: u64::MAX, ..EngineOptions::default() };
        let engine = open(EngineOptions { heap_limit: LIMIT, durability, ..never });
        let content = vec![7; 1000];
        for number in 1..=200 {
            let learn = LearnConcept { content: &content, ..learn(number) };
            let entry = EntryWriter::single(1, &Op::LearnConcept(learn));
            let bytes = entry.len() as u64;
            let sequence = engine.accept(entry, 1, Wait::For(Duration::from_secs(60))).unwrap();
            engine.wait_visible(sequence, None).unwrap();
            // What came in since a checkpoint was begun, and what that one writes.
            let waiting = (sequence - engine.statistics().committed_sequence) * bytes;
            assert!(waiting <= 2 * (LIMIT + bytes), "{waiting} bytes");
        }
        assert!(engine.statistics().checkpoints >= 2);
        engine.close().unwrap();
    }
}

/// A full disk is no reason to stop learning: what cannot be written stays in memory.
#[test]
fn without_room_for_checkpoints_writing_goes_on() {
    let disk = SimDirectory::new();
    let options = EngineOptions { heap_limit: 16 << 10, durability: Durability::None, ..EngineOptions::default() };
    let engine = Engine::open(Arc::new(disk.clone()), options).unwrap().0;
    disk.fail_from(disk.operations(), Fault::Enospc);
    let content = vec![7; 1000];
    for number in 1..=100 {
        let learn = LearnConcept { content: &content, ..learn(number) };
        let entry = EntryWriter::single(1, &Op::LearnConcept(learn));
        let sequence = engine.accept(entry, 1, Wait::For(Duration::from_secs(60))).unwrap();
        engine.wait_visible(sequence, Some(Instant::now() + Duration::from_secs(60))).unwrap();
    }
    assert!(engine.statistics().checkpoint_failures > 0);
    disk.heal();
    engine.flush().unwrap();
    assert_eq!(engine.statistics().committed_sequence, 100);
    engine.close().unwrap();
}
