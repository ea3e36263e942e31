//! Reading and checking every byte of a store that means something.
//!
//! Unlike an open, which verifies what it needs, this reads all: headers, the chain of footers with their indexes, extents,
//! records with their blobs and links, the image and whether it says what the records say. It derives everything from the
//! records by itself, so it also checks what made the image.

mod blobs;
mod footers;
mod image;
mod records;

use std::sync::Arc;

use sutra_format::geometry::locate;
use sutra_format::header::{Header, OtherSlot};
use sutra_snapshot::{Arena, Lengths};
use sutra_vfs::{Directory, File, Map};

use crate::arenas;
use crate::error::StoreError;
use crate::extents::Extents;
use crate::open::{Footers, bounds, map_chunk};
use crate::slots;
use crate::store::{FILE_NAME, Store};

/// How many problems a report names; more are counted.
const NAMED_PROBLEMS: usize = 100;

/// What [`Store::verify`] read and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// The last commit.
    pub commit: u64,
    /// The last sequence that it holds.
    pub sequence: u64,
    /// Bytes of the file that are allocated.
    pub file_bytes: u64,
    /// Bytes of records and blobs in the arenas.
    pub record_bytes: u64,
    /// Bytes that the chunks of the arenas reserve for them.
    pub chunk_bytes: u64,
    /// Bytes of the image.
    pub image_bytes: u64,
    /// Bytes of all footers, superseded ones included: index, Bloom filter, groups, extents.
    pub footer_bytes: u64,
    /// Header slots that hold the last commit: 2 if all is well.
    pub headers: u32,
    /// Footers, superseded ones included.
    pub footers: u32,
    /// Chunks of the arenas.
    pub chunks: u32,
    /// Slots.
    pub slots: u32,
    /// Concept records.
    pub concepts: u32,
    /// Association records.
    pub associations: u32,
    /// Associations that are neither replaced nor forgotten.
    pub edges: u32,
    /// Blobs that records name, counted each time.
    pub blobs: u64,
    /// Blocks of the image; 0 without one.
    pub image_blocks: u64,
    /// What was found, the first hundred.
    pub problems: Vec<Problem>,
    /// How many problems there are in all.
    pub problem_count: u64,
}

impl VerifyReport {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problem_count == 0
    }
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What stands there.
    pub region: &'static str,
    /// Byte offset in the file.
    pub offset: u64,
    /// What was found.
    pub what: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}: {}", self.region, self.offset, self.what)
    }
}

/// The store that is verified: its chunks mapped, and the report that grows.
struct Checked {
    header: Header,
    lengths: Lengths,
    extents: Extents,
    chunks: [Vec<Map>; 3],
    report: VerifyReport,
}

impl Store {
    /// Verifies the last checkpoint of a directory's store. Reads the whole file; needs memory of 40 bytes for each slot and
    /// one bit for each association record. Takes no lock: bytes that are committed do not change.
    ///
    /// # Errors
    /// [`StoreError::Absent`], [`StoreError::NotOurs`], [`StoreError::NewerVersion`], [`StoreError::Io`]. Damage is no error
    /// but a problem in the report; damage that hides where everything else lies ends it.
    pub fn verify(directory: Arc<dyn Directory>) -> Result<VerifyReport, StoreError> {
        let file = directory.open(FILE_NAME).map_err(StoreError::io("opening storage.dat"))?;
        let file = file.ok_or(StoreError::Absent)?;
        let mut report = VerifyReport::default();
        match verify_file(&*file, &mut report) {
            Err(StoreError::Corrupt { region, offset, problem }) => {
                report.add(region, offset, problem);
                Ok(report)
            }
            Err(error) => Err(error),
            Ok(()) => Ok(report),
        }
    }
}

fn verify_file(file: &dyn File, report: &mut VerifyReport) -> Result<(), StoreError> {
    let chosen = slots::read(file)?;
    let header = chosen.header;
    report.headers = 1;
    let other = 1 - chosen.slot.min(1);
    let position = sutra_format::header::HEADER_SLOTS.get(other).copied().unwrap_or(0);
    match chosen.other {
        OtherSlot::Same => report.headers = 2,
        // A crash leaves this; the next commit writes both.
        OtherSlot::Earlier => {}
        OtherSlot::Damaged(error) => report.add("file header", position, error.to_string()),
    }
    report.commit = header.commit.get();
    report.sequence = header.sequence.get();
    report.file_bytes = header.file_end.get();

    let readable = bounds(file, &header)?;
    let newest = Footers::read(readable, &header)?;
    let lengths = slots::lengths(&header);
    let mut chunks = [Vec::new(), Vec::new(), Vec::new()];
    for (arena, maps) in Arena::ALL.into_iter().zip(&mut chunks) {
        for index in 0..newest.extents.count(arena) {
            if let Some(place) = newest.extents.get(arena, index) {
                maps.push(map_chunk(file, place)?);
                report.chunks += 1;
                report.chunk_bytes = report.chunk_bytes.saturating_add(place.size);
                let used = arenas::used(arena, index, place.size, &lengths);
                report.record_bytes = report.record_bytes.saturating_add(used);
            }
        }
    }
    let extents = newest.extents.clone();
    let mut checked = Checked { header, lengths, extents, chunks, report: std::mem::take(report) };
    let result = verify_contents(&mut checked, file, &newest);
    *report = checked.report;
    result
}

fn verify_contents(checked: &mut Checked, file: &dyn File, newest: &Footers) -> Result<(), StoreError> {
    let concepts = checked.concepts(&newest.catalogue)?;
    let edges = checked.associations(&concepts)?;
    checked.footers(file)?;
    if let Some(footer) = &newest.image {
        checked.image(file, footer, &concepts, &edges)?;
    }
    Ok(())
}

impl VerifyReport {
    fn add(&mut self, region: &'static str, offset: u64, what: String) {
        self.problem_count = self.problem_count.saturating_add(1);
        if self.problems.len() < NAMED_PROBLEMS {
            self.problems.push(Problem { region, offset, what });
        }
    }
}

impl Checked {
    /// Adds a problem with a record.
    fn record_problem(&mut self, arena: Arena, ordinal: u32, what: impl ToString) {
        let size = if arena == Arena::Concepts { arenas::CONCEPT } else { arenas::ASSOCIATION };
        let (chunk, offset) = locate(u64::from(ordinal) * size);
        let position = self.extents.get(arena, chunk).map_or(0, |place| place.position);
        self.report.add(arenas::name(arena), position.saturating_add(offset.into()), what.to_string());
    }

    /// The bytes of a chunk.
    fn chunk(&self, arena: Arena, index: u32) -> &[u8] {
        let [concepts, associations, blobs] = &self.chunks;
        let maps = match arena {
            Arena::Concepts => concepts,
            Arena::Associations => associations,
            Arena::Blobs => blobs,
        };
        usize::try_from(index).ok().and_then(|index| maps.get(index)).map_or(&[], |map| map)
    }

    /// The bytes of a record of `size` bytes; empty if it lies outside.
    fn record_bytes(&self, arena: Arena, ordinal: u32, size: u64) -> &[u8] {
        let (chunk, offset) = locate(u64::from(ordinal) * size);
        let (Ok(start), Ok(size)) = (usize::try_from(offset), usize::try_from(size)) else { return &[] };
        self.chunk(arena, chunk).get(start..).and_then(|bytes| bytes.get(..size)).unwrap_or_default()
    }
}
