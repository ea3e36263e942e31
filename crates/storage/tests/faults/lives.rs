//! The workloads: each is there for what it makes the engine do to its files.

use sutra_storage::Durability;

use crate::support::Random;
use crate::support::model::Model;
use crate::support::operation::{Name, Operation, associate};
use crate::workload::{Act, Left, Workload, learn};

fn write(name: u8, number: u64, bytes: usize) -> Act {
    Act::Write(Operation::Learn(learn(name, number, bytes)))
}

fn batch(number: u64) -> Act {
    Act::Write(Operation::Batch(vec![
        Operation::Learn(learn(4, number, 30)),
        associate(4, 3, "hypernym"),
        Operation::Access(Name(4)),
        associate(4, 2, "rhymes with"),
        Operation::Forget(Name(3)),
    ]))
}

/// Each write a group, a sync and a wait.
pub(crate) fn single_writes() -> Workload {
    let operations = [
        Operation::Learn(learn(0, 1, 10)),
        Operation::Learn(learn(3, 2, 10)),
        associate(0, 3, "causal"),
        Operation::Access(Name(0)),
        Operation::Strength(Name(3), 0.25),
        Operation::Metadata(Name(3), "3".to_owned()),
        Operation::ForgetAssociation(Name(0), Name(3), "causal"),
    ];
    let acts = operations.into_iter().flat_map(|operation| [Act::Write(operation), Act::Durable]);
    Workload::new("single writes", acts.collect())
}

/// Batches, some of them gathered into one group, a checkpoint in between.
pub(crate) fn batches() -> Workload {
    use Act::{Durable, Flush, Visible};
    let acts = vec![batch(1), batch(2), Durable, batch(3), Visible, Flush, batch(4), batch(5), Durable, Flush];
    Workload::new("batches", acts)
}

/// Every call waits for its sync.
pub(crate) fn always() -> Workload {
    let acts = vec![write(0, 1, 10), batch(1), write(3, 2, 2000), Act::Reopen, batch(2), write(1, 3, 10), Act::Flush];
    Workload { durability: Durability::Always, ..Workload::new("always", acts) }
}

/// Without a log what is durable is what a checkpoint wrote.
pub(crate) fn without_a_log() -> Workload {
    use Act::{Durable, Flush, Reopen};
    let acts = vec![
        write(0, 1, 10),
        batch(1),
        Flush,
        write(1, 2, 10),
        Durable,
        write(0, 3, 70_000),
        Flush,
        Reopen,
        batch(2),
        Durable,
        write(5, 4, 10),
    ];
    Workload { durability: Durability::None, ..Workload::new("without a log", acts) }
}

/// Checkpoints, one with a content larger than a chunk; closes, each of which writes an image and removes the log.
pub(crate) fn checkpoints() -> Workload {
    use Act::{Durable, Flush, Reopen};
    let acts = vec![
        write(0, 1, 10),
        Flush,
        batch(1),
        write(2, 2, 75_000),
        Durable,
        Reopen,
        Act::Write(Operation::Access(Name(2))),
        Flush,
        batch(2),
        Durable,
        Reopen,
        write(1, 3, 10),
    ];
    Workload::new("checkpoints and closes", acts)
}

/// The smallest segments, which checkpoints release and groups take into use again.
pub(crate) fn recycled_segments() -> Workload {
    let mut acts = Vec::new();
    for number in 0..6 {
        acts.extend([write(0, number, 2500), Act::Durable, write(3, number, 2500), Act::Durable, Act::Flush]);
    }
    acts.extend([batch(1), Act::Durable]);
    Workload { segment_bytes: 8192, wal_bytes: 24 << 10, ..Workload::new("recycled segments", acts) }
}

/// A log of two segments, so that groups wait for checkpoints that nobody asked for; and groups that are longer than a
/// segment, in one that is made for them and removed.
pub(crate) fn a_full_log() -> Workload {
    let mut acts = Vec::new();
    for number in 0..5 {
        acts.extend([write(0, number, 2500), Act::Durable, write(3, number, 9000), Act::Durable]);
    }
    Workload { segment_bytes: 8192, wal_bytes: 16 << 10, ..Workload::new("a full log", acts) }
}

/// Checkpoints that a small threshold triggers, while groups go on.
pub(crate) fn triggered_checkpoints() -> Workload {
    let mut acts = Vec::new();
    for number in 0..6 {
        acts.extend([write(number as u8, number, 40), batch(number), Act::Durable]);
    }
    Workload { threshold: 4, ..Workload::new("triggered checkpoints", acts) }
}

/// What an earlier process does: some of it is in the file, the rest in several segments.
fn earlier() -> Vec<Act> {
    let mut acts = vec![write(0, 1, 10), batch(1), Act::Write(Operation::Access(Name(0))), Act::Flush];
    for number in 2..6 {
        acts.extend([write(3, number, 3000), Act::Durable, batch(number), Act::Durable]);
    }
    acts
}

fn later() -> Vec<Act> {
    vec![write(0, 7, 3000), Act::Durable, batch(9), Act::Flush, Act::Write(Operation::Access(Name(4))), Act::Reopen]
}

fn after(name: &'static str, before: Vec<Act>, left: Left) -> Workload {
    Workload { before: Some((before, left)), segment_bytes: 16 << 10, ..Workload::new(name, later()) }
}

/// The recovery of what a killed process left.
pub(crate) fn after_a_kill() -> Workload {
    after("after a kill", earlier(), Left::Killed)
}

/// The recovery of what a power cut left, with a torn tail to be cut off.
pub(crate) fn after_a_power_cut() -> Workload {
    after("after a power cut", earlier(), Left::Torn(0))
}

/// The opening of a file with an image, whose access counts the next image takes over.
pub(crate) fn after_a_close() -> Workload {
    after("after a close", earlier(), Left::Closed)
}

/// Random writes and sizes of the log; a life for each beginning, durabilities in turn.
pub(crate) fn random(seed: u64) -> impl Iterator<Item = Workload> {
    let mut random = Random(seed);
    let lefts = [None, Some(Left::Closed), Some(Left::Killed), Some(Left::Torn(seed))];
    let durabilities = [Durability::Group, Durability::Always, Durability::None, Durability::Group];
    (0..).zip(lefts).map(move |(turn, left)| {
        let mut model = Model::default();
        let before = left.map(|left| (acts(&mut random, &mut model, 8), left));
        let (segment_bytes, wal_bytes) = random.pick(&[(8192, 1 << 20), (8192, 24 << 10), (32 << 10, 1 << 20)]);
        Workload {
            seed,
            durability: durabilities[((seed + turn) % 4) as usize],
            threshold: random.pick(&[3, 1 << 30]),
            segment_bytes,
            wal_bytes,
            before,
            ..Workload::new("a random life", acts(&mut random, &mut model, 12))
        }
    })
}

fn acts(random: &mut Random, model: &mut Model, count: usize) -> Vec<Act> {
    let mut acts = Vec::new();
    while acts.len() < count {
        match random.below(10) {
            0 | 1 => acts.push(Act::Durable),
            2 => acts.push(Act::Visible),
            3 => acts.push(Act::Flush),
            4 if random.one_in(3) => acts.push(Act::Reopen),
            _ => {
                let operation = Operation::random(random);
                if !model.refuses(&operation) {
                    *model = model.after(&operation, (0, 0));
                    acts.push(Act::Write(operation));
                }
            }
        }
    }
    acts
}
