//! The extent table: where each chunk of each arena lies in the file.

use sutra_format::footer::Extent;
use sutra_format::geometry::{EXTENT_ALIGNMENT, split};
use sutra_snapshot::{Arena, Lengths};

use crate::arenas;
use crate::error::StoreError;
use crate::reading::Readable;

/// A part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) position: u64,
    pub(crate) size: u64,
}

/// The chunks of the arenas, by index.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extents {
    arenas: [Vec<Place>; 3],
}

impl Extents {
    fn table(&self, arena: Arena) -> &[Place] {
        let [concepts, associations, blobs] = &self.arenas;
        match arena {
            Arena::Concepts => concepts,
            Arena::Associations => associations,
            Arena::Blobs => blobs,
        }
    }

    pub(crate) fn count(&self, arena: Arena) -> u32 {
        // Every chunk was pushed with its index, which has 32 bits.
        u32::try_from(self.table(arena).len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn get(&self, arena: Arena, index: u32) -> Option<Place> {
        self.table(arena).get(usize::try_from(index).ok()?).copied()
    }

    /// Adds the next chunk of an arena. What comes from the file is checked as far as one extent alone can be.
    pub(crate) fn push(&mut self, extent: &Extent, footer: u64) -> Result<(), StoreError> {
        let corrupt = |problem| StoreError::corrupt("extent table", footer, problem);
        let (index, position, size) = (extent.chunk.get(), extent.position.get(), extent.size.get());
        let arena = Arena::ALL.into_iter().find(|arena| arenas::number(*arena) == extent.arena.get());
        let arena = arena.ok_or_else(|| corrupt(format!("unknown arena {}", extent.arena)))?;
        let at = || format!("chunk {index} of {}", arenas::name(arena));
        if index != self.count(arena) {
            return Err(corrupt(format!("{} is not the next one", at())));
        }
        if !position.is_multiple_of(EXTENT_ALIGNMENT) {
            return Err(corrupt(format!("{} begins at {position}", at())));
        }
        if !arenas::is_chunk_size(arena, index, size) {
            return Err(corrupt(format!("{} has {size} bytes", at())));
        }
        let [concepts, associations, blobs] = &mut self.arenas;
        let table = match arena {
            Arena::Concepts => concepts,
            Arena::Associations => associations,
            Arena::Blobs => blobs,
        };
        table.push(Place { position, size });
        Ok(())
    }

    /// All extents, as a footer with an image lists them.
    pub(crate) fn list(&self) -> Vec<Extent> {
        let mut list = Vec::new();
        for arena in Arena::ALL {
            for (index, place) in (0_u32..).zip(self.table(arena)) {
                list.push(extent(arena, index, *place));
            }
        }
        list
    }

    /// Bytes that all extents reserve.
    pub(crate) fn bytes(&self) -> u64 {
        self.arenas.iter().flatten().map(|place| place.size).sum()
    }

    /// Checks the table as a whole: as many chunks as the lengths demand, inside the file, apart from each other and from
    /// the other parts that are in use.
    pub(crate) fn check(&self, lengths: &Lengths, readable: &Readable<'_>, others: &[Place]) -> Result<(), StoreError> {
        for arena in Arena::ALL {
            let (found, expected) = (self.count(arena), arenas::chunks(arena, lengths));
            if found != expected {
                let problem = format!("{found} chunks of {} where {expected} are used", arenas::name(arena));
                return Err(StoreError::corrupt("extent table", 0, problem));
            }
        }
        let (chunk, offset) = split(lengths.blobs);
        if offset > 0 && self.get(Arena::Blobs, chunk).is_none_or(|place| u64::from(offset) > place.size) {
            return Err(StoreError::corrupt("extent table", 0, "the blobs end beyond their last chunk"));
        }
        let mut places: Vec<Place> = self.arenas.iter().flatten().chain(others).copied().collect();
        places.sort_unstable_by_key(|place| place.position);
        let mut end = 0;
        for place in places {
            if place.position < end {
                return Err(StoreError::corrupt("extent table", place.position, "two extents overlap"));
            }
            if !place.position.is_multiple_of(EXTENT_ALIGNMENT) || !readable.holds(place.position, place.size) {
                return Err(StoreError::corrupt("extent table", place.position, "an extent lies outside the file"));
            }
            end = place.position + place.size;
        }
        Ok(())
    }
}

/// The entry of a chunk in a footer.
pub(crate) fn extent(arena: Arena, index: u32, place: Place) -> Extent {
    Extent {
        arena: arenas::number(arena).into(),
        chunk: index.into(),
        position: place.position.into(),
        size: place.size.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sutra_format::geometry::blob_position;
    use sutra_vfs::Directory;
    use sutra_vfs::sim::SimDirectory;

    const CHUNK: u64 = 64 << 10;

    fn table(places: &[(Arena, u32, u64, u64)]) -> Result<Extents, StoreError> {
        let mut extents = Extents::default();
        for (arena, index, position, size) in places {
            extents.push(&extent(*arena, *index, Place { position: *position, size: *size }), 0)?;
        }
        Ok(extents)
    }

    #[test]
    fn extents_that_no_writer_lists_are_refused() {
        let refused = [
            (Arena::Concepts, 1, 8192, 2 * CHUNK),
            (Arena::Concepts, 0, 8193, CHUNK),
            (Arena::Concepts, 0, 8192, CHUNK + 4096),
            (Arena::Associations, 0, 8192, CHUNK / 2),
            (Arena::Blobs, 0, 8192, CHUNK + 1),
            (Arena::Blobs, 0, 8192, CHUNK - 4096),
            (Arena::Blobs, 0, 8192, 1 << 32),
        ];
        for place in refused {
            assert!(matches!(table(&[place]), Err(StoreError::Corrupt { .. })), "{place:?}");
        }
        let twice = (Arena::Concepts, 0, 8192, CHUNK);
        assert!(table(&[twice, twice]).is_err());
        let mut unknown = extent(Arena::Blobs, 0, Place { position: 8192, size: CHUNK });
        unknown.arena = 3.into();
        assert!(Extents::default().push(&unknown, 0).is_err());
        let all = table(&[twice, (Arena::Blobs, 0, 81_920, CHUNK + 4096)]).unwrap();
        assert_eq!(all.bytes(), 2 * CHUNK + 4096);
        assert_eq!(all.list().len(), 2);
    }

    #[test]
    fn tables_that_do_not_fit_the_file_or_the_lengths_are_refused() {
        let file = SimDirectory::new().create("file").unwrap();
        let lengths = Lengths { concepts: 1, blobs: blob_position(0, 8), ..Lengths::default() };
        let good = [(Arena::Concepts, 0, 8192, CHUNK), (Arena::Blobs, 0, 8192 + CHUNK, CHUNK)];
        let check = |places: &[_], lengths: &Lengths, end: u64, others: &[Place]| {
            table(places).unwrap().check(lengths, &Readable { file: &*file, end }, others)
        };
        let end = 8192 + 2 * CHUNK;
        let footer = Place { position: end, size: 100 };
        assert!(check(&good, &lengths, end + 4096, &[footer]).is_ok());
        assert!(check(&good, &lengths, end - 1, &[]).is_err(), "outside the file");
        assert!(check(&good[..1], &lengths, end, &[]).is_err(), "a chunk is missing");
        assert!(check(&good, &Lengths::default(), end, &[]).is_err(), "chunks that nothing uses");
        let overlapping = [good[0], (Arena::Blobs, 0, 8192 + CHUNK - 4096, CHUNK)];
        assert!(check(&overlapping, &lengths, end, &[]).is_err(), "overlapping");
        let footer = Place { position: 8192 + CHUNK, size: 100 };
        assert!(check(&good, &lengths, end, &[footer]).is_err(), "a footer in an extent");
        let headers = [(Arena::Concepts, 0, 4096, CHUNK), good[1]];
        assert!(check(&headers, &lengths, end, &[]).is_err(), "over the headers");
        let beyond = Lengths { blobs: blob_position(0, 70_000), ..lengths };
        assert!(check(&good, &beyond, end, &[]).is_err(), "blobs beyond their chunk");
    }
}
