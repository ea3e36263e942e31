//! A header whose write reported an error may be on the disk all the same, or in part.

mod support;

use support::{Learner, Random, arc, contents, open, options, verify};
use sutra_store::{FILE_NAME, Store, StoreError};
use sutra_vfs::Directory;
use sutra_vfs::sim::{Fault, Policy, Rest, SimDirectory, TraceKind, TraceOp, Unsynced};

// The commit that was given up is on the disk, with a footer and extents. If the next checkpoint wrote over them, a power
// cut in its midst would leave a header that refers to garbage, and that header has the higher number.
#[test]
fn what_a_header_may_refer_to_is_not_written_over() {
    let life = |disk: &SimDirectory| {
        let mut store = Store::create(arc(disk), options()).unwrap();
        let mut learner = Learner::new();
        learner.learn_some(&mut Random(1), 100, 50);
        learner.checkpoint(&mut store, true).unwrap();
        let committed = contents(&learner.writer.latest());
        learner.learn_some(&mut Random(2), 100, 50);
        (store, learner, committed)
    };
    let dry = SimDirectory::new();
    let (mut store, mut learner, _) = life(&dry);
    let before = dry.operations();
    learner.checkpoint(&mut store, true).unwrap();
    let is_header = |op: &TraceOp| matches!(&op.kind, TraceKind::Write { offset: 0, .. }) && op.number >= before;
    let header = dry.trace().into_iter().find(is_header).expect("a header is written").number;
    // Half of it is there, or all.
    for (fault, step) in [Fault::ShortWriteThenEio, Fault::DoneThenEio]
        .into_iter()
        .flat_map(|fault| (0..40).map(move |step| (fault, step)))
    {
        let disk = SimDirectory::new();
        let (mut store, mut learner, committed) = life(&disk);
        disk.fail_at(header, fault);
        assert!(matches!(learner.checkpoint(&mut store, true), Err(StoreError::GivenUp { .. })));
        // Another image, longer than the first: the same places would hold other bytes.
        learner.learn_some(&mut Random(3), 300, 200);
        disk.crash_at(disk.operations() + step);
        let ended = learner.checkpoint(&mut store, true).is_ok();
        let torn = disk.unsynced().into_iter().enumerate().filter_map(|(change, unsynced)| match unsynced {
            Unsynced::Write { offset: 0 | 4096, .. } => {
                Some(Policy::Torn { change, bytes: 100, rest: Rest::Before, others: false })
            }
            _ => None,
        });
        let all = [Policy::DropAll, Policy::KeepAll, Policy::Random(step), Policy::Random(step + 1_000)];
        for policy in all.into_iter().chain(torn) {
            let after = disk.image(policy);
            let found = contents(&open(&after).1.writer.latest());
            verify(&after);
            assert!(found == committed || found.len() > committed.len(), "step {step}, {policy:?}");
            if ended {
                assert!(found == contents(&learner.writer.latest()));
            }
        }
        assert!(ended || step < 39, "the last one is cut after its end");
        assert!(!ended || step > 5);
    }
}

// With one slot rotten the other one is all there is. Half a header written over it would be the end of the store.
#[test]
fn the_only_good_header_is_written_last() {
    for rotten in [0, 1] {
        let disk = SimDirectory::new();
        let mut store = Store::create(arc(&disk), options()).unwrap();
        let mut learner = Learner::new();
        learner.learn(1, b"one");
        learner.checkpoint(&mut store, false).unwrap();
        let file = disk.open(FILE_NAME).unwrap().unwrap();
        file.write_all_at(&[0xff; 16], rotten * 4096 + 40).unwrap();
        file.sync_data().unwrap();
        let before = disk.image(Policy::KeepAll);

        let opened = disk.operations();
        open(&disk);
        let headers: Vec<_> = disk
            .trace()
            .into_iter()
            .filter_map(|op| match op.kind {
                TraceKind::Write { offset: offset @ (0 | 4096), len: 256, .. } if op.number >= opened => Some(offset),
                _ => None,
            })
            .collect();
        assert_eq!(headers, [rotten * 4096, (1 - rotten) * 4096]);

        for operation in 0.. {
            let disk = before.image(Policy::KeepAll);
            disk.fail_at(operation, Fault::ShortWriteThenEio);
            let ended = Store::open(arc(&disk)).is_ok();
            open(&disk.image(Policy::KeepAll));
            if ended && disk.operations() < operation {
                break;
            }
        }
    }
}

// The sync of the second header failed, and the process went. Its successor finds both headers in the page cache; one alone is
// on the medium, and the next checkpoint must not be the first to write over that one.
#[test]
fn a_second_header_whose_sync_failed_is_durable_before_the_first_is_written_over() {
    let life = |disk: &SimDirectory| {
        let mut store = Store::create(arc(disk), options()).unwrap();
        let mut learner = Learner::new();
        learner.learn(1, b"one");
        learner.checkpoint(&mut store, false).is_ok()
    };
    let dry = SimDirectory::new();
    assert!(life(&dry));
    let last = dry.operations() - 1;
    assert!(matches!(&dry.trace()[last as usize].kind, TraceKind::Sync { name } if name == FILE_NAME));

    let disk = SimDirectory::new();
    disk.fail_at(last, Fault::FailedSync);
    assert!(!life(&disk));
    let shown = contents(&open(&disk.kill_image()).1.writer.latest());
    let mut torn = 0;
    for operation in 0.. {
        let next = disk.kill_image();
        next.crash_at(operation);
        let ended = Store::open(arc(&next)).is_ok_and(|opened| {
            let (mut store, restore) = opened.expect("a store");
            let mut learner = Learner::restore(restore);
            learner.learn(2, b"two");
            learner.checkpoint(&mut store, false).is_ok()
        });
        for (change, unsynced) in next.unsynced().iter().enumerate() {
            if !matches!(unsynced, Unsynced::Write { offset: 0 | 4096, .. }) {
                continue;
            }
            torn += 1;
            for (bytes, rest) in
                [0, 60, 100, 200, 256].into_iter().flat_map(|bytes| [(bytes, Rest::Before), (bytes, Rest::Zeros)])
            {
                let after = next.image(Policy::Torn { change, bytes, rest, others: false });
                let found = contents(&open(&after).1.writer.latest());
                assert!(found == shown || found.len() > shown.len(), "cut at {operation}, torn at {bytes}, {rest:?}");
            }
        }
        if ended {
            break;
        }
    }
    assert!(torn >= 4, "two headers of the open and two of the checkpoint: {torn}");
}
