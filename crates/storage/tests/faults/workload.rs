//! What the stores go through before and while something fails.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Durability, Result};
use sutra_vfs::sim::{Policy, SimDirectory};

use crate::plan::Plan;
use crate::support::model::Model;
use crate::support::operation::{Learn, Name, Operation};
use crate::support::{bytes_of, config, threads_of};

#[derive(Clone, Debug)]
pub(crate) enum Act {
    Write(Operation),
    /// Waits until the last write is durable.
    Durable,
    /// Waits until the last write is visible.
    Visible,
    Flush,
    Reopen,
}

/// How an earlier process left the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    Closed,
    /// Killed: what it wrote is there.
    Killed,
    /// The power went during the write of one more group, of which some sectors are there: which, follows from a number.
    Torn(u64),
}

/// A life of a store.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) seed: u64,
    pub(crate) durability: Durability,
    /// Records that trigger a checkpoint.
    pub(crate) threshold: usize,
    pub(crate) segment_bytes: u64,
    pub(crate) wal_bytes: u64,
    /// What an earlier process did, undisturbed, and how it ended; nothing: the life begins with the store's creation.
    pub(crate) before: Option<(Vec<Act>, Left)>,
    pub(crate) acts: Vec<Act>,
}

impl Workload {
    pub(crate) fn new(name: &'static str, acts: Vec<Act>) -> Self {
        Self {
            name,
            seed: 0,
            durability: Durability::Group,
            threshold: 1 << 30,
            segment_bytes: 32 << 10,
            wal_bytes: 1 << 20,
            before: None,
            acts,
        }
    }

    pub(crate) fn open(&self, disk: &SimDirectory) -> Result<ConcurrentMemory> {
        // A short queue: most of the time of an open would go into laying out the usual one.
        let (memory_threshold, queue_capacity) = (self.threshold, 256);
        let config = ConcurrentConfig { memory_threshold, queue_capacity, ..config(self.durability) };
        ConcurrentMemory::open_adjusted(Arc::new(disk.clone()), config, |options| {
            options.wal_segment_bytes = self.segment_bytes;
            options.wal_bytes = self.wal_bytes;
            (options.overlap_bytes, options.apply_threads) = threads_of(self.durability);
            options.threads_from = 2;
        })
    }

    /// Does the acts on a disk that has no faults. `written`: how many writes there were before.
    fn live(&self, acts: &[Act], mut written: u64, disk: &SimDirectory, memory: &mut ConcurrentMemory) {
        for act in acts {
            match act {
                Act::Write(operation) => {
                    written += 1;
                    assert_eq!(operation.perform(memory).unwrap(), written);
                }
                Act::Durable => memory.wait_durable(written).unwrap(),
                Act::Visible => memory.wait_visible(written).unwrap(),
                Act::Flush => memory.flush().unwrap(),
                Act::Reopen => {
                    memory.close().unwrap();
                    *memory = self.open(disk).unwrap();
                }
            }
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, seed {}, {:?}", self.name, self.seed, self.durability)
    }
}

/// A workload, the disk that it begins on, and what its store should hold after each write.
pub(crate) struct Prepared {
    pub(crate) workload: Workload,
    base: SimDirectory,
    /// What is on it.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// By sequence.
    pub(crate) models: Vec<Arc<Model>>,
    /// The last sequence on the base.
    pub(crate) start: u64,
}

impl Prepared {
    pub(crate) fn new(workload: Workload) -> Self {
        let (base, mut models) = match &workload.before {
            None => (SimDirectory::new(), vec![Arc::default()]),
            Some((acts, left)) => earlier(&workload, acts, *left),
        };
        let start = models.len() as u64 - 1;
        add_all(&mut models, &workload.acts);
        Self { files: bytes_of(&base), workload, base, models, start }
    }

    /// The disk to begin on; each time a new one.
    pub(crate) fn base(&self) -> SimDirectory {
        self.base.kill_image()
    }

    /// Every fault that a life can meet, as found by one without any.
    pub(crate) fn plans(&self) -> Vec<Plan> {
        let disk = self.base();
        let mut memory = self.workload.open(&disk).unwrap();
        assert_eq!(memory.sequence(), self.start);
        self.workload.live(&self.workload.acts, self.start, &disk, &mut memory);
        let plans = Plan::all(&disk);
        memory.close().unwrap();
        plans
    }
}

/// The disk as an earlier process left it, and what the store held after each write.
fn earlier(workload: &Workload, acts: &[Act], left: Left) -> (SimDirectory, Vec<Arc<Model>>) {
    let disk = SimDirectory::new();
    let mut memory = workload.open(&disk).unwrap();
    workload.live(acts, 0, &disk, &mut memory);
    let mut models = vec![Arc::default()];
    add_all(&mut models, acts);
    let base = match left {
        Left::Closed => {
            memory.close().unwrap();
            disk.kill_image()
        }
        Left::Killed => disk.kill_image(),
        Left::Torn(seed) => {
            disk.crash_at(disk.operations());
            let operation = Operation::Learn(learn(0, 77, 2000));
            add_all(&mut models, &[Act::Write(operation.clone())]);
            // It fails when it is waited for, or at once.
            let _ = operation.perform(&memory).map(|sequence| memory.wait_durable(sequence));
            torn(workload, &disk, seed)
        }
    };
    let found = workload.open(&base.kill_image()).unwrap().sequence();
    models.truncate(usize::try_from(found).unwrap() + 1);
    (base, models)
}

/// What a power cut leaves of a disk: something that has to be cut off by recovery, where there is a log.
fn torn(workload: &Workload, disk: &SimDirectory, seed: u64) -> SimDirectory {
    let is_cut = |image: &SimDirectory| {
        let memory = workload.open(&image.kill_image()).unwrap();
        workload.durability == Durability::None || memory.recovery().cut_bytes > 0
    };
    let mut images = (0..100).map(|toss| disk.image(Policy::Random(seed * 100 + toss)));
    // In a random life the power may go when a segment is made, and leave no part of a group.
    let any = (workload.seed > 0).then(|| disk.image(Policy::Random(seed)));
    images.find(is_cut).or(any).expect("one of a hundred tosses leaves a part")
}

fn add_all(models: &mut Vec<Arc<Model>>, acts: &[Act]) {
    for act in acts {
        if let (Act::Write(operation), Some(last)) = (act, models.last()) {
            // The time is the call's, which no model can know: any will do.
            models.push(Arc::new(last.after(operation, (0, u64::MAX))));
        }
    }
}

/// A content of so many bytes, with everything else that can be said of a concept depending on the name.
pub(crate) fn learn(name: u8, number: u64, bytes: usize) -> Learn {
    Learn {
        name: Name(name),
        content: (100 + number % 900, bytes.div_ceil(3)),
        embedding: name.is_multiple_of(2).then(|| vec![number as f32, 1.0, -1.0]),
        metadata: name.is_multiple_of(3).then(|| format!("[{number}]")),
        strength: 0.5,
        confidence: 0.25,
        created: Some(number),
    }
}
