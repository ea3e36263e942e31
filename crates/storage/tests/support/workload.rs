//! Lives of a store, each with a purpose: what the power is cut in, and whose order of writes is checked.

use std::sync::Arc;

use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Durability, Result};
use sutra_vfs::Directory;

use super::model::Model;
use super::operation::{KINDS, Learn, NAMES, Name, Operation, associate};
use super::{Random, config, threads_of};

/// What is done to the store.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Write(Operation),
    /// Waits until everything accepted is durable.
    Durable,
    Flush,
    /// Closes the store and opens it again.
    Reopen,
}

use Act::{Durable, Flush, Reopen, Write};

/// A life: the settings of the store, and what is done to it.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) durability: Durability,
    pub(crate) wal_segment_bytes: u64,
    pub(crate) wal_bytes: u64,
    /// Records after which the engine makes a checkpoint by itself.
    pub(crate) threshold: usize,
    pub(crate) acts: Vec<Act>,
}

impl Workload {
    fn new(name: &'static str, durability: Durability, acts: Vec<Act>) -> Self {
        Self { name, durability, wal_segment_bytes: 32 << 10, wal_bytes: 16 << 20, threshold: 1 << 30, acts }
    }

    pub(crate) fn open(&self, directory: Arc<dyn Directory>) -> Result<ConcurrentMemory> {
        // A queue of a few entries: a large one takes longer to make than all else that an open does.
        let memory_threshold = self.threshold;
        let config = ConcurrentConfig { queue_capacity: 1 << 10, memory_threshold, ..config(self.durability) };
        ConcurrentMemory::open_adjusted(directory, config, |options| {
            options.wal_segment_bytes = self.wal_segment_bytes;
            options.wal_bytes = self.wal_bytes;
            (options.overlap_bytes, options.apply_threads) = threads_of(self.durability);
            options.threads_from = 2;
        })
    }
}

/// All of them, but for the random ones.
pub(crate) fn named() -> Vec<Workload> {
    vec![
        single_writes(),
        batches(),
        always(),
        unwaited(),
        without_log(),
        checkpoints(),
        large_contents(),
        embeddings(),
        accesses(),
        hubs(),
        relearning(),
        recycled(),
        full_log(),
        beside_checkpoints(),
        chunks(),
        names(),
    ]
}

/// Random lives, one of each durability.
pub(crate) fn random(seed: u64) -> [Workload; 3] {
    [("random, group", Durability::Group), ("random, always", Durability::Always), ("random, none", Durability::None)]
        .map(|(name, durability)| {
            Workload::new(name, durability, random_acts(seed.wrapping_add(durability as u64 * 97)))
        })
}

pub(crate) fn learn(name: u8, seed: u64) -> Operation {
    content(name, seed, 1 + seed as usize % 40)
}

fn content(name: u8, seed: u64, repeated: usize) -> Operation {
    Operation::Learn(Learn {
        name: Name(name),
        content: (100 + seed, repeated),
        embedding: name.is_multiple_of(2).then(|| vec![seed as f32, 1.0, -1.0]),
        metadata: name.is_multiple_of(3).then(|| format!("[{seed}]")),
        strength: 0.5,
        confidence: 0.25,
        created: seed.is_multiple_of(2).then_some(seed),
    })
}

fn access(name: u8) -> Operation {
    Operation::Access(Name(name))
}

fn forget(name: u8) -> Operation {
    Operation::Forget(Name(name))
}

fn waited(operations: impl IntoIterator<Item = Operation>) -> Vec<Act> {
    operations.into_iter().flat_map(|operation| [Write(operation), Durable]).collect()
}

/// Every group a write and a sync.
pub(crate) fn single_writes() -> Workload {
    let acts = waited([
        learn(0, 1),
        learn(1, 2),
        associate(0, 1, "causal"),
        Operation::Strength(Name(0), 0.5),
        Operation::Metadata(Name(1), "[7]".to_owned()),
        forget(1),
    ]);
    Workload::new("single writes", Durability::Group, acts)
}

/// A batch is there whole or not at all.
pub(crate) fn batches() -> Workload {
    let batch = |seed: u8| {
        let target = (seed + 1) % 3;
        let first = learn(seed % 3, seed.into());
        Operation::Batch(vec![first, associate(seed % 3, target, "causal"), access(seed % 3), forget(target)])
    };
    let large = Operation::Batch((0..12).map(|seed| learn(seed % 3, seed.into())).collect());
    Workload::new("batches", Durability::Group, waited([batch(0), batch(1), large, batch(2)]))
}

/// Durable when the call returns.
pub(crate) fn always() -> Workload {
    let batch = Operation::Batch(vec![learn(4, 5), associate(4, 3, "hypernym"), access(0), forget(1)]);
    let acts = [learn(0, 1), learn(1, 2), associate(0, 1, "causal"), batch, Operation::Strength(Name(0), 0.5)];
    Workload::new("always", Durability::Always, acts.into_iter().map(Write).collect())
}

/// Many writes that nobody waits for: groups of several entries, and what was not acknowledged may be lost.
pub(crate) fn unwaited() -> Workload {
    let mut acts: Vec<_> = (0..10).map(|seed| Write(learn((seed % 5) as u8, seed))).collect();
    acts.insert(6, Durable);
    acts.extend((0..6).map(|seed| Write(associate(seed % 4, 3, "hypernym"))));
    Workload::new("unwaited", Durability::Group, acts)
}

/// No log: durable with a checkpoint alone.
pub(crate) fn without_log() -> Workload {
    let acts = vec![
        Write(learn(0, 1)),
        Flush,
        Write(associate(0, 3, "rhymes with")),
        Write(access(0)),
        Durable,
        Write(forget(3)),
        Reopen,
        Write(Operation::Batch(vec![learn(3, 7), associate(3, 0, "hypernym")])),
        Flush,
        Write(Operation::Metadata(Name(3), "7".to_owned())),
    ];
    Workload::new("without a log", Durability::None, acts)
}

/// Checkpoints between groups, closes, and sessions that begin with what an image holds.
pub(crate) fn checkpoints() -> Workload {
    let acts = vec![
        Write(learn(0, 1)),
        Flush,
        Write(associate(0, 3, "rhymes with")),
        Durable,
        Flush,
        Reopen,
        Write(forget(3)),
        Write(Operation::Batch(vec![learn(3, 7), associate(3, 0, "hypernym")])),
        Durable,
        Flush,
        Write(Operation::Metadata(Name(3), "7".to_owned())),
    ];
    Workload::new("checkpoints", Durability::Group, acts)
}

/// Contents larger than the first chunk of the blobs, one of them larger than the second one too.
pub(crate) fn large_contents() -> Workload {
    let acts = vec![
        Write(content(0, 3, 25_000)),
        Durable,
        Flush,
        Write(content(1, 4, 50_000)),
        Write(learn(0, 5)),
        Durable,
        Reopen,
        Write(content(1, 6, 23_000)),
        Durable,
    ];
    Workload::new("large contents", Durability::Group, acts)
}

/// Vectors, their dimension defined by the first one; kept when a concept is learned again without.
pub(crate) fn embeddings() -> Workload {
    let vector = |name: u8, seed: u64, length: usize| {
        let embedding = (0..length).map(|place| (seed + place as u64) as f32).collect();
        let Operation::Learn(learn) = learn(name, seed) else { unreachable!("it is one") };
        Operation::Learn(Learn { embedding: Some(embedding), ..learn })
    };
    let mut acts = waited([vector(1, 1, 64), vector(3, 2, 64), learn(1, 4)]);
    acts.extend([Flush, Write(vector(1, 3, 64)), Durable, Write(learn(5, 3)), Durable]);
    Workload::new("embeddings", Durability::Group, acts)
}

/// Counters of accesses: in no record, but in the log, in footers and in images.
pub(crate) fn accesses() -> Workload {
    let mut acts = waited([learn(0, 1), learn(2, 2), access(0)]);
    acts.extend([Flush, Write(access(0)), Write(access(2)), Durable, Flush, Write(access(0)), Reopen]);
    acts.extend(waited([access(2), Operation::Batch(vec![access(0), access(0), access(4)])]));
    Workload::new("accesses", Durability::Group, acts)
}

/// A slot with more associations in its life than one block holds, forgotten and learned anew.
pub(crate) fn hubs() -> Workload {
    let around = |round: u64| {
        let of = |place: u64| associate((place % 5) as u8, ((place / 5 + round) % 5) as u8, KINDS[place as usize % 4]);
        Operation::Batch((0..150).map(of).chain([learn(0, round)]).collect())
    };
    let mut acts = Vec::new();
    for round in 0..3 {
        acts.push(Write(around(round)));
    }
    acts.extend([Flush, Write(forget(0)), Durable, Write(around(3)), Flush]);
    acts.extend(waited([Operation::ForgetAssociation(Name(1), Name(2), KINDS[0]), forget(1), learn(1, 4)]));
    Workload::new("forgetting and hubs", Durability::Group, acts)
}

/// The same concept and the same association again and again: versions, entries that end, metadata that stays.
pub(crate) fn relearning() -> Workload {
    let mut acts = Vec::new();
    for round in 0..4 {
        acts.push(Write(learn(3, round)));
        acts.push(Write(associate(3, 0, "hypernym")));
        acts.push(if round == 1 { Flush } else { Durable });
    }
    acts.extend(waited([Operation::Metadata(Name(3), "[0]".to_owned()), learn(3, 9)]));
    Workload::new("relearning", Durability::Group, acts)
}

/// A log of segments of two pages, given back by checkpoints and written again: behind its tail lie groups of earlier lives.
pub(crate) fn recycled() -> Workload {
    let mut acts = Vec::new();
    for round in 0..3_u64 {
        for write in 0..3 {
            // About a kilobyte: three of them fill a segment.
            acts.extend(waited([content((round % 3) as u8, 10 * round + write, 340 + 30 * round as usize)]));
        }
        acts.push(Flush);
    }
    // Short ones now, which end within the long ones of before.
    acts.extend(waited((0..3).map(|seed| learn(1, seed))));
    Workload { wal_segment_bytes: 8 << 10, ..Workload::new("recycled segments", Durability::Group, acts) }
}

/// A log that fills, so that writers wait for checkpoints that nobody asked for.
pub(crate) fn full_log() -> Workload {
    let mut acts: Vec<_> = (0..12).map(|seed| Write(content((seed % 4) as u8, seed, 600))).collect();
    acts.extend([Durable, Write(associate(0, 1, "causal")), Write(learn(2, 3)), Durable]);
    Workload { wal_segment_bytes: 8 << 10, wal_bytes: 16 << 10, ..Workload::new("full log", Durability::Group, acts) }
}

/// Groups that become durable while a checkpoint that does not cover them is written: each fills a segment, and a checkpoint
/// is due after every second one.
pub(crate) fn beside_checkpoints() -> Workload {
    let acts = waited((0..9).map(|seed| content((seed % 4) as u8, seed, 1200)));
    let settings = Workload { wal_segment_bytes: 8 << 10, threshold: 2, ..single_writes() };
    Workload { name: "beside checkpoints", acts, ..settings }
}

/// More records than the first chunk of each arena holds: full chunks are swapped for maps, and images cover them.
pub(crate) fn chunks() -> Workload {
    let many = |round: u64| {
        let learned = (0..200).map(|seed| learn((seed % 7) as u8, round + seed));
        let linked = (0..400).map(|place| associate((place % 5) as u8, (place / 5 % 5) as u8, KINDS[place % 4]));
        Operation::Batch(learned.chain(linked).collect())
    };
    let mut acts = vec![Write(many(0)), Write(many(1)), Flush, Write(many(2)), Flush, Write(learn(0, 1)), Durable];
    acts.extend([Reopen, Write(learn(1, 2)), Write(forget(2)), Durable, Flush]);
    Workload::new("chunks and images", Durability::Group, acts)
}

/// Names of types and namespaces, defined in the entry that first uses them.
pub(crate) fn names() -> Workload {
    let mut acts = waited([learn(6, 1), associate(6, 7, "rhymes with"), associate(6, 7, "hypernym")]);
    acts.extend([Flush, Write(learn(7, 2)), Durable, Reopen, Write(associate(7, 6, "causal")), Durable]);
    acts.extend([Write(associate(6, 7, "rhymes with")), Durable]);
    Workload::new("names", Durability::Group, acts)
}

/// Random writes, some waited for.
fn random_acts(seed: u64) -> Vec<Act> {
    let mut random = Random(seed);
    let mut model = Model::default();
    let mut acts = Vec::new();
    while acts.len() < 16 {
        match random.below(8) {
            0 => acts.push(Durable),
            1 => acts.push(Flush),
            2 if random.one_in(3) => acts.push(Reopen),
            _ => {
                let operation = Operation::random(&mut random);
                if !model.refuses(&operation) {
                    model = model.after(&operation, (0, 0));
                    acts.push(Write(operation));
                }
            }
        }
    }
    acts
}

const _: () = assert!(NAMES == 8, "the workloads name concepts by number");
