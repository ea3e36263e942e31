//! The power goes at every operation of a store's life, and again at every operation of the recovery that follows. What is
//! found is what some sequence had made of the store: no earlier one than the last that was acknowledged, batches whole.

mod support;

use std::sync::Arc;

use support::check::{check, check_accesses};
use support::model::Model;
use support::operation::{Associate, Learn, Name, Operation};
use support::{Random, open, seed};
use sutra_storage::{ConcurrentMemory, Durability, Error};
use sutra_vfs::sim::{Policy, SimDirectory};

/// What is done to the store, besides writes.
#[derive(Clone, Debug)]
enum Act {
    Write(Operation),
    Durable,
    Flush,
    Reopen,
}

fn policies(seed: u64) -> impl Iterator<Item = Policy> {
    [Policy::DropAll, Policy::KeepAll].into_iter().chain((0..4).map(move |toss| Policy::Random(seed * 4 + toss)))
}

/// What was accepted and acknowledged up to the power cut.
#[derive(Clone)]
struct Known {
    durability: Durability,
    models: Vec<Arc<Model>>,
    acknowledged: u64,
}

impl Known {
    fn new(durability: Durability) -> Self {
        Self { durability, models: vec![Arc::default()], acknowledged: 0 }
    }

    fn accepted(&self) -> u64 {
        self.models.len() as u64 - 1
    }

    /// Writes, or gives the error of a disk without power.
    fn write(&mut self, memory: &ConcurrentMemory, operation: &Operation) -> Result<(), Error> {
        // The time is the call's, which no model can know: any will do.
        let next = self.models[self.models.len() - 1].after(operation, (0, u64::MAX));
        let outcome = operation.perform(memory);
        // Under Always the write is accepted before the disk fails: it may be found.
        if outcome.is_ok() || memory.stats().write_log.written > 0 && self.durability == Durability::Always {
            self.models.push(Arc::new(next));
        }
        let sequence = outcome?;
        assert_eq!(sequence, self.accepted());
        if self.durability == Durability::Always {
            self.acknowledged = sequence;
        }
        Ok(())
    }

    fn act(&mut self, disk: &SimDirectory, memory: &mut ConcurrentMemory, act: &Act) -> Result<(), Error> {
        match act {
            Act::Write(operation) => self.write(memory, operation)?,
            Act::Durable => {
                memory.wait_durable(self.accepted())?;
                self.acknowledged = self.accepted();
            }
            Act::Flush => {
                memory.flush()?;
                self.acknowledged = self.accepted();
            }
            Act::Reopen => {
                memory.close()?;
                self.acknowledged = self.accepted();
                *memory = open(disk, self.durability)?;
            }
        }
        self.see(memory);
        Ok(())
    }

    /// What a reader sees is acknowledged, but without a log.
    fn see(&mut self, memory: &ConcurrentMemory) {
        if self.durability != Durability::None {
            self.acknowledged = self.acknowledged.max(memory.sequence());
        }
    }

    /// A life up to the first error, on a disk whose power goes at some operation.
    fn live(&mut self, disk: &SimDirectory, acts: &[Act]) -> Result<(), Error> {
        let mut memory = open(disk, self.durability)?;
        for act in acts {
            if let Err(error) = self.act(disk, &mut memory, act) {
                self.see(&memory);
                return Err(error);
            }
        }
        memory.close()?;
        self.acknowledged = self.accepted();
        Ok(())
    }

    /// Looks at a store that was recovered, and takes what it shows as acknowledged.
    fn check(&mut self, memory: &ConcurrentMemory) {
        let snapshot = memory.snapshot();
        let found = snapshot.sequence();
        let bounds = (self.acknowledged, self.accepted());
        assert!((bounds.0..=bounds.1).contains(&found), "{found} is not within {bounds:?}");
        self.models.truncate(found as usize + 1);
        check(&snapshot, &self.models[found as usize]);
        check_accesses(&snapshot, &self.models[found as usize]);
        self.acknowledged = if self.durability == Durability::None { 0 } else { found };
    }

    /// Recovers from a disk, writes on, and recovers again after one more power cut.
    fn goes_on(mut self, disk: &SimDirectory) {
        let memory = open(disk, self.durability).unwrap();
        self.check(&memory);
        let operation = Operation::Batch(vec![learn(2, 1), associate(2, 0, "rhymes with"), Operation::Access(Name(2))]);
        self.write(&memory, &operation).unwrap();
        memory.wait_durable(self.accepted()).unwrap();
        self.acknowledged = self.accepted();
        self.check(&open(&disk.image(Policy::DropAll), self.durability).unwrap());
    }
}

/// Runs a life with the power cut at each of its operations, and gives what is left and known to `then`.
fn at_every_operation(durability: Durability, acts: &[Act], mut then: impl FnMut(u64, &SimDirectory, &Known)) {
    let whole = SimDirectory::new();
    Known::new(durability).live(&whole, acts).unwrap();
    let operations = whole.operations();
    assert!(operations > 25, "the life is long enough to mean something: {operations}");
    let trace = whole.trace();
    for number in 0..operations {
        let disk = SimDirectory::new();
        disk.crash_at(number);
        let mut known = Known::new(durability);
        // How groups fall is not the same each time: a life may be shorter by some operations.
        let _ = known.live(&disk, acts);
        println!("the power goes at operation {number}, {:?}", trace[number as usize].kind);
        then(number, &disk, &known);
    }
}

fn learn(name: u8, seed: u64) -> Operation {
    Operation::Learn(Learn {
        name: Name(name),
        content: (100 + seed, 1 + seed as usize),
        embedding: name.is_multiple_of(2).then(|| vec![seed as f32, 1.0, -1.0]),
        metadata: name.is_multiple_of(3).then(|| format!("[{seed}]")),
        strength: 0.5,
        confidence: 0.25,
        created: Some(seed),
    })
}

fn associate(source: u8, target: u8, kind: &'static str) -> Operation {
    Operation::Associate(Associate {
        source: Name(source),
        target: Name(target),
        kind,
        confidence: 0.75,
        weight: Some(2.0),
        created: None,
        valid: None,
        metadata: None,
    })
}

/// Single writes and batches, each waited for: every group a sync.
fn writes() -> Vec<Act> {
    let batch = vec![learn(4, 5), associate(4, 3, "hypernym"), Operation::Access(Name(0)), Operation::Forget(Name(1))];
    let operations = [
        learn(0, 1),
        learn(1, 2),
        associate(0, 1, "causal"),
        Operation::Batch(batch),
        Operation::Strength(Name(0), 0.5),
    ];
    operations.into_iter().flat_map(|operation| [Act::Write(operation), Act::Durable]).collect()
}

/// Checkpoints between groups, one of them with a content larger than a chunk; a close and a second session.
fn checkpoints() -> Vec<Act> {
    let large = match learn(0, 3) {
        Operation::Learn(learn) => Operation::Learn(Learn { content: (123, 25_000), ..learn }),
        other => other,
    };
    vec![
        Act::Write(learn(0, 1)),
        Act::Flush,
        Act::Write(associate(0, 3, "rhymes with")),
        Act::Write(Operation::Access(Name(0))),
        Act::Flush,
        Act::Write(large),
        Act::Durable,
        Act::Reopen,
        Act::Write(Operation::Forget(Name(3))),
        Act::Write(Operation::Batch(vec![learn(3, 7), associate(3, 0, "hypernym")])),
        Act::Durable,
        Act::Flush,
        Act::Write(Operation::Metadata(Name(3), "7".to_owned())),
    ]
}

/// Random writes, some waited for.
fn random(seed: u64) -> Vec<Act> {
    let mut random = Random(seed);
    let mut model = Model::default();
    let mut acts = Vec::new();
    while acts.len() < 16 {
        match random.below(8) {
            0 => acts.push(Act::Durable),
            1 => acts.push(Act::Flush),
            2 if random.one_in(3) => acts.push(Act::Reopen),
            _ => {
                let operation = Operation::random(&mut random);
                if !model.refuses(&operation) {
                    model = model.after(&operation, (0, 0));
                    acts.push(Act::Write(operation));
                }
            }
        }
    }
    acts
}

fn once(durability: Durability, acts: &[Act]) {
    let mut seen = [0; 2];
    at_every_operation(durability, acts, |number, disk, known| {
        for policy in policies(number) {
            let after = disk.image(policy);
            let found = open(&after, durability).map(|memory| memory.sequence()).unwrap();
            seen[usize::from(found == known.accepted())] += 1;
            known.clone().goes_on(&disk.image(policy));
        }
        // The process alone ends: what it wrote is there, and stays.
        known.clone().goes_on(&disk.kill_image());
    });
    assert!(seen.iter().all(|count| *count > 0), "some lose a tail and some do not: {seen:?}");
}

fn twice(durability: Durability, acts: &[Act]) {
    let mut cuts = 0;
    at_every_operation(durability, acts, |number, disk, known| {
        let policy = Policy::Random(number);
        for killed in [false, true] {
            let start = || if killed { disk.kill_image() } else { disk.image(policy) };
            for again in 0.. {
                let after = start();
                after.crash_at(again);
                let mut known = known.clone();
                let opened = open(&after, durability);
                if let Ok(memory) = &opened {
                    known.check(memory);
                }
                // Was the cut within the recovery, or in what the open store did next (its close, here)?
                let within = opened.is_err();
                drop(opened);
                for policy in [Policy::DropAll, Policy::Random(again)] {
                    known.clone().goes_on(&after.image(policy));
                }
                cuts += 1;
                if !within {
                    break;
                }
            }
        }
    });
    println!("{cuts} power cuts after a power cut");
}

#[test]
fn in_single_writes_and_batches() {
    once(Durability::Group, &writes());
}

#[test]
fn in_writes_that_are_always_durable() {
    let acts: Vec<_> = writes().into_iter().filter(|act| matches!(act, Act::Write(_))).collect();
    once(Durability::Always, &acts);
}

#[test]
fn in_checkpoints_and_reopens() {
    once(Durability::Group, &checkpoints());
}

#[test]
fn in_checkpoints_without_a_log() {
    once(Durability::None, &checkpoints());
}

#[test]
fn in_random_lives() {
    let seed = seed(1);
    println!("SUTRA_SEED={seed}");
    once(Durability::Group, &random(seed));
}

#[test]
fn in_the_recovery_of_single_writes_and_batches() {
    twice(Durability::Group, &writes());
}

#[test]
fn in_the_recovery_of_checkpoints_and_reopens() {
    twice(Durability::Group, &checkpoints());
}
