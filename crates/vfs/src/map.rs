//! Mapped memory.

use std::fmt;
use std::fs;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

use memmap2::{Advice, Mmap, MmapOptions, MmapRaw};

use crate::watched::Watched;

/// From this length on, in bytes, anonymous memory asks for huge pages (on Linux).
#[cfg(any(target_os = "linux", test))]
const HUGE_PAGE: usize = 2 << 20;

/// Small enough for every page size in use; only its divisors matter when touching.
const SMALLEST_PAGE: usize = 4096;

/// A read-only shared map of a part of a file. Cloning is one reference count; the memory goes with the last clone,
/// also when the file has been closed or removed long before.
#[derive(Clone)]
pub struct Map {
    memory: Arc<Mmap>,
}

impl Map {
    pub(crate) fn of_file(file: &fs::File, offset: u64, len: usize) -> io::Result<Self> {
        if len == 0 {
            return Self::copy_of(&[]);
        }
        // SAFETY: a `Map` hands out `&[u8]`, so the bytes must not change and the pages must not go away while it
        // lives. Both are promises of this crate's callers, written at `File::map` and `File::truncate`: only
        // committed bytes are mapped, they never change for the life of the inode, and a mapped file is never
        // shortened. The range lies within the file: checked by `check_map` before this call.
        let memory = unsafe { MmapOptions::new().offset(offset).len(len).map(file)? };
        Ok(Self { memory: Arc::new(memory) })
    }

    /// A map of fresh memory holding `bytes`, aligned like any other map.
    pub(crate) fn copy_of(bytes: &[u8]) -> io::Result<Self> {
        Self::filled(bytes.len(), |memory| memory.copy_from_slice(bytes))
    }

    /// A map of fresh memory that `fill` gets zeroed.
    pub(crate) fn filled(len: usize, fill: impl FnOnce(&mut [u8])) -> io::Result<Self> {
        let mut memory = MmapOptions::new().len(len).map_anon()?;
        fill(&mut memory);
        Ok(Self { memory: Arc::new(memory.make_read_only()?) })
    }

    /// Brings all pages into memory, so that no reader meets a page fault. Blocks for as long as reading them takes.
    /// Best effort: where the system refuses, the pages come at first access as usual.
    pub fn populate(&self) {
        #[cfg(target_os = "linux")]
        match self.memory.advise(Advice::PopulateRead) {
            // Before Linux 5.14 the advice is unknown. Any other refusal (no memory, an unreadable page) must not be
            // followed by touching: that would turn it into a fault.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
            _ => return,
        }
        // The advice starts reading ahead; without it the touches below read the pages one by one, no more.
        let _ = self.memory.advise(Advice::WillNeed);
        for byte in self.memory.iter().step_by(SMALLEST_PAGE) {
            std::hint::black_box(*byte);
        }
    }

    /// The address of the first byte; aligned to at least 4096.
    pub fn as_ptr(&self) -> *const u8 {
        self.memory.as_ptr()
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory
    }
}

impl AsRef<[u8]> for Map {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Writable memory of this process alone: a copy-on-write map of a file, or fresh zeroed memory.
///
/// It gives out raw pointers only: who shares the memory between threads brings the synchronisation (atomics).
pub struct MapMut {
    memory: MmapRaw,
    len: usize,
    _watched: Watched,
}

impl MapMut {
    pub(crate) fn of_file(file: &fs::File, offset: u64, len: usize) -> io::Result<Self> {
        if len == 0 {
            return Self::anonymous(0);
        }
        // SAFETY: as in `Map::of_file`: the range lies within the file, which is not shortened while mapped, and
        // the mapped bytes do not change under it. Writes go to private copies of pages, and access is through raw
        // pointers only.
        let memory = unsafe { MmapOptions::new().offset(offset).len(len).map_copy(file)? };
        Ok(Self { memory: memory.into(), len, _watched: Watched::nothing() })
    }

    /// Fresh memory in the place of a file's, that `fill` gets zeroed.
    pub(crate) fn filled(len: usize, fill: impl FnOnce(&mut [u8])) -> io::Result<Self> {
        let mut memory = MmapOptions::new().len(len).map_anon()?;
        fill(&mut memory);
        Ok(Self { memory: memory.into(), len, _watched: Watched::nothing() })
    }

    /// `len` bytes of fresh memory, zeroed, aligned to at least 4096, asking for huge pages from 2 MiB on. Pages are
    /// backed at first touch.
    ///
    /// # Errors
    /// What the system reports, first of all [`io::ErrorKind::OutOfMemory`].
    pub fn anonymous(len: usize) -> io::Result<Self> {
        let memory: MmapRaw = MmapOptions::new().len(len).map_anon()?.into();
        #[cfg(target_os = "linux")]
        if len >= HUGE_PAGE {
            // Advice: a kernel without huge pages refuses it, and the memory is as good.
            let _ = memory.advise(Advice::HugePage);
        }
        Ok(Self { memory, len, _watched: Watched::taken(len) })
    }

    /// As [`MapMut::anonymous`], for a range of which little is ever touched: no huge pages, which would back and clear
    /// megabytes at the first touch.
    ///
    /// # Errors
    /// As there.
    pub fn sparse(len: usize) -> io::Result<Self> {
        let memory: MmapRaw = MmapOptions::new().len(len).map_anon()?.into();
        Ok(Self { memory, len, _watched: Watched::nothing() })
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The address of the first byte; aligned to at least 4096, valid for reads of [`MapMut::len`] bytes while
    /// `self` lives.
    pub fn as_ptr(&self) -> *const u8 {
        self.memory.as_ptr()
    }

    /// The address of the first byte, for writing also; see [`MapMut::as_ptr`].
    pub fn as_mut_ptr(&self) -> *mut u8 {
        self.memory.as_mut_ptr()
    }
}

impl fmt::Debug for MapMut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapMut").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{HUGE_PAGE, Map, MapMut};

    fn is_shared<T: Send + Sync>() {}

    #[test]
    fn maps_cross_threads() {
        is_shared::<Map>();
        is_shared::<MapMut>();
    }

    #[test]
    fn copies_hold_the_bytes_and_no_more() {
        let map = Map::copy_of(b"abc").expect("memory");
        map.populate();
        assert_eq!(&map[..], b"abc");
        assert_eq!(map.as_ptr().addr() % 4096, 0);
        assert!(Map::copy_of(b"").expect("memory").is_empty());
    }

    #[test]
    fn anonymous_memory_is_zeroed_and_writable() {
        for len in [0, 1, 4096, HUGE_PAGE + 1] {
            for memory in [MapMut::anonymous(len).expect("memory"), MapMut::sparse(len).expect("memory")] {
                assert_eq!(memory.len(), len);
                if len > 0 {
                    // SAFETY: `len - 1` is below the length, and nothing else uses this memory.
                    unsafe {
                        let last = memory.as_mut_ptr().add(len - 1);
                        assert_eq!(last.read(), 0);
                        last.write(7);
                        assert_eq!(memory.as_ptr().add(len - 1).read(), 7);
                    }
                }
            }
        }
    }
}
