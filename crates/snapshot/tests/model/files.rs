//! What a checkpoint would have written of a snapshot: its chunks and, if asked for, an image, to be mapped again.

use sutra_format::catalogue::Catalogue;
use sutra_format::footer::AccessEntry;
use sutra_format::image::{ID_EMPTY, ImageHeader, ImageRow, id_home, id_word};
use sutra_format::{checksum, id_hash};
use sutra_snapshot::{Arena, Image, Lengths, Restore, RestoreError, Side, Snapshot, Writer};
use sutra_vfs::sim::SimDirectory;
use sutra_vfs::{Directory, Map};
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromZeros, IntoBytes};

/// The bytes of a checkpoint.
#[derive(Clone)]
pub(crate) struct Files {
    pub(crate) lengths: Lengths,
    pub(crate) sequence: u64,
    pub(crate) catalogue: Catalogue,
    /// For each arena its chunks, whole.
    pub(crate) chunks: [Vec<Vec<u8>>; 3],
    pub(crate) image: Option<Vec<u8>>,
    pub(crate) access: Vec<AccessEntry>,
}

/// Maps bytes through a file of the simulated disk.
pub(crate) fn map(bytes: &[u8]) -> Map {
    let directory = SimDirectory::new();
    let file = directory.create("chunk").unwrap();
    file.write_all_at(bytes, 0).unwrap();
    file.map(0, bytes.len()).unwrap()
}

impl Files {
    /// All chunks of a snapshot.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let chunks = Arena::ALL.map(|arena| {
            let whole = |index| {
                let mut bytes = snapshot.chunk(arena, index).to_vec();
                bytes.resize(snapshot.chunk_capacity(arena, index) as usize, 0);
                bytes
            };
            (0..snapshot.chunk_count(arena)).map(whole).collect()
        });
        let accessed = (0..snapshot.lengths().slots).map(|slot| (slot, snapshot.access(slot).unwrap()));
        let entry = |(slot, (count, last_accessed)): (u32, (u32, u64))| AccessEntry {
            slot: U32::new(slot),
            count: U32::new(count),
            last_accessed: U64::new(last_accessed),
        };
        Self {
            lengths: *snapshot.lengths(),
            sequence: snapshot.sequence(),
            catalogue: snapshot.catalogue().clone(),
            chunks,
            image: None,
            access: accessed.filter(|(_, access)| *access != (0, 0)).map(entry).collect(),
        }
    }

    /// Puts an image of an earlier or the same snapshot beside the chunks.
    pub(crate) fn with_image(mut self, snapshot: &Snapshot) -> Self {
        self.image = Some(image(snapshot));
        self
    }

    pub(crate) fn restore(&self) -> Result<Writer, RestoreError> {
        let image = self.image.as_ref().map(|bytes| open_image(bytes));
        Writer::restore(Restore {
            lengths: self.lengths,
            sequence: self.sequence,
            timestamp: 5,
            catalogue: self.catalogue.clone(),
            chunks: [0, 1, 2].map(|arena| self.chunks[arena].iter().map(|bytes| map(bytes)).collect()),
            image,
            access: self.access.clone(),
        })
    }
}

fn open_image(bytes: &[u8]) -> Image {
    let directory = SimDirectory::new();
    let file = directory.create("image").unwrap();
    file.write_all_at(bytes, 0).unwrap();
    let map = file.map(0, bytes.len()).unwrap();
    let rows = ImageHeader::read(&map).unwrap().row_range();
    Image::open(map, file.map_private(rows.start, (rows.end - rows.start) as usize).unwrap()).unwrap()
}

/// The bytes of an image of a snapshot.
pub(crate) fn image(snapshot: &Snapshot) -> Vec<u8> {
    let lengths = snapshot.lengths();
    let mut header =
        ImageHeader::layout(lengths.slots, lengths.concepts, lengths.associations, lengths.edges, snapshot.sequence());
    let mut bytes = vec![0; header.length.get() as usize];
    let mut put = |at: u64, value: &[u8]| bytes[at as usize..at as usize + value.len()].copy_from_slice(value);
    let mut words = vec![ID_EMPTY; header.id_words.get() as usize];
    for slot in 0..lengths.slots {
        let record = snapshot.newest(slot).unwrap().unwrap();
        let mut row = ImageRow::new_zeroed();
        row.latest = U32::new(snapshot.latest(slot).unwrap().unwrap());
        let any = |side| u32::from(snapshot.edges(slot, side).unwrap().iter().next().is_some());
        (row.out, row.incoming) = (U32::new(any(Side::Out)), U32::new(any(Side::In)));
        let (count, last) = snapshot.access(slot).unwrap();
        (row.access_count, row.last_accessed) = (U32::new(count), U64::new(last));
        put(header.row_range().start + u64::from(slot) * 32, row.as_bytes());
        let hash = id_hash(&record.id);
        let home = id_home(hash, lengths.slots) as usize;
        *words[home..].iter_mut().find(|word| **word == ID_EMPTY).unwrap() = id_word(hash, slot);
    }
    put(header.id_range().start, words.as_bytes());
    for (side, columns) in [(Side::Out, header.out_columns()), (Side::In, header.in_columns())] {
        let mut at = 0_u64;
        for slot in 0..lengths.slots {
            put(columns.offsets.start + u64::from(slot) * 4, &(at as u32).to_le_bytes());
            for edge in snapshot.edges(slot, side).unwrap().iter() {
                put(columns.targets.start + at * 4, &edge.target.to_le_bytes());
                put(columns.ordinals.start + at * 4, &edge.ordinal.to_le_bytes());
                put(columns.confidences.start + at * 4, &edge.confidence.to_le_bytes());
                put(columns.kinds.start + at, &[edge.kind]);
                at += 1;
            }
        }
        put(columns.offsets.start + u64::from(lengths.slots) * 4, &(at as u32).to_le_bytes());
    }
    seal_image(&mut header, &mut bytes);
    bytes
}

/// Sets the checksums of an image anew, as if what it holds were right.
pub(crate) fn seal_image(header: &mut ImageHeader, bytes: &mut [u8]) {
    let sum = |block| {
        let range = header.block_range(block);
        U64::new(checksum(&bytes[range.start as usize..range.end as usize]))
    };
    let checks: Vec<U64> = (0..header.blocks()).map(sum).collect();
    let at = header.check_range().start as usize;
    bytes[at..at + checks.len() * 8].copy_from_slice(checks.as_bytes());
    header.seal(&checks);
    bytes[..size_of::<ImageHeader>()].copy_from_slice(header.as_bytes());
}
