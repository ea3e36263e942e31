//! A process forks while eight of its threads write. The child has the memory of that moment and none of the threads: it reads
//! its snapshot, and is refused when it writes or waits. The parent goes on as if nothing had been.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Error, Snapshot};

use crate::child;
use crate::child::{SAYS, say};
use crate::support::tier::{Tier, checked};

const WRITERS: u64 = 8;

/// In a process of its own: what is held by the threads of other tests at the fork would be held for ever in the child.
#[test]
fn a_fork_while_eight_threads_write_harms_nobody() {
    let forks = Tier::get().pick(5, 100, 1000);
    let output =
        child("forker").env("SUTRA_STRESS_FORKS", forks.to_string()).stdin(Stdio::null()).output().expect("run");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains(&format!("{SAYS}done {forks}")), "{text}");
    checked(forks, "forks of a process that writes");
}

/// The content of each writer's concept in a snapshot: all numbers.
fn contents(snapshot: &Snapshot) -> Option<Vec<u64>> {
    let number = |writer: u64| {
        let found = snapshot.query_concept(&format!("writer {writer}")).ok()??;
        Some(u64::from_le_bytes(found.content().ok()?.try_into().ok()?))
    };
    (0..WRITERS).map(number).collect()
}

/// Ends the writers when it goes, also by a panic: who waits for them would wait for ever.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub(crate) fn forker() {
    let forks: u64 = std::env::var("SUTRA_STRESS_FORKS").expect("how many").parse().expect("a number");
    let folder = tempfile::tempdir().expect("a folder");
    let config = || ConcurrentConfig { queue_capacity: 64, ..ConcurrentConfig::new(folder.path()) };
    let memory = ConcurrentMemory::new(config()).expect("created");
    let write = |writer: u64, number: u64| {
        let name = format!("writer {writer}");
        memory.learn_concept(&name, number.to_le_bytes(), None, 0.5, 0.5).expect("accepted")
    };
    let first = (0..WRITERS).map(|writer| write(writer, 0)).max().expect("some");
    memory.wait_visible(first).expect("visible");
    let ended = AtomicBool::new(false);
    let last: Vec<u64> = std::thread::scope(|scope| {
        let (ended, write) = (&ended, &write);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn(move || {
                    let mut number = 0;
                    while !ended.load(Ordering::Relaxed) {
                        number += 1;
                        write(writer, number);
                    }
                    number
                })
            })
            .collect();
        let end = End(ended);
        let mut before = vec![0; WRITERS as usize];
        for _ in 0..forks {
            let snapshot = memory.snapshot();
            let expected = contents(&snapshot).expect("all of them are there");
            assert!(expected.iter().zip(&before).all(|(now, before)| now >= before), "{before:?}, then {expected:?}");
            before.clone_from(&expected);
            fork(&memory, &snapshot, &expected);
        }
        drop(end);
        writers.into_iter().map(|writer| writer.join().expect("it wrote")).collect()
    });
    memory.flush().expect("flushed");
    assert_eq!(contents(&memory.snapshot()), Some(last.clone()));
    let stats = memory.stats();
    assert_eq!(stats.write_log.written, last.iter().sum::<u64>() + WRITERS);
    memory.close().expect("closed");
    assert_eq!(memory.stats().reconciler.entries_processed, stats.write_log.written);
    drop(memory);
    assert_eq!(contents(&ConcurrentMemory::new(config()).expect("opened").snapshot()), Some(last));
    say(&format!("done {forks}"));
}

fn fork(memory: &ConcurrentMemory, snapshot: &Snapshot, expected: &[u64]) {
    // SAFETY: the child takes no lock that another thread may have held at the fork: its writes and waits are refused before,
    // reads take none, and the C library makes its own locks (of allocation) good again. It leaves by `_exit`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: sets a timer of this process, which ends it should a check wait for ever. None waits at all.
        unsafe { libc::alarm(60) };
        let forked = |outcome: Result<(), Error>| matches!(outcome, Err(Error::Forked));
        // One after the other, up to the first that fails: what should be refused and is not may wait.
        let checks: [&dyn Fn() -> bool; 7] = [
            &|| contents(snapshot).is_some_and(|found| found == expected),
            &|| contents(&memory.snapshot()).is_some(),
            &|| forked(memory.record_access("writer 0").map(drop)),
            &|| forked(memory.try_learn_concept("child", "", None, 0.5, 0.5).map(drop)),
            &|| forked(memory.wait_durable(1)),
            &|| forked(memory.flush()),
            &|| forked(memory.close()),
        ];
        let failed = checks.iter().position(|check| !check()).map_or(0, |at| at as i32 + 1);
        // SAFETY: ends the child at once, without the handlers of the test program.
        unsafe { libc::_exit(failed) };
    }
    assert!(child > 0, "no process could be made");
    let mut status = 0;
    // SAFETY: `status` is a valid place for the result, and `child` is a child of this process not yet waited for.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert!(libc::WIFEXITED(status), "the child ended by a signal: {status}");
    assert_eq!(libc::WEXITSTATUS(status), 0, "the check of this number failed in the child");
}
