//! An arena: bytes in chunks that never move, written at the end by one thread, read by many.

use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;

use sutra_sync::atomic::Ordering;
use sutra_sync::mapped::{self, AtomicPtr, AtomicU32};
use sutra_vfs::{Map, MapMut};

use crate::bits::AtomicBits;

/// What keeps a chunk's bytes in memory.
#[derive(Debug)]
pub(crate) enum Backing {
    /// Memory of this process, written by the writer.
    Heap(MapMut),
    /// A committed chunk, mapped from the file. Its entry points to it: in an `Arc`, since a box that is moved says that nobody
    /// else does.
    Mapped(Arc<Map>),
    /// A part of a private map, from this byte on: rows of an image.
    Private(Arc<MapMut>, Range<usize>),
}

impl Backing {
    fn as_ptr(&self) -> *mut u8 {
        match self {
            Self::Heap(memory) => memory.as_mut_ptr(),
            // Only readers use this pointer: the writer writes beyond what is committed, and that is never mapped.
            Self::Mapped(map) => map.as_ptr().cast_mut(),
            Self::Private(memory, range) => memory.as_mut_ptr().wrapping_add(range.start),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Heap(memory) => memory.len(),
            Self::Mapped(map) => map.len(),
            Self::Private(_, range) => range.len(),
        }
    }

    pub(crate) fn heap_bytes(&self) -> u64 {
        match self {
            Self::Heap(memory) => memory.len() as u64,
            Self::Mapped(_) | Self::Private(..) => 0,
        }
    }
}

/// A chunk that was replaced, to be dropped when no snapshot can reach it.
#[derive(Debug)]
pub(crate) struct OldChunk {
    backing: Backing,
    /// Its entry points to it, as to a map.
    _verified: Option<Arc<AtomicBits>>,
}

impl OldChunk {
    pub(crate) fn heap_bytes(&self) -> u64 {
        self.backing.heap_bytes()
    }

    #[cfg(test)]
    pub(crate) fn of_heap(memory: MapMut) -> Self {
        Self { backing: Backing::Heap(memory), _verified: None }
    }

    /// Takes the memory for another chunk, if it is heap.
    pub(crate) fn into_heap(self) -> Option<MapMut> {
        match self.backing {
            Backing::Heap(memory) => Some(memory),
            Backing::Mapped(_) | Backing::Private(..) => None,
        }
    }
}

/// The bits of an address that say where its bits of verification are: 0 for nowhere, since this process wrote the bytes and
/// trusts them, else the index in [`Entry::verified`] and one.
const TAG: usize = 3;
/// Every chunk begins at a multiple of this.
const ALIGNMENT: usize = 16;

struct Entry {
    /// First byte of the chunk with a [`TAG`], null while there is none. Stored with Release after the chunk's bytes, its
    /// length and its bits are in place, loaded with Acquire. One word says both where the bytes are and which bits are
    /// theirs: nobody sees a map and takes it for trusted heap, or marks a map's bytes because those of the heap were right.
    data: AtomicPtr<u8>,
    /// Which granules have been verified: of the chunk as it was restored, and of the map that replaced it.
    verified: [AtomicPtr<AtomicBits>; 2],
    /// The map that the chunk lies in, null while it lies in memory. A map is never replaced, so it stays as long as the table.
    map: AtomicPtr<Map>,
    /// Bytes of the chunk.
    len: AtomicU32,
}

impl Entry {
    fn store(&self, backing: &Backing, bits: Option<&AtomicBits>, place: usize) {
        if let Backing::Mapped(map) = backing {
            // Release: who sees this pointer may read the map behind it, also one who saw the memory that it replaces.
            self.map.store(std::ptr::from_ref(&**map).cast_mut(), Ordering::Release);
        }
        let data = backing.as_ptr();
        let tag = match bits {
            None => 0,
            Some(bits) => {
                self.verified[place].store(std::ptr::from_ref(bits).cast_mut(), Ordering::Relaxed);
                place + 1
            }
        };
        // Release: who sees the pointer sees the bits, the length and every byte that was copied in.
        self.data.store(data.map_addr(|address| address | tag), Ordering::Release);
    }
}

/// As many entries as the memory holds: kept, since to divide by their size would be a good part of finding a record.
struct Entries {
    memory: MapMut,
    count: usize,
}

impl std::ops::Deref for Entries {
    type Target = [Entry];

    #[inline]
    fn deref(&self) -> &[Entry] {
        // SAFETY: page-aligned memory of that length, zeroed at first: null pointers and a zero length are valid entries. All
        // access is by these entries, which are atomics throughout, and the memory goes with `self`.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr().cast(), self.count) }
    }
}

/// An arena. Written by one thread; the methods that change it say so and are only called by the writer.
pub(crate) struct ChunkTable {
    entries: Entries,
    /// The power of two of bytes that one bit of `verified` stands for.
    granule: u32,
    /// Owners of the chunks, locked by the writer and at drop, never by a reader.
    owners: sutra_sync::Mutex<Vec<OldChunk>>,
}

/// A chunk as one load of its entry found it: heap, or the map that replaced it. What belongs together, such as a blob's
/// length and its payload, is read from one of these, else its parts may come from both and be trusted by the wrong bits.
pub(crate) struct Chunk<'a> {
    data: *const u8,
    len: u32,
    verified: Option<&'a AtomicBits>,
    granule: u32,
}

impl<'a> Chunk<'a> {
    /// The bytes of a place, and whether they are verified. `None` where the chunk ends before.
    ///
    /// # Safety
    /// The bytes were written before a snapshot was published that the caller holds, and the slice does not outlive that
    /// snapshot. The writer counts as holding all snapshots: it alone frees.
    #[inline(always)]
    pub(crate) unsafe fn place(&self, offset: u32, len: u32) -> Option<Place<'a>> {
        if offset.checked_add(len)? > self.len {
            return None;
        }
        // SAFETY: there are `self.len` bytes at `data`, see `ChunkTable::chunk`, and the range is within them. By this
        // function's contract nobody writes there any more, and the memory lives as long as the table or, when replaced, as
        // long as the caller's snapshot.
        let bytes = unsafe { std::slice::from_raw_parts(self.data.add(offset as usize), len as usize) };
        mapped::reads_bytes(bytes.as_ptr(), bytes.len());
        Some(Place { bytes, verified: self.verified.map(|bits| (bits, (offset >> self.granule) as usize)) })
    }
}

/// What a reader finds at a place.
pub(crate) struct Place<'a> {
    pub(crate) bytes: &'a [u8],
    /// Bits, and which one of them is the place's.
    verified: Option<(&'a AtomicBits, usize)>,
}

impl Place<'_> {
    /// Whether the granule that begins here needs no verification.
    #[inline]
    pub(crate) fn is_verified(&self) -> bool {
        self.verified.is_none_or(|(bits, bit)| bits.get(bit))
    }

    pub(crate) fn set_verified(&self) {
        if let Some((bits, bit)) = self.verified {
            bits.set(bit);
        }
    }
}

impl ChunkTable {
    /// A table of at most `chunks` chunks, in which `granule` bytes, a power of two, are verified together. Entries cost memory
    /// when they are used.
    pub(crate) fn new(chunks: usize, granule: u32) -> std::io::Result<Self> {
        assert!(granule.is_power_of_two());
        // Not from the allocator, which clears what it has used before: megabytes at each open of a small store.
        let entries = Entries { memory: MapMut::sparse(chunks * size_of::<Entry>())?, count: chunks };
        Ok(Self { entries, granule: granule.ilog2(), owners: sutra_sync::Mutex::new(Vec::new()) })
    }

    pub(crate) fn capacity(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of a chunk; zero while there is none.
    pub(crate) fn chunk_len(&self, chunk: u32) -> u32 {
        self.entries.get(chunk as usize).map_or(0, |entry| entry.len.load(Ordering::Relaxed))
    }

    /// Writer only: puts a chunk into the first empty entry, which must be the one that is meant. False if it is not, or if
    /// the memory is not what a chunk can be.
    pub(crate) fn insert(&self, chunk: u32, backing: Backing, verified: Option<AtomicBits>) -> bool {
        let (Some(entry), Ok(len)) = (self.entries.get(chunk as usize), u32::try_from(backing.len())) else {
            return false;
        };
        let data = backing.as_ptr();
        mapped::fresh(data, backing.len());
        let mut owners = self.owners.lock();
        if owners.len() != chunk as usize || len == 0 || !data.addr().is_multiple_of(ALIGNMENT) {
            return false;
        }
        let verified = verified.map(Arc::new);
        entry.len.store(len, Ordering::Relaxed);
        entry.store(&backing, verified.as_deref(), 0);
        owners.push(OldChunk { backing, _verified: verified });
        true
    }

    /// Writer only: replaces a heap chunk, which is never written again, by a map of the same bytes. The old one must live
    /// until no snapshot reaches it.
    pub(crate) fn swap(&self, chunk: u32, map: Map) -> Option<OldChunk> {
        let entry = self.entries.get(chunk as usize)?;
        let mut owners = self.owners.lock();
        let owner = owners.get_mut(chunk as usize)?;
        let data = map.as_ptr().cast_mut();
        let fits = owner.backing.len() == map.len() && data.addr().is_multiple_of(ALIGNMENT);
        if !fits || !matches!(owner.backing, Backing::Heap(_)) {
            return None;
        }
        mapped::fresh(data, map.len());
        let bits = Arc::new(AtomicBits::new(map.len().div_ceil(1 << self.granule)));
        let backing = Backing::Mapped(Arc::new(map));
        // A chunk is swapped once: a map is not swapped again. So the second place is free.
        entry.store(&backing, Some(&bits), 1);
        Some(std::mem::replace(owner, OldChunk { backing, _verified: Some(bits) }))
    }

    /// Heap bytes of all chunks. Walks the chunks; for the writer's statistics.
    pub(crate) fn heap_bytes(&self) -> u64 {
        self.owners.lock().iter().map(OldChunk::heap_bytes).sum()
    }

    /// A chunk, `None` where there is none.
    ///
    /// # Safety
    /// The caller holds a snapshot that reaches into the chunk, or is the writer, and does not keep the result longer.
    #[inline(always)]
    pub(crate) unsafe fn chunk(&self, chunk: u32) -> Option<Chunk<'_>> {
        let entry = self.entries.get(chunk as usize)?;
        let tagged = entry.data.load(Ordering::Acquire);
        let data = tagged.map_addr(|address| address & !TAG);
        if data.is_null() {
            return None;
        }
        let verified = match tagged.addr() & TAG {
            0 => None,
            // Relaxed: stored before the Release on `data`, and never again.
            // SAFETY: a tag is only stored after its bits, which are owned beside the chunk's memory and live as long.
            tag => unsafe { entry.verified[(tag - 1).min(1)].load(Ordering::Relaxed).as_ref() },
        };
        // A non-null entry has `entry.len` bytes at `data`: both were stored before the Release on it, and a swap keeps the
        // length.
        Some(Chunk { data, len: entry.len.load(Ordering::Relaxed), verified, granule: self.granule })
    }

    /// The map that `bytes` of a chunk lie in; `None` if they lie in memory.
    pub(crate) fn map_of(&self, chunk: u32, bytes: &[u8]) -> Option<&Map> {
        let entry = self.entries.get(chunk as usize)?;
        // SAFETY: null, or a map that `owners` holds for as long as `self`, at one place: what is mapped is not replaced.
        // Acquire pairs with the Release that stored it.
        let map = unsafe { entry.map.load(Ordering::Acquire).as_ref() }?;
        // The bytes may have been found in the memory that the map has replaced since.
        let (held, asked) = (map.as_ptr_range(), bytes.as_ptr_range());
        (held.start <= asked.start && asked.end <= held.end).then_some(map)
    }

    /// The bytes of a place in a chunk, and whether they are verified. `None` where there is no chunk that holds all of them.
    ///
    /// # Safety
    /// As for [`Chunk::place`].
    #[inline(always)]
    pub(crate) unsafe fn place(&self, chunk: u32, offset: u32, len: u32) -> Option<Place<'_>> {
        // SAFETY: the caller's promise: what it may read lies in a chunk that its snapshot reaches into.
        unsafe { self.chunk(chunk)?.place(offset, len) }
    }

    /// The address of a place, for columns of atomics and for the writer. Null where there is no chunk of that size.
    #[inline]
    pub(crate) fn address(&self, chunk: u32, range: Range<u32>) -> *mut u8 {
        match self.reach(chunk, range.start) {
            Some((start, room)) if range.end <= room.saturating_add(range.start) => start.as_ptr(),
            _ => std::ptr::null_mut(),
        }
    }

    /// An address to ask the processor for; what lies there, and whether anything does, is for others to say.
    #[inline(always)]
    pub(crate) fn hint(&self, chunk: u32, offset: u32) -> *const u8 {
        let entry = self.entries.get(chunk as usize);
        entry.map_or(std::ptr::null(), |entry| entry.data.load(Ordering::Relaxed).wrapping_add(offset as usize))
    }

    /// The first byte of a chunk.
    #[inline]
    pub(crate) fn start(&self, chunk: u32) -> Option<NonNull<u8>> {
        NonNull::new(self.entries.get(chunk as usize)?.data.load(Ordering::Acquire).map_addr(|address| address & !TAG))
    }

    /// The address of a place, and how many bytes its chunk has from there on.
    #[inline]
    pub(crate) fn reach(&self, chunk: u32, offset: u32) -> Option<(NonNull<u8>, u32)> {
        let (data, entry) = (self.start(chunk)?, self.entries.get(chunk as usize)?);
        let room = entry.len.load(Ordering::Relaxed).checked_sub(offset)?;
        // SAFETY: within the chunk, or its end, as just checked.
        Some((unsafe { data.add(offset as usize) }, room))
    }

    /// Writer only: copies bytes to a place in a heap chunk that no snapshot reaches yet. False where there is none.
    #[inline]
    pub(crate) fn write(&self, chunk: u32, offset: u32, bytes: &[u8]) -> bool {
        let Ok(len) = u32::try_from(bytes.len()) else { return false };
        let Some(end) = offset.checked_add(len) else { return false };
        let to = self.address(chunk, offset..end);
        if to.is_null() {
            return false;
        }
        mapped::writes(to, bytes.len());
        // SAFETY: `address` gave `len` bytes inside one chunk. The writer is one thread and writes only beyond the
        // published lengths, so nobody reads these bytes now; source and destination cannot overlap.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
        true
    }
}

impl std::fmt::Debug for ChunkTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChunkTable").field("capacity", &self.entries.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sutra_vfs::Directory;
    use sutra_vfs::sim::SimDirectory;

    #[test]
    fn a_map_is_found_by_the_bytes_that_lie_in_it() {
        let file = SimDirectory::new().create("chunks").unwrap();
        file.write_all_at(&[7; 8192], 0).unwrap();
        let map = || file.map(0, 8192).unwrap();
        let table = ChunkTable::new(2, 4).unwrap();
        assert!(table.insert(0, Backing::Heap(MapMut::anonymous(8192).unwrap()), None));
        assert!(table.insert(1, Backing::Mapped(Arc::new(map())), Some(AtomicBits::new(2048))));
        // SAFETY: the test is the writer, and drops what was replaced last.
        let bytes = |chunk| unsafe { table.place(chunk, 16, 8).unwrap().bytes };
        let heap = bytes(0);
        assert!(table.map_of(0, heap).is_none());
        let old = table.swap(0, map()).unwrap();
        assert!(table.map_of(0, heap).is_none(), "found before the map was there");
        for chunk in [0, 1] {
            let map = table.map_of(chunk, bytes(chunk)).unwrap();
            assert_eq!(map[16..24], *bytes(chunk));
        }
        assert!(table.map_of(0, bytes(1)).is_none() && table.map_of(2, heap).is_none());
        drop(old);
    }
}
