//! One life with one fault, and what must hold during it and afterwards.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use sutra_storage::{ConcurrentMemory, Durability, Error, Result};
use sutra_vfs::sim::{Fault, Policy, SimDirectory};

use crate::plan::Plan;
use crate::support::bytes_of;
use crate::support::check::{check, check_accesses};
use crate::support::model::Model;
use crate::support::operation::Operation;
use crate::support::panics::engine_panics;
use crate::workload::{Act, Prepared, learn};

/// A case. Says which it was when a check fails.
pub(crate) struct Case<'a> {
    pub(crate) prepared: &'a Prepared,
    pub(crate) plan: Plan,
}

impl fmt::Display for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.prepared.workload, self.plan)
    }
}

/// How a case went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Groups fell otherwise than in the life without a fault, and this one was over before its turn.
    NotMet,
    /// The store could not be opened.
    Refused,
    /// It could not be closed, for another reason than that writing had stopped.
    NotClosed,
    /// Writing had stopped.
    Poisoned,
    /// It went on.
    Unharmed,
}

/// What is known of what the store was told.
struct Known<'a> {
    prepared: &'a Prepared,
    acknowledged: u64,
    accepted: u64,
}

impl Case<'_> {
    pub(crate) fn run(&self) -> End {
        let disk = self.prepared.base();
        let told = Told { case: self, disk: &disk };
        let start = self.prepared.start;
        let mut known = Known { prepared: self.prepared, acknowledged: start, accepted: start };
        let end = self.live(&disk, &mut known);
        assert_eq!(engine_panics(), 0, "a thread of the engine panicked");
        let end = if disk.faults() == 0 { End::NotMet } else { end };
        if self.plan.is_unnoticed() {
            assert!(matches!(end, End::Unharmed | End::NotMet), "it was noticed: {end:?}");
        }
        if self.plan.fault == Fault::FailedSync {
            assert_ne!(end, End::Unharmed, "somebody synced again and called it good");
        }
        drop(told);
        end
    }

    fn live(&self, disk: &SimDirectory, known: &mut Known<'_>) -> End {
        self.plan.order(disk);
        let mut memory = match self.prepared.workload.open(disk) {
            Ok(memory) => memory,
            Err(error) => {
                assert!(matches!(error, Error::Io { .. }), "{error:?}");
                disk.heal();
                // Where there was nothing an empty store may have been made.
                if self.plan.is_of_reads() && !self.prepared.files.is_empty() {
                    assert_untouched(&self.prepared.files, &bytes_of(disk));
                }
                known.after_the_life(disk);
                return End::Refused;
            }
        };
        known.see(&memory);
        for act in &self.prepared.workload.acts {
            match known.act(act, disk, &mut memory) {
                Ok(()) => {}
                Err(Ended::Refused) => {
                    disk.heal();
                    known.after_the_life(disk);
                    return End::Refused;
                }
                Err(Ended::NotClosed) => {
                    drop(memory);
                    disk.heal();
                    known.after_the_life(disk);
                    return End::NotClosed;
                }
                Err(Ended::Poisoned) => {
                    disk.heal();
                    return known.poisoned(disk, memory, matches!(act, Act::Reopen));
                }
            }
        }
        disk.heal();
        // Before anything else makes it good: what was acknowledged is durable now.
        drop(known.found(&disk.image(Policy::DropAll)));
        // An attempt under way may have begun when the disk still failed; the next one has not.
        match memory.flush().or_else(|error| if is_io(&error) { memory.flush() } else { Err(error) }) {
            Ok(()) => known.unharmed(disk, &memory),
            Err(Error::Poisoned { .. }) => known.poisoned(disk, memory, false),
            Err(error) => panic!("the disk is sound again: {error:?}"),
        }
    }
}

/// Why a life ended early.
enum Ended {
    Poisoned,
    NotClosed,
    Refused,
}

fn is_io(error: &Error) -> bool {
    matches!(error, Error::Io { .. })
}

impl Known<'_> {
    fn act(&mut self, act: &Act, disk: &SimDirectory, memory: &mut ConcurrentMemory) -> Result<(), Ended> {
        let outcome = match act {
            Act::Write(operation) => match operation.perform(memory) {
                Ok(sequence) => {
                    self.accepted += 1;
                    assert_eq!(sequence, self.accepted);
                    if memory.config().durability == Durability::Always {
                        self.acknowledged = sequence;
                    }
                    Ok(())
                }
                Err(error) => {
                    assert!(matches!(error, Error::Poisoned { .. }), "{error:?}");
                    Err(error)
                }
            },
            Act::Durable => memory.wait_durable(self.accepted).map(|()| self.acknowledged = self.accepted),
            Act::Visible => memory.wait_visible(self.accepted),
            Act::Flush => memory.flush().map(|()| self.acknowledged = self.accepted),
            Act::Reopen => match memory.close() {
                Ok(()) => {
                    self.acknowledged = self.accepted;
                    match self.prepared.workload.open(disk) {
                        Ok(opened) => *memory = opened,
                        Err(error) => {
                            assert!(is_io(&error), "{error:?}");
                            return Err(Ended::Refused);
                        }
                    }
                    Ok(())
                }
                Err(error) if is_io(&error) => return Err(Ended::NotClosed),
                Err(error) => Err(error),
            },
        };
        self.see(memory);
        match outcome {
            Ok(()) => Ok(()),
            Err(Error::Poisoned { .. }) => Err(Ended::Poisoned),
            // A checkpoint that was given up: writing goes on.
            Err(Error::Io { .. }) => Ok(()),
            Err(error) => panic!("{act:?}: {error:?}"),
        }
    }

    /// What a reader saw is acknowledged, but without a log.
    fn see(&mut self, memory: &ConcurrentMemory) {
        if memory.config().durability != Durability::None {
            self.acknowledged = self.acknowledged.max(memory.sequence());
        }
    }

    /// Reads go on, and are right.
    fn read(&mut self, memory: &ConcurrentMemory) {
        let snapshot = memory.snapshot();
        check(&snapshot, &self.prepared.models[snapshot.sequence() as usize]);
        self.see(memory);
    }

    /// The last sequence that may be found. Under Always a write is accepted before the sync that fails.
    fn bound(&self) -> u64 {
        let last = self.prepared.models.len() as u64 - 1;
        let always = self.prepared.workload.durability == Durability::Always;
        (self.accepted + u64::from(always)).min(last)
    }

    /// A sound disk does not bring writing back: nobody may sync again and call it good.
    fn poisoned(&mut self, disk: &SimDirectory, memory: ConcurrentMemory, closed: bool) -> End {
        let poisoned = |outcome: Result<()>| match outcome {
            Err(Error::Poisoned { cause }) => assert!(!cause.contains("panic"), "{cause}"),
            other => panic!("writing goes on: {other:?}"),
        };
        poisoned(memory.record_access("x").map(drop));
        poisoned(memory.flush());
        self.read(&memory);
        memory
            .wait_durable(if memory.config().durability == Durability::None { 0 } else { memory.sequence() })
            .unwrap();
        match memory.close() {
            // It was closed already, and that call was told.
            Ok(()) if closed => {}
            outcome => poisoned(outcome),
        }
        self.read(&memory);
        drop(memory);
        self.after_the_life(disk);
        End::Poisoned
    }

    fn unharmed(&mut self, disk: &SimDirectory, memory: &ConcurrentMemory) -> End {
        let all = self.prepared.models.len() as u64 - 1;
        assert_eq!(self.accepted, all, "a store that is not poisoned takes every write");
        self.acknowledged = all;
        self.read(memory);
        check_accesses(&memory.snapshot(), &self.prepared.models[all as usize]);
        memory.close().unwrap();
        drop(self.found(&disk.image(Policy::DropAll)));
        End::Unharmed
    }

    /// Opens what is on a disk, which has no faults, and checks it.
    fn found(&self, disk: &SimDirectory) -> (ConcurrentMemory, Arc<Model>) {
        let memory = self.prepared.workload.open(disk).unwrap();
        let snapshot = memory.snapshot();
        let (found, bounds) = (snapshot.sequence(), (self.acknowledged, self.bound()));
        assert!((bounds.0..=bounds.1).contains(&found), "{found} is not within {bounds:?}");
        let model = &self.prepared.models[found as usize];
        check(&snapshot, model);
        check_accesses(&snapshot, model);
        (memory, Arc::clone(model))
    }

    /// The life is over and the disk sound: a power cut takes nothing acknowledged, nor anything from the store that is
    /// opened on what the process left, and goes on.
    fn after_the_life(&mut self, disk: &SimDirectory) {
        // One case in four.
        let flush = disk.operations().is_multiple_of(4);
        drop(self.found(&disk.image(Policy::DropAll)));
        let (memory, mut model) = self.found(disk);
        // In the log, over segments that the last checkpoint covers; or in the file, and in the log again.
        for number in 0..if flush { 2 } else { 1 } {
            let operation = Operation::Learn(learn(1, number, 3000));
            model = Arc::new(model.after(&operation, (0, u64::MAX)));
            assert_eq!(operation.perform(&memory).unwrap(), model.sequence);
            memory.wait_durable(model.sequence).unwrap();
            if flush && number == 0 {
                memory.flush().unwrap();
            }
        }
        let after = self.prepared.workload.open(&disk.image(Policy::DropAll)).unwrap();
        check(&after.snapshot(), &model);
        check_accesses(&after.snapshot(), &model);
    }
}

/// A read that failed has changed no file, but that zeros may stand where the torn end of a log was: it is taken away before
/// later reads. In a segment that was used before, bytes of its earlier life follow.
fn assert_untouched(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (name, bytes) in before {
        let now = &after[name];
        assert_eq!(now.len(), bytes.len(), "the length of {name}");
        let log = name.starts_with("wal-");
        let changed = now.iter().zip(bytes).position(|(now, before)| now != before && !(log && *now == 0));
        assert_eq!(changed, None, "{name} was changed");
    }
}

/// Says which case it was, and what was done to the disk, if it ends by a panic.
struct Told<'a> {
    case: &'a Case<'a>,
    disk: &'a SimDirectory,
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("FAILED: {}", self.case);
            for op in self.disk.trace() {
                println!("  {} {:?}{}", op.number, op.kind, if op.succeeded { "" } else { ": failed" });
            }
        }
    }
}
