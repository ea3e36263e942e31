//! Writing an image: one pass over the slots, all columns side by side.
//!
//! Memory is bounded but for the id words, which come in no order: 9 bytes a slot.

use sutra_format::id_hash;
use sutra_format::image::{ID_EMPTY, IMAGE_PAGE, ImageColumns, ImageHeader, ImageRow, id_home, id_word};
use sutra_snapshot::{Damage, Run, Side, Snapshot};
use zerocopy::IntoBytes;
use zerocopy::little_endian::{U32, U64};

use crate::access::{ImageRows, Overlay};
use crate::error::StoreError;
use crate::imaging::ImageOutput;
use crate::sections::{Section, Sink};

/// Why there is no image.
#[derive(Debug)]
pub(crate) enum ImageFailure {
    /// The file could not be written.
    Store(StoreError),
    /// What it is made from is damaged, could not be read, or contradicts itself.
    Source(String),
    /// The caller ended it.
    Ended,
}

impl ImageFailure {
    pub(crate) fn source(problem: &str) -> Self {
        Self::Source(problem.to_owned())
    }
}

impl From<Damage> for ImageFailure {
    fn from(damage: Damage) -> Self {
        Self::Source(damage.to_string())
    }
}

/// Writes the image of a snapshot with this layout to a place of the file; the commit that takes it syncs the last bytes. Access counts are those of the old image's
/// rows under those of the overlay. Gives the header, sealed.
pub(crate) fn write(
    snapshot: &Snapshot,
    overlay: &Overlay,
    base: Option<&mut ImageRows<'_>>,
    position: u64,
    mut header: ImageHeader,
    output: &mut ImageOutput<'_>,
) -> Result<ImageHeader, ImageFailure> {
    let mut sink = Sink::new(output, position, header)?;
    let ids = write_slots(snapshot, overlay, base, &header, &mut sink)?;
    ids.write(&header, &mut sink)?;
    let checks = sink.finish()?;
    header.seal(&checks);

    let start = header.check_range().start;
    let mut bytes = checks.as_bytes().to_vec();
    bytes.resize(usize_of(header.length.get() - start)?, 0);
    output.write(position.saturating_add(start), &bytes)?;
    let mut page = header.as_bytes().to_vec();
    page.resize(usize_of(IMAGE_PAGE)?, 0);
    output.write(position, &page)?;
    Ok(header)
}

/// Slots between the one that is written and the one whose edges are asked for: they lie anywhere in memory.
const AHEAD: u32 = 8;

fn write_slots(
    snapshot: &Snapshot,
    overlay: &Overlay,
    mut base: Option<&mut ImageRows<'_>>,
    header: &ImageHeader,
    sink: &mut Sink<'_, '_>,
) -> Result<IdTable, ImageFailure> {
    let mut rows = Section::new(header.row_range());
    let mut out = Columns::new(header.out_columns());
    let mut incoming = Columns::new(header.in_columns());
    let mut ids = IdTable::new(header);
    for slot in 0..header.slots.get() {
        let ahead = slot.saturating_add(AHEAD);
        snapshot.prefetch_newest(ahead);
        snapshot.prefetch_edges(ahead, Side::Out);
        snapshot.prefetch_edges(ahead, Side::In);
        let latest = snapshot.latest(slot)?.ok_or_else(|| ImageFailure::source("a slot without a record"))?;
        ids.insert(id_hash(&snapshot.concept(latest)?.id), slot);
        let sources = out.push_row(snapshot.edges(slot, Side::Out)?.runs(), sink)?;
        let targets = incoming.push_row(snapshot.edges(slot, Side::In)?.runs(), sink)?;
        let (access_count, last_accessed) = match overlay.get(&slot) {
            Some(entry) => (entry.count.get(), entry.last_accessed.get()),
            None => match base.as_mut().map(|base| base.get(slot)) {
                None => (0, 0),
                Some(Ok(counts)) => counts.unwrap_or_default(),
                Some(Err(error)) => {
                    return Err(ImageFailure::Source(format!("the old image could not be read: {error}")));
                }
            },
        };
        let row = ImageRow {
            latest: U32::new(latest),
            out: U32::new(sources.into()),
            incoming: U32::new(targets.into()),
            last_accessed: U64::new(last_accessed),
            access_count: U32::new(access_count),
            ..ImageRow::default()
        };
        rows.push(sink, row.as_bytes())?;
    }
    rows.finish(sink)?;
    out.finish(sink)?;
    incoming.finish(sink)?;
    Ok(ids)
}

/// The columns of one direction.
struct Columns {
    offsets: Section,
    targets: Section,
    ordinals: Section,
    confidences: Section,
    kinds: Section,
    edges: u32,
}

impl Columns {
    fn new(ranges: ImageColumns) -> Self {
        Self {
            offsets: Section::new(ranges.offsets),
            targets: Section::new(ranges.targets),
            ordinals: Section::new(ranges.ordinals),
            confidences: Section::new(ranges.confidences),
            kinds: Section::new(ranges.kinds),
            edges: 0,
        }
    }

    /// Adds the edges of the next slot; says whether there were any.
    fn push_row<'a>(
        &mut self,
        runs: impl Iterator<Item = Run<'a>>,
        sink: &mut Sink<'_, '_>,
    ) -> Result<bool, ImageFailure> {
        self.offsets.push(sink, &self.edges.to_le_bytes())?;
        let before = self.edges;
        for run in runs {
            // Memory has the columns as the image has them.
            self.targets.push(sink, run.targets.as_bytes())?;
            self.ordinals.push(sink, run.ordinals.as_bytes())?;
            self.confidences.push(sink, run.confidences.as_bytes())?;
            self.kinds.push(sink, run.kinds)?;
            let edges = u32::try_from(run.targets.len()).ok().and_then(|edges| self.edges.checked_add(edges));
            self.edges = edges.ok_or_else(|| ImageFailure::source("more edges than records"))?;
        }
        Ok(self.edges > before)
    }

    fn finish(mut self, sink: &mut Sink<'_, '_>) -> Result<(), ImageFailure> {
        self.offsets.push(sink, &self.edges.to_le_bytes())?;
        for section in [self.offsets, self.targets, self.ordinals, self.confidences, self.kinds] {
            section.finish(sink)?;
        }
        Ok(())
    }
}

/// The id words by the first eight bits of their hash. A hash's place in the table rises with it, so that the table is filled
/// from its beginning to its end, bucket by bucket, each where it is in the cache.
struct IdTable {
    buckets: Vec<Vec<u64>>,
}

impl IdTable {
    fn new(header: &ImageHeader) -> Self {
        // Hashes are spread evenly: a bucket seldom needs the eighth that it gets on top.
        let expected = usize::try_from(header.slots.get() / 256).unwrap_or(0);
        let bucket = || Vec::with_capacity(expected + expected / 8);
        Self { buckets: std::iter::repeat_with(bucket).take(256).collect() }
    }

    fn insert(&mut self, hash: u64, slot: u32) {
        // Eight bits choose one of 256 buckets.
        if let Some(bucket) = self.buckets.get_mut((hash >> 56) as usize) {
            bucket.push(id_word(hash, slot));
        }
    }

    fn write(self, header: &ImageHeader, sink: &mut Sink<'_, '_>) -> Result<(), ImageFailure> {
        let slots = header.slots.get();
        let mut section = Section::new(header.id_range());
        let (mut start, mut words) = (0, Vec::new());
        // Words that found no place before the end of their bucket's part; theirs is the next part's beginning.
        let mut late: Vec<u64> = Vec::new();
        for (first, bucket) in (0_u64..).zip(self.buckets) {
            let end = if first == 255 { header.id_words.get() } else { id_home((first + 1) << 56, slots) };
            words.clear();
            words.resize(usize_of(end - start)?, U64::new(ID_EMPTY));
            // The bits of the hash that a place is made of: the bucket's, then the tag.
            let homes = bucket.iter().map(|word| id_home(first << 56 | (word >> 32) << 24, slots));
            let waiting = std::mem::take(&mut late);
            for (word, home) in waiting.iter().map(|word| (word, start)).chain(bucket.iter().zip(homes)) {
                let empty = words.iter_mut().skip(usize_of(home - start)?).find(|word| word.get() == ID_EMPTY);
                match empty {
                    Some(empty) => *empty = U64::new(*word),
                    None => late.push(*word),
                }
            }
            section.push(sink, words.as_bytes())?;
            start = end;
        }
        if !late.is_empty() {
            return Err(ImageFailure::source("hundreds of ids with the same hash"));
        }
        section.finish(sink)
    }
}

fn usize_of(length: u64) -> Result<usize, ImageFailure> {
    usize::try_from(length).map_err(|_| ImageFailure::source("more bytes than memory has"))
}
