//! The steps of a life, from bytes.

use sutra_storage::Durability;
use sutra_vfs::sim::{Fault, Policy, SimDirectory};

use super::bytes::{Bytes, Flags};
use super::support::operation::{Associate, KINDS, Learn, NAMES, Name, Operation};

/// What the fixed part of a write takes in the write log, about.
const OPERATION: usize = 64;

const FAULTS: [Fault; 6] = [
    Fault::Eio,
    Fault::Enospc,
    Fault::ShortWriteThenEio,
    Fault::FailedSync,
    // These two are no errors: the call is made again, the rest is written.
    Fault::Interrupted,
    Fault::ShortWrite,
];

/// A step of a life.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Write(Operation),
    WaitVisible,
    WaitDurable,
    Flush,
    /// Takes the newest snapshot and holds it.
    Hold,
    /// Compares a held snapshot and lets it go.
    Release(usize),
    /// Waits for everything and compares it, access counters too.
    Compare,
    Close(Settings),
    End(End, Settings),
    /// The disk ends so many operations later.
    EndLater {
        operations: u8,
        end: End,
    },
    /// An operation of the disk fails so many later. If the engine stops for it, this is the end.
    FailLater {
        operations: u8,
        fault: Fault,
        end: End,
    },
}

/// How a session ends that was not closed.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    PowerCut(Policy),
    /// The process ends: the page cache stays, also what a failed sync has not brought to the medium.
    Kill,
}

impl End {
    fn of(bytes: &mut Bytes<'_>) -> Self {
        match bytes.byte() {
            0 => Self::PowerCut(Policy::DropAll),
            1 => Self::PowerCut(Policy::KeepAll),
            kill if kill & 3 == 2 => Self::Kill,
            seed if seed & 3 == 3 => Self::PowerCut(Policy::RandomChanges(seed.into())),
            seed => Self::PowerCut(Policy::Random(seed.into())),
        }
    }

    /// What is left of a disk.
    pub(super) fn leaves(self, disk: &SimDirectory) -> SimDirectory {
        match self {
            Self::PowerCut(policy) => disk.image(policy),
            Self::Kill => disk.kill_image(),
        }
    }
}

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// Records that trigger a checkpoint.
    pub(super) threshold: usize,
    /// Bytes of the write-ahead log: with few, writers wait for checkpoints.
    pub(super) log: u64,
    pub(super) segment: u64,
    /// The disk ends again at this operation, if the recovery or what follows gets that far.
    pub(super) again: Option<(u8, End)>,
}

impl Settings {
    pub(super) const PLAIN: Self = Self { threshold: 1000, log: 1 << 30, segment: 32 << 10, again: None };

    fn of(bytes: &mut Bytes<'_>) -> Self {
        let flags = bytes.byte();
        Self {
            threshold: [1, 3, 10, 1000][usize::from(flags & 3)],
            log: [1, 100_000, 1 << 30, 1 << 30][usize::from(flags >> 2 & 3)],
            segment: [8 << 10, 32 << 10][usize::from(flags >> 4 & 1)],
            again: (flags >> 5 & 3 == 3).then(|| (bytes.below(64), End::of(bytes))),
        }
    }
}

pub(super) fn durability(bytes: &mut Bytes<'_>) -> Durability {
    // Mostly the default.
    bytes.pick(&[Durability::Group, Durability::Always, Durability::None, Durability::Group])
}

impl Step {
    pub(super) fn of(bytes: &mut Bytes<'_>) -> Self {
        match bytes.byte() {
            0..=159 => Self::Write(operation(bytes)),
            160..=167 => Self::WaitVisible,
            168..=175 => Self::WaitDurable,
            176..=187 => Self::Flush,
            188..=195 => Self::Hold,
            196..=199 => Self::Release(bytes.byte().into()),
            200..=207 => Self::Compare,
            208..=215 => Self::Close(Settings::of(bytes)),
            216..=231 => Self::End(End::of(bytes), Settings::of(bytes)),
            232..=243 => Self::EndLater { operations: bytes.below(32), end: End::of(bytes) },
            _ => Self::FailLater { operations: bytes.below(32), fault: bytes.pick(&FAULTS), end: End::of(bytes) },
        }
    }

    /// Bytes that it gives to the store.
    pub(super) fn size(&self) -> usize {
        if let Self::Write(operation) = self { size(operation) } else { 0 }
    }
}

fn size(operation: &Operation) -> usize {
    let metadata = |metadata: &Option<String>| metadata.as_ref().map_or(0, String::len);
    OPERATION
        + match operation {
            Operation::Learn(learn) => {
                learn.text().len() + metadata(&learn.metadata) + learn.embedding.as_ref().map_or(0, |e| 4 * e.len())
            }
            Operation::Associate(associate) => metadata(&associate.metadata),
            Operation::Metadata(_, json) => json.len(),
            Operation::Batch(operations) => operations.iter().map(size).sum(),
            _ => 0,
        }
}

fn operation(bytes: &mut Bytes<'_>) -> Operation {
    match bytes.below(24) {
        kind @ 0..=20 => single(kind, bytes),
        count => Operation::Batch((0..count - 19).map(|_| single(bytes.below(21), bytes)).collect()),
    }
}

fn name(bytes: &mut Bytes<'_>) -> Name {
    Name(bytes.below(NAMES))
}

fn single(kind: u8, bytes: &mut Bytes<'_>) -> Operation {
    match kind {
        0..=6 => Operation::Learn(learn(bytes)),
        7..=13 => Operation::Associate(associate(bytes)),
        14 => Operation::Strength(name(bytes), part(bytes)),
        15 => Operation::Metadata(name(bytes), json(bytes)),
        16 | 17 => Operation::Access(name(bytes)),
        18 => Operation::Forget(name(bytes)),
        _ => Operation::ForgetAssociation(name(bytes), name(bytes), bytes.pick(&KINDS)),
    }
}

fn learn(bytes: &mut Bytes<'_>) -> Learn {
    let (name, flags) = (name(bytes), Flags::of(bytes));
    // One of two dimensions: the first that is accepted makes the other one an error.
    let dimensions = if flags.has(4) && flags.has(5) { 2 } else { 3 };
    // Now and then more than the first chunk of the blobs holds.
    let length = if flags.has(6) && flags.has(7) { 25_000 } else { bytes.below(10).into() };
    Learn {
        name,
        content: (100 + u64::from(bytes.byte()), length),
        embedding: flags.then(0, || (0..dimensions).map(|_| f32::from(bytes.below(9)) - 4.0).collect()),
        metadata: flags.then(1, || json(bytes)),
        strength: if flags.has(3) { part(bytes) } else { 1.0 },
        confidence: if flags.has(3) { part(bytes) } else { 1.0 },
        created: flags.then(2, || bytes.byte().into()),
    }
}

fn associate(bytes: &mut Bytes<'_>) -> Associate {
    let (source, other, flags) = (name(bytes), name(bytes), Flags::of(bytes));
    Associate {
        source,
        // A concept may always meet itself.
        target: if source.may_meet(other) { other } else { source },
        kind: KINDS[usize::from(flags.has(0)) + 2 * usize::from(flags.has(1))],
        confidence: if flags.has(2) { part(bytes) } else { 0.5 },
        weight: flags.then(3, || f32::from(bytes.below(100)) - 50.0),
        created: flags.then(4, || bytes.byte().into()),
        valid: flags.then(5, || (bytes.below(50).into(), 50 + u32::from(bytes.below(50)))),
        metadata: flags.then(6, || json(bytes)),
    }
}

/// Quarters: exact in any arithmetic.
fn part(bytes: &mut Bytes<'_>) -> f32 {
    f32::from(1 + bytes.below(4)) / 4.0
}

fn json(bytes: &mut Bytes<'_>) -> String {
    format!(r#"{{"n": {}}}"#, bytes.byte())
}
