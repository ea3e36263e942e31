//! A forked child has the parent's memory and none of its threads: its writes and waits are errors, its reads are not, and
//! what it drops is the parent's. One test only: the process forks.

use sutra_storage::{Batch, Concept, ConceptId, ConcurrentConfig, ConcurrentMemory, Error, OverviewOptions};

const MANY: u32 = 20_000;

#[test]
fn writes_and_waits_are_errors_in_a_forked_child_and_the_parent_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let config = || ConcurrentConfig::new(folder.path());
    let elsewhere = tempfile::tempdir().unwrap();
    let memory = ConcurrentMemory::new(config()).unwrap();
    memory.learn_concept("otter", "swims", None, 1.0, 1.0).unwrap();
    // So many that the overviews deal them out to threads.
    let mut batch = Batch::new();
    (0..MANY).for_each(|number| {
        batch.concept(Concept::new(ConceptId::from_bytes((u128::from(number) + 1).to_le_bytes())));
    });
    let sequence = memory.learn_batch(&batch).unwrap();
    memory.wait_visible(sequence).unwrap();
    // The parent has started the threads that read a whole snapshot; the child has none of them.
    assert!(memory.components(OverviewOptions::default()).unwrap().complete);

    // SAFETY: the child takes no lock that the engine's threads hold at any time (its writes and waits are refused before),
    // allocates, which the C library allows after fork, and leaves by `_exit`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let forked = |outcome: Result<(), Error>| matches!(outcome, Err(Error::Forked));
        let checks = [
            memory.contains("otter").unwrap_or(false),
            memory.components(OverviewOptions::default()).is_ok_and(|answer| answer.complete),
            forked(memory.record_access("otter").map(drop)),
            forked(memory.learn_association("otter", "river", "a new type", 1.0).map(drop)),
            forked(memory.try_learn_concept("a", "b", None, 1.0, 1.0).map(drop)),
            forked(memory.wait_visible(sequence)),
            forked(memory.wait_durable(sequence)),
            forked(memory.flush()),
            forked(memory.close()),
            matches!(ConcurrentMemory::new(config()), Err(Error::Locked { .. })),
            // A store that the child opens itself is its own.
            ConcurrentMemory::new(ConcurrentConfig::new(elsewhere.path())).is_ok_and(|own| {
                let written = own.learn_concept("child", "writes", None, 1.0, 1.0);
                written.is_ok_and(|written| own.wait_durable(written).is_ok()) && own.close().is_ok()
            }),
        ];
        drop(memory);
        let failed = checks.iter().position(|check| !check).map_or(0, |at| at as i32 + 1);
        // SAFETY: ends the child at once, without the handlers of the test program.
        unsafe { libc::_exit(failed) };
    }
    assert!(child > 0);
    let mut status = 0;
    // SAFETY: `status` is a valid place for the result, and `child` is a child of this process not yet waited for.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert!(libc::WIFEXITED(status));
    assert_eq!(libc::WEXITSTATUS(status), 0, "the check of this number failed in the child");

    assert!(
        matches!(ConcurrentMemory::new(config()), Err(Error::Locked { .. })),
        "the child's drop has not unlocked it"
    );
    let own = ConcurrentMemory::new(ConcurrentConfig::new(elsewhere.path())).unwrap();
    assert!(own.contains("child").unwrap());
    drop(own);
    let sequence = memory.learn_concept("seal", "swims too", None, 1.0, 1.0).unwrap();
    memory.wait_durable(sequence).unwrap();
    memory.close().unwrap();
    drop(memory);
    assert_eq!(ConcurrentMemory::new(config()).unwrap().concept_count(), u64::from(MANY) + 2);
}
