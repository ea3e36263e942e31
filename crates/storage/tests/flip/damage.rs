//! One damage at a time, as a bad cable, a bad sector or a misdirected write leaves it.

use sutra_format::wal::GroupHeader;
use sutra_format::{AssociationRecord, ConceptRecord};
use sutra_vfs::Directory;
use sutra_vfs::sim::{Policy, SECTOR, SimDirectory};

use zerocopy::FromBytes;

use crate::subject::Subject;
use crate::support::Random;

/// What is done to one file; `file` is its place in [`Subject::files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Damage {
    /// One bit is the other one.
    Bit { file: u8, bit: u32 },
    /// The file ends here.
    Cut { file: u8, length: u32 },
    /// A sector holds zeros.
    Zero { file: u8, sector: u32 },
    /// A sector holds what belongs to another one of the file.
    Misplaced { file: u8, sector: u32, from: u32 },
    /// A sector of `storage.dat` holds what it held before the last checkpoint: a write that was lost.
    Stale { sector: u32 },
}

impl Damage {
    pub(crate) fn file(self) -> usize {
        match self {
            Self::Bit { file, .. }
            | Self::Cut { file, .. }
            | Self::Zero { file, .. }
            | Self::Misplaced { file, .. } => file.into(),
            Self::Stale { .. } => 0,
        }
    }

    /// The bytes that it may change, up to the end of the file for a cut.
    pub(crate) fn range(self) -> std::ops::Range<u64> {
        let sectors = |sector: u32| u64::from(sector) * SECTOR as u64..(u64::from(sector) + 1) * SECTOR as u64;
        match self {
            Self::Bit { bit, .. } => u64::from(bit / 8)..u64::from(bit / 8) + 1,
            Self::Cut { length, .. } => length.into()..u64::MAX,
            Self::Zero { sector, .. } | Self::Misplaced { sector, .. } | Self::Stale { sector } => sectors(sector),
        }
    }

    /// A disk like the subject's with this damage, all of it durable.
    pub(crate) fn disk(self, subject: &Subject) -> SimDirectory {
        let disk = subject.disk.image(Policy::KeepAll);
        let (name, bytes) = &subject.files[self.file()];
        let file = disk.open(name).expect("listed").expect("it is there");
        let range = self.range();
        let start = range.start as usize;
        let sector = |from: &[u8], place: usize| from[place..][..SECTOR].to_vec();
        let changed = match self {
            Self::Bit { bit, .. } => vec![bytes[start] ^ (1 << (bit % 8))],
            Self::Cut { length, .. } => {
                file.truncate(length.into()).expect("cut");
                return disk;
            }
            Self::Zero { .. } => vec![0; SECTOR],
            Self::Misplaced { from, .. } => sector(bytes, from as usize * SECTOR),
            Self::Stale { .. } => sector(&subject.older, start),
        };
        file.write_all_at(&changed, range.start).expect("written");
        disk
    }

    /// Whether it puts intact records where others of their kind belong: that, their checksums do not tell.
    fn exchanges_records(self, subject: &Subject) -> bool {
        let Self::Misplaced { file: 0, sector, from } = self else { return false };
        let concepts = |bytes: &[u8]| {
            bytes
                .chunks(ConceptRecord::SIZE)
                .any(|it| ConceptRecord::read_from_bytes(it).is_ok_and(|it| it.is_intact()))
        };
        let associations = |bytes: &[u8]| {
            let record = AssociationRecord::read_from_bytes;
            bytes.chunks(AssociationRecord::SIZE).any(|it| record(it).is_ok_and(|it| it.is_intact()))
        };
        let [to, from] = [sector, from].map(|sector| &subject.files[0].1[sector as usize * SECTOR..][..SECTOR]);
        concepts(to) && concepts(from) || associations(to) && associations(from)
    }

    /// Whether it changes anything.
    pub(crate) fn is_one(self, subject: &Subject) -> bool {
        let bytes = &subject.files[self.file()].1;
        let range = self.range();
        let now = &bytes[range.start as usize..(range.end as usize).min(bytes.len())];
        match self {
            Self::Bit { .. } | Self::Cut { .. } => true,
            Self::Zero { .. } => now.iter().any(|byte| *byte != 0),
            Self::Misplaced { from, .. } => now != &bytes[from as usize * SECTOR..][..SECTOR],
            Self::Stale { .. } => now != &subject.older[range.start as usize..][..SECTOR],
        }
    }
}

/// Whether number `index` is among the one in `stride` that a run with this seed looks at. As many seeds as `stride`, one
/// after the other, look at all; which one of `stride` neighbours it is changes from place to place.
pub(crate) fn is_chosen(index: u32, stride: u32, seed: u64) -> bool {
    let (block, place) = (u64::from(index / stride), u64::from(index % stride));
    (place + Random(block).next() + seed).is_multiple_of(stride.into())
}

fn sectors(bytes: &[u8]) -> u32 {
    (bytes.len() / SECTOR) as u32
}

/// Bits of one file. Where nothing but zeros stands around, as in what chunks reserve for later, one in `reserved`.
pub(crate) fn bits(subject: &Subject, file: u8, stride: u32, reserved: u32, seed: u64) -> Vec<Damage> {
    let bytes = &subject.files[usize::from(file)].1;
    let empty: Vec<bool> = bytes.chunks(SECTOR).map(|sector| sector.iter().all(|byte| *byte == 0)).collect();
    let is_reserved = |sector: usize| {
        let near = sector.saturating_sub(1)..(sector + 2).min(empty.len());
        empty[near].iter().all(|empty| *empty)
    };
    let stride = |bit: &u32| if is_reserved(*bit as usize / 8 / SECTOR) { reserved } else { stride };
    let all = 0..bytes.len() as u32 * 8;
    all.filter(|bit| is_chosen(*bit, stride(bit), seed)).map(|bit| Damage::Bit { file, bit }).collect()
}

/// Bits of the headers and footers.
pub(crate) fn vital_bits(subject: &Subject, stride: u32, seed: u64) -> impl Iterator<Item = Damage> {
    let bits = subject.vital.iter().flat_map(|part| part.start as u32 * 8..part.end as u32 * 8);
    bits.filter(move |bit| is_chosen(*bit, stride, seed)).map(|bit| Damage::Bit { file: 0, bit })
}

/// All bits of the last group's header.
pub(crate) fn last_header(subject: &Subject) -> impl Iterator<Item = Damage> {
    let group = subject.groups.last().expect("there are groups");
    let file = subject.files.iter().position(|(name, _)| *name == group.file).expect("it is in a file") as u8;
    let start = group.start as u32 * 8;
    (start..start + size_of::<GroupHeader>() as u32 * 8).map(move |bit| Damage::Bit { file, bit })
}

/// All lengths of one file, or one in `stride`.
pub(crate) fn cuts(subject: &Subject, file: u8, stride: u32, seed: u64) -> Vec<Damage> {
    let lengths = 0..subject.files[usize::from(file)].1.len() as u32;
    lengths.filter(|length| is_chosen(*length, stride, seed)).map(|length| Damage::Cut { file, length }).collect()
}

/// Every sector of every file in turn zeroed, replaced by others of its file, and by what it was before.
pub(crate) fn lost_sectors(subject: &Subject, stride: u32, copies: u32, seed: u64) -> Vec<Damage> {
    let mut all = Vec::new();
    for (file, (_, bytes)) in (0_u8..).zip(&subject.files) {
        let mut random = Random(seed);
        for sector in 0..sectors(bytes) {
            all.push(Damage::Zero { file, sector });
            if file == 0 {
                all.push(Damage::Stale { sector });
            }
            for _ in 0..copies {
                let from = random.below(sectors(bytes).into()) as u32;
                all.push(Damage::Misplaced { file, sector, from });
            }
        }
    }
    all.retain(|damage| damage.is_one(subject) && !damage.exchanges_records(subject));
    let mut index = 0;
    all.retain(|_| {
        index += 1;
        is_chosen(index, stride, seed)
    });
    all
}
